"""Rows of any table: chunks, selections and dense copies."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array, gen_batches

from .._sklearn import _safe_indexing
from .frames import frame_library

_CHUNK_ROWS, _CHUNK_CELLS = 1_024, 1_000_000  # small enough for the cache


def row_chunks(n_rows: int, n_features: int) -> Iterator[slice]:
    """Yield slices that go through rows in pieces of bounded size."""
    size = max(1, min(_CHUNK_ROWS, _CHUNK_CELLS // n_features))
    return gen_batches(n_rows, size)


def make_indexable(X):
    """Return a table as it is if its rows can be selected, else as an array."""
    if issparse(X):
        return X.tocsr()
    return X if frame_library(X) is not None else np.asarray(X)


def selected(X, rows):
    """Return some rows of an indexable table, by a slice, a mask or their numbers."""
    return X[rows] if frame_library(X) is None else _safe_indexing(X, rows)


def dense(X) -> np.ndarray:
    """Return numbers as an array, whatever holds them, NaN where they are missing."""
    X = check_array(X, accept_sparse=True, dtype=np.float64, ensure_all_finite=False)
    return X.toarray() if issparse(X) else X
