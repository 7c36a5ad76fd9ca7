"""Validation of tables, in scikit-learn's words."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite, check_array, gen_batches
from sklearn.utils.validation import validate_data

from .._sklearn import _check_feature_names_in
from .frames import frame_library
from .schema import TableSchema
from .schema_inference import check_unique_names, infer_schema

FLOATS = (np.float64, np.float32)
_CHECKED_CELLS = 2**22


def validate_fit_rows(estimator, X, *, unseen: bool = False):
    """Check a table to fit, and learn its columns.

    Parameters
    ----------
    estimator : BaseAutoencoder
        Gets `n_features_in_` and, where there are any, `feature_names_in_`.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        The table.

    unseen : bool, default=False
        As in :func:`infer_schema`.

    Returns
    -------
    columns, rows : TableSchema, {ndarray, CSR matrix}
        The columns, and the numbers that they read of X: finite, or NaN where missing.
    """
    X = _checked(estimator, X, reset=True)
    columns, rows = infer_schema(
        X,
        _check_feature_names_in(estimator),
        estimator.categorical_features,
        estimator.max_categories,
        unseen=unseen,
    )
    return columns, _check_numbers(estimator, rows, columns, n_rows=2)


def validate_rows(estimator, X, columns: TableSchema, input_name: str = "X"):
    """Check a table with the columns of the one at fit, and read its numbers.

    Parameters
    ----------
    estimator : BaseAutoencoder
        Fitted, as far as names and number of columns go.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        The table.

    columns : TableSchema
        Those at fit.

    input_name : str, default="X"
        What errors call the table.

    Returns
    -------
    rows : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Its numbers: finite, or NaN where missing.
    """
    columns.check_container(X)
    X = _checked(estimator, X, reset=False)
    rows = columns.read(X, estimator.handle_unknown)
    return _check_numbers(estimator, rows, columns, input_name=input_name)


def check_validation_rows_used(estimator, X_val) -> None:
    """Raise if there are validation rows, but nothing that they would judge."""
    if X_val is not None and not estimator.early_stopping:
        raise ValueError(
            "X_val is only used with early_stopping=True, got X_val and "
            "early_stopping=False."
        )


def _checked(estimator, X, *, reset):
    """Check names and number of columns, and turn what is no frame into an array."""
    if frame_library(X) is not None:
        check_unique_names(X)
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        return X
    n_rows = 2 if reset else 1
    return validate_data(estimator, X, reset=reset, **_array_checks(X, n_rows))


def _array_checks(X, n_rows: int) -> dict[str, Any]:
    """Return what scikit-learn is to check of an array; we look at its cells."""
    return {
        "accept_sparse": "csr",
        "dtype": FLOATS if issparse(X) else "numeric",
        "ensure_min_samples": n_rows,
        "ensure_all_finite": False,
    }


def _check_numbers(estimator, rows, columns, *, n_rows=1, input_name="X"):
    """Check a table's numbers, and name the column that is at fault."""
    named = {"estimator": estimator, "input_name": input_name}
    rows = check_array(rows, **_array_checks(rows, n_rows), **named)
    for part in _parts(rows):
        try:
            # It sums cells first, which is infinity less infinity of the largest.
            with np.errstate(invalid="ignore"):
                assert_all_finite(
                    part,
                    allow_nan=True,
                    estimator_name=type(estimator).__name__,
                    input_name=input_name,
                )
        except ValueError as error:
            column = columns.names[_infinite_column(part)]
            raise ValueError(f"{error} (column {column!r})") from None
    return rows


def _parts(rows) -> Iterator:
    """Yield rows in parts so small that a mask of their cells takes little memory."""
    if issparse(rows):
        yield rows
        return
    for chunk in gen_batches(len(rows), max(1, _CHECKED_CELLS // rows.shape[1])):
        yield rows[chunk]


def _infinite_column(rows) -> int:
    if issparse(rows):
        cells = rows.tocoo()
        return int(cells.col[np.isinf(cells.data)].min())
    return int(np.argmax(np.isinf(rows).any(axis=0)))
