"""Axes to draw on, and what happens without matplotlib."""

import sys

import numpy as np
import pandas as pd
import pytest

from sklearn_ae import (
    ComponentsErrorDisplay,
    LatentSpaceDisplay,
    LossCurveDisplay,
    ReconstructionDisplay,
)
from sklearn_ae._plotting.matplotlib import (
    add_legend,
    colours,
    ink,
    taken_axes,
    whole_ticks,
)

pytestmark = pytest.mark.usefixtures("drawing")

SQUARE = np.arange(4.0).reshape(2, 2)
DRAWN = {
    "LossCurveDisplay": lambda **ax: LossCurveDisplay.from_curves([2.0, 1.0], **ax),
    "LatentSpaceDisplay": lambda **ax: LatentSpaceDisplay.from_codes(SQUARE, **ax),
    "ReconstructionDisplay": lambda **ax: ReconstructionDisplay.from_rows(
        SQUARE, SQUARE, **ax
    ),
    "ComponentsErrorDisplay": lambda **ax: ComponentsErrorDisplay.from_errors(
        [1, 2], [0.5, 0.4], **ax
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_without_matplotlib_the_extra_is_named(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=rf'{name}.*"sklearn-ae\[plot\]"'):
        DRAWN[name]()


@pytest.mark.parametrize("name", DRAWN)
def test_given_axes_are_drawn_on(name, drawing):
    figure, ax = drawing.subplots()
    display = DRAWN[name](ax=ax)
    assert display.figure_ is figure
    drawn_on = display.ax_ if hasattr(display, "ax_") else display.axes_[0, 0]
    assert drawn_on is ax
    assert drawing.get_fignums() == [figure.number]


@pytest.mark.parametrize("name", DRAWN)
def test_subfigures_are_drawn_on(name, drawing):
    figure = drawing.figure()
    ax = figure.subfigures(1, 2)[0].subplots()
    assert DRAWN[name](ax=ax).figure_ is ax.figure
    figure.canvas.draw()


def test_a_colour_bar_keeps_to_a_tight_layout(drawing):
    figure, ax = drawing.subplots(layout="tight")
    LatentSpaceDisplay.from_codes(SQUARE, [0.5, 1.5], ax=ax)
    figure.canvas.draw()


@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("LossCurveDisplay", {"line_kw": {"lw": 3, "c": "red"}}),
        ("LossCurveDisplay", {"best_kw": {"ms": 3}, "best_epoch": 1}),
        ("LatentSpaceDisplay", {"scatter_kw": {"lw": 3, "c": "red"}}),
        ("LatentSpaceDisplay", {"scatter_kw": {"ec": "red"}, "y": ["a", "b"]}),
        ("ReconstructionDisplay", {"line_kw": {"ls": ":"}, "kind": "signal"}),
        ("ReconstructionDisplay", {"image_kw": {"norm": "linear"}}),
        ("ComponentsErrorDisplay", {"line_kw": {"lw": 3, "c": "red"}}),
    ],
)
def test_styles_have_aliases(name, style):
    DRAWN[name](**style)


def test_names_from_data_are_no_formulas(drawing):
    frame = pd.DataFrame({"$x^$": ["$5", "$^$"], "": [1.0, 2.0]})
    displays = [
        LatentSpaceDisplay.from_codes(SQUARE, pd.Series(["$x^$", ""], name="$^$")),
        LatentSpaceDisplay.from_codes(SQUARE, pd.Series([0.5, 1.5], name="$^$")),
        ReconstructionDisplay.from_rows(frame, frame),
    ]
    for display in displays:
        display.figure_.canvas.draw()
    texts = displays[0].legend_.get_texts()
    assert [text.get_text() for text in texts] == ["''", "$x^$"]


def test_figures_have_room_for_long_names(drawing):
    many = [f"{number:20d}" for number in range(40)]
    codes, frame = np.arange(80.0).reshape(40, 2), pd.DataFrame({60 * "x": [1.0]})
    for display in (
        LatentSpaceDisplay.from_codes(codes, many),
        ReconstructionDisplay.from_rows(frame, frame),
    ):
        display.figure_.canvas.draw()  # would warn that axes vanish


@pytest.mark.parametrize("name", DRAWN)
def test_a_wrong_number_of_axes_is_refused(name, drawing):
    _, axes = drawing.subplots(1, 2)
    with pytest.raises(ValueError, match=r"ax must hold one Axes, got 2\."):
        DRAWN[name](ax=axes)


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_no_axes_is_refused(name):
    with pytest.raises(TypeError, match="ax must hold Axes of matplotlib, got 'here'"):
        DRAWN[name](ax="here")


@pytest.mark.parametrize("name", DRAWN)
def test_own_figures_are_laid_out_and_settings_stay(name, drawing):
    before = dict(drawing.rcParams)
    display = DRAWN[name]()
    display.figure_.canvas.draw()
    layout = display.figure_.get_layout_engine()
    assert type(layout).__name__ == "ConstrainedLayoutEngine"
    assert dict(drawing.rcParams) == before


@pytest.mark.parametrize("name", DRAWN)
def test_plot_returns_the_display(name):
    display = DRAWN[name]()
    assert display.plot() is display


def test_axes_are_taken_flat_or_as_a_grid(drawing):
    _, axes = drawing.subplots(2, 3)
    for given in (axes, axes.ravel(), axes.ravel().tolist()):
        assert (taken_axes(given, (2, 3), "a test") == axes).all()
    with pytest.raises(ValueError, match=r"ax must hold 4 Axes, 2 x 2, got 6\."):
        taken_axes(axes, (2, 2), "a test")


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_eight_colours_are_not_that_of_the_background(style, drawing):
    with drawing.style.context(style):
        _, ax = drawing.subplots()
    background = drawing.matplotlib.colors.to_hex(ax.get_facecolor())
    hexadecimal = {drawing.matplotlib.colors.to_hex(c) for c in colours(ax)}
    assert len(hexadecimal) == 8
    assert background not in hexadecimal
    assert ink(ax) in colours(ax)


def test_ticks_are_whole_even_at_one_epoch(drawing):
    _, ax = drawing.subplots()
    ax.set_xlim(-0.05, 0.05)
    whole_ticks(ax.xaxis)
    low, high = ax.get_xlim()
    assert [tick for tick in ax.get_xticks() if low <= tick <= high] == [0]


def test_legends_lie_beside_axes_that_are_laid_out(drawing):
    for layout, inside in ((None, True), ("constrained", False)):
        figure, axes = drawing.subplots(squeeze=False, layout=layout)
        line = axes[0, 0].plot([0, 1], label="a line")
        legend = add_legend(axes, line, own=False)
        figure.canvas.draw()
        right = legend.get_window_extent().x1
        assert (right <= axes[0, 0].get_window_extent().x1) == inside
