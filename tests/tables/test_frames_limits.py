"""Limits of frames: ranges of dtypes, and columns of other kinds."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

N = 40
STRINGS = ["b", "a", "c", "a"] * 10
BESIDE = np.linspace(-1, 1, N)


def pandas_frame(column):
    return pd.DataFrame({"x": BESIDE, "column": column})


def polars_frame(column):
    return pl.DataFrame({"x": BESIDE, "column": column})


# Limits of dtypes

LIMITS = {
    "pandas": lambda values, dtype: pd.DataFrame({"n": pd.Series(values, dtype=dtype)}),
    "polars": lambda values, dtype: pl.DataFrame(
        {"n": pl.Series(values, dtype=getattr(pl, dtype))}
    ),
}
CLIPPED = [
    ("pandas", "uint8", 0, 255),
    ("pandas", "int16", -(2**15), 2**15 - 1),
    ("pandas", "Int8", -128, 127),
    ("pandas", "uint8[pyarrow]", 0, 255),
    ("polars", "UInt8", 0, 255),
    ("polars", "Int16", -(2**15), 2**15 - 1),
]


@pytest.mark.parametrize(("library", "dtype", "low", "high"), CLIPPED)
def test_integers_are_clipped_to_their_range(
    estimator_class, library, dtype, low, high
):
    frame = LIMITS[library]([0, 50, 100, 20], dtype)
    estimator = estimator_class(1, hidden_layer_sizes=8, max_epochs=0).fit(frame)
    cells = estimator.inverse_transform([[-1e6], [1e6]])["n"]
    assert sorted(map(int, cells)) == [low, high]


@pytest.mark.parametrize(
    ("library", "dtype"), [("pandas", "int64"), ("polars", "Int64")]
)
def test_64_bit_integers_stay_in_range(estimator_class, library, dtype):
    frame = LIMITS[library]([0, 50, 100, 20], dtype)
    estimator = estimator_class(1, hidden_layer_sizes=8, max_epochs=0).fit(frame)
    low, high = sorted(map(int, estimator.inverse_transform([[-1e30], [1e30]])["n"]))
    assert -(2**63) <= low < -(2**62)
    assert 2**62 < high < 2**63


@pytest.mark.parametrize(
    ("library", "dtype"), [("pandas", "int64"), ("polars", "Int8")]
)
def test_integers_are_rounded(estimator_class, library, dtype):
    frame = LIMITS[library]([0, 1, 2, 9], dtype)
    estimator = estimator_class(1, hidden_layer_sizes=8, max_epochs=0).fit(frame)
    codes = np.array([[-0.4], [0.4], [0.6]])
    found = estimator.inverse_transform(codes)["n"]
    assert list(found) == [3, 3, 4]


# Shapes


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_one_column_frames_come_back(estimator_class, library):
    frame = library({"colour": STRINGS})
    estimator = estimator_class(None, hidden_layer_sizes=8, max_epochs=0).fit(frame)
    assert list(estimator.reconstruct(frame)["colour"]) == STRINGS


@pytest.mark.parametrize("make", [pandas_frame, polars_frame])
def test_frames_without_rows_are_refused(estimator_class, make):
    frame = make(STRINGS)
    estimator = estimator_class(1, hidden_layer_sizes=8, max_epochs=0).fit(frame)
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        estimator.transform(frame[:0])


# Columns of other kinds

TIMES = {
    "datetime64": pd.Series(pd.date_range("2020-01-01", periods=N)),
    "datetime64 with zone": pd.Series(pd.date_range("2020", periods=N, tz="UTC")),
    "timedelta64": pd.Series(pd.to_timedelta(np.arange(N), unit="s")),
    "period": pd.Series(pd.period_range("2020-01", periods=N, freq="M")),
    "dates": pd.Series([datetime.date(2020, 1, 1)] * N, dtype=object),
    "datetimes": pd.Series([datetime.datetime(2020, 1, 1)] * N, dtype=object),
    "Arrow timestamp": pd.Series(pd.date_range("2020-01-01", periods=N)).astype(
        "timestamp[us][pyarrow]"
    ),
    "Date": pl.Series([datetime.date(2020, 1, 1)] * N),
    "Datetime": pl.Series([datetime.datetime(2020, 1, 1)] * N),
    "Duration": pl.Series([datetime.timedelta(1)] * N),
    "Time": pl.Series([datetime.time(1)] * N),
}


@pytest.mark.parametrize("name", TIMES)
def test_times_are_refused_by_column(estimator_class, name):
    column = TIMES[name]
    make = polars_frame if isinstance(column, pl.Series) else pandas_frame
    frame = make(column)
    with pytest.raises(ValueError, match=r"(?s)Dates and times.*year.*'column'"):
        estimator_class(1).fit(frame)


@pytest.mark.parametrize("dtype", ["datetime64[D]", "timedelta64[s]"])
def test_arrays_of_times_are_refused(estimator_class, dtype):
    times = np.arange(2 * N).reshape(N, 2)
    fitted = estimator_class(1, hidden_layer_sizes=8, max_epochs=0).fit(times)
    for method in (fitted.transform, fitted.fit):
        with pytest.raises(ValueError, match="Dates and times must be made numbers"):
            method(times.astype(dtype))


NESTED = {
    "pandas lists": pandas_frame(pd.Series([[1, 2]] * N)),
    "pandas complex": pandas_frame(pd.Series([1j] * N)),
    "pandas intervals": pandas_frame(pd.Series(pd.interval_range(0, N))),
    "pandas category of dates": pandas_frame(
        pd.Series(pd.Categorical(pd.date_range("2020", periods=N)))
    ),
    "polars lists": polars_frame(pl.Series([[1, 2]] * N)),
    "polars structs": polars_frame(pl.Series([{"a": 1}] * N)),
    "polars binary": polars_frame(pl.Series([b"a"] * N)),
}


@pytest.mark.parametrize("name", NESTED)
def test_other_dtypes_are_refused_by_column(estimator_class, name):
    with pytest.raises((TypeError, ValueError), match=r"column 'column'|Complex"):
        estimator_class(1).fit(NESTED[name])
