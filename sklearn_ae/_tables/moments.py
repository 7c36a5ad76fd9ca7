"""Means and deviations of a table's columns, chunk by chunk."""

import numpy as np
from scipy import sparse
from sklearn.utils.sparsefuncs import mean_variance_axis, min_max_axis

from .containers import row_chunks


def dense_moments(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, deviation and share of the observed cells of each column.

    They are accurate far from zero and at any scale.
    """
    low, high, total, n_observed = _dense_bounds(X)
    n = np.maximum(n_observed, 1)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.where(low == high, low, total / n)
        mean = np.where(n_observed > 0, mean, 0.0)
        span = np.fmax(high - mean, mean - low)
    span = np.where(n_observed > 0, span, 0.0)
    unit = np.where(span > 0, span, 1.0)
    shift, square = np.zeros_like(mean), np.zeros_like(mean)
    for chunk in row_chunks(*X.shape):
        with np.errstate(invalid="ignore"):
            centred = np.subtract(X[chunk], mean, dtype=np.float64) / unit
        centred[np.isnan(X[chunk])] = 0
        shift += centred.sum(axis=0)
        square += np.einsum("ij,ij->j", centred, centred)
    shift /= n
    variance = np.maximum(square / n - shift**2, 0)
    deviation = np.where(span > 0, span * np.sqrt(variance), 0.0)
    return mean + shift * span, deviation, n_observed / len(X)


def _dense_bounds(X: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return minimum, maximum, sum and number of each column's observed cells."""
    low, high = np.full((2, X.shape[1]), np.nan)
    total, n_observed = np.zeros((2, X.shape[1]))
    with np.errstate(over="ignore", invalid="ignore"):
        for chunk in row_chunks(*X.shape):
            cells = X[chunk]
            low = np.fmin(low, np.fmin.reduce(cells, axis=0).astype(np.float64))
            high = np.fmax(high, np.fmax.reduce(cells, axis=0).astype(np.float64))
            missing = np.isnan(cells)
            n_observed += len(missing) - missing.sum(axis=0)
            total += np.where(missing, 0, cells).sum(axis=0, dtype=np.float64)
    return low, high, total, n_observed


def sparse_moments(
    X: sparse.csr_array,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the same as :func:`dense_moments` of a CSR matrix."""
    X = X.astype(np.float64, copy=True)
    X.sum_duplicates()
    n_observed = X.shape[0] - np.bincount(
        X.indices[np.isnan(X.data)], minlength=X.shape[1]
    )
    low, high = min_max_axis(X, axis=0, ignore_nan=True)
    low, high = (np.where(n_observed > 0, bound, 0.0) for bound in (low, high))
    unit = np.maximum(np.abs(low), np.abs(high)).max() or 1.0
    X.data /= unit
    mean, variance = mean_variance_axis(X, axis=0)
    constant = low == high
    deviation = np.where(constant, 0.0, unit * np.sqrt(variance))
    mean = np.where(constant, low, unit * mean)
    return mean, deviation, n_observed / X.shape[0]


def root_mean_square(deviation: np.ndarray, observed: np.ndarray) -> float:
    """Return the root mean square of all centred cells from deviations of columns."""
    largest = deviation.max(initial=0)
    if largest == 0:
        return 0.0
    mean = np.average((deviation / largest) ** 2, weights=observed)
    return float(largest * np.sqrt(mean))
