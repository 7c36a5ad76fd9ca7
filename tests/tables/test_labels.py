"""Labelled and unlabelled rows of y."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import DataConversionWarning

from sklearn_ae._tables.labels import read_classes, read_numbers

NAN = float("nan")
CLASSES = {
    "integers": (np.array([0, -1, 1, 0]), [0, 1]),
    "negative integers": (np.array([-2, -1, 3, -2]), [-2, 3]),
    "list of integers": ([0, -1, 1, 0], [0, 1]),
    "objects of integers": (np.array([0, -1, 1, 0], dtype=object), [0, 1]),
    "integers and None": (np.array([0, None, 1, 0], dtype=object), [0, 1]),
    "floats": (np.array([-1.0, NAN, 1, -1]), [-1, 1]),
    "strings and None": (np.array(["a", None, "b", "a"], dtype=object), ["a", "b"]),
    "strings and NaN": (np.array(["a", NAN, "b", "a"], dtype=object), ["a", "b"]),
    "list of strings": (["a", None, "b", "a"], ["a", "b"]),
    "tuple of strings": (("a", NAN, "b", "a"), ["a", "b"]),
    "pandas strings": (pd.Series(["a", None, "b", "a"]), ["a", "b"]),
    "pandas category": (pd.Series(["a", None, "b", "a"], dtype="category"), ["a", "b"]),
    "pandas integers": (pd.Series([0, None, 1, 0], dtype="Int64"), [0, 1]),
    "pandas booleans": (pd.Series([False, None, True, False], dtype="boolean"), [0, 1]),
    "polars strings": (pl.Series(["a", None, "b", "a"]), ["a", "b"]),
    "booleans and None": ([False, None, True, False], [False, True]),
}


@pytest.mark.parametrize("name", CLASSES)
def test_unlabelled_rows_depend_on_the_dtype(name):
    y, classes = CLASSES[name]
    labels = read_classes(y)
    assert labels.labelled.tolist() == [True, False, True, True]
    assert labels.classes.tolist() == classes
    assert labels.numbers.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    "y", [np.array([True, False]), np.array(["a", "b"]), np.array([-1, 1])]
)
def test_all_rows_are_labelled(y):
    assert read_classes(y).labelled.all()


@pytest.mark.parametrize(
    "y", [[-1, -1], [NAN, NAN], np.array([None, None]), np.array([None, -1])]
)
def test_one_label_is_the_least(y):
    with pytest.raises(ValueError, match="got no labelled row"):
        read_classes(y)


@pytest.mark.parametrize("y", [[0, 0], [-1, 0, -1], ["a", None], [True, True]])
def test_two_classes_are_the_least(y):
    with pytest.raises(ValueError, match=r"at least two classes .* got one class"):
        read_classes(y)


def test_kinds_of_classes_are_not_mixed():
    with pytest.raises(TypeError, match="classes of one kind"):
        read_classes(np.array(["a", 1, "b"], dtype=object))


@pytest.mark.parametrize("read", [read_classes, read_numbers])
def test_infinity_is_refused(read):
    with pytest.raises(ValueError, match="y contains infinity"):
        read([1.0, np.inf, 2.0])


def test_continuous_numbers_are_no_classes():
    with pytest.raises(ValueError, match="Unknown label type"):
        read_classes([0.1, 0.7, NAN])


def test_numbers_without_nan_are_labels():
    labels = read_numbers([-1.0, NAN, 3.0])
    assert labels.labelled.tolist() == [True, False, True]
    np.testing.assert_array_equal(labels.numbers, [[-1], [3]])


def test_partly_missing_targets_are_unlabelled():
    labels = read_numbers([[1.0, 2.0], [NAN, 3.0]])
    assert labels.labelled.tolist() == [True, False]


def test_a_number_is_the_least():
    with pytest.raises(ValueError, match="got no labelled row: unlabelled are NaN"):
        read_numbers([NAN, NAN])


def test_y_is_not_changed():
    y = np.array([0, -1, 1])
    y.flags.writeable = False
    read_classes(y)
    assert y.tolist() == [0, -1, 1]


@pytest.mark.parametrize("n_axes", [1, 2])
def test_targets_become_float64_with_their_axes(n_axes):
    y = np.arange(4).reshape(4, *[1] * (n_axes - 1))
    labels = read_numbers(y)
    assert labels.numbers.dtype == np.float64
    assert labels.n_axes == n_axes


def test_columns_of_classes_warn():
    with pytest.warns(DataConversionWarning, match="1d array was expected"):
        assert len(read_classes(np.array([[0], [1]])).classes) == 2


def test_errors_explain_unlabelled_values():
    kinds = "unlabelled are -1 among integer classes, None and NaN among others"
    with pytest.raises(ValueError, match=kinds):
        read_classes([-1, -1])
    with pytest.raises(TypeError, match="unlabelled are None and NaN among strings"):
        read_classes(["a", 1, None])
