"""PCA of the columns that an estimator reads, with the same scaling."""

import numpy as np

from .._estimators import AutoencoderTransformer, CategoryParameters, unwrap_autoencoder

_SHARED_PARAMETERS = (
    "standardize",
    "whiten",
    "categorical_features",
    "max_categories",
    "handle_unknown",
)


def pca_baseline(estimator, n_components: int) -> AutoencoderTransformer:
    """Return an unfitted PCA that reads tables as an estimator does.

    Parameters
    ----------
    estimator : estimator
        An estimator of this package. For any other one, plain PCA is returned.

    n_components : int
        Number of codes.

    Returns
    -------
    pca : AutoencoderTransformer
        Without epochs it stays at its start: scikit-learn's PCA for numbers, and PCA of
        the encoded columns for tables with categories or gaps.
    """
    autoencoder = unwrap_autoencoder(getattr(estimator, "estimator_", estimator))
    source = autoencoder or estimator
    parameters = {}
    if isinstance(source, CategoryParameters):
        known = source.get_params(deep=False)
        parameters = {name: known[name] for name in _SHARED_PARAMETERS if name in known}
    return AutoencoderTransformer(
        n_components, max_epochs=0, early_stopping=False, random_state=0, **parameters
    )


def flatten_rows(X):
    """Return rows of arrays, such as images, as flat rows; leave other X unchanged."""
    axes = getattr(X, "shape", ())[1:]
    return X if len(axes) < 2 else np.asarray(X).reshape(len(X), -1)
