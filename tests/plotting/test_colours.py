"""Targets of any kind colour points."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_ae._plotting.colours import (
    ClassColours,
    NoColours,
    NumberColours,
    colouring_of,
)

pytestmark = pytest.mark.usefixtures("drawing")

CLASSES = {
    "strings": ["b", "a", "b", None],
    "strings with NaN": ["b", "a", "b", np.nan],
    "series": pd.Series(["b", "a", "b", None]),
    "new strings": pd.Series(["b", "a", "b", pd.NA], dtype="string"),
    "categories": pd.Series(["b", "a", "b", None], dtype="category"),
    "polars": pl.Series(["b", "a", "b", None]),
    "enum": pl.Series(["b", "a", "b", None], dtype=pl.Enum(["a", "b"])),
}


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_numbered_and_missing_ones_are_not(name):
    colouring = colouring_of(CLASSES[name], 4, "auto")
    assert isinstance(colouring, ClassColours)
    assert colouring.names == ["a", "b"]
    assert colouring.numbers.tolist() == [1, 0, 1, -1]


@pytest.mark.parametrize(
    ("y", "names", "numbers"),
    [
        ([2, 0, -1, 2], ["0", "2"], [1, 0, -1, 1]),
        ([-1, 1, 1, -1], ["-1", "1"], [0, 1, 1, 0]),
        ([True, False, None, True], ["False", "True"], [1, 0, -1, 1]),
        (pd.Series([True, False, pd.NA, True]), ["False", "True"], [1, 0, -1, 1]),
        ([1.0, 2.0, np.nan, 1.0], ["1", "2"], [0, 1, -1, 0]),
        ([-1, -1, -1, -1], [], [-1, -1, -1, -1]),
        ([None] * 4, [], [-1, -1, -1, -1]),
    ],
)
def test_numbers_and_booleans_are_classes_where_they_are_few(y, names, numbers):
    colouring = colouring_of(y, 4, "auto")
    assert (colouring.names, colouring.numbers.tolist()) == (names, numbers)


def test_categories_keep_their_order():
    y = pd.Categorical(["low", "high", "low"], categories=["low", "mid", "high"])
    assert colouring_of(y, 3, "auto").names == ["low", "high"]


def test_numbers_are_continuous_if_they_are_many_or_no_integers():
    for y in (
        [0.5, 1.5, np.nan],
        pd.Series([0.5, 1.5, None]),
        pl.Series([0.5, 1.5, 3]),
    ):
        assert isinstance(colouring_of(y, 3, "auto"), NumberColours)
    ages = np.arange(18, 90)
    assert isinstance(colouring_of(ages, 72, "auto"), NumberColours)
    assert len(colouring_of(ages, 72, "categorical").names) == 72
    numbers = colouring_of([3, -1, 4], 3, "continuous").numbers
    assert numbers.tolist() == [3, -1, 4]


def test_names_of_targets_are_titles():
    assert colouring_of(pd.Series([1.5, 2.5], name="age"), 2, "auto").title == "age"
    assert colouring_of(np.array([0, 1]), 2, "auto").title is None
    assert isinstance(colouring_of(None, 2, "auto"), NoColours)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="target_type must be one of"):
        colouring_of([0, 1], 2, "colour")
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        colouring_of([0, 1], 3, "auto")
    with pytest.raises(ValueError, match="one number a row, got 2"):
        colouring_of(np.ones((3, 2)), 3, "continuous")


def test_72_classes_are_all_told_apart(drawing):
    _, ax = drawing.subplots()
    x = np.arange(72.0)
    drawn = colouring_of(x.astype(int), 72, "categorical").scatter(ax, x, x, {})
    looks = {
        (
            tuple(points.get_edgecolor()[0]),
            len(points.get_facecolor()),
            points.get_paths()[0].vertices.tobytes(),
        )
        for points in drawn
    }
    assert len(looks) == 72


def test_points_without_a_number_are_grey_and_beneath(drawing):
    _, ax = drawing.subplots()
    x = np.arange(3.0)
    points = colouring_of([0.5, np.nan, 1.5], 3, "auto").scatter(ax, x, x, {})[-1]
    assert points.get_array().tolist() == [0.5, 1.5]
    grey = ax.collections[0]
    assert grey.get_offsets().tolist() == [[1, 1]]
    assert grey.get_zorder() < points.get_zorder()


def test_infinity_is_no_colour():
    with pytest.raises(ValueError, match="Input y contains infinity"):
        colouring_of([0.5, np.inf], 2, "auto")
