"""The codec: a table's columns to centred, scaled numbers and back."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches
from sklearn.utils.sparsefuncs import mean_variance_axis, min_max_axis

_CHUNK_ROWS, _CHUNK_CELLS = 4_096, 1_000_000
_FLOAT32_LIMIT = float(np.finfo(np.float32).max)


def row_chunks(n_rows: int, n_features: int) -> Iterator[slice]:
    """Yield slices that go through rows in pieces of bounded size."""
    size = max(1, min(_CHUNK_ROWS, _CHUNK_CELLS // n_features))
    return gen_batches(n_rows, size)


@dataclass(frozen=True, eq=False)
class NumericCodec:
    """Centres and divides numeric columns, in float64.

    Parameters
    ----------
    mean : ndarray of shape (n_features,)
        Centre of each column, in input units.

    scale : ndarray of shape (n_features,)
        What the centred columns are divided by, positive: one number for all of
        them, or each column's own deviation.

    feature_names : tuple of str
        Names of the columns, for errors.
    """

    mean: np.ndarray
    scale: np.ndarray
    feature_names: tuple[str, ...]

    def encode(self, X, dtype: type = np.float64) -> np.ndarray:
        """Return rows of X, dense or CSR, as centred and scaled dense numbers."""
        dense = X.toarray() if sparse.issparse(X) else X
        with np.errstate(over="ignore"):
            rows = np.subtract(dense, self.mean, dtype=np.float64)
            rows /= self.scale
        if rows.size and max(rows.max(), -rows.min()) > _FLOAT32_LIMIT:
            column = int(np.argmax((np.abs(rows) > _FLOAT32_LIMIT).any(axis=0)))
            raise ValueError(
                "Every value must be finite in float32 after centring and scaling, "
                f"got a larger one (column {self.feature_names[column]!r})."
            )
        return rows.astype(dtype, copy=False)

    def decode(self, rows: np.ndarray) -> np.ndarray:
        """Return encoded rows in input units, of the dtype of `rows`."""
        decoded = np.multiply(rows, self.scale, dtype=np.float64)
        decoded += self.mean
        return decoded.astype(rows.dtype, copy=False)

    def encode_sparse(self, X: sparse.csr_array) -> sparse.csr_array:
        """Return a CSR matrix scaled in float64 but not centred, so still sparse."""
        scaled = X.astype(np.float64, copy=True)
        scaled.data /= self.scale[scaled.indices]
        return scaled


def fit_numeric_codec(X, *, standardize: bool, feature_names) -> NumericCodec:
    """Learn centres and scales from the rows of X.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Finite numbers.

    standardize : bool
        Whether each column is divided by its own deviation. Otherwise all are
        divided by one number, the root mean square of the centred cells.

    feature_names : sequence of str
        Names of the columns.

    Returns
    -------
    codec : NumericCodec
        The fitted codec.
    """
    moments = _sparse_moments if sparse.issparse(X) else _dense_moments
    mean, deviation = moments(X)
    finite = np.isfinite(mean) & np.isfinite(deviation)
    if not finite.all():
        raise ValueError(
            "Sum and spread of every column must be finite in float64, got values "
            f"too large for that (column {feature_names[int(np.argmin(finite))]!r})."
        )
    if standardize:
        scale = np.where(deviation > 0, deviation, 1.0)
    else:
        scale = np.full(len(mean), _root_mean_square(deviation) or 1.0)
    return NumericCodec(mean, scale, tuple(feature_names))


def _dense_moments(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each column, stable far from zero and at any scale."""
    low, high = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = X.mean(axis=0, dtype=np.float64)
        mean = np.where(low == high, low, mean)
        span = np.maximum(high - mean, mean - low)
    unit = np.where(span > 0, span, 1.0)
    shift, square = np.zeros_like(mean), np.zeros_like(mean)
    for chunk in row_chunks(*X.shape):
        with np.errstate(invalid="ignore"):
            centred = np.subtract(X[chunk], mean, dtype=np.float64) / unit
        shift += centred.sum(axis=0)
        square += np.einsum("ij,ij->j", centred, centred)
    shift /= len(X)
    variance = np.maximum(square / len(X) - shift**2, 0)
    varies = span > 0
    return mean + shift * span, np.where(varies, span * np.sqrt(variance), 0.0)


def _sparse_moments(X: sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    X = X.astype(np.float64, copy=True)
    X.sum_duplicates()
    low, high = min_max_axis(X, axis=0)
    unit = np.maximum(np.abs(low), np.abs(high)).max() or 1.0
    X.data /= unit
    mean, variance = mean_variance_axis(X, axis=0)
    constant = low == high
    deviation = np.where(constant, 0.0, unit * np.sqrt(variance))
    return np.where(constant, low, unit * mean), deviation


def _root_mean_square(deviation: np.ndarray) -> float:
    largest = deviation.max()
    if largest == 0:
        return 0.0
    return float(largest * np.sqrt(np.mean((deviation / largest) ** 2)))
