"""Access to matplotlib, imported only when something is drawn; and shared styles."""

import math
from typing import Any

import numpy as np

# Okabe and Ito (2008): distinct with any colour vision. Their eighth colour is black.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
GREY = "0.6"  # visible on white and on black
_MOST_TICKS = 8
_LEGEND_ROWS = 16


def import_pyplot(caller: str):
    """Return ``matplotlib.pyplot``.

    Parameters
    ----------
    caller : str
        Method that needs it, for the error message.

    Returns
    -------
    pyplot : module
        ``matplotlib.pyplot``.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib, which `pip install "
            '"sklearn-ae[plot]"` installs.'
        ) from error
    return plt


def resolve_axes(ax, shape: tuple[int, int], caller: str, figsize=None) -> np.ndarray:
    """Return the given axes as an array, or the axes of a new figure.

    Parameters
    ----------
    ax : Axes, array-like of Axes or None
        Axes of the caller. None means a new figure.

    shape : tuple of int
        Required number of rows and columns of axes.

    caller : str
        Method that draws, for error messages.

    figsize : tuple of float, default=None
        Width and height of a new figure in inches. None means matplotlib's default.

    Returns
    -------
    axes : ndarray of Axes
        Axes in the required shape.
    """
    plt = import_pyplot(caller)
    if ax is None:
        figure = plt.figure(figsize=figsize, layout="constrained")
        return figure.subplots(*shape, squeeze=False)
    given, n_axes = np.asarray(ax, dtype=object), math.prod(shape)
    if not all(isinstance(one, plt.Axes) for one in given.flat):
        raise TypeError(f"ax must hold Axes of matplotlib, got {ax!r}.")
    if given.size != n_axes:
        wanted = (
            "one Axes" if n_axes == 1 else f"{n_axes} Axes, {shape[0]} x {shape[1]}"
        )
        raise ValueError(f"ax must hold {wanted}, got {given.size}.")
    return given.reshape(shape)


def merge_style(defaults: dict, overrides: dict, artist: str) -> dict[str, Any]:
    """Return default style properties, updated with those of the caller.

    Parameters
    ----------
    defaults : dict
        Properties set by a display.

    overrides : dict
        Properties set by the caller, by name or alias (such as ``lw``).

    artist : {"Line2D", "Patch", "Collection"}
        Kind of the artist that the properties are for.

    Returns
    -------
    style : dict
        Properties by their full names.
    """
    from matplotlib import cbook, collections, lines, patches

    kinds = {"Line2D": lines.Line2D, "Patch": patches.Patch}
    kind = kinds.get(artist, collections.Collection)
    merged = cbook.normalize_kwargs(defaults, kind)
    return merged | cbook.normalize_kwargs(overrides, kind)


def merge_image_style(defaults: dict, overrides: dict) -> dict[str, Any]:
    """Return the style of an image; a norm of the caller replaces our limits."""
    if overrides.get("norm") is not None:
        limits = ("vmin", "vmax")
        defaults = {name: defaults[name] for name in defaults if name not in limits}
    return defaults | overrides


def text_colour(ax) -> Any:
    """Return the colour of text, visible on the background of any style."""
    return ax.xaxis.label.get_color()


def palette(ax) -> list:
    """Return eight colours that are distinct with any colour vision."""
    return [*_COLOURS, text_colour(ax)]


def ring_style(ax, size: float) -> dict[str, Any]:
    """Return properties with which ``Axes.plot`` draws a ring around a point."""
    style = {"marker": "o", "markersize": size, "linestyle": "none"}
    return style | {"markerfacecolor": "none", "markeredgecolor": text_colour(ax)}


def use_integer_ticks(axis) -> None:
    """Put ticks at integers only."""
    from matplotlib.ticker import MaxNLocator

    # By default a locator ignores `integer` to have at least two ticks.
    options = {"integer": True, "steps": [1, 2, 5, 10], "min_n_ticks": 1}
    axis.set_major_locator(MaxNLocator(_MOST_TICKS, **options))


def label_curves(ax, x_label: str, y_label: str, *, log_scale: bool) -> None:
    """Add labels, scale, ticks and legend to curves over integers."""
    ax.set(xlabel=x_label, ylabel=y_label)
    if log_scale:
        ax.set_yscale("log")
    use_integer_ticks(ax.xaxis)
    ax.legend(fontsize="small")


def add_legend(
    axes: np.ndarray, handles, *, own_figure: bool, title: str | None = None
):
    """Add a legend outside the axes where the figure's layout makes room for it.

    Parameters
    ----------
    axes : ndarray of Axes of shape (n_rows, n_columns)
        Axes of the display.

    handles : list of Artist
        Artists with labels.

    own_figure : bool
        Whether the display made the figure, and may widen it.

    title : str or None, default=None
        Title of the legend.

    Returns
    -------
    legend : Legend
        The new legend.
    """
    style = {"handles": handles, "title": title, "fontsize": "small"}
    style |= {"labelspacing": 0.3, "handletextpad": 0.3, "borderpad": 0.3}
    style["ncols"] = -(-len(handles) // _LEGEND_ROWS)
    axis = axes[0, -1]
    if own_figure:
        legend = axis.figure.legend(loc="outside right center", **style)
    elif axis.figure.get_layout_engine() is None:
        legend = axis.legend(**style)
    else:
        legend = axis.legend(loc="upper left", bbox_to_anchor=(1, 1), **style)
    for text in (*legend.get_texts(), legend.get_title()):
        text.set_parse_math(False)  # "$" in the name of a class begins no formula
    if own_figure:
        _widen_for_legend(axis.figure, legend)
    return legend


def _widen_for_legend(figure, legend) -> None:
    """Widen a figure so that the axes keep three fifths of its first width."""
    inches, width = legend.get_window_extent().width / figure.dpi, figure.get_figwidth()
    figure.set_figwidth(max(width, 0.6 * width + inches))
