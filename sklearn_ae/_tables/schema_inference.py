"""What a table's columns are: learned from the table that comes to fit."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from .categories import Categories, fit_categories
from .frames import FRAMES, frame_library
from .schema import TableSchema, factorized, factorized_cells, naming_column


def infer_schema(
    X,
    names: Sequence[str],
    categorical_features,
    max_categories: int | None,
    *,
    unseen: bool = False,
) -> tuple[TableSchema, Any]:
    """Learn the columns of a table, and read it.

    Parameters
    ----------
    X : {dataframe, ndarray, CSR matrix} of shape (n_samples, n_features)
        The table.

    names : sequence of str
        Names of its columns, for errors; a frame's own come first.

    categorical_features : "from_dtype" or array-like of bool, int or str
        Columns that are categories whatever their dtype: a mask, positions or names.

    max_categories : int or None
        Most levels a column.

    unseen : bool, default=False
        Whether a categorical dtype's categories are levels even where none is there.

    Returns
    -------
    columns, numbers : TableSchema, ndarray of shape (n_samples, n_features)
        The columns, and what they read of X.
    """
    library = frame_library(X)
    if library is None:
        marked = _marked(categorical_features, names)
        return _learn_array(X, tuple(names), marked, max_categories)
    frames = FRAMES[library]
    names = tuple(map(str, frames.names(X)))
    marked = _marked(categorical_features, names)
    cells, listed, added, empty, descriptions = {}, {}, set(), set(), []
    for position, column in enumerate(frames.columns(X)):
        with naming_column(names[position]):
            by_dtype = frames.is_category(column)
            descriptions.append(frames.describe(column))
            if by_dtype or position in marked:
                cells[position] = factorized(frames, column)
                known = descriptions[-1].get("categories", [])
                listed[position] = known if unseen else []
            elif frames.is_missing(column):
                empty.add(position)
            if not by_dtype and position in marked:
                added.add(position)
    columns = TableSchema(
        names=names,
        levels=_fit_categories(cells, names, max_categories, listed),
        library=library,
        frame_names=tuple(frames.names(X)),
        descriptions=tuple(descriptions),
        added=frozenset(added),
        empty=frozenset(empty),
    )
    return columns, columns.read_frame(frames, X, cells, "error")


def _learn_array(X, names, marked, max_categories):
    if marked and sparse.issparse(X):
        raise ValueError(
            "X must be dense or a dataframe with categorical_features, got a sparse "
            "matrix."
        )
    cells = factorized_cells(X, names, marked)
    levels = _fit_categories(cells, names, max_categories, {})
    columns = TableSchema(names, levels, added=frozenset(marked))
    return columns, columns.read_array(X, "error")


def _fit_categories(cells, names, max_categories, listed) -> dict[int, Categories]:
    fitted = {}
    for position, (codes, values) in cells.items():
        known = listed.get(position, [])
        values = list(dict.fromkeys([*values, *known]))
        fitted[position] = fit_categories(
            codes, values, max_categories, frozenset(known)
        )
        if not known and 1 < len(codes) == len(np.unique(codes[codes >= 0])):
            warnings.warn(
                "Every row has a category of its own, which no code can keep; drop the "
                f"column, or make it numeric (column {names[position]!r}).",
                UserWarning,
                stacklevel=2,
            )
    return fitted


def _marked(categorical_features, names) -> list[int]:
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


def check_unique_names(X) -> None:
    """Raise if two columns of a frame have the same name."""
    names = FRAMES[frame_library(X)].names(X)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(
            f"Names of columns must be unique, got {names.count(twice)} of the same "
            f"name (column {str(twice)!r})."
        )
