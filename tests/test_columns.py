import datetime
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_ae._columns import TableColumns
from sklearn_ae._learning import learn_columns

NAN = np.nan
CELLS = {
    "number": [1.0, None, 3.0, 2.5, 0.0],
    "colour": ["red", "blue", None, "red", "grey"],
    "size": ["s", "l", "l", "s", "l"],
    "count": [1, 2, 3, 2, 2],
}
NUMBERS = [
    [1.0, 2, 1, 1],
    [NAN, 0, 0, 2],
    [3.0, 3, 0, 3],
    [2.5, 2, 1, 2],
    [0.0, 1, 0, 2],
]
FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}


@pytest.fixture(params=FRAMES)
def frame_of(request):
    return FRAMES[request.param]


@pytest.fixture
def frame(frame_of):
    return frame_of(CELLS)


def learn(X, marked="from_dtype", max_categories=None):
    names = [f"x{i}" for i in range(X.shape[1])]
    return learn_columns(X, names, marked, max_categories)


def test_numbers_stay_and_categories_become_level_numbers(frame):
    np.testing.assert_array_equal(learn(frame)[1], NUMBERS)


def test_reading_again_gives_the_same_numbers(frame):
    columns, numbers = learn(frame)
    np.testing.assert_array_equal(columns.read(frame, "error"), numbers)


@pytest.mark.parametrize("other", FRAMES)
def test_frames_of_another_library_are_read_alike(frame, other):
    columns, numbers = learn(frame)
    np.testing.assert_array_equal(columns.read(FRAMES[other](CELLS), "error"), numbers)


def test_writing_undoes_reading(frame):
    columns, numbers = learn(frame)
    found = columns.write(numbers)
    assert found.equals(frame)


def test_missing_cells_are_told(frame):
    columns, numbers = learn(frame)
    expected = np.isin(np.arange(20), [4, 9]).reshape(5, 4)
    np.testing.assert_array_equal(columns.missing(numbers), expected)


def test_a_missing_category_that_was_never_missing_is_nan(frame, frame_of):
    columns, _ = learn(frame)
    cells = CELLS | {"size": ["s", None, "l", "s", "l"]}
    numbers = columns.read(frame_of(cells), "error")
    np.testing.assert_array_equal(numbers[:, 2], [1, NAN, 0, 1, 0])
    assert columns.missing(numbers)[1, 2]


def test_arrays_of_numbers_go_through_as_they_are():
    X = np.ones((3, 2))
    columns, numbers = learn(X)
    assert numbers is X
    assert columns.read(X, "error") is X
    assert columns.write(X) is X


def test_float32_numbers_stay_float32(frame_of):
    frame = frame_of({"a": np.ones(3, np.float32), "b": ["x", "y", "x"]})
    assert learn(frame)[1].dtype == np.float32


# Unseen categories


@pytest.fixture
def unseen(frame_of):
    return frame_of(CELLS | {"colour": ["pink", "red", None, "lime", "pink"]})


def test_unseen_categories_are_told_once_by_column_and_values(frame, unseen):
    columns, _ = learn(frame)
    with pytest.warns(UserWarning, match=r"(pink|lime).*column 'colour'") as told:
        columns.read(unseen, "warn")
    assert len(told) == 1
    assert all(f"'{value}'" in str(told[0].message) for value in ("pink", "lime"))
    assert "'red'" not in str(told[0].message)


def test_unseen_categories_of_all_columns_share_one_warning(frame, frame_of):
    columns, _ = learn(frame)
    other = frame_of(CELLS | {"colour": ["pink"] * 5, "size": ["xl"] * 5})
    message = r"'pink' \(column 'colour'\), 'xl' \(column 'size'\)"
    with pytest.warns(UserWarning, match=message) as told:
        columns.read(other, "warn")
    assert len(told) == 1


def test_unseen_categories_can_be_an_error(frame, unseen):
    columns, _ = learn(frame)
    with pytest.raises(ValueError, match=r"(pink|lime).*column 'colour'"):
        columns.read(unseen, "error")


def test_unseen_categories_can_be_silent(frame, unseen):
    columns, _ = learn(frame)
    np.testing.assert_array_equal(
        columns.read(unseen, "ignore")[:, 1], [-1, 2, 3, -1, -1]
    )


def test_many_unseen_categories_are_not_all_named(frame, frame_of):
    columns, _ = learn(frame_of({"a": list("xyzxyzxyzxyz")}))
    with pytest.warns(UserWarning, match=r", \.\.\. \(column 'a'\)") as told:
        columns.read(frame_of({"a": list("abcdefghijkl")}), "warn")
    assert len(str(told[0].message)) < 300


# Kinds of columns


@pytest.mark.parametrize(
    ("name", "cells", "kinds"),
    [
        ("colour", [1.0] * 5, "categories as in fit, got numbers"),
        ("size", [True] * 5, "categories as in fit, got numbers"),
        ("number", ["1"] * 5, "numbers as in fit, got categories"),
        ("count", ["a", None, "b", "c", "d"], "numbers as in fit, got categories"),
    ],
)
def test_another_kind_than_at_fit_is_refused(frame, frame_of, name, cells, kinds):
    columns, _ = learn(frame)
    with pytest.raises(ValueError, match=rf"{kinds} \(column '{name}'\)"):
        columns.read(frame_of(CELLS | {name: cells}), "warn")


@pytest.mark.parametrize("name", CELLS)
def test_a_column_without_cells_may_be_of_any_kind(frame, frame_of, name):
    columns, _ = learn(frame)
    numbers = columns.read(frame_of(CELLS | {name: [None] * 5}), "error")
    assert columns.missing(numbers)[:, list(CELLS).index(name)].all()


def test_marked_columns_may_be_of_any_number_type_later(frame, frame_of):
    columns, numbers = learn(frame, ["count"])
    other = frame_of(CELLS | {"count": [1.0, 2.0, 3.0, 2.0, 2.0]})
    np.testing.assert_array_equal(columns.read(other, "error"), numbers)


# State


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
    loaded = TableColumns.from_state(columns.state())
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
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_state_is_refused(columns, damage):
    with pytest.raises(ValueError, match="The state"):
        TableColumns.from_state(DAMAGE[damage](columns.state()))


def test_names_of_polars_are_strings():
    state = learn(pl.DataFrame(CELLS), [])[0].state()
    names = {"names": ("1", "2", "3", "4"), "frame_names": (1, 2, 3, 4)}
    with pytest.raises(ValueError, match="names of columns"):
        TableColumns.from_state(state | names)


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
    columns, _ = learn(frame, "from_dtype")
    loaded = TableColumns.from_state(pickle.loads(pickle.dumps(columns.state())))
    written = loaded.write(np.asarray(loaded.read(frame, "error")))
    pd.testing.assert_frame_equal(written, frame)
