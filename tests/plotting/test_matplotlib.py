"""Axes, styles and legends of all displays; errors without matplotlib."""

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
    palette,
    resolve_axes,
    text_colour,
    use_integer_ticks,
)

pytestmark = pytest.mark.usefixtures("drawing")

SQUARE = np.arange(4.0).reshape(2, 2)
DATA = {
    LossCurveDisplay: ([2.0, 1.0],),
    LatentSpaceDisplay: (SQUARE,),
    ReconstructionDisplay: (SQUARE, SQUARE),
    ComponentsErrorDisplay: ([1, 2], [0.5, 0.4]),
}


@pytest.fixture(params=DATA, ids=lambda display_class: display_class.__name__)
def display(request):
    return request.param(*DATA[request.param])


def test_without_matplotlib_the_extra_is_named(display, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    name = type(display).__name__
    with pytest.raises(ImportError, match=rf'{name}.*"sklearn-ae\[plot\]"'):
        display.plot()


def test_given_axes_are_drawn_on(display, drawing):
    figure, ax = drawing.subplots()
    assert display.plot(ax=ax).figure_ is figure
    drawn_on = display.ax_ if hasattr(display, "ax_") else display.axes_[0, 0]
    assert drawn_on is ax
    assert drawing.get_fignums() == [figure.number]


def test_subfigures_are_drawn_on(display, drawing):
    figure = drawing.figure()
    ax = figure.subfigures(1, 2)[0].subplots()
    assert display.plot(ax=ax).figure_ is ax.figure
    figure.canvas.draw()


def test_colour_bars_keep_tight_layouts(drawing):
    figure, ax = drawing.subplots(layout="tight")
    LatentSpaceDisplay(SQUARE, [0.5, 1.5]).plot(ax=ax)
    figure.canvas.draw()


@pytest.mark.parametrize(
    ("display_class", "options", "style"),
    [
        (LossCurveDisplay, {}, {"line_kw": {"lw": 3, "c": "red"}}),
        (LossCurveDisplay, {"best_epoch": 1}, {"best_kw": {"ms": 3}}),
        (LatentSpaceDisplay, {}, {"scatter_kw": {"lw": 3, "c": "red"}}),
        (LatentSpaceDisplay, {"y": ["a", "b"]}, {"scatter_kw": {"ec": "red"}}),
        (ReconstructionDisplay, {"kind": "signal"}, {"line_kw": {"ls": ":"}}),
        (ReconstructionDisplay, {}, {"image_kw": {"norm": "linear"}}),
        (ComponentsErrorDisplay, {}, {"line_kw": {"lw": 3, "c": "red"}}),
    ],
)
def test_styles_have_aliases(display_class, options, style):
    display_class(*DATA[display_class], **options).plot(**style)


def test_names_from_data_are_no_formulas(drawing):
    frame = pd.DataFrame({"$x^$": ["$5", "$^$"], "": [1.0, 2.0]})
    displays = [
        LatentSpaceDisplay(SQUARE, pd.Series(["$x^$", ""], name="$^$")),
        LatentSpaceDisplay(SQUARE, pd.Series([0.5, 1.5], name="$^$")),
        ReconstructionDisplay(frame, frame),
    ]
    for display in displays:
        display.plot().figure_.canvas.draw()
    texts = displays[0].legend_.get_texts()
    assert [text.get_text() for text in texts] == ["''", "$x^$"]


def test_figures_have_room_for_long_names(drawing):
    many = [f"{number:20d}" for number in range(40)]
    codes, frame = np.arange(80.0).reshape(40, 2), pd.DataFrame({60 * "x": [1.0]})
    for display in (
        LatentSpaceDisplay(codes, many),
        ReconstructionDisplay(frame, frame),
    ):
        display.plot().figure_.canvas.draw()  # would warn that axes vanish


def test_wrong_numbers_of_axes_are_refused(display, drawing):
    _, axes = drawing.subplots(1, 2)
    with pytest.raises(ValueError, match=r"ax must hold one Axes, got 2\."):
        display.plot(ax=axes)


def test_only_axes_are_taken(display):
    with pytest.raises(TypeError, match="ax must hold Axes of matplotlib, got 'here'"):
        display.plot(ax="here")


def test_new_figures_leave_settings_alone(display, drawing):
    before = dict(drawing.rcParams)
    display.plot().figure_.canvas.draw()
    layout = display.figure_.get_layout_engine()
    assert type(layout).__name__ == "ConstrainedLayoutEngine"
    assert dict(drawing.rcParams) == before


def test_plot_returns_the_display(display):
    assert display.plot() is display


def test_axes_may_be_flat_or_grids(drawing):
    _, axes = drawing.subplots(2, 3)
    for given in (axes, axes.ravel(), axes.ravel().tolist()):
        assert (resolve_axes(given, (2, 3), "a test") == axes).all()
    with pytest.raises(ValueError, match=r"ax must hold 4 Axes, 2 x 2, got 6\."):
        resolve_axes(axes, (2, 2), "a test")


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_colours_differ_from_the_background(style, drawing):
    with drawing.style.context(style):
        _, ax = drawing.subplots()
    background = drawing.matplotlib.colors.to_hex(ax.get_facecolor())
    hexadecimal = {drawing.matplotlib.colors.to_hex(c) for c in palette(ax)}
    assert len(hexadecimal) == 8
    assert background not in hexadecimal
    assert text_colour(ax) in palette(ax)


def test_single_epochs_have_integer_ticks(drawing):
    _, ax = drawing.subplots()
    ax.set_xlim(-0.05, 0.05)
    use_integer_ticks(ax.xaxis)
    low, high = ax.get_xlim()
    assert [tick for tick in ax.get_xticks() if low <= tick <= high] == [0]


def test_legends_use_room_of_layouts(drawing):
    for layout, inside in ((None, True), ("constrained", False)):
        figure, axes = drawing.subplots(squeeze=False, layout=layout)
        line = axes[0, 0].plot([0, 1], label="a line")
        legend = add_legend(axes, line, own_figure=False)
        figure.canvas.draw()
        right = legend.get_window_extent().x1
        assert (right <= axes[0, 0].get_window_extent().x1) == inside
