import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_ae._tables.schema_inference import check_unique_names, infer_schema

NAN = np.nan
CELLS = {
    "number": [1.0, None, 3.0, 2.5, 0.0],
    "colour": ["red", "blue", None, "red", "grey"],
    "size": ["s", "l", "l", "s", "l"],
    "count": [1, 2, 3, 2, 2],
}
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
def test_columns_can_be_marked_as_categories(frame, marks):
    columns, numbers = learn(frame, MARKS[marks])
    assert sorted(columns.levels) == [1, 2, 3]
    np.testing.assert_array_equal(numbers[:, 3], [0, 1, 2, 1, 1])


def test_strings_are_categories_whatever_is_marked(frame):
    assert sorted(learn(frame, [0])[0].levels) == [0, 1, 2]


@pytest.mark.parametrize("marks", [[0, 2], [True, False, True], ["x0", "x2"]], ids=str)
def test_columns_of_arrays_can_be_marked(marks):
    X = np.array([[3.0, 5, 1], [7, 6, 1], [3, 7, NAN]])
    columns, numbers = learn(X, marks)
    np.testing.assert_array_equal(numbers, [[0, 5, 0], [1, 6, 0], [0, 7, 1]])
    np.testing.assert_array_equal(columns.write(numbers), X)


def test_marking_leaves_an_array_as_it_is():
    X = np.array([[3.0, 5], [7, 6], [7, 7]])
    before = X.copy()
    learn(X, [0])
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("marks", [[], "from_dtype"])
def test_nothing_may_be_marked(frame, marks):
    assert sorted(learn(frame, marks)[0].levels) == [1, 2]


WRONG_MARKS = {
    "short mask": [True, False],
    "high position": [4],
    "negative position": [-1],
    "unknown name": ["colours"],
    "floats": [0.5],
    "nested": [[0, 1], [2, 3]],
}


@pytest.mark.parametrize("marks", WRONG_MARKS)
def test_wrong_marks_are_refused(frame, marks):
    with pytest.raises(ValueError, match="categorical_features must be a mask"):
        learn(frame, WRONG_MARKS[marks])


def test_a_column_of_ids_is_told_by_name(frame_of):
    frame = frame_of({"key": list("abcdef"), "n": range(6)})
    with pytest.warns(UserWarning, match=r"category of its own.*column 'key'") as told:
        learn(frame)
    assert len(told) == 1


def test_a_column_with_few_repeats_is_no_id(frame_of):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learn(frame_of({"key": list("abcdea"), "n": range(6)}))


def test_repeated_names_are_refused():
    frame = pd.DataFrame([[1, 2, 3]] * 2, columns=["a", "price", "price"])
    with pytest.raises(ValueError, match=r"unique.*'price'"):
        check_unique_names(frame)


LISTED = {
    "pandas": lambda: pd.DataFrame({"c": pd.Categorical(["b", "a"], ["b", "z", "a"])}),
    "polars": lambda: pl.DataFrame(
        {"c": pl.Series(["b", "a"], dtype=pl.Enum(["b", "z", "a"]))}
    ),
}


@pytest.mark.parametrize("library", LISTED)
def test_a_dtypes_list_may_count_beyond_what_is_there(library):
    columns, numbers = infer_schema(
        LISTED[library](), (), "from_dtype", None, unseen=True
    )
    assert columns.levels[0].alone == ("a", "b", "z")
    np.testing.assert_array_equal(numbers, [[1], [0]])


@pytest.mark.parametrize("library", LISTED)
@pytest.mark.filterwarnings("ignore:Every row has a category")
def test_a_dtypes_list_counts_for_nothing_else(library):
    columns, _ = infer_schema(LISTED[library](), (), "from_dtype", None)
    assert columns.levels[0].alone == ("a", "b")
