"""Which training rows an estimator is fitted to again, once the worst are known."""

import numpy as np
from sklearn.base import clone

from .._estimators import or_default, own_autoencoder
from .row_statistics import iterate_row_statistics

# With so little of its start's squared residuals left, a network has found what no
# linear map can tell, whatever other rows show it, too.
_LITTLE = 1 / 4
# Of the mean squared residual: what is smaller counts as this.
_NOTHING = 1e-6


def linear_start_of(estimator):
    """Return the start of an autoencoder of this package; other estimators as is."""
    estimator = or_default(estimator)
    own = own_autoencoder(estimator)
    return estimator if own is None else clone(own).set_params(max_epochs=0)


def is_trainable(estimator) -> bool:
    """Tell whether an estimator is an autoencoder of this package that trains."""
    own = own_autoencoder(estimator)
    return own is not None and own.max_epochs != 0


def select_inliers(
    abnormality: np.ndarray, fraction: float, estimator, X
) -> np.ndarray:
    """Tell which rows stay when the most abnormal share is left out.

    Parameters
    ----------
    abnormality : ndarray of shape (n_samples,)
        Of each row.

    fraction : float
        Share of the rows to leave out, rounded down.

    estimator : estimator
        The transformer that was fitted to them.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        The rows. Those with a category that no other row would show stay, so that it is
        known to the estimator.

    Returns
    -------
    kept : ndarray of bool of shape (n_samples,)
        Which rows stay.
    """
    n_left_out = int(fraction * len(abnormality))
    order = np.argsort(abnormality, kind="stable")
    kept = np.ones(len(order), dtype=bool)
    kept[order[len(order) - n_left_out :]] = False
    own = own_autoencoder(estimator)
    if own is None or own._fitted.codec.schema.is_numeric:
        return kept
    return own._fitted.codec.schema.keep_all_categories(own._rows_of(X), kept)


def beats_linear_start(network, start, X, kept: np.ndarray) -> bool:
    r"""Tell whether training makes rows that were left out stand out more.

    A network that has learned what the kept rows have in common reduces their residuals
    more than those of other rows. One that gains as much on the rows left out has
    learned to reconstruct whatever it is given, or the outliers among the rows it was
    fitted to. The gain on a row with the residual r, which was s at the start, is

    .. math:: g = \log (\|s\|^2 / \|r\|^2),

    and a network is trusted where its mean over the kept rows is above that over the
    rows left out, or where less than a quarter of the kept rows' squared residuals is
    left: they then lie on a curved surface, and so may those left out that are no
    outliers.

    Parameters
    ----------
    network, start : estimator
        The transformer, trained and not, both fitted to the kept rows.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Training rows.

    kept : ndarray of bool of shape (n_samples,)
        Which of them they were fitted to; at least one is not.

    Returns
    -------
    beats_linear_start : bool
        False where nothing is gained on the kept rows.
    """
    linear, left = residual_squares(start, X), residual_squares(network, X)
    if left[kept].sum() < _LITTLE * linear[kept].sum():
        return True
    nothing = _NOTHING * linear.mean()
    if nothing == 0:
        return False
    gains = np.log(np.maximum(linear, nothing) / np.maximum(left, nothing))
    return bool(gains[kept].mean() > max(gains[~kept].mean(), 0))


def residual_squares(estimator, X) -> np.ndarray:
    """Return the summed squares of each row's residuals, without missing cells."""
    return np.concatenate(
        [
            np.nansum(np.square(view.residuals, dtype=np.float64), axis=1)
            for view in iterate_row_statistics(estimator, X)
        ]
    )
