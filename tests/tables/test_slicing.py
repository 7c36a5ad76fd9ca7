"""Chunks, selections and dense copies of rows."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from sklearn_ae._tables.slicing import (
    make_indexable,
    row_chunks,
    select_rows,
    to_dense,
    to_dense_table,
)


@pytest.mark.parametrize("n_features", [1, 700, 10**7])
@pytest.mark.parametrize("n_rows", [1, 1024, 3000])
def test_chunks_hold_every_row_once(n_rows, n_features):
    chunks = list(row_chunks(n_rows, n_features))
    rows = np.concatenate([np.arange(n_rows)[chunk] for chunk in chunks])
    np.testing.assert_array_equal(rows, np.arange(n_rows))
    cells = max(chunk.stop - chunk.start for chunk in chunks) * n_features
    assert cells <= max(1_000_000, n_features)


TABLES = [list, np.asarray, pd.DataFrame, pl.DataFrame, sparse.coo_array]


@pytest.mark.parametrize("table", TABLES)
def test_rows_are_selected_from_any_table(X, table):
    mask = np.arange(len(X)) % 3 == 0
    rows = select_rows(make_indexable(table(X)), mask)
    rows = rows.toarray() if sparse.issparse(rows) else rows
    np.testing.assert_array_equal(rows, X[mask])


@pytest.mark.parametrize("table", TABLES)
def test_any_table_becomes_dense(X, table):
    found = to_dense(table(X.astype(np.float32)))
    np.testing.assert_array_equal(found, X.astype(np.float32), strict=False)
    assert found.dtype == np.float64


def test_missing_cells_become_nan():
    frame = pd.DataFrame({"a": pd.Series([1, None], dtype="Int64")})
    np.testing.assert_array_equal(to_dense(frame), [[1], [np.nan]])


def test_dense_tables_keep_frames(X):
    frame = pd.DataFrame(X)
    assert to_dense_table(frame) is frame
    np.testing.assert_array_equal(to_dense_table(sparse.csr_array(X)), X)
    np.testing.assert_array_equal(to_dense_table(X.reshape(-1, 2, 3)), X)
