"""Columns of tables, read and written; their state is in test_columns_state.py."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_ae._tables.schema import TableSchema, some
from sklearn_ae._tables.schema_inference import infer_schema

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
    return infer_schema(X, names, marked, max_categories)


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


def test_a_table_without_rows_is_read(frame):
    assert learn(frame)[0].read(frame.head(0), "error").shape == (0, 4)


def test_written_frames_take_an_index():
    frame = pd.DataFrame(CELLS, index=[5, 3, 4, 1, 2])
    columns, numbers = learn(frame)
    pd.testing.assert_index_equal(columns.write(numbers, frame).index, frame.index)


def test_float32_numbers_stay_float32(frame_of):
    frame = frame_of({"a": np.ones(3, np.float32), "b": ["x", "y", "x"]})
    assert learn(frame)[1].dtype == np.float32


# Arrays


ARRAY = np.array([[1.5, 2.0], [NAN, 7.0], [3.0, NAN], [0.5, 2.0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_marked_columns_of_arrays_become_level_numbers_and_back(dtype):
    X = ARRAY.astype(dtype)
    columns, numbers = learn(X, [1])
    expected = np.array([[1.5, 0], [NAN, 1], [3.0, 2], [0.5, 0]], dtype)
    np.testing.assert_array_equal(numbers, expected, strict=True)
    np.testing.assert_array_equal(columns.read(X, "error"), expected, strict=True)
    np.testing.assert_array_equal(columns.write(expected), X, strict=True)
    np.testing.assert_array_equal(X, ARRAY)
    np.testing.assert_array_equal(expected, numbers)


def test_marked_integers_become_floats():
    X = np.array([[1, 2], [3, 4], [5, 2]])
    columns, numbers = learn(X, [1])
    assert numbers.dtype == columns.read(X, "error").dtype == np.float64


def test_unseen_numbers_of_marked_columns_are_told_or_refused():
    columns, _ = learn(ARRAY, [1])
    rows, message = np.array([[1.0, 8.0]]), r"8\.0 \(column 'x1'\)"
    with pytest.warns(UserWarning, match=message):
        np.testing.assert_array_equal(columns.read(rows, "warn"), [[1, -1]])
    with pytest.raises(ValueError, match=message):
        columns.read(rows, "error")


def test_infinity_is_no_level():
    columns, _ = learn(ARRAY, [1])
    with pytest.raises(ValueError, match=r"^Input X contains inf.* \(column 'x1'\)\.$"):
        columns.read(np.array([[1.0, np.inf]]), "ignore")


def test_an_array_is_refused_where_only_frames_hold_the_categories(frame):
    columns, message = learn(frame)[0], r"fit, where .* got ndarray \(column 'colour'\)"
    columns.check_container(frame)
    with pytest.raises(ValueError, match=f"^X must be a dataframe as in {message}"):
        columns.check_container(np.ones((5, 4)))


def test_an_array_may_hold_marked_numbers(frame_of):
    columns, _ = learn(frame_of({"count": CELLS["count"]}), ["count"])
    columns.check_container(np.ones((5, 1)))


# Gaps that are filled, and columns that can be written


PUT = np.array([[7.0, 0, 1, 9], [9.5, 2, 1, 9], *[[7.0, 1, 1, 9]] * 3])


@pytest.mark.parametrize("other", FRAMES)
def test_missing_cells_alone_are_filled(frame, other):
    columns, numbers = learn(frame)
    found = columns.fill(FRAMES[other](CELLS), columns.missing(numbers), PUT)
    colour = ["red", "blue", "grey", "red", "grey"]
    more = {"number": [1.0, 9.5, 3.0, 2.5, 0.0], "colour": colour}
    assert found.equals(FRAMES[other](CELLS | more))


def test_columns_without_cells_are_filled_as_those_at_fit(frame, frame_of):
    columns, _ = learn(frame)
    empty = frame_of(CELLS | {"count": [None] * 5})
    missing = np.tile(np.arange(4) == 3, (5, 1))
    found = columns.fill(empty, missing, PUT)
    assert found.equals(frame_of(CELLS | {"count": [9] * 5}))


@pytest.mark.parametrize("fitted", FRAMES)
@pytest.mark.parametrize("other", FRAMES)
def test_columns_of_nan_are_filled_as_those_at_fit_of_the_library(fitted, other):
    columns, _ = learn(FRAMES[fitted]({"a": [1, 2], "b": ["x", "x"]}))
    gaps = FRAMES[other]({"a": [NAN] * 2, "b": ["x", "x"]})
    found = columns.fill(gaps, np.tile([True, False], (2, 1)), np.full((2, 2), 9.0))
    kind = int if fitted == other else float
    assert found.equals(FRAMES[other]({"a": [kind(9)] * 2, "b": ["x", "x"]}))


def test_columns_of_frames_are_filled_where_arrays_were_fitted(frame_of):
    columns, _ = learn(np.eye(2))
    gaps = frame_of({"a": [NAN] * 2, "b": [1.0, 2.0]})
    found = columns.fill(gaps, np.tile([True, False], (2, 1)), np.full((2, 2), 9.0))
    assert found.equals(frame_of({"a": [9.0] * 2, "b": [1.0, 2.0]}))


def test_one_column_of_each_kind_and_all_levels_are_tried(frame_of, monkeypatch):
    columns, numbers = learn(frame_of(CELLS | {"more": [0.5] * 5, "last": [4] * 5}))
    made, make = [], TableSchema._column

    def note(self, frames, numbers, position, description):
        made.append(position)
        return make(self, frames, numbers, position, description)

    monkeypatch.setattr(TableSchema, "_column", note)
    columns.check_written(numbers)
    assert made == [0, 1, 2, 3]


def test_columns_of_arrays_are_tried():
    columns, numbers = learn(ARRAY, [1])
    columns.check_written(numbers)


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
    assert str(told[0].message).endswith("can make this an error, or silent.")
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


def test_five_are_named():
    assert some(range(5)) == "0, 1, 2, 3, 4"
    assert some("abcdef", str) == "a, b, c, d, e, ..."


def test_unseen_categories_of_a_table_of_categories_can_be_an_error(frame_of):
    columns, _ = learn(frame_of({"a": list("xyx")}))
    with pytest.raises(ValueError, match=r"'w' \(column 'a'\)"):
        columns.read(frame_of({"a": list("xyw")}), "error")


# Kinds of columns


def test_names_that_are_no_texts_are_told():
    columns, _ = learn(pd.DataFrame(np.eye(2), columns=[3, 7]))
    with pytest.raises(ValueError, match=r"X must be 3, 7 as in fit, got 7, 3\."):
        columns.read(pd.DataFrame(np.eye(2), columns=[7, 3]), "error")


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
