"""Colours of points by classes and numbers of any type."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_ae._plotting.colours import (
    ClassColours,
    NoColours,
    NumberColours,
    choose_colouring,
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
def test_missing_classes_have_no_number(name):
    colouring = choose_colouring(CLASSES[name], 4, "auto")
    assert isinstance(colouring, ClassColours)
    assert colouring.names == ["a", "b"]
    assert colouring.class_numbers.tolist() == [1, 0, 1, -1]


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
def test_few_numbers_and_booleans_are_classes(y, names, numbers):
    colouring = choose_colouring(y, 4, "auto")
    assert (colouring.names, colouring.class_numbers.tolist()) == (names, numbers)


def test_categories_keep_their_order():
    y = pd.Categorical(["low", "high", "low"], categories=["low", "mid", "high"])
    assert choose_colouring(y, 3, "auto").names == ["low", "high"]


def test_many_or_fractional_numbers_are_continuous():
    for y in (
        [0.5, 1.5, np.nan],
        pd.Series([0.5, 1.5, None]),
        pl.Series([0.5, 1.5, 3]),
    ):
        assert isinstance(choose_colouring(y, 3, "auto"), NumberColours)
    ages = np.arange(18, 90)
    assert isinstance(choose_colouring(ages, 72, "auto"), NumberColours)
    assert len(choose_colouring(ages, 72, "categorical").names) == 72
    values = choose_colouring([3, -1, 4], 3, "continuous").values
    assert values.tolist() == [3, -1, 4]


def test_names_of_targets_are_titles():
    assert choose_colouring(pd.Series([1.5, 2.5], name="age"), 2, "auto").title == "age"
    assert choose_colouring(np.array([0, 1]), 2, "auto").title is None
    assert isinstance(choose_colouring(None, 2, "auto"), NoColours)


def test_wrong_targets_are_refused():
    with pytest.raises(ValueError, match="target_type must be one of"):
        choose_colouring([0, 1], 2, "colour")
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        choose_colouring([0, 1], 3, "auto")
    with pytest.raises(ValueError, match="one number a row, got 2"):
        choose_colouring(np.ones((3, 2)), 3, "continuous")


def test_72_classes_look_different(drawing):
    _, ax = drawing.subplots()
    x = np.arange(72.0)
    drawn = choose_colouring(x.astype(int), 72, "categorical").scatter(ax, x, x, {})
    looks = {
        (
            tuple(points.get_edgecolor()[0]),
            len(points.get_facecolor()),
            points.get_paths()[0].vertices.tobytes(),
        )
        for points in drawn
    }
    assert len(looks) == 72


def test_points_without_number_are_grey_beneath(drawing):
    _, ax = drawing.subplots()
    x = np.arange(3.0)
    points = choose_colouring([0.5, np.nan, 1.5], 3, "auto").scatter(ax, x, x, {})[-1]
    assert points.get_array().tolist() == [0.5, 1.5]
    grey = ax.collections[0]
    assert grey.get_offsets().tolist() == [[1, 1]]
    assert grey.get_zorder() < points.get_zorder()


def test_infinite_targets_are_refused():
    with pytest.raises(ValueError, match="Input y contains infinity"):
        choose_colouring([0.5, np.inf], 2, "auto")
