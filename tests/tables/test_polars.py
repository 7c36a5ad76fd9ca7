"""Frames of polars: dtypes that only polars has."""

import numpy as np
import polars as pl
import pytest

from sklearn_ae._tables.polars import PolarsContainer

POLARS = PolarsContainer()


@pytest.mark.parametrize("dtype", ["os", "List", "DataFrame", "Struct"])
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(TypeError, match="no dtype of polars"):
        POLARS.number_column(np.ones(2), {"dtype": dtype})


def test_values_beyond_a_dtype_are_refused():
    spec = {"dtype": "Decimal", "precision": 2, "scale": 0}
    with pytest.raises(ValueError, match="Cells must be of Decimal"):
        POLARS.number_column(np.array([1e9]), spec)


def test_unlisted_categories_are_appended():
    spec = POLARS.dtype_spec(pl.Series(["b", "a"], dtype=pl.Enum(["b", "a"])))
    made = POLARS.category_column(np.array([0, 1, -1]), ["z", "b"], spec)
    assert made.dtype == pl.Enum(["b", "a", "z"])
    assert made.to_list() == ["z", "b", None]


def test_nulls_and_nan_are_missing():
    assert POLARS.is_missing(pl.Series([None, float("nan")]))
    assert not POLARS.is_missing(pl.Series([None, 1.0]))
    codes, values = POLARS.factorize(pl.Series([2.0, None, float("nan"), 1.0]))
    assert codes.tolist() == [1, -1, -1, 0]
    assert values == [1.0, 2.0]


def test_physical_order_of_categoricals_changes_nothing():
    pl.Series(["z", "y"], dtype=pl.Categorical)  # takes the first physical numbers
    column = pl.Series(["b", None, "a", "b"], dtype=pl.Categorical)
    codes, values = POLARS.factorize(column)
    assert [None if code < 0 else values[code] for code in codes] == column.to_list()


def test_booleans_and_decimals_become_floats():
    frame = pl.DataFrame({"a": [True, None], "b": [1, 2]}).with_columns(
        pl.col("b").cast(pl.Decimal(10, 2)).alias("c")
    )
    part = POLARS.numeric_part(frame, [0, 2])
    assert part.dtypes == [pl.Float64, pl.Float64]
    assert part.row(0) == (1.0, 1.0)
