"""Frames of polars."""

import numpy as np

from .dtype_specs import DtypeSpec
from .frames import (
    CATEGORICAL,
    FrameContainer,
    find_new_categories,
    import_library,
    kind_of_dtype,
    round_to_integers,
)


class PolarsContainer(FrameContainer):
    """Eager frames of polars."""

    key = "polars"
    name_type = str

    def names(self, X) -> list:
        return list(X.columns)

    def column(self, X, position: int):
        return X.to_series(position)

    def columns(self, X) -> list:
        return X.get_columns()

    def numeric_part(self, X, positions):
        polars, part = import_library("polars"), X[:, list(positions)]
        others = polars.selectors.by_dtype(polars.Boolean, polars.Decimal, polars.Null)
        return part.with_columns(others.cast(polars.Float64))

    def kind(self, column) -> str:
        polars, dtype = import_library("polars"), column.dtype
        is_category = dtype in (polars.String, polars.Categorical, polars.Enum)
        is_number = dtype.is_numeric() or dtype in (polars.Boolean, polars.Null)
        return kind_of_dtype(is_category, is_number, dtype)

    def is_missing(self, column) -> bool:
        nans = column.is_nan().sum() if column.dtype.is_float() else 0
        return column.null_count() + (nans or 0) == len(column)

    def observed(self, column):
        return column.drop_nulls().to_numpy()

    def dtype_spec(self, column) -> DtypeSpec:
        polars, dtype = import_library("polars"), column.dtype
        spec = {"dtype": str(dtype.base_type())}
        if dtype == polars.Enum:
            spec["categories"] = dtype.categories.to_list()
        if dtype == polars.Decimal:
            spec |= {"precision": dtype.precision, "scale": dtype.scale}
        return spec

    def factorize(self, column):
        polars = import_library("polars")
        if self.kind(column) == CATEGORICAL:
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

    def number_column(self, numbers, spec):
        polars, dtype = import_library("polars"), _dtype_of_spec(spec)
        if dtype == polars.Boolean:
            numbers = np.where(np.isnan(numbers), np.nan, numbers > 0.5)
        elif dtype.is_integer():
            low, high = polars.select(low=dtype.min(), high=dtype.max()).row(0)
            numbers = round_to_integers(numbers, low, high)
        return _cast(polars.Series(numbers, nan_to_null=True), dtype)

    def category_column(self, codes, values, spec):
        polars = import_library("polars")
        cells = polars.Series([*values, None]).gather(codes % (len(values) + 1))
        if "categories" in spec:
            known = spec["categories"]
            new = find_new_categories(known, codes, values)
            spec = spec | {"categories": known + new}
        return _cast(cells, _dtype_of_spec(spec))

    def frame(self, names, columns, like):
        pairs = zip(names, columns, strict=True)
        return import_library("polars").DataFrame([c.alias(name) for name, c in pairs])

    def fill(self, X, missing, numbers, columns):
        polars, filled = import_library("polars"), []
        for position, column in columns.items():
            where = missing[:, position]
            if not where.all():
                before = X.to_series(position).cast(column.dtype)
                column = column.zip_with(polars.Series(where), before)
            filled.append(column.alias(X.columns[position]))
        return X.with_columns(filled)


def _dtype_of_spec(spec: DtypeSpec):
    polars = import_library("polars")
    dtype = getattr(polars, spec["dtype"], None)
    if not isinstance(dtype, polars.datatypes.DataTypeClass) or dtype.is_nested():
        raise TypeError(f"{spec['dtype']!r} is no dtype of polars")
    if "categories" in spec:
        return dtype(spec["categories"])
    if "precision" in spec:
        return dtype(spec["precision"], spec["scale"])
    return dtype


def _cast(column, dtype):
    try:
        return column.cast(dtype)
    except import_library("polars").exceptions.PolarsError as error:
        raise ValueError(f"Cells must be of {dtype}: {error}") from error
