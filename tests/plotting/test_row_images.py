"""Kinds of rows, errors of cells, and drawings of both."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_ae._plotting.row_images import (
    clips_to_images,
    draw_cells,
    draw_images,
    format_cells,
    measure_cell_errors,
    resolve_kind_and_shape,
)

pytestmark = pytest.mark.usefixtures("drawing")

FEW, MANY = np.ones((2, 4)), np.ones((2, 48))
FRAME = pd.DataFrame(MANY)
TABLE = {"number": [1.0, 3.0, None], "kind": ["a", "b", "a"], "same": [5, 5, 5]}
RECONSTRUCTED = {"number": [2.0, 3.0, 9.0], "kind": ["b", "b", "a"], "same": [5, 7, 5]}
EXPECTED = [[1, 1, 0], [0, 0, 2], [np.nan, 0, 0]]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_wrong_categories_have_error_one(frame):
    errors = measure_cell_errors(frame(TABLE), frame(RECONSTRUCTED))
    assert errors.names == ("number", "kind", "same")
    np.testing.assert_allclose(errors.deviations, EXPECTED)


def test_missing_nullable_cells_have_no_error():
    frame = pd.DataFrame({"whole": [1, 3, None], "flag": [True, False, None]})
    frame = frame.astype({"whole": "Int64", "flag": "boolean"})
    errors = measure_cell_errors(frame, frame.fillna({"whole": 5, "flag": True}))
    np.testing.assert_array_equal(errors.deviations, [[0, 0], [0, 0], [np.nan] * 2])


def test_rows_may_all_differ_in_category():
    errors = measure_cell_errors(
        pd.DataFrame({"kind": ["a", "b"]}), pd.DataFrame({"kind": ["a", "c"]})
    )
    assert errors.deviations.tolist() == [[0], [1]]


def test_errors_of_arrays_are_in_deviations(X):
    errors = measure_cell_errors(X, X + X.std(axis=0))
    np.testing.assert_allclose(errors.deviations, 1)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_texts_of_cells_are_short(frame):
    long = {"text": ["short", "something long", None], "number": [1234.567, None, 0.5]}
    table = frame(long | {"whole": [1_234_567, 2, 3], "flag": [True, False, True]})
    assert format_cells(table, 3).tolist() == [
        ["short", "1.23e+03", "1234567", "True"],
        ["something l…", "-", "2", "False"],
        ["-", "0.5", "3", "True"],
    ]
    assert format_cells(np.array([[0.25, np.nan]]), 1).tolist() == [["0.25", "-"]]


def test_images_form_lines_of_ten(drawing):
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
def test_colours_are_scaled_and_gaps_transparent(largest, drawing):
    _, ax = drawing.subplots()
    rows = np.linspace(0, largest, 2 * 12).reshape(2, 2, 2, 3)
    drawn = draw_images(ax, rows, 2 * rows, {}).get_array()
    np.testing.assert_allclose(drawn[:2, :2, :3], rows[0] / largest)
    np.testing.assert_allclose(
        drawn[3:5, 3:5, :3], np.minimum(2 * rows[1] / largest, 1)
    )
    assert drawn[2, 0, 3] == 0
    assert drawn[0, 0, 3] == 1


def test_texts_contrast_with_their_cells(drawing):
    table = pd.DataFrame({"a": [0.0, 1.0, None], "b": [0.0, 0.0, 1.0]})
    errors = measure_cell_errors(table, table.assign(a=[0.0, 9, 0]))
    cells = np.full((3, 2), "text")
    with drawing.style.context("dark_background"):
        _, ax = drawing.subplots()
        image, texts = draw_cells(ax, errors, cells, cells, {})
    # Light, dark, and missing, where the background is seen.
    assert [text.get_color() for text in texts[:3]] == ["black", "white", "white"]
    assert image.colorbar.extend == "max"


@pytest.mark.parametrize(
    ("kind", "shape", "X", "expected"),
    [
        ("auto", None, FEW, ("table", (4,))),
        ("auto", None, MANY, ("signal", (48, 1))),
        ("auto", None, FRAME, ("table", (48,))),
        ("auto", 48, MANY, ("signal", (48, 1))),
        ("auto", (6, 8), MANY, ("image", (6, 8, 1))),
        ("auto", (4, 4, 3), MANY, ("image", (4, 4, 3))),
        ("auto", (3, 4, 4, 1), MANY, ("image", (3, 4, 4, 1))),
        ("signal", (16, 3), MANY, ("signal", (16, 3))),
        ("signal", None, FEW, ("signal", (4, 1))),
        ("table", (6, 8), MANY, ("table", (48,))),
    ],
)
def test_shapes_determine_kinds(kind, shape, X, expected):
    assert resolve_kind_and_shape(kind, shape, X) == expected


@pytest.mark.parametrize(
    ("kind", "shape", "match"),
    [
        ("picture", None, "kind must be one of"),
        ("image", None, 'shape must be given with kind="image"'),
        ("auto", (6, 9), "as many cells as X has columns, 48"),
        ("auto", (4, 6, 2), "1, 3 or 4 channels"),
        ("image", (48,), r"\(H, W\), \(H, W, C\) or"),
        ("signal", (2, 4, 6), r"\(L,\) or \(L, C\)"),
    ],
)
def test_wrong_shapes_are_refused(kind, shape, match):
    with pytest.raises(ValueError, match=match):
        resolve_kind_and_shape(kind, shape, MANY)


def test_clips_are_images_side_by_side():
    clips = np.arange(24.0).reshape(1, 2, 3, 4, 1)
    flat = clips_to_images(clips)
    np.testing.assert_array_equal(flat[0], np.concatenate(clips[0], axis=1))
    assert clips_to_images(flat) is flat
