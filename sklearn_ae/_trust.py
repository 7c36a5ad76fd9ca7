"""Whether a trained network is trusted more than its linear start."""

import numpy as np

from ._views import views

# With less of its start's squared residuals left than this, a network has found what
# no linear map can tell, whatever rows lie on it.
_LITTLE = 1 / 4
# Rows that were left out gain less than others by not being fitted to, too.
_MOST_GAIN = 2 / 3


def is_trusted(network, start, X, kept: np.ndarray) -> bool:
    r"""Tell whether training made rows that were left out stand out more.

    A network that has learned what the kept rows have in common reduces their residuals
    and those of other rows less so. One that gains on the rows left out just as much
    has learned to reconstruct whatever it is given, or what outliers and other rows
    share. With the residuals r of the network and s of its start, summed over rows, the
    gain is

    .. math:: g = \sum \|s\|^2 \big/ \sum \|r\|^2 - 1,

    and a network is trusted where the gain on rows left out is less than two thirds of
    that on the kept ones, or where it leaves less than a quarter to these,
    :math:`g > 3`: rows then lie on a curved surface, on which those left out may lie,
    too, if they are no outliers.

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
    left, linear = residual_squares(network, X), residual_squares(start, X)
    left_kept, linear_kept = left[kept].sum(), linear[kept].sum()
    if left_kept < _LITTLE * linear_kept:
        return True
    if left_kept >= linear_kept:
        return False
    gain = linear_kept / left_kept - 1
    left_out, linear_out = left[~kept].sum(), linear[~kept].sum()
    return bool(linear_out - left_out < _MOST_GAIN * gain * left_out)


def residual_squares(estimator, X) -> np.ndarray:
    """Return the summed squares of each row's residuals, without missing cells."""
    return np.concatenate(
        [
            np.nansum(np.square(view.residuals, dtype=np.float64), axis=1)
            for view in views(estimator, X)
        ]
    )
