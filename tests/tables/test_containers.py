"""The container of a table, and the containers of arrays and sparse matrices."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from sklearn_ae._tables.containers import (
    CONTAINERS,
    OUTPUT_CONTAINERS,
    find_container,
    make_indexable,
    row_chunks,
    select_rows,
    to_dense,
    to_dense_table,
)

NAN = np.nan
X = np.array([[1.5, 0.0], [NAN, 7.0], [3.0, NAN]])


@pytest.mark.parametrize(
    ("table", "key"),
    [
        (pd.DataFrame({"a": [1]}), "pandas"),
        (pl.DataFrame({"a": [1]}), "polars"),
        (np.ones((2, 2)), "array"),
        (sparse.eye_array(2), "sparse"),
        (sparse.coo_matrix(np.eye(2)), "sparse"),
        ([["a", "b"]], "array"),
        (None, "array"),
        (pd.Series([1.0]), "array"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_table_has_one_container(table, key):
    assert find_container(table) is CONTAINERS[key]


def test_keys_are_those_of_the_containers():
    assert all(container.key == key for key, container in CONTAINERS.items())


def test_output_containers_are_scikit_learns():
    frames = {key for key, container in CONTAINERS.items() if container.has_dtypes}
    assert set(OUTPUT_CONTAINERS) == {"default", *frames}


TABLES = {
    "pandas": pd.DataFrame(X, columns=["a", "b"]),
    "polars": pl.DataFrame(X, schema=["a", "b"]),
    "array": X,
    "list": X.tolist(),
    "csr": sparse.csr_array(X),
    "coordinates": sparse.coo_array(X),
}


@pytest.fixture(params=TABLES)
def table(request):
    return TABLES[request.param]


def test_dense_tables_have_two_axes(table):
    dense = find_container(table).to_dense_table(table)
    np.testing.assert_array_equal(np.asarray(dense), X)


def test_arrays_with_axes_become_flat():
    pictures = np.arange(24).reshape(2, 3, 4)
    flat = find_container(pictures).to_dense_table(pictures)
    np.testing.assert_array_equal(flat, pictures.reshape(2, 12))


@pytest.mark.parametrize("rows", [slice(1, 3), np.array([False, True, True]), [1, 2]])
def test_rows_of_indexable_tables_are_selected(table, rows):
    container = find_container(table)
    indexable = container.make_indexable(table)
    found = find_container(indexable).select_rows(indexable, rows)
    found = found.toarray() if sparse.issparse(found) else np.asarray(found)
    np.testing.assert_array_equal(found, X[1:])


def test_bytes_of_arrays_are_counted():
    array = CONTAINERS["array"]
    assert array.n_bytes(X) == array.n_bytes(X.tolist()) == 48
    assert array.n_bytes(X.astype(np.float32)) == 24


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.coo_array])
def test_bytes_of_sparse_parts_are_counted(kind):
    csr = sparse.csr_array(X)
    expected = csr.data.nbytes + csr.indices.nbytes + csr.indptr.nbytes
    assert CONTAINERS["sparse"].n_bytes(kind(X)) == expected


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize(
    ("n_categories", "n_bytes"), [(2, 300), (256, 300), (257, 600)]
)
def test_bytes_grow_with_number_of_categories(make, n_categories, n_bytes):
    frame = make({"a": [str(i % n_categories) for i in range(300)]})
    assert find_container(frame).n_bytes(frame) == n_bytes


# Filling


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_filled_arrays_keep_their_dtype(dtype):
    table, missing = X.astype(dtype), np.isnan(X)
    filled = CONTAINERS["array"].fill(table, missing, np.full((3, 2), 9.0), {})
    assert filled.dtype == dtype
    np.testing.assert_array_equal(filled, np.where(missing, 9, X))
    assert np.isnan(table).any()


def test_filled_lists_become_arrays_of_floats():
    table = [[None, 1], [2, 3]]
    missing = np.array([[True, False], [False, False]])
    filled = CONTAINERS["array"].fill(table, missing, np.full((2, 2), 9.0), {})
    np.testing.assert_array_equal(filled, np.array([[9.0, 1], [2, 3]]), strict=True)


def test_arrays_without_gaps_are_copied():
    table = np.arange(4).reshape(2, 2)
    missing = np.zeros((2, 2), bool)
    filled = CONTAINERS["array"].fill(table, missing, np.full((2, 2), 9.0), {})
    np.testing.assert_array_equal(filled, table, strict=True)
    assert not np.shares_memory(filled, table)


def test_filled_sparse_matrices_keep_their_format():
    table = sparse.csc_array(X)
    numbers = np.full((3, 2), 9.0)
    filled = CONTAINERS["sparse"].fill(table, np.isnan(X), numbers, {})
    assert filled.format == "csc"
    np.testing.assert_array_equal(filled.toarray(), np.where(np.isnan(X), 9, X))


# Columns of arrays


def test_factorized_arrays_leave_missing_cells_out():
    codes, values = CONTAINERS["array"].factorize(np.array([7.0, NAN, 2.0, 7.0]))
    assert codes.tolist() == [1, -1, 0, 1]
    assert values == [2.0, 7.0]


def test_category_columns_of_arrays_hold_values():
    column = CONTAINERS["array"].category_column(np.array([1, -1, 0]), [2, 7], None)
    np.testing.assert_array_equal(column, [7.0, NAN, 2.0])


def test_sparse_matrices_hold_no_categories():
    with pytest.raises(ValueError, match=r"dense.*categorical_features"):
        CONTAINERS["sparse"].column(sparse.csr_array(X), 0)


# Rows of any table


@pytest.mark.parametrize("n_features", [1, 700, 10**7])
@pytest.mark.parametrize("n_rows", [1, 1024, 3000])
def test_chunks_hold_every_row_once(n_rows, n_features):
    chunks = list(row_chunks(n_rows, n_features))
    rows = np.concatenate([np.arange(n_rows)[chunk] for chunk in chunks])
    np.testing.assert_array_equal(rows, np.arange(n_rows))
    cells = max(chunk.stop - chunk.start for chunk in chunks) * n_features
    assert cells <= max(1_000_000, n_features)


MAKERS = [list, np.asarray, pd.DataFrame, pl.DataFrame, sparse.coo_array]


@pytest.mark.parametrize("make", MAKERS)
def test_rows_are_selected_from_any_table(X, make):
    mask = np.arange(len(X)) % 3 == 0
    rows = select_rows(make_indexable(make(X)), mask)
    rows = rows.toarray() if sparse.issparse(rows) else rows
    np.testing.assert_array_equal(rows, X[mask])


@pytest.mark.parametrize("make", MAKERS)
def test_any_table_becomes_dense(X, make):
    found = to_dense(make(X.astype(np.float32)))
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
