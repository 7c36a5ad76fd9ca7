"""Rows of any table: chunks, selections and dense copies."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array, gen_batches

from .containers import find_container

_CHUNK_ROWS, _CHUNK_CELLS = 1_024, 1_000_000  # small enough for the cache


def row_chunks(n_rows: int, n_features: int) -> Iterator[slice]:
    """Yield slices that go through rows in chunks of bounded size."""
    size = max(1, min(_CHUNK_ROWS, _CHUNK_CELLS // n_features))
    return gen_batches(n_rows, size)


def make_indexable(X):
    """Return a table as it is if its rows can be selected, else as an array."""
    return find_container(X).make_indexable(X)


def select_rows(X, rows):
    """Return rows of an indexable table by a slice, a mask or their positions."""
    return find_container(X).select_rows(X, rows)


def to_dense(X) -> np.ndarray:
    """Return the numbers of a table as a dense float64 array, NaN where missing."""
    X = check_array(X, accept_sparse=True, dtype=np.float64, ensure_all_finite=False)
    return X.toarray() if issparse(X) else X


def to_dense_table(X):
    """Return a table with two axes: a frame as it is, else a dense array."""
    return find_container(X).to_dense_table(X)
