"""The containers that a table may come in, and the rows of any table."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array, gen_batches
from sklearn.utils.validation import validate_data

from .frames import NUMERIC, Container, as_floats, kind_of_dtype
from .pandas import PandasContainer
from .polars import PolarsContainer

FLOATS = (np.float64, np.float32)
# Largest chunk of rows, small enough for the cache. docs/promises.md promises that
# answers take at most 64 MiB beyond themselves, so these must not grow much. Batches of
# a fit are bounded by `EVALUATION_ROWS` of _training instead.
_CHUNK_ROWS, _CHUNK_CELLS = 1_024, 1_000_000


class NumberContainer(Container):
    """The part of the interface that containers of numbers of one dtype share."""

    has_dtypes = False

    def names(self, X) -> list:
        return []

    def columns(self, X) -> list:
        return [self.column(X, position) for position in range(X.shape[1])]

    def kind(self, column) -> str:
        return NUMERIC

    def is_missing(self, column) -> bool:
        return bool(np.isnan(column).all())

    def dtype_spec(self, column) -> None:
        return None

    def factorize(self, column):
        known = ~np.isnan(column)
        values, positions = np.unique(column[known], return_inverse=True)
        codes = np.full(len(column), -1, dtype=np.intp)
        codes[known] = positions
        return codes, values.tolist()

    def number_column(self, numbers, spec):
        return numbers

    def category_column(self, codes, values, spec):
        return np.array([*values, np.nan], dtype=np.float64)[codes]

    def table(self, numbers, columns, names, like):
        table = numbers.copy() if columns else numbers
        for position, column in columns.items():
            table[:, position] = column
        return table

    def select_rows(self, X, rows):
        return X[rows]


class ArrayContainer(NumberContainer):
    """Dense arrays, and what NumPy makes arrays of."""

    key = "array"

    def holds(self, X) -> bool:
        return not issparse(X)

    def validate(self, estimator, X, *, reset: bool):
        checks = array_checks("numeric", n_rows=2 if reset else 1)
        X = validate_data(estimator, X, reset=reset, **checks)
        kind_of_dtype(False, X.dtype.kind not in "mM", X.dtype)
        return X

    def column(self, X, position: int):
        return X[:, position]

    def numbers(self, X, separate):
        return as_floats(X).copy() if separate else X

    def fill(self, X, missing, numbers, columns):
        if not missing.any():
            return np.array(X)
        X = np.asarray(X)
        filled = X.astype(X.dtype if X.dtype.kind == "f" else np.float64)
        filled[missing] = self.table(numbers, columns, (), None)[missing]
        return filled

    def make_indexable(self, X):
        return np.asarray(X)

    def to_dense_table(self, X):
        X = np.asarray(X)
        return X.reshape(len(X), -1)

    def n_bytes(self, X) -> int:
        return np.asarray(X).nbytes


class SparseContainer(NumberContainer):
    """Sparse matrices and arrays, which hold no categories."""

    key = "sparse"

    def holds(self, X) -> bool:
        return issparse(X)

    def validate(self, estimator, X, *, reset: bool):
        checks = array_checks(FLOATS, n_rows=2 if reset else 1)
        return validate_data(estimator, X, reset=reset, **checks)

    def column(self, X, position: int):
        raise ValueError(
            "X must be dense or a dataframe with categorical_features, got a sparse "
            "matrix"
        )

    def numbers(self, X, separate):
        return X

    def fill(self, X, missing, numbers, columns):
        filled = X.tocoo(copy=True)
        gaps = missing[filled.row, filled.col]
        filled.data[gaps] = numbers[filled.row, filled.col][gaps]
        return filled.asformat(X.format)

    def make_indexable(self, X):
        return X.tocsr()

    def to_dense_table(self, X):
        return X.toarray()

    def n_bytes(self, X) -> int:
        X = X.tocsr()
        return X.data.nbytes + X.indices.nbytes + X.indptr.nbytes


# The first that holds a table is asked. Arrays come last: they take all that is left.
CONTAINERS: dict[str, Container] = {
    container.key: container
    for container in (
        PandasContainer(),
        PolarsContainer(),
        SparseContainer(),
        ArrayContainer(),
    )
}
# What scikit-learn's set_output may be told.
OUTPUT_CONTAINERS = ("default", PandasContainer.key, PolarsContainer.key)


def find_container(X) -> Container:
    """Return the container of a table; of anything unknown, that of arrays."""
    return next(c for c in CONTAINERS.values() if c.holds(X))


def array_checks(dtype, n_rows: int) -> dict:
    """Return what scikit-learn is to check of an array; cells are checked later."""
    return {
        "accept_sparse": "csr",
        "dtype": dtype,
        "ensure_min_samples": n_rows,
        "ensure_all_finite": False,
    }


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
