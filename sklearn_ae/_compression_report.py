"""How small rows become, and how exactly they come back."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse

from ._coders import Coder, row_errors
from ._frames import FRAMES, frame_library


class CompressionReport(NamedTuple):
    """What compression makes of rows.

    Attributes
    ----------
    n_bytes : int
        Length of the bytes.

    bytes_per_row : float
        That over the number of rows.

    raw_bytes_per_row : float
        Bytes of a row as it was given.

    ratio : float
        Those of raw rows over those of compressed ones: higher is better.

    error : float
        Mean squared error of decompressed rows, in the units of
        `reconstruction_error`.

    reconstruction_error : float
        That of reconstructions, whose codes are not quantized.
    """

    n_bytes: int
    bytes_per_row: float
    raw_bytes_per_row: float
    ratio: float
    error: float
    reconstruction_error: float


class MeanErrors(NamedTuple):
    """Mean squared errors over cells and rows.

    Attributes
    ----------
    exact : float
        Of reconstructions.

    quantized : float
        Of what is decoded from quantized codes.

    moved : float
        Of the latter, as if the former were what it should be.
    """

    exact: float
    quantized: float
    moved: float

    @property
    def added(self) -> float:
        """What quantizing adds: the move, or if that is more, the error's growth."""
        return max(self.moved, self.quantized - self.exact)


def mean_errors(
    coder: Coder, table, codes: np.ndarray, rounded: np.ndarray
) -> MeanErrors:
    """Return the errors of codes and of what they were rounded to.

    Parameters
    ----------
    coder : Coder
        What rows codes stand for.

    table : object
        The rows, as the coder read them.

    codes, rounded : ndarray of shape (n_samples, n_components)
        Their codes, as they are and quantized.

    Returns
    -------
    errors : MeanErrors
        Over rows with any observed cell; 0 without one.
    """
    totals, n_rows = np.zeros(3), np.zeros(3)
    for chunk, rows in coder.rows(table):
        exact, moved = coder.decode(codes[chunk]), coder.decode(rounded[chunk])
        pairs = ((rows, exact), (rows, moved), (exact, moved))
        errors = np.array([row_errors(coder, *pair) for pair in pairs])
        totals += np.nansum(errors, axis=1)
        n_rows += np.count_nonzero(~np.isnan(errors), axis=1)
    return MeanErrors(*(totals / np.maximum(n_rows, 1)).tolist())


def raw_bytes(X) -> int:
    """Return the bytes of a table as it is.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        The table.

    Returns
    -------
    n_bytes : int
        Of an array or the three of a sparse matrix. Of a frame, by the dtypes of its
        columns; a column of categories takes as many bytes as number those in it.
    """
    if issparse(X):
        X = X.tocsr()
        return X.data.nbytes + X.indices.nbytes + X.indptr.nbytes
    library = frame_library(X)
    if library is None:
        return np.asarray(X).nbytes
    frames = FRAMES[library]
    return sum(_column_bytes(frames, column) for column in frames.columns(X))


def _column_bytes(frames, column) -> int:
    if frames.is_missing(column) or not frames.is_category(column):
        return len(column) * frames.observed(column).itemsize
    n_values = len(np.unique(frames.factorize(column)[0]))
    return len(column) * max(1, -(-(n_values - 1).bit_length() // 8))
