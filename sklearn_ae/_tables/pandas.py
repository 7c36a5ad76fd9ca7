"""Frames of pandas."""

from collections.abc import Hashable, Sequence

import numpy as np

from .dtype_specs import DtypeSpec
from .frames import (
    TIMES,
    FrameContainer,
    find_new_categories,
    import_library,
    kind_of_dtype,
    round_to_integers,
    to_plain_categories,
    to_python,
)

_NUMBERS = {
    "boolean",
    "decimal",
    "empty",
    "floating",
    "integer",
    "mixed-integer-float",
}


class PandasContainer(FrameContainer):
    """Frames of pandas, of NumPy, nullable, Arrow and sparse dtypes."""

    key = "pandas"
    name_type = Hashable  # dates, too

    def names(self, X) -> list:
        return [to_python(name) for name in X.columns]

    def column(self, X, position: int):
        return X.iloc[:, position]

    def columns(self, X) -> list:
        return [X.iloc[:, position] for position in range(X.shape[1])]

    def numeric_part(self, X, positions):
        part = X.iloc[:, list(positions)]
        pandas = import_library("pandas")
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

    def kind(self, column) -> str:
        pandas = import_library("pandas")
        types, dtype = pandas.api.types, column.dtype
        if types.is_object_dtype(dtype):
            found = types.infer_dtype(column, skipna=True)
            if found not in _NUMBERS | TIMES | {"string"}:
                raise TypeError(_mixed_types_message(column))
            return kind_of_dtype(found == "string", found in _NUMBERS, found)
        is_category = isinstance(dtype, pandas.CategoricalDtype)
        is_category |= types.is_string_dtype(dtype)
        is_number = types.is_numeric_dtype(dtype) or types.is_bool_dtype(dtype)
        return kind_of_dtype(is_category, is_number, dtype)

    def is_missing(self, column) -> bool:
        return bool(column.isna().all())

    def observed(self, column):
        return column.dropna().to_numpy()

    def dtype_spec(self, column) -> DtypeSpec:
        pandas, dtype = import_library("pandas"), column.dtype
        if isinstance(dtype, pandas.CategoricalDtype):
            return {
                "dtype": "category",
                "categories": to_plain_categories(dtype.categories),
                "categories_dtype": _spec_of_dtype(dtype.categories.dtype),
                "ordered": bool(dtype.ordered),
            }
        if pandas.api.types.is_object_dtype(dtype):
            kind = pandas.api.types.infer_dtype(column, skipna=True)
            return {"dtype": "object", "holds": kind}
        return _spec_of_dtype(dtype)

    def factorize(self, column):
        if isinstance(column.dtype, import_library("pandas").CategoricalDtype):
            codes, values = column.cat.codes.to_numpy(), column.cat.categories
            return codes.astype(np.intp), to_plain_categories(values)
        codes, values = column.factorize()
        return codes, to_plain_categories(values)

    def number_column(self, numbers, spec):
        pandas, dtype = import_library("pandas"), _dtype_of_spec(spec)
        if "holds" in spec:
            return pandas.Series(_to_objects(numbers, spec["holds"]), dtype=object)
        if dtype.kind == "b":
            known = pandas.Series(np.where(np.isnan(numbers), np.nan, numbers > 0.5))
            return known.astype("boolean").astype(dtype)
        if dtype.kind in "iu":
            plain = getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype))
            limits = np.iinfo(plain)
            numbers = round_to_integers(numbers, limits.min, limits.max)
        return pandas.Series(numbers).astype(dtype)

    def category_column(self, codes, values, spec):
        pandas = import_library("pandas")
        if spec["dtype"] != "category":
            cells = np.array([*values, None], dtype=object)[codes]
            return pandas.Series(cells, dtype=_dtype_of_spec(spec))
        known = spec["categories"]
        categories = known + find_new_categories(known, codes, values)
        position = {value: code for code, value in enumerate(categories)}
        table = np.array([*(position.get(value, -1) for value in values), -1])
        same = len(categories) == len(known)
        dtype = _dtype_of_spec(spec["categories_dtype"]) if same else None
        return pandas.Series(
            pandas.Categorical.from_codes(
                table[codes],
                categories=pandas.Index(categories, dtype=dtype),
                ordered=spec["ordered"],
            )
        )

    def frame(self, names, columns, like):
        pandas = import_library("pandas")
        frame = pandas.DataFrame(dict(enumerate(columns)))
        frame.columns = pandas.Index(names)
        index = _index_of(like)
        return frame if index is None else frame.set_axis(index, axis=0)

    def fill(self, X, missing, numbers, columns):
        X = X.copy()
        for position, column in columns.items():
            column, where = column.set_axis(X.index), missing[:, position]
            if not where.all():
                before = X.iloc[:, position].astype(column.dtype)
                column = before.mask(where, column)
            X.isetitem(position, column)
        return X


def numbers_frame(names: Sequence, numbers: np.ndarray, like):
    """Return a pandas frame of numbers, with the index of `like` if it has one."""
    pandas = import_library("pandas")
    return pandas.DataFrame(numbers, _index_of(like), pandas.Index(names), copy=False)


def _index_of(X):
    frame = import_library("pandas").DataFrame
    return X.index if isinstance(X, frame) else None


def _spec_of_dtype(dtype) -> DtypeSpec:
    pandas, name = import_library("pandas"), str(dtype)
    if isinstance(dtype, pandas.ArrowDtype) and name == "string[pyarrow]":
        return {"dtype": "string", "arrow": True}  # pandas' own has that name
    if isinstance(dtype, pandas.StringDtype):
        return {"dtype": name, "storage": dtype.storage}
    if isinstance(dtype, pandas.SparseDtype):
        fill = to_python(dtype.fill_value)
        return {"dtype": name, "subtype": str(dtype.subtype), "fill_value": fill}
    try:
        pandas.api.types.pandas_dtype(name)
    except (NotImplementedError, TypeError, ValueError) as error:
        raise TypeError(
            f"Cells of dtype {name} can't be made again; convert them, for instance to "
            "float64"
        ) from error
    return {"dtype": name}


def _dtype_of_spec(spec: DtypeSpec):
    pandas, name = import_library("pandas"), spec["dtype"]
    if "arrow" in spec:
        return pandas.ArrowDtype(import_library("pyarrow").string())
    if "subtype" in spec:
        return pandas.SparseDtype(spec["subtype"], spec["fill_value"])
    if "storage" not in spec:
        return pandas.api.types.pandas_dtype(name)
    options = {} if name == "string" else {"na_value": np.nan}
    return pandas.StringDtype(spec["storage"], **options)


def _mixed_types_message(cells) -> str:
    kinds = {type(cell).__qualname__ for cell in cells}
    kinds = sorted(kinds - {"NAType", "NoneType"})
    # scikit-learn's words for the same fault
    return f"argument must be uniformly strings or numbers, got {kinds}"


def _to_objects(numbers: np.ndarray, holds: str) -> np.ndarray:
    """Return an object array of booleans, integers or floats, None where missing."""
    converters = {"boolean": lambda n: bool(n > 0.5), "integer": lambda n: round(n)}
    convert = converters.get(holds, float)
    cells = [None if np.isnan(n) else convert(n) for n in numbers.tolist()]
    return np.array(cells, dtype=object)
