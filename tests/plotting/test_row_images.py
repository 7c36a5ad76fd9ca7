"""Cells and pictures are drawn as they are."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_ae._plotting.row_images import (
    cell_errors,
    draw_cells,
    draw_images,
    written_cells,
)

pytestmark = pytest.mark.usefixtures("drawing")

TABLE = {"number": [1.0, 3.0, None], "kind": ["a", "b", "a"], "same": [5, 5, 5]}
TOLD = {"number": [2.0, 3.0, 9.0], "kind": ["b", "b", "a"], "same": [5, 7, 5]}
EXPECTED = [[1, 1, 0], [0, 0, 2], [np.nan, 0, 0]]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_errors_are_in_deviations_and_1_for_another_category(frame):
    errors = cell_errors(frame(TABLE), frame(TOLD))
    assert errors.names == ("number", "kind", "same")
    np.testing.assert_allclose(errors.deviations, EXPECTED)


def test_gaps_of_nullable_columns_have_no_error():
    frame = pd.DataFrame({"whole": [1, 3, None], "flag": [True, False, None]})
    frame = frame.astype({"whole": "Int64", "flag": "boolean"})
    errors = cell_errors(frame, frame.fillna({"whole": 5, "flag": True}))
    np.testing.assert_array_equal(errors.deviations, [[0, 0], [0, 0], [np.nan] * 2])


def test_a_few_rows_may_differ_in_all_categories():
    errors = cell_errors(
        pd.DataFrame({"kind": ["a", "b"]}), pd.DataFrame({"kind": ["a", "c"]})
    )
    assert errors.deviations.tolist() == [[0], [1]]


def test_errors_of_arrays_are_in_deviations(X):
    errors = cell_errors(X, X + X.std(axis=0))
    np.testing.assert_allclose(errors.deviations, 1)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_cells_are_written_short(frame):
    long = {"text": ["short", "something long", None], "number": [1234.567, None, 0.5]}
    table = frame(long | {"whole": [1_234_567, 2, 3], "flag": [True, False, True]})
    assert written_cells(table, 3).tolist() == [
        ["short", "1.23e+03", "1234567", "True"],
        ["something l…", "-", "2", "False"],
        ["-", "0.5", "3", "True"],
    ]
    assert written_cells(np.array([[0.25, np.nan]]), 1).tolist() == [["0.25", "-"]]


def test_pictures_are_tiled_in_lines_of_ten(drawing):
    _, ax = drawing.subplots()
    rows = np.arange(12 * 4.0).reshape(12, 2, 2, 1)
    image = draw_images(ax, rows, -rows, {})
    drawn = np.asarray(image.get_array().filled(np.nan))
    assert drawn.shape == (4 * 3 - 1 + 2, 10 * 3 - 1)  # gaps of one, and two
    np.testing.assert_array_equal(drawn[:2, 3:5], rows[1, ..., 0])
    np.testing.assert_array_equal(drawn[3:5, 3:5], -rows[1, ..., 0])
    np.testing.assert_array_equal(drawn[8:10, :2], rows[10, ..., 0])
    assert np.isnan(drawn[8:10, 6:]).all()
    assert image.get_clim() == (0, rows.max())
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["original", "reconstruction"] * 2
    assert ax.get_yticks().tolist() == [0.5, 3.5, 8.5, 11.5]


@pytest.mark.parametrize("largest", [1, 255])
def test_colours_are_scaled_by_their_range_and_gaps_are_clear(largest, drawing):
    _, ax = drawing.subplots()
    rows = np.linspace(0, largest, 2 * 12).reshape(2, 2, 2, 3)
    drawn = draw_images(ax, rows, 2 * rows, {}).get_array()
    np.testing.assert_allclose(drawn[:2, :2, :3], rows[0] / largest)
    np.testing.assert_allclose(
        drawn[3:5, 3:5, :3], np.minimum(2 * rows[1] / largest, 1)
    )
    assert drawn[2, 0, 3] == 0
    assert drawn[0, 0, 3] == 1


def test_texts_are_seen_on_every_colour(drawing):
    table = pd.DataFrame({"a": [0.0, 1.0, None], "b": [0.0, 0.0, 1.0]})
    errors = cell_errors(table, table.assign(a=[0.0, 9, 0]))
    cells = np.full((3, 2), "text")
    with drawing.style.context("dark_background"):
        _, ax = drawing.subplots()
        image, texts = draw_cells(ax, errors, cells, cells, {})
    # Light, dark, and missing, where the background is seen.
    assert [text.get_color() for text in texts[:3]] == ["black", "white", "white"]
    assert image.colorbar.extend == "max"
