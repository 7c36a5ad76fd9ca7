"""Frames come back as they went in."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars import testing as polars_testing
from sklearn.utils import check_array

from sklearn_ae._tables.frames import (
    as_floats,
    check_unique_names,
    float_dtype,
    round_to_integers,
)
from sklearn_ae._tables.schema_inference import infer_schema

N = 40
STRINGS = ["b", "a", "c", "a"] * 10
INTEGERS = [3, 7, 250, 3] * 10
BOOLEANS = [True, False, False, True] * 10
FLOATS = [0.5, -1.5, 2.25, 100.0] * 10


def with_gap(values, gap=None):
    return [values[0], gap, *values[2:]]


def categories(values, **options):
    return pd.Categorical(values, **options)


PANDAS = {
    "str": pd.Series(STRINGS),
    "str with gaps": pd.Series(with_gap(STRINGS)),
    "object": pd.Series(STRINGS, dtype=object),
    "object with gaps": pd.Series(with_gap(STRINGS), dtype=object),
    "string": pd.Series(STRINGS, dtype="string"),
    "string with gaps": pd.Series(with_gap(STRINGS), dtype="string"),
    "string[pyarrow]": pd.Series(STRINGS, dtype="string[pyarrow]"),
    "Arrow string": pd.Series(STRINGS, dtype=pd.ArrowDtype(pa.string())),
    "Arrow string with gaps": pd.Series(
        with_gap(STRINGS), dtype=pd.ArrowDtype(pa.string())
    ),
    "Arrow large string": pd.Series(STRINGS, dtype=pd.ArrowDtype(pa.large_string())),
    "category": pd.Series(categories(STRINGS)),
    "category with gaps": pd.Series(categories(with_gap(STRINGS))),
    "unused categories": pd.Series(categories(STRINGS, categories=list("zcbay"))),
    "ordered category": pd.Series(
        categories(STRINGS, categories=list("cab"), ordered=True)
    ),
    "category of integers": pd.Series(categories(INTEGERS)),
    "category of booleans": pd.Series(categories(BOOLEANS)),
    "category of floats": pd.Series(categories(FLOATS)),
    "category of objects": pd.Series(
        pd.Series(STRINGS, dtype=object).astype("category")
    ),
    "int64": pd.Series(INTEGERS),
    "int8": pd.Series([1, 2, -3, 1] * 10, dtype="int8"),
    "uint8": pd.Series(INTEGERS, dtype="uint8"),
    "uint64": pd.Series(INTEGERS, dtype="uint64"),
    "Int64": pd.Series(INTEGERS, dtype="Int64"),
    "Int64 with gaps": pd.Series(with_gap(INTEGERS), dtype="Int64"),
    "UInt8": pd.Series(INTEGERS, dtype="UInt8"),
    "int64[pyarrow]": pd.Series(INTEGERS, dtype="int64[pyarrow]"),
    "int64[pyarrow] with gaps": pd.Series(with_gap(INTEGERS), dtype="int64[pyarrow]"),
    "float64": pd.Series(FLOATS),
    "float64 with gaps": pd.Series(with_gap(FLOATS)),
    "float32": pd.Series(FLOATS, dtype="float32"),
    "float16": pd.Series(FLOATS, dtype="float16"),
    "Float32": pd.Series(FLOATS, dtype="Float32"),
    "Float64 with gaps": pd.Series(with_gap(FLOATS), dtype="Float64"),
    "double[pyarrow]": pd.Series(FLOATS, dtype="double[pyarrow]"),
    "bool": pd.Series(BOOLEANS),
    "boolean": pd.Series(BOOLEANS, dtype="boolean"),
    "boolean with gaps": pd.Series(with_gap(BOOLEANS), dtype="boolean"),
    "bool[pyarrow]": pd.Series(BOOLEANS, dtype="bool[pyarrow]"),
    "bool[pyarrow] with gaps": pd.Series(with_gap(BOOLEANS), dtype="bool[pyarrow]"),
    "object of integers": pd.Series(INTEGERS, dtype=object),
    "object of integers with gaps": pd.Series(with_gap(INTEGERS), dtype=object),
    "object of floats": pd.Series(FLOATS, dtype=object),
    "object of booleans": pd.Series(BOOLEANS, dtype=object),
    "object of booleans with gaps": pd.Series(with_gap(BOOLEANS), dtype=object),
}
DECIMALS = [Decimal("0.50"), Decimal("1.25"), Decimal("2.00"), Decimal("7.75")] * 10
POLARS = {
    "String": pl.Series(STRINGS),
    "String with gaps": pl.Series(with_gap(STRINGS)),
    "Categorical": pl.Series(STRINGS, dtype=pl.Categorical),
    "Categorical with gaps": pl.Series(with_gap(STRINGS), dtype=pl.Categorical),
    "Enum": pl.Series(STRINGS, dtype=pl.Enum(["z", "c", "a", "b"])),
    "Enum with gaps": pl.Series(with_gap(STRINGS), dtype=pl.Enum(list("zcab"))),
    "Int8": pl.Series([1, 2, -3, 1] * 10, dtype=pl.Int8),
    "Int64": pl.Series(INTEGERS),
    "Int64 with gaps": pl.Series(with_gap(INTEGERS)),
    "UInt8": pl.Series(INTEGERS, dtype=pl.UInt8),
    "UInt64": pl.Series(INTEGERS, dtype=pl.UInt64),
    "Boolean": pl.Series(BOOLEANS),
    "Boolean with gaps": pl.Series(with_gap(BOOLEANS)),
    "Float32": pl.Series(FLOATS, dtype=pl.Float32),
    "Float64": pl.Series(FLOATS),
    "Float64 with nulls": pl.Series(with_gap(FLOATS)),
    "Float64 with NaN": pl.Series(with_gap(FLOATS, np.nan)),
    "Decimal": pl.Series(DECIMALS, dtype=pl.Decimal(10, 2)),
    "Decimal with gaps": pl.Series(with_gap(DECIMALS), dtype=pl.Decimal(10, 2)),
}
# What a column stands beside, so that a row has something to be known by.
BESIDE = np.linspace(-1, 1, N)


INDEX = pd.Index(np.arange(N) * 2 + 5, name="house")


def pandas_frame(column):
    return (
        pd.DataFrame({"x": BESIDE, "column": column.to_numpy()})
        .assign(column=column)
        .set_axis(INDEX)
    )


def polars_frame(column):
    return pl.DataFrame({"x": BESIDE, "column": column})


CASES = {f"pandas {name}": pandas_frame(column) for name, column in PANDAS.items()}
CASES |= {f"polars {name}": polars_frame(column) for name, column in POLARS.items()}


@pytest.fixture(params=CASES)
def frame(request):
    return CASES[request.param]


def is_polars(frame):
    return isinstance(frame, pl.DataFrame)


def dtypes(frame):
    if is_polars(frame):
        return dict(frame.schema)
    return dict(zip(frame.columns, frame.dtypes, strict=True))


def cells(frame):
    """Return the cells of the column under test, None where missing."""
    column = frame["column"]
    if is_polars(frame):
        return (column.fill_nan(None) if column.dtype.is_float() else column).to_list()
    return [
        None if gap else cell for cell, gap in zip(column, column.isna(), strict=True)
    ]


def assert_same(found, expected):
    if is_polars(expected):
        polars_testing.assert_frame_equal(found, expected)
    else:
        pd.testing.assert_frame_equal(found, expected)


def read(frame):
    schema, numbers = infer_schema(frame, (), "from_dtype", None)
    return schema, check_array(numbers, dtype=np.float64, ensure_all_finite=False)


def fill(frame):
    """Fill the gap in the second row with what is in the last."""
    schema, numbers = read(frame)
    donors = np.tile(numbers[-1], (N, 1))
    return schema.fill(frame, schema.is_missing(numbers), donors)


def test_writing_undoes_reading(frame):
    schema, numbers = read(frame)
    found = schema.write(numbers, like=frame)
    assert dtypes(found) == dtypes(frame)
    assert cells(found) == cells(frame)


def test_python_types_of_cells_come_back(frame):
    schema, numbers = read(frame)
    found = schema.write(numbers)
    assert list(map(type, cells(found))) == list(map(type, cells(frame)))


def test_index_and_names_come_back(frame):
    schema, numbers = read(frame)
    found = schema.write(numbers, like=frame)
    assert list(found.columns) == ["x", "column"]
    if not is_polars(frame):
        pd.testing.assert_index_equal(found.index, frame.index)


def test_filled_frames_keep_their_dtypes(frame):
    assert dtypes(fill(frame)) == dtypes(frame)


def test_gaps_are_filled_with_given_numbers(frame):
    filled, before = cells(fill(frame)), cells(frame)
    assert filled[1] == (before[-1] if before[1] is None else before[1])


def test_filling_changes_no_observed_cell(frame):
    filled, before = fill(frame), frame
    assert_same(filled[2:], before[2:])
    assert_same(filled[:1], before[:1])


def test_filling_does_not_change_the_input(frame):
    before = frame.clone() if is_polars(frame) else frame.copy(deep=True)
    fill(frame)
    assert_same(frame, before)


# Estimators: all columns of a library in one frame


@pytest.fixture(scope="module", params=["pandas", "polars"])
def wide(request):
    if request.param == "polars":
        return pl.DataFrame(POLARS)
    return pd.DataFrame(PANDAS).set_axis(INDEX)


@pytest.fixture(scope="module")
def fitted_to_wide(estimator_class, wide):
    return estimator_class(3, hidden_layer_sizes=(8,), max_epochs=2).fit(wide)


METHODS = {
    "inverse_transform": lambda estimator, X: estimator.inverse_transform(
        estimator.transform(X)
    ),
    "reconstruct": lambda estimator, X: estimator.reconstruct(X),
    "impute": lambda estimator, X: estimator.impute(X),
}


@pytest.mark.parametrize("method", METHODS)
def test_estimators_give_the_fitted_dtypes(fitted_to_wide, wide, method):
    found = METHODS[method](fitted_to_wide, wide)
    assert type(found) is type(wide)
    assert dtypes(found) == dtypes(wide)


def test_imputed_frames_have_no_gaps(fitted_to_wide, wide):
    filled = fitted_to_wide.impute(wide)
    before, after = (
        [frame.fill_nan(None).null_count().row(0) for frame in (wide, filled)]
        if is_polars(wide)
        else [frame.isna().sum() for frame in (wide, filled)]
    )
    assert sum(before) > 0
    assert sum(after) == 0


def test_imputing_changes_only_missing_cells(fitted_to_wide, wide):
    filled = fitted_to_wide.impute(wide)
    assert_same(filled[2:], wide[2:])
    assert_same(filled[:1], wide[:1])


@pytest.mark.parametrize("method", ["reconstruct", "impute"])
def test_index_of_the_rows_is_kept(fitted_to_wide, wide, method):
    found = METHODS[method](fitted_to_wide, wide)
    if not is_polars(wide):
        pd.testing.assert_index_equal(found.index, wide.index)


def test_whole_frames_come_back(estimator_class, wide):
    estimator = estimator_class(None, hidden_layer_sizes=8, max_epochs=0).fit(wide)
    rounded = estimator.reconstruct(wide)
    if is_polars(wide):
        polars_testing.assert_frame_equal(rounded[2:], wide[2:])
    else:
        pd.testing.assert_frame_equal(rounded[2:], wide[2:], rtol=1e-3)


# Shared parts


def test_repeated_names_are_refused():
    with pytest.raises(ValueError, match=r"unique.* 2 of.*'price'"):
        check_unique_names(["a", "price", "price"])


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [("int64", -(2**63), 2**63 - 1), ("uint8", 0, 255)]
)
def test_rounded_integers_fit_their_dtype(dtype, low, high):
    rounded = round_to_integers(np.array([-1e30, 0.6, 1e30]), low, high)
    assert rounded.astype(dtype)[1] == 1
    assert low <= int(rounded[0]) < int(rounded[2]) <= high


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int64])
def test_numbers_become_floats(dtype):
    X = np.ones((2, 2), dtype)
    wanted = np.float32 if dtype == np.float32 else np.float64
    assert as_floats(X).dtype == float_dtype(X) == wanted
    assert (as_floats(X) is X) == (dtype in (np.float32, np.float64))
