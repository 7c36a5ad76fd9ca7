"""States of schemas: valid ones give the same schema, others are refused."""

import datetime
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_ae._tables.schema import TableSchema

ARRAY = np.array([[1.5, 2.0], [np.nan, 7.0], [3.0, np.nan], [1.5, 2.0]])


@pytest.fixture
def schema(infer, frame):
    return infer(frame, ["count"], max_categories=3)[0]


def is_plain(value):
    if isinstance(value, dict):
        return all(is_plain(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    return value is None or type(value) in {str, int, float, bool}


def test_state_holds_only_plain_values(schema):
    assert is_plain(schema.state())


def test_state_gives_the_same_schema(schema, frame):
    loaded = TableSchema.from_state(schema.state())
    numbers = schema.read(frame, "error")
    np.testing.assert_array_equal(loaded.read(frame, "error"), numbers)
    assert loaded.write(numbers).equals(schema.write(numbers))


def test_state_of_array_leaves_numbers_out(infer):
    assert infer(ARRAY)[0].state()["columns"] == {}
    assert list(infer(ARRAY, [1])[0].state()["columns"]) == [1]


def without(items, key):
    return {name: part for name, part in items.items() if name != key}


def change_column(position, **parts):
    """Return a function that changes one column of a state."""

    def change(state):
        column = state["columns"][position] | parts
        return state | {"columns": state["columns"] | {position: column}}

    return change


NAMED = ("names", "frame_names")
DAMAGE = {
    "missing part": lambda state: without(state, "columns"),
    "added part": lambda state: state | {"more": 1},
    "container": lambda state: state | {"container": "os"},
    "list for a container": lambda state: state | {"container": ["pandas"]},
    "array": lambda state: state | {"container": "array"},
    "array without names": lambda state: (
        state | {"container": "array", "frame_names": ()}
    ),
    "missing column": lambda state: state | {"columns": without(state["columns"], 0)},
    "names": lambda state: state | {"names": state["names"][1:]},
    "list of names": lambda state: state | {"names": list(state["names"])},
    "names of frames": lambda state: (
        state | {"frame_names": ([], *state["frame_names"][1:])}
    ),
    "equal names": lambda state: state | dict.fromkeys(NAMED, ("size",) * 4),
    "position": lambda state: (
        state | {"columns": state["columns"] | {9: state["columns"][0]}}
    ),
    "negative position": lambda state: (
        state | {"columns": state["columns"] | {-1: state["columns"][0]}}
    ),
    "fraction": lambda state: (
        state | {"columns": without(state["columns"], 0) | {0.0: state["columns"][0]}}
    ),
    "list of columns": lambda state: (
        state | {"columns": list(state["columns"].values())}
    ),
    "kind": change_column(0, kind="datetime"),
    "kind without a hash": change_column(0, kind=[]),
    "other kind": change_column(1, kind="numeric"),
    "missing part of a column": lambda state: (
        state | {"columns": state["columns"] | {0: {"kind": "numeric"}}}
    ),
    "added part of a column": change_column(0, more=1),
    "dtype of an array": change_column(0, dtype_spec=None),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_states_are_refused(schema, damage):
    with pytest.raises(ValueError, match="The state"):
        TableSchema.from_state(DAMAGE[damage](schema.state()))


WRONG_PARTS = {
    "dtype": (3, {"dtype_spec": {"dtype": 3}}, "dtype spec"),
    "empty": (0, {"is_empty": 1}, "is_empty must be a boolean"),
    "marked": (1, {"is_marked": None}, "is_marked must be a boolean"),
    "categories": (1, {"categories": {}}, "state of categories"),
}


@pytest.mark.parametrize("name", WRONG_PARTS)
def test_wrong_parts_are_refused_by_column(schema, name):
    position, parts, message = WRONG_PARTS[name]
    state = change_column(position, **parts)(schema.state())
    column = schema.names[position]
    with pytest.raises(ValueError, match=rf"{message}.*\(column '{column}'\)\.$"):
        TableSchema.from_state(state)


@pytest.mark.parametrize("marked", [[0], [1], [0, 1]])
def test_state_of_array_gives_same_schema(infer, marked):
    schema, numbers = infer(ARRAY, marked)
    loaded = TableSchema.from_state(schema.state())
    np.testing.assert_array_equal(loaded.write(numbers), ARRAY)


def test_arrays_have_no_string_categories(infer, schema):
    state = infer(ARRAY, [1])[0].state()
    categories = schema.state()["columns"][1]["categories"]
    with pytest.raises(ValueError, match="must be numbers, got '"):
        TableSchema.from_state(change_column(1, categories=categories)(state))


def test_arrays_have_no_empty_columns(infer):
    state = infer(ARRAY)[0].state()
    column = {"kind": "numeric", "dtype_spec": None, "is_empty": True}
    with pytest.raises(ValueError, match="The state of an array"):
        TableSchema.from_state(state | {"columns": {0: column}})


def test_names_of_polars_are_strings(infer, small_cells):
    state = infer(pl.DataFrame(small_cells), [])[0].state()
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
    "tuples": pd.MultiIndex.from_tuples([("a", 1), ("a", 2)]),
}


@pytest.mark.parametrize("names", ODD_NAMES)
def test_pickles_keep_all_names_of_pandas(infer, names):
    frame = pd.DataFrame(np.eye(2), columns=ODD_NAMES[names])
    schema, _ = infer(frame)
    loaded = TableSchema.from_state(pickle.loads(pickle.dumps(schema.state())))
    written = loaded.write(np.asarray(loaded.read(frame, "error")))
    pd.testing.assert_frame_equal(written, frame)
