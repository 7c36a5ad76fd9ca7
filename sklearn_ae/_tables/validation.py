"""Validation of tables, with scikit-learn's error messages."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite, check_array, gen_batches

from .._sklearn import _check_feature_names_in
from .containers import FLOATS, array_checks, find_container
from .schema import TableSchema
from .schema_inference import infer_schema

_CHECKED_CELLS = 2**22


def validate_fit_rows(estimator, X, *, keep_listed: bool = False):
    """Check a table to fit, and infer its schema.

    Parameters
    ----------
    estimator : BaseAutoencoder
        Gets `n_features_in_` and, where there are any, `feature_names_in_`.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        The table.

    keep_listed : bool, default=False
        As in :func:`infer_schema`.

    Returns
    -------
    schema, rows : TableSchema, {ndarray, CSR matrix}
        The schema, and the numbers that it reads of X: finite, or NaN where missing.
    """
    X = find_container(X).validate(estimator, X, reset=True)
    schema, rows = infer_schema(
        X,
        _check_feature_names_in(estimator),
        estimator.categorical_features,
        estimator.max_categories,
        keep_listed=keep_listed,
    )
    return schema, _check_numbers(estimator, rows, schema, n_rows=2)


def validate_rows(estimator, X, schema: TableSchema, input_name: str = "X"):
    """Check a table that must have the columns of fit, and read its numbers.

    Parameters
    ----------
    estimator : BaseAutoencoder
        Fitted, as far as names and number of columns go.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        The table.

    schema : TableSchema
        The columns at fit.

    input_name : str, default="X"
        What errors call the table.

    Returns
    -------
    rows : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Its numbers: finite, or NaN where missing.
    """
    schema.check_dtypes_known(X)
    X = find_container(X).validate(estimator, X, reset=False)
    rows = schema.read(X, estimator.handle_unknown)
    return _check_numbers(estimator, rows, schema, input_name=input_name)


def check_validation_rows_used(estimator, X_val) -> None:
    """Raise if there are validation rows, but no early stopping that uses them."""
    if X_val is not None and not estimator.early_stopping:
        raise ValueError(
            "X_val is only used with early_stopping=True, got X_val and "
            "early_stopping=False."
        )


def _check_numbers(estimator, rows, schema, *, n_rows=1, input_name="X"):
    """Check a table's numbers, and name the column of an infinite one."""
    checks = array_checks(FLOATS if issparse(rows) else "numeric", n_rows)
    rows = check_array(rows, **checks, estimator=estimator, input_name=input_name)
    for part in _parts(rows):
        try:
            # scikit-learn sums cells first: the largest may overflow to inf - inf.
            with np.errstate(invalid="ignore"):
                assert_all_finite(
                    part,
                    allow_nan=True,
                    estimator_name=type(estimator).__name__,
                    input_name=input_name,
                )
        except ValueError as error:
            column = schema.names[_infinite_column(part)]
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
