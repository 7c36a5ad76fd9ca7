"""The one place that knows pandas and polars."""

import sys


def require_numeric_columns(X, input_name: str = "X") -> None:
    """Raise if a frame has columns that do not hold numbers or booleans.

    Parameters
    ----------
    X : object
        Anything; only pandas and polars frames are looked into.

    input_name : str, default="X"
        What the caller calls it.

    Raises
    ------
    ValueError
        Naming the first such column.
    """
    others = _other_columns(X)
    if others:
        name, dtype = others[0]
        raise ValueError(
            f"Every column of {input_name} must hold numbers, got dtype {dtype} "
            f"(column {name!r}). Encode it first, for instance by a OneHotEncoder in a "
            "ColumnTransformer."
        )


def _other_columns(X) -> list[tuple[str, object]]:
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(X, pandas.DataFrame):
        columns = zip(X.columns, (X.iloc[:, i] for i in range(X.shape[1])), strict=True)
        return [(n, c.dtype) for n, c in columns if not _holds_numbers(c, pandas)]
    if polars is not None and isinstance(X, polars.DataFrame):
        return [
            (name, dtype)
            for name, dtype in X.schema.items()
            if not (dtype.is_numeric() or dtype == polars.Boolean)
        ]
    return []


def _holds_numbers(column, pandas) -> bool:
    if column.dtype != object:
        return pandas.api.types.is_numeric_dtype(column.dtype)
    kind = pandas.api.types.infer_dtype(column, skipna=True)
    return kind in {"integer", "floating", "mixed-integer-float", "boolean", "empty"}
