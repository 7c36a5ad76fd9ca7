"""PCA as an autoencoder would start: of the same columns, scaled alike."""

import numpy as np

from .._estimators import AutoencoderTransformer, CategoryParameters, own_autoencoder

_SHARED = ("standardize", "whiten", "categorical_features", "max_categories")


_SHARED += ("handle_unknown",)


def pca_baseline(estimator, n_components: int) -> AutoencoderTransformer:
    """Return PCA that reads a table as an estimator does, not fitted.

    Parameters
    ----------
    estimator : estimator
        One of ours or, for plain PCA, any other.

    n_components : int
        Number of codes.

    Returns
    -------
    pca : AutoencoderTransformer
        It stays at its start, which is scikit-learn's PCA of numbers, and of tables
        with categories or gaps that of the encoded columns.
    """
    held = own_autoencoder(getattr(estimator, "estimator_", estimator)) or estimator
    shared = {}
    if isinstance(held, CategoryParameters):
        given = held.get_params(deep=False)
        shared = {name: given[name] for name in _SHARED if name in given}
    return AutoencoderTransformer(
        n_components, max_epochs=0, early_stopping=False, random_state=0, **shared
    )


def without_axes(X):
    """Return rows that have axes as flat ones, and others as they are."""
    axes = getattr(X, "shape", ())[1:]
    return X if len(axes) < 2 else np.asarray(X).reshape(len(X), -1)
