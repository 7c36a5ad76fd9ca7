"""Inference of a schema from the table that comes to fit."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .column_kinds import COLUMN_KINDS, NumericColumn
from .columns import BaseColumn, InferenceOptions
from .containers import find_container
from .frames import CATEGORICAL
from .schema import TableSchema, join_numbers, raise_for_column


def infer_schema(
    X,
    names: Sequence[str],
    categorical_features,
    max_categories: int | None,
    *,
    keep_listed: bool = False,
) -> tuple[TableSchema, Any]:
    """Return the schema of a table, and the numbers that it reads of it.

    Parameters
    ----------
    X : {dataframe, ndarray, CSR matrix} of shape (n_samples, n_features)
        The table.

    names : sequence of str
        Names of its columns, for errors; a frame's own names take precedence.

    categorical_features : "from_dtype" or array-like of bool, int or str
        Columns that are categorical whatever their dtype: a mask, positions or names.

    max_categories : int or None
        Upper limit of the number of ordinals of a column.

    keep_listed : bool, default=False
        Whether all categories that a dtype lists are kept, even without a cell.

    Returns
    -------
    schema, numbers : TableSchema, ndarray of shape (n_samples, n_features)
        The schema, and the numbers.
    """
    container = find_container(X)
    frame_names = tuple(container.names(X))
    names = tuple(map(str, frame_names or names))
    marked = _marked_positions(categorical_features, names)
    columns: list[BaseColumn] = [NumericColumn()] * len(names)
    numbers = {}
    for position in range(len(names)) if container.has_dtypes else marked:
        with raise_for_column(names[position]):
            cells = container.column(X, position)
            kind = container.kind(cells)
            is_marked = position in marked and kind != CATEGORICAL
            options = InferenceOptions(
                names[position], is_marked, max_categories, keep_listed
            )
            column_class = COLUMN_KINDS[CATEGORICAL if is_marked else kind]
            columns[position], read = column_class.infer(container, cells, options)
        if read is not None:
            numbers[position] = read
    schema = TableSchema(names, tuple(columns), container.key, frame_names)
    return schema, join_numbers(container, X, numbers)


def _marked_positions(categorical_features, names) -> list[int]:
    """Return the positions that `categorical_features` gives."""
    if isinstance(categorical_features, str):
        return []
    marks = np.asarray(categorical_features)
    if marks.size == 0:
        return []
    kind = marks.dtype.kind if marks.ndim == 1 else "-"
    if kind == "b" and marks.shape == (len(names),):
        return np.flatnonzero(marks).tolist()
    if kind in "iu" and marks.min() >= 0 and marks.max() < len(names):
        return sorted(set(marks.tolist()))
    if kind in "OUT" and set(marks.tolist()) <= set(names):
        return sorted(names.index(name) for name in set(marks.tolist()))
    raise ValueError(
        "categorical_features must be a mask over the columns of X, or their positions "
        f"or names, got {categorical_features!r} for {len(names)} columns."
    )
