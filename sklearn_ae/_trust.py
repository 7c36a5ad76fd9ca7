"""Whether a trained network is trusted more than its linear start."""

import numpy as np

from ._views import views

# With so little of its start's squared residuals left, a network has found what no
# linear map can tell, whatever other rows show it, too.
_LITTLE = 1 / 4
# Of the mean squared residual: what is smaller counts as this.
_NOTHING = 1e-6


def is_trusted(network, start, X, kept: np.ndarray) -> bool:
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
    is_trusted : bool
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
            for view in views(estimator, X)
        ]
    )
