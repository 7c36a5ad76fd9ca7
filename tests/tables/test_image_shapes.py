"""Shapes of rows: axes, channels and errors about them."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklearn_ae._tables.image_shapes import (
    check_image_shape,
    check_positive_integers,
    flatten_rows,
    read_image_shape,
)


@pytest.mark.parametrize(
    ("given", "channels_last", "shape"),
    [
        (8, "auto", (8, 1)),
        ((8, 9), "auto", (8, 9, 1)),
        ((8, 9, 3), "auto", (8, 9, 3)),
        ([4, 8, 9, 3], "auto", (4, 8, 9, 3)),
        ((8, 9), True, (8, 9)),
        ((4, 8, 9), False, (4, 8, 9, 1)),
        (np.array([8, 9]), "auto", (8, 9, 1)),
    ],
)
def test_channels_come_last(given, channels_last, shape):
    found = read_image_shape("input_shape", given, channels_last)
    assert found == shape
    assert all(type(n) is int for n in found)


@pytest.mark.parametrize(
    ("given", "channels_last"), [((8,), True), ((2, 3, 4, 5, 6), "auto")]
)
def test_one_to_three_axes_are_taken(given, channels_last):
    with pytest.raises(ValueError, match=r"size must have one to three axes.*size="):
        read_image_shape("size", given, channels_last)


@pytest.mark.parametrize("values", [0, -1, 2.5, [], [3, 0], "3", None, [[1, 2]], 3.0])
def test_other_values_are_no_positive_integers(values):
    with pytest.raises(ValueError, match="size must be integers of at least 1, got"):
        check_positive_integers("size", values)


NAMES = {"array_name": "X", "name": "input_shape", "given": "its value"}


@pytest.mark.parametrize("axes", [(6,), (2, 3), (2, 3, 1)])
def test_rows_with_axes_become_flat(axes):
    X = np.arange(24).reshape(4, *axes)
    found = flatten_rows(X, (2, 3, 1), **NAMES)
    np.testing.assert_array_equal(found, np.arange(24).reshape(4, 6))


def test_lists_of_images_become_flat():
    X = np.arange(24).reshape(4, 2, 3)
    found = flatten_rows(X.tolist(), (2, 3, 1), **NAMES)
    np.testing.assert_array_equal(found, X.reshape(4, 6))


@pytest.mark.parametrize("table", [pd.DataFrame, sparse.csr_array, np.asarray])
def test_flat_rows_are_returned_unchanged(table):
    X = table(np.eye(6))
    assert flatten_rows(X, (2, 3, 1), **NAMES) is X


@pytest.mark.parametrize("axes", [(3, 2), (2, 3, 2), (1, 2, 3)])
def test_rows_of_other_axes_are_refused(axes):
    message = r"X must be flat or have the axes of input_shape='its value', got axes \("
    with pytest.raises(ValueError, match=message):
        flatten_rows(np.zeros((4, *axes)), (2, 3, 1), **NAMES)


def test_several_channels_need_an_axis():
    with pytest.raises(ValueError, match="must be flat or have the axes"):
        flatten_rows(np.zeros((4, 2, 3)), (2, 3, 2), **NAMES)


def test_cells_of_shapes_are_counted():
    check_image_shape("input_shape", (2, 3), (2, 3, 1), "X", 6)
    message = r"as many cells as X has columns, 7, got input_shape=\(2, 3\)"
    with pytest.raises(ValueError, match=message):
        check_image_shape("input_shape", (2, 3), (2, 3, 1), "X", 7)
