import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from sklearn_ae._frames import require_numeric_columns

NUMBERS = {
    "integers": [1, 2, 3],
    "floats": [1.0, 2.5, 3.0],
    "booleans": [True, False, True],
    "gaps": [1.0, None, 3.0],
}
DTYPES = ["Int64", "Float32", "boolean", "UInt8", "float16", "bool"]
FRAMES = [pd.DataFrame, pl.DataFrame]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("values", NUMBERS)
def test_columns_of_numbers_are_accepted(frame, values):
    require_numeric_columns(frame({"number": NUMBERS[values]}))


@pytest.mark.parametrize("dtype", DTYPES)
def test_pandas_numeric_dtypes_are_accepted(dtype):
    require_numeric_columns(pd.DataFrame({"number": pd.array([1, 0, 1], dtype=dtype)}))


def test_an_object_column_of_numbers_is_accepted():
    numbers = pd.Series([1, 2.5, 3], dtype=object)
    require_numeric_columns(pd.DataFrame({"number": numbers}))


@pytest.mark.parametrize("frame", FRAMES)
def test_strings_are_refused_by_column(frame):
    X = frame({"number": [1, 2, 3], "colour": ["red", "blue", "red"]})
    with pytest.raises(ValueError, match=r"must hold numbers.*'colour'"):
        require_numeric_columns(X)


def test_a_pandas_category_is_refused_by_column():
    X = pd.DataFrame({"size": pd.Categorical(["s", "l"])})
    with pytest.raises(ValueError, match=r"category.*'size'"):
        require_numeric_columns(X)


def test_a_polars_category_is_refused_by_column():
    X = pl.DataFrame({"size": pl.Series(["s", "l"], dtype=pl.Categorical)})
    with pytest.raises(ValueError, match=r"Categorical.*'size'"):
        require_numeric_columns(X)


@pytest.mark.parametrize("frame", FRAMES)
def test_dates_are_refused_by_column(frame):
    X = frame({"day": np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[us]")})
    with pytest.raises(ValueError, match="'day'"):
        require_numeric_columns(X)


def test_mixed_objects_are_refused_by_column():
    X = pd.DataFrame({"mixed": pd.Series([1, "two"], dtype=object)})
    with pytest.raises(ValueError, match="'mixed'"):
        require_numeric_columns(X)


def test_columns_of_the_same_name_are_looked_at_one_by_one():
    X = pd.DataFrame([[1, "red"], [2, "blue"]], columns=["same", "same"])
    with pytest.raises(ValueError, match="'same'"):
        require_numeric_columns(X)


@pytest.mark.parametrize(
    "X", [np.ones((2, 2)), sparse.eye_array(2), [["a", "b"]], None], ids=type
)
def test_what_is_no_frame_is_left_to_scikit_learn(X):
    require_numeric_columns(X)
