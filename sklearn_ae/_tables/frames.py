"""The one place that knows pandas and polars."""

import importlib
import sys
from collections.abc import Hashable, Sequence
from typing import Any, Protocol

import numpy as np

_NUMBERS = {
    "boolean",
    "decimal",
    "empty",
    "floating",
    "integer",
    "mixed-integer-float",
}
_TIMES = {"date", "datetime", "datetime64", "period", "time", "timedelta"}
DtypeSpec = dict[str, Any]


class Frames(Protocol):
    """What the package asks of a frame library.

    A column's description is what it takes to make a column of its kind again, in plain
    values. Methods raise TypeError or ValueError without a column's name.
    """

    name_type: type  # of the names that columns may have

    def names(self, X) -> list: ...

    def columns(self, X) -> list:
        """Return the columns of a frame."""
        ...

    def numbers(self, X, positions: Sequence[int]):
        """Return some columns, of numbers, as a frame of numeric dtypes."""
        ...

    def is_category(self, column) -> bool:
        """Tell a column of categories from one of numbers; raise for any other."""
        ...

    def is_missing(self, column) -> bool:
        """Tell a column without any observed cell."""
        ...

    def observed(self, column) -> np.ndarray:
        """Return the cells that are not missing."""
        ...

    def describe(self, column) -> DtypeSpec: ...

    def factorize(self, column) -> tuple[np.ndarray, list]:
        """Return positions in a list of values, -1 for missing cells, and the list."""
        ...

    def number_column(self, numbers: np.ndarray, description: DtypeSpec):
        """Return a column of numbers, NaN where missing."""
        ...

    def level_column(self, codes: np.ndarray, values: Sequence, description: DtypeSpec):
        """Return a column from positions in `values`, -1 where missing."""
        ...

    def frame(self, names: Sequence, columns: list, like):
        """Return a frame of columns, with the index of `like` if it has one."""
        ...

    def filled(self, X, columns: dict[int, tuple[np.ndarray, Any]]):
        """Return X with other cells, by position: where, and a column with them."""
        ...


class PandasFrames:
    """pandas, whatever its version's strings are."""

    name_type = Hashable  # dates, too

    def names(self, X) -> list:
        return [_plain(name) for name in X.columns]

    def columns(self, X) -> list:
        return [X.iloc[:, position] for position in range(X.shape[1])]

    def numbers(self, X, positions):
        part = X.iloc[:, list(positions)]
        pandas = _import("pandas")
        types = pandas.api.types
        fills = [getattr(dtype, "fill_value", None) for dtype in part.dtypes]
        others = [
            i
            for i, dtype in enumerate(part.dtypes)
            if not (types.is_numeric_dtype(dtype) or types.is_bool_dtype(dtype))
            # scikit-learn takes sparse columns if all are, and filled with 0.
            or (isinstance(dtype, pandas.SparseDtype) and fills != [0] * len(fills))
        ]
        if others:
            part = part.copy()
        for i in others:
            column = part.iloc[:, i].astype(object)
            part.isetitem(i, column.where(column.notna(), np.nan).astype(np.float64))
        return part

    def is_category(self, column) -> bool:
        types, dtype = _import("pandas").api.types, column.dtype
        if types.is_object_dtype(dtype):
            kind = types.infer_dtype(column, skipna=True)
            if kind not in _NUMBERS | _TIMES | {"string"}:
                raise TypeError(_mixed(column))
            return _is_category(kind == "string", kind in _NUMBERS, kind)
        category = isinstance(dtype, _import("pandas").CategoricalDtype)
        number = types.is_numeric_dtype(dtype) or types.is_bool_dtype(dtype)
        return _is_category(category or types.is_string_dtype(dtype), number, dtype)

    def is_missing(self, column) -> bool:
        return bool(column.isna().all())

    def observed(self, column):
        return column.dropna().to_numpy()

    def describe(self, column) -> DtypeSpec:
        pandas, dtype = _import("pandas"), column.dtype
        if isinstance(dtype, pandas.CategoricalDtype):
            return {
                "dtype": "category",
                "categories": _plain_list(dtype.categories),
                "categories_dtype": self._describe_dtype(dtype.categories.dtype),
                "ordered": bool(dtype.ordered),
            }
        if pandas.api.types.is_object_dtype(dtype):
            kind = pandas.api.types.infer_dtype(column, skipna=True)
            return {"dtype": "object", "holds": kind}
        return self._describe_dtype(dtype)

    def factorize(self, column):
        if isinstance(column.dtype, _import("pandas").CategoricalDtype):
            codes, values = column.cat.codes.to_numpy(), column.cat.categories
            return codes.astype(np.intp), _plain_list(values)
        codes, values = column.factorize()
        return codes, _plain_list(values)

    def number_column(self, numbers, description):
        pandas, dtype = _import("pandas"), self._dtype(description)
        if "holds" in description:
            return pandas.Series(_objects(numbers, description["holds"]), dtype=object)
        if dtype.kind == "b":
            known = pandas.Series(np.where(np.isnan(numbers), np.nan, numbers > 0.5))
            return known.astype("boolean").astype(dtype)
        if dtype.kind in "iu":
            plain = getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype))
            numbers = _integers(numbers, np.iinfo(plain).min, np.iinfo(plain).max)
        return pandas.Series(numbers).astype(dtype)

    def level_column(self, codes, values, description):
        pandas = _import("pandas")
        if description["dtype"] != "category":
            cells = np.array([*values, None], dtype=object)[codes]
            return pandas.Series(cells, dtype=self._dtype(description))
        known = description["categories"]
        categories = known + _new_levels(known, codes, values)
        position = {value: code for code, value in enumerate(categories)}
        table = np.array([*(position.get(value, -1) for value in values), -1])
        same = len(categories) == len(known)
        dtype = self._dtype(description["categories_dtype"]) if same else None
        return pandas.Series(
            pandas.Categorical.from_codes(
                table[codes],
                categories=pandas.Index(categories, dtype=dtype),
                ordered=description["ordered"],
            )
        )

    def frame(self, names, columns, like):
        pandas = _import("pandas")
        index = like.index if isinstance(like, pandas.DataFrame) else None
        frame = pandas.DataFrame(dict(enumerate(columns)))
        frame.columns = pandas.Index(names)
        return frame if index is None else frame.set_axis(index, axis=0)

    def filled(self, X, columns):
        X = X.copy()
        for position, (where, column) in columns.items():
            column = column.set_axis(X.index)
            if not where.all():
                before = X.iloc[:, position].astype(column.dtype)
                column = before.mask(where, column)
            X.isetitem(position, column)
        return X

    def _describe_dtype(self, dtype) -> DtypeSpec:
        pandas, name = _import("pandas"), str(dtype)
        if isinstance(dtype, pandas.ArrowDtype) and name == "string[pyarrow]":
            return {"dtype": "string", "arrow": True}  # pandas' own has that name
        if isinstance(dtype, pandas.StringDtype):
            return {"dtype": name, "storage": dtype.storage}
        if isinstance(dtype, pandas.SparseDtype):
            fill = _plain(dtype.fill_value)
            return {"dtype": name, "subtype": str(dtype.subtype), "fill_value": fill}
        try:
            pandas.api.types.pandas_dtype(name)
        except (NotImplementedError, TypeError, ValueError) as error:
            raise TypeError(
                f"Cells of dtype {name} can't be made again; convert them, for "
                "instance to float64"
            ) from error
        return {"dtype": name}

    def _dtype(self, description):
        pandas, name = _import("pandas"), description["dtype"]
        if "arrow" in description:
            return pandas.ArrowDtype(_import("pyarrow").string())
        if "subtype" in description:
            return pandas.SparseDtype(description["subtype"], description["fill_value"])
        if "storage" not in description:
            return pandas.api.types.pandas_dtype(name)
        options = {} if name == "string" else {"na_value": np.nan}
        return pandas.StringDtype(description["storage"], **options)


class PolarsFrames:
    """polars, eager frames."""

    name_type = str

    def names(self, X) -> list:
        return list(X.columns)

    def columns(self, X) -> list:
        return X.get_columns()

    def numbers(self, X, positions):
        polars, part = _import("polars"), X[:, list(positions)]
        others = polars.selectors.by_dtype(polars.Boolean, polars.Decimal, polars.Null)
        return part.with_columns(others.cast(polars.Float64))

    def is_category(self, column) -> bool:
        polars, dtype = _import("polars"), column.dtype
        text = dtype in (polars.String, polars.Categorical, polars.Enum)
        number = dtype.is_numeric() or dtype in (polars.Boolean, polars.Null)
        return _is_category(text, number, dtype)

    def is_missing(self, column) -> bool:
        nans = column.is_nan().sum() if column.dtype.is_float() else 0
        return column.null_count() + (nans or 0) == len(column)

    def observed(self, column):
        return column.drop_nulls().to_numpy()

    def describe(self, column) -> DtypeSpec:
        polars, dtype = _import("polars"), column.dtype
        description = {"dtype": str(dtype.base_type())}
        if dtype == polars.Enum:
            description["categories"] = dtype.categories.to_list()
        if dtype == polars.Decimal:
            description |= {"precision": dtype.precision, "scale": dtype.scale}
        return description

    def factorize(self, column):
        polars = _import("polars")
        if self.is_category(column):
            cells = column.cast(polars.String)
            values = cells.unique().drop_nulls().sort()
            codes = cells.cast(polars.Enum(values)).to_physical().cast(polars.Int64)
            return codes.fill_null(-1).to_numpy(), values.to_list()
        cells = column.fill_nan(None) if column.dtype.is_float() else column
        missing = cells.is_null().to_numpy()
        values, known = np.unique(cells.drop_nulls().to_numpy(), return_inverse=True)
        codes = np.full(len(missing), -1, dtype=np.intp)
        codes[~missing] = known
        return codes, values.tolist()

    def number_column(self, numbers, description):
        polars, dtype = _import("polars"), self._dtype(description)
        if dtype == polars.Boolean:
            numbers = np.where(np.isnan(numbers), np.nan, numbers > 0.5)
        elif dtype.is_integer():
            low, high = polars.select(low=dtype.min(), high=dtype.max()).row(0)
            numbers = _integers(numbers, low, high)
        return _cast(polars.Series(numbers, nan_to_null=True), dtype)

    def level_column(self, codes, values, description):
        polars = _import("polars")
        cells = polars.Series([*values, None]).gather(codes % (len(values) + 1))
        if "categories" in description:
            known = description["categories"]
            new = _new_levels(known, codes, values)
            description = description | {"categories": known + new}
        return _cast(cells, self._dtype(description))

    def frame(self, names, columns, like):
        pairs = zip(names, columns, strict=True)
        return _import("polars").DataFrame([c.alias(name) for name, c in pairs])

    def filled(self, X, columns):
        polars, filled = _import("polars"), []
        for position, (where, column) in columns.items():
            if not where.all():
                before = X[:, position].cast(column.dtype)
                column = column.zip_with(polars.Series(where), before)
            filled.append(column.alias(X.columns[position]))
        return X.with_columns(filled)

    def _dtype(self, description):
        polars = _import("polars")
        dtype = getattr(polars, description["dtype"], None)
        if not isinstance(dtype, polars.datatypes.DataTypeClass) or dtype.is_nested():
            raise TypeError(f"{description['dtype']!r} is no dtype of polars")
        if "categories" in description:
            return dtype(description["categories"])
        if "precision" in description:
            return dtype(description["precision"], description["scale"])
        return dtype


def _cast(column, dtype):
    try:
        return column.cast(dtype)
    except _import("polars").exceptions.PolarsError as error:
        raise ValueError(f"Cells must be of {dtype}: {error}") from error


FRAMES: dict[str, Frames] = {"pandas": PandasFrames(), "polars": PolarsFrames()}


def frame_library(X) -> str | None:
    """Return the key in `FRAMES` of the library that X is a frame of, or None."""
    for library in FRAMES:
        module = sys.modules.get(library)  # who has a frame has its library
        if module is not None and isinstance(X, module.DataFrame):
            return library
    return None


def _new_levels(known: list, codes: np.ndarray, values: Sequence) -> list:
    """Return the levels in `codes` that are not known."""
    used = [values[code] for code in np.unique(codes[codes >= 0])]
    return [value for value in used if value not in known]


def _import(library: str):
    return importlib.import_module(library)


def _is_category(category: bool, number: bool, dtype) -> bool:
    if category or number:
        return category
    if any(word in str(dtype).lower() for word in (*_TIMES, "duration")):
        raise ValueError(
            f"Dates and times must be made numbers or categories first, got {dtype}; "
            "take parts such as year, month or hour, or seconds since a start, or drop "
            "the column"
        )
    raise TypeError(f"Cells must be numbers, strings or categories, got {dtype}")


def _mixed(cells) -> str:
    kinds = {type(cell).__qualname__ for cell in cells}
    kinds = sorted(kinds - {"NAType", "NoneType"})
    # scikit-learn's words for the same fault
    return f"argument must be uniformly strings or numbers, got {kinds}"


def _plain_list(values) -> list[Hashable]:
    values = [_plain(value) for value in values]
    others = [v for v in values if not isinstance(v, str | int | float | bool)]
    if others:
        kind = type(others[0]).__qualname__
        raise TypeError(
            f"Categories must be strings, numbers or booleans, got {kind}; make them "
            "strings first"
        )
    return values


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value


def _integers(numbers: np.ndarray, low: int, high: int) -> np.ndarray:
    """Return floats that are whole and within the range of an integer dtype."""
    limit = float(high)
    if int(limit) > high:
        limit = np.nextafter(limit, 0)
    return np.clip(np.rint(numbers.astype(np.float64)), float(low), limit)


def _objects(numbers: np.ndarray, holds: str) -> np.ndarray:
    """Return an object array of booleans, integers or floats, None where missing."""
    make = {"boolean": lambda n: bool(n > 0.5), "integer": lambda n: round(n)}
    one = make.get(holds, float)
    cells = [None if np.isnan(n) else one(n) for n in numbers.tolist()]
    return np.array(cells, dtype=object)


def numbers_frame(names: Sequence, numbers: np.ndarray, like):
    """Return a pandas frame of numbers, with the index of `like` if it has one."""
    pandas = _import("pandas")
    index = like.index if isinstance(like, pandas.DataFrame) else None
    return pandas.DataFrame(numbers, index, pandas.Index(names), copy=False)
