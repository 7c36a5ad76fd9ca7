import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

NAN = np.nan
MARKS = {
    "mask": [False, False, False, True],
    "array of a mask": np.array([False, False, False, True]),
    "position": [3],
    "name": ["count"],
    "names": np.array(["count", "count"]),
    "with what is one anyway": ["count", "colour"],
    "position with what is one anyway": [1, 3],
}


@pytest.mark.parametrize("marks", MARKS)
def test_columns_can_be_marked_as_categories(infer, frame, marks):
    schema, numbers = infer(frame, MARKS[marks])
    assert sorted(schema.blocks) == [1, 2, 3]
    np.testing.assert_array_equal(numbers[:, 3], [0, 1, 2, 1, 1])


def test_strings_are_categories_without_a_mark(infer, frame):
    assert sorted(infer(frame, [0])[0].blocks) == [0, 1, 2]


@pytest.mark.parametrize("marks", [[0, 2], [True, False, True], ["x0", "x2"]], ids=str)
def test_columns_of_arrays_can_be_marked(infer, marks):
    X = np.array([[3.0, 5, 1], [7, 6, 1], [3, 7, NAN]])
    schema, numbers = infer(X, marks)
    np.testing.assert_array_equal(numbers, [[0, 5, 0], [1, 6, 0], [0, 7, 1]])
    np.testing.assert_array_equal(schema.write(numbers), X)


def test_marking_does_not_change_the_array(infer):
    X = np.array([[3.0, 5], [7, 6], [7, 7]])
    before = X.copy()
    infer(X, [0])
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("marks", [[], "from_dtype"])
def test_nothing_may_be_marked(infer, frame, marks):
    assert sorted(infer(frame, marks)[0].blocks) == [1, 2]


WRONG_MARKS = {
    "short mask": [True, False],
    "high position": [4],
    "negative position": [-1],
    "unknown name": ["colours"],
    "floats": [0.5],
    "nested": [[0, 1], [2, 3]],
}


@pytest.mark.parametrize("marks", WRONG_MARKS)
def test_wrong_marks_are_refused(infer, frame, marks):
    with pytest.raises(ValueError, match="categorical_features must be a mask"):
        infer(frame, WRONG_MARKS[marks])


def test_columns_of_ids_warn_by_name(infer, frame_of):
    frame = frame_of({"key": list("abcdef"), "n": range(6)})
    with pytest.warns(
        UserWarning, match=r"category of its own.*column 'key'"
    ) as warned:
        infer(frame)
    assert len(warned) == 1


def test_columns_with_repeats_do_not_warn(infer, frame_of):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        infer(frame_of({"key": list("abcdea"), "n": range(6)}))


LISTED = {
    "pandas": lambda: pd.DataFrame({"c": pd.Categorical(["b", "a"], ["b", "z", "a"])}),
    "polars": lambda: pl.DataFrame(
        {"c": pl.Series(["b", "a"], dtype=pl.Enum(["b", "z", "a"]))}
    ),
}


@pytest.mark.parametrize("library", LISTED)
def test_listed_categories_can_be_kept(infer, library):
    schema, numbers = infer(LISTED[library](), keep_listed=True)
    assert schema.columns[0].categories.frequent == ("a", "b", "z")
    np.testing.assert_array_equal(numbers, [[1], [0]])


@pytest.mark.parametrize("library", LISTED)
@pytest.mark.filterwarnings("ignore:Every row has a category")
def test_listed_categories_without_cells_are_dropped(infer, library):
    schema, _ = infer(LISTED[library]())
    assert schema.columns[0].categories.frequent == ("a", "b")


def test_columns_without_cells_are_empty(infer, frame_of):
    schema, numbers = infer(frame_of({"a": [None] * 3, "b": [1, 2, 3]}))
    assert [column.is_empty for column in schema.columns] == [True, False]
    assert np.isnan(numbers[:, 0]).all()


def test_sparse_columns_cannot_be_marked(infer):
    X = sparse.eye_array(3, format="csr")
    with pytest.raises(ValueError, match=r"X must be dense.*\(column 'x1'\)\.$"):
        infer(X, [1])
