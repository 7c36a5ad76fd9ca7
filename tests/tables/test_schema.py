"""Tables read and written by their schema, whose state is in test_schema_state.py."""

import numpy as np
import pandas as pd
import pytest

from sklearn_ae._tables.schema import TableSchema, abbreviate

NAN = np.nan
NUMBERS = [
    [1.0, 2, 1, 1],
    [NAN, 0, 0, 2],
    [3.0, 3, 0, 3],
    [2.5, 2, 1, 2],
    [0.0, 1, 0, 2],
]


def test_categories_are_read_as_ordinals(infer, frame):
    np.testing.assert_array_equal(infer(frame)[1], NUMBERS)


def test_reading_again_gives_the_same_numbers(infer, frame):
    schema, numbers = infer(frame)
    np.testing.assert_array_equal(schema.read(frame, "error"), numbers)


def test_frames_of_other_libraries_agree(infer, small_cells, frame, other_frame_of):
    schema, numbers = infer(frame)
    np.testing.assert_array_equal(
        schema.read(other_frame_of(small_cells), "error"), numbers
    )


def test_writing_undoes_reading(infer, frame):
    schema, numbers = infer(frame)
    found = schema.write(numbers)
    assert found.equals(frame)


def test_missing_cells_are_found(infer, frame):
    schema, numbers = infer(frame)
    expected = np.isin(np.arange(20), [4, 9]).reshape(5, 4)
    np.testing.assert_array_equal(schema.is_missing(numbers), expected)


def test_newly_missing_categories_are_nan(infer, small_cells, frame, frame_of):
    schema, _ = infer(frame)
    cells = small_cells | {"size": ["s", None, "l", "s", "l"]}
    numbers = schema.read(frame_of(cells), "error")
    np.testing.assert_array_equal(numbers[:, 2], [1, NAN, 0, 1, 0])
    assert schema.is_missing(numbers)[1, 2]


def test_arrays_of_numbers_pass_unchanged(infer):
    X = np.ones((3, 2))
    schema, numbers = infer(X)
    assert numbers is X
    assert schema.read(X, "error") is X
    assert schema.write(X) is X


def test_tables_without_rows_are_read(infer, frame):
    assert infer(frame)[0].read(frame.head(0), "error").shape == (0, 4)


def test_written_frames_take_an_index(infer, small_cells):
    frame = pd.DataFrame(small_cells, index=[5, 3, 4, 1, 2])
    schema, numbers = infer(frame)
    pd.testing.assert_index_equal(schema.write(numbers, frame).index, frame.index)


def test_float32_numbers_stay_float32(infer, frame_of):
    frame = frame_of({"a": np.ones(3, np.float32), "b": ["x", "y", "x"]})
    assert infer(frame)[1].dtype == np.float32


# Arrays


ARRAY = np.array([[1.5, 2.0], [NAN, 7.0], [3.0, NAN], [0.5, 2.0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_marked_columns_of_arrays_come_back(infer, dtype):
    X = ARRAY.astype(dtype)
    schema, numbers = infer(X, [1])
    expected = np.array([[1.5, 0], [NAN, 1], [3.0, 2], [0.5, 0]], dtype)
    np.testing.assert_array_equal(numbers, expected, strict=True)
    np.testing.assert_array_equal(schema.read(X, "error"), expected, strict=True)
    np.testing.assert_array_equal(schema.write(expected), X, strict=True)
    np.testing.assert_array_equal(X, ARRAY)
    np.testing.assert_array_equal(expected, numbers)


def test_marked_integers_become_floats(infer):
    X = np.array([[1, 2], [3, 4], [5, 2]])
    schema, numbers = infer(X, [1])
    assert numbers.dtype == schema.read(X, "error").dtype == np.float64


def test_unknown_marked_numbers_are_reported(infer):
    schema, _ = infer(ARRAY, [1])
    rows, message = np.array([[1.0, 8.0]]), r"8\.0 \(column 'x1'\)"
    with pytest.warns(UserWarning, match=message):
        np.testing.assert_array_equal(schema.read(rows, "warn"), [[1, -1]])
    with pytest.raises(ValueError, match=message):
        schema.read(rows, "error")


def test_infinity_is_no_category(infer):
    schema, _ = infer(ARRAY, [1])
    with pytest.raises(ValueError, match=r"^Input X contains inf.* \(column 'x1'\)\.$"):
        schema.read(np.array([[1.0, np.inf]]), "ignore")


def test_arrays_are_refused_for_string_categories(infer, frame):
    schema, message = infer(frame)[0], r"fit, where .* got ndarray \(column 'colour'\)"
    schema.check_dtypes_known(frame)
    with pytest.raises(ValueError, match=f"^X must be a dataframe as in {message}"):
        schema.check_dtypes_known(np.ones((5, 4)))


def test_arrays_may_hold_marked_numbers(infer, small_cells, frame_of):
    schema, _ = infer(frame_of({"count": small_cells["count"]}), ["count"])
    schema.check_dtypes_known(np.ones((5, 1)))


# Filling and writing


PUT = np.array([[7.0, 0, 1, 9], [9.5, 2, 1, 9], *[[7.0, 1, 1, 9]] * 3])


def test_only_missing_cells_are_filled(infer, small_cells, frame, other_frame_of):
    schema, numbers = infer(frame)
    found = schema.fill(other_frame_of(small_cells), schema.is_missing(numbers), PUT)
    colour = ["red", "blue", "grey", "red", "grey"]
    more = {"number": [1.0, 9.5, 3.0, 2.5, 0.0], "colour": colour}
    assert found.equals(other_frame_of(small_cells | more))


def test_empty_columns_take_the_fitted_dtype(infer, small_cells, frame, frame_of):
    schema, _ = infer(frame)
    empty = frame_of(small_cells | {"count": [None] * 5})
    missing = np.tile(np.arange(4) == 3, (5, 1))
    found = schema.fill(empty, missing, PUT)
    assert found.equals(frame_of(small_cells | {"count": [9] * 5}))


def test_columns_of_nan_take_fitted_dtype(infer, frame_of, other_frame_of):
    schema, _ = infer(frame_of({"a": [1, 2], "b": ["x", "x"]}))
    gaps = other_frame_of({"a": [NAN] * 2, "b": ["x", "x"]})
    found = schema.fill(gaps, np.tile([True, False], (2, 1)), np.full((2, 2), 9.0))
    kind = int if frame_of is other_frame_of else float
    assert found.equals(other_frame_of({"a": [kind(9)] * 2, "b": ["x", "x"]}))


def test_frames_are_filled_after_fitting_arrays(infer, frame_of):
    schema, _ = infer(np.eye(2))
    gaps = frame_of({"a": [NAN] * 2, "b": [1.0, 2.0]})
    found = schema.fill(gaps, np.tile([True, False], (2, 1)), np.full((2, 2), 9.0))
    assert found.equals(frame_of({"a": [9.0] * 2, "b": [1.0, 2.0]}))


def test_check_writes_each_dtype_once(infer, small_cells, frame_of, monkeypatch):
    more = {"more": [0.5] * 5, "last": [4] * 5}
    schema, numbers = infer(frame_of(small_cells | more))
    positions, write = [], TableSchema._write_column

    def note(self, container, numbers, position):
        positions.append(position)
        return write(self, container, numbers, position)

    monkeypatch.setattr(TableSchema, "_write_column", note)
    schema.check_written(numbers)
    assert positions == [0, 1, 2, 3]


def test_columns_of_arrays_can_be_written(infer):
    schema, numbers = infer(ARRAY, [1])
    schema.check_written(numbers)


# Unknown categories


@pytest.fixture
def unknown(small_cells, frame_of):
    return frame_of(small_cells | {"colour": ["pink", "red", None, "lime", "pink"]})


def test_unknown_categories_are_named_once(infer, frame, unknown):
    schema, _ = infer(frame)
    with pytest.warns(UserWarning, match=r"(pink|lime).*column 'colour'") as warned:
        schema.read(unknown, "warn")
    assert len(warned) == 1
    assert all(f"'{value}'" in str(warned[0].message) for value in ("pink", "lime"))
    assert str(warned[0].message).endswith("can make this an error, or silent.")
    assert "'red'" not in str(warned[0].message)


def test_columns_share_one_warning_of_unknowns(infer, small_cells, frame, frame_of):
    schema, _ = infer(frame)
    other = frame_of(small_cells | {"colour": ["pink"] * 5, "size": ["xl"] * 5})
    message = r"'pink' \(column 'colour'\), 'xl' \(column 'size'\)"
    with pytest.warns(UserWarning, match=message) as warned:
        schema.read(other, "warn")
    assert len(warned) == 1


def test_unknown_categories_can_be_an_error(infer, frame, unknown):
    schema, _ = infer(frame)
    with pytest.raises(ValueError, match=r"(pink|lime).*column 'colour'"):
        schema.read(unknown, "error")


def test_unknown_categories_can_be_silent(infer, frame, unknown):
    schema, _ = infer(frame)
    np.testing.assert_array_equal(
        schema.read(unknown, "ignore")[:, 1], [-1, 2, 3, -1, -1]
    )


def test_many_unknown_categories_are_abbreviated(infer, frame, frame_of):
    schema, _ = infer(frame_of({"a": list("xyzxyzxyzxyz")}))
    with pytest.warns(UserWarning, match=r", \.\.\. \(column 'a'\)") as warned:
        schema.read(frame_of({"a": list("abcdefghijkl")}), "warn")
    assert len(str(warned[0].message)) < 300


def test_abbreviations_name_five_items():
    assert abbreviate(range(5)) == "0, 1, 2, 3, 4"
    assert abbreviate("abcdef", str) == "a, b, c, d, e, ..."


def test_unknown_categories_without_numbers_raise(infer, frame_of):
    schema, _ = infer(frame_of({"a": list("xyx")}))
    with pytest.raises(ValueError, match=r"'w' \(column 'a'\)"):
        schema.read(frame_of({"a": list("xyw")}), "error")


# Kinds of columns


def test_other_integer_names_are_refused(infer):
    schema, _ = infer(pd.DataFrame(np.eye(2), columns=[3, 7]))
    with pytest.raises(ValueError, match=r"X must be 3, 7 as in fit, got 7, 3\."):
        schema.read(pd.DataFrame(np.eye(2), columns=[7, 3]), "error")


@pytest.mark.parametrize(
    ("name", "cells", "kinds"),
    [
        ("colour", [1.0] * 5, "categories as in fit, got numbers"),
        ("size", [True] * 5, "categories as in fit, got numbers"),
        ("number", ["1"] * 5, "numbers as in fit, got categories"),
        ("count", ["a", None, "b", "c", "d"], "numbers as in fit, got categories"),
    ],
)
def test_columns_of_another_kind_are_refused(
    infer, small_cells, frame, frame_of, name, cells, kinds
):
    schema, _ = infer(frame)
    with pytest.raises(ValueError, match=rf"{kinds} \(column '{name}'\)"):
        schema.read(frame_of(small_cells | {name: cells}), "warn")


@pytest.mark.parametrize("name", ["number", "colour", "size", "count"])
def test_empty_columns_may_have_any_kind(infer, small_cells, frame, frame_of, name):
    schema, _ = infer(frame)
    numbers = schema.read(frame_of(small_cells | {name: [None] * 5}), "error")
    assert schema.is_missing(numbers)[:, list(small_cells).index(name)].all()


def test_marked_columns_may_change_their_dtype(infer, small_cells, frame, frame_of):
    schema, numbers = infer(frame, ["count"])
    other = frame_of(small_cells | {"count": [1.0, 2.0, 3.0, 2.0, 2.0]})
    np.testing.assert_array_equal(schema.read(other, "error"), numbers)


# Questions about columns


def test_numeric_columns_have_a_mask(infer, frame):
    schema, _ = infer(frame)
    assert schema.numeric.tolist() == [True, False, False, True]
    assert schema.non_numeric_names() == ["colour", "size"]
    assert not schema.is_numeric
    assert infer(np.ones((3, 2)))[0].is_numeric


def test_widths_count_ordinals(infer, frame):
    assert infer(frame)[0].widths.tolist() == [1, 4, 2, 1]


def test_cell_errors_of_categories_are_binary(infer, frame):
    schema, numbers = infer(frame)
    numbers = np.asarray(numbers)
    errors = schema.cell_errors(numbers, numbers[::-1], np.full(4, 2.0))
    np.testing.assert_array_equal(errors[:, 1], [1, 1, 0, 1, 1])
    np.testing.assert_array_equal(errors[:, 3], [0.5, 0, 0, 0, 0.5])


def test_rows_with_rare_categories_are_kept(infer, frame):
    schema, numbers = infer(frame)
    kept = np.array([True, False, False, False, False])
    expected = [True, True, True, False, True]
    found = schema.keep_all_categories(np.asarray(numbers), kept)
    np.testing.assert_array_equal(found, expected)
    assert kept.sum() == 1
