"""Plain values of columns: the same come back, and others are refused."""

import datetime
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_ae._tables.schema import TableSchema
from sklearn_ae._tables.schema_inference import infer_schema

CELLS = {
    "number": [1.0, None, 3.0, 2.5, 0.0],
    "colour": ["red", "blue", None, "red", "grey"],
    "size": ["s", "l", "l", "s", "l"],
    "count": [1, 2, 3, 2, 2],
}
ARRAY = np.array([[1.5, 2.0], [np.nan, 7.0], [3.0, np.nan], [1.5, 2.0]])


@pytest.fixture(params=[pd.DataFrame, pl.DataFrame])
def frame(request):
    return request.param(CELLS)


def learn(X, marked="from_dtype", max_categories=None):
    names = [f"x{i}" for i in range(X.shape[1])]
    return infer_schema(X, names, marked, max_categories)


@pytest.fixture
def columns(frame):
    return learn(frame, ["count"], max_categories=3)[0]


def is_plain(value):
    if isinstance(value, dict):
        return all(is_plain(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    return value is None or type(value) in {str, int, float, bool}


def test_state_holds_plain_values_alone(columns):
    assert is_plain(columns.state())


def test_state_gives_the_same_columns(columns, frame):
    loaded = TableSchema.from_state(columns.state())
    numbers = columns.read(frame, "error")
    np.testing.assert_array_equal(loaded.read(frame, "error"), numbers)
    assert loaded.write(numbers).equals(columns.write(numbers))


NAMED = ("names", "frame_names")


def names_of(state):
    return state["frame_names"]


DAMAGE = {
    "missing part": lambda state: {k: v for k, v in state.items() if k != "levels"},
    "added part": lambda state: state | {"more": 1},
    "library": lambda state: state | {"library": "os"},
    "no library": lambda state: state | {"library": None},
    "descriptions": lambda state: state | {"descriptions": state["descriptions"][1:]},
    "names": lambda state: state | {"names": state["names"][1:]},
    "names of frames": lambda state: (
        state | {"frame_names": ([], *names_of(state)[1:])}
    ),
    "equal names": lambda state: state | dict.fromkeys(NAMED, ("size",) * 4),
    "position": lambda state: state | {"levels": state["levels"] | {9: {}}},
    "added position": lambda state: state | {"added": [9]},
    "added numbers": lambda state: state | {"added": [0]},
    "next position": lambda state: state | {"empty": [4]},
    "fractions": lambda state: state | {"empty": [0.0]},
    "empty levels": lambda state: state | {"empty": [1]},
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_state_is_refused(columns, damage):
    with pytest.raises(ValueError, match="The state"):
        TableSchema.from_state(DAMAGE[damage](columns.state()))


@pytest.mark.parametrize("marked", [[0], [1], [0, 1]])
def test_state_of_an_array_gives_the_same_columns(marked):
    columns, numbers = learn(ARRAY, marked)
    loaded = TableSchema.from_state(columns.state())
    np.testing.assert_array_equal(loaded.write(numbers), ARRAY)


def test_texts_are_no_levels_of_arrays(columns):
    state = learn(ARRAY, [1])[0].state()
    state["levels"][1] = columns.state()["levels"][1]
    with pytest.raises(ValueError, match="must be numbers, got '"):
        TableSchema.from_state(state)


def test_descriptions_that_are_none_are_told_by_column(columns):
    state = columns.state()
    wrong = (*state["descriptions"][:3], {"dtype": 3})
    with pytest.raises(ValueError, match=r"\(column 'count'\)\.$"):
        TableSchema.from_state(state | {"descriptions": wrong})


def test_names_of_polars_are_strings():
    state = learn(pl.DataFrame(CELLS), [])[0].state()
    names = {"names": ("1", "2", "3", "4"), "frame_names": (1, 2, 3, 4)}
    with pytest.raises(ValueError, match="names of columns"):
        TableSchema.from_state(state | names)


ODD_NAMES = {
    "dates": pd.DatetimeIndex(["2020-01-01", "2020-01-05"]),
    "dates and none": [pd.NaT, pd.Timestamp("2020-01-01")],
    "days": [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)],
    "periods": pd.period_range("2020-01", periods=2, freq="M"),
    "intervals": pd.interval_range(0, 2),
    "bytes": [b"a", b"b"],
    "numbers": [float("nan"), 1.0],
    "levels": pd.MultiIndex.from_tuples([("a", 1), ("a", 2)]),
}


@pytest.mark.parametrize("names", ODD_NAMES)
def test_pickles_keep_all_names_that_pandas_takes(names):
    frame = pd.DataFrame(np.eye(2), columns=ODD_NAMES[names])
    columns, _ = learn(frame)
    loaded = TableSchema.from_state(pickle.loads(pickle.dumps(columns.state())))
    written = loaded.write(np.asarray(loaded.read(frame, "error")))
    pd.testing.assert_frame_equal(written, frame)
