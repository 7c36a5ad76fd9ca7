"""The only importer of matplotlib, which is imported when something is drawn."""

import math
from typing import Any

import numpy as np

# Okabe and Ito (2008), told apart with any colour vision; black comes with the style.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
GREY = "0.6"  # seen on white and on black


def pyplot(caller: str):
    """Return ``matplotlib.pyplot``.

    Parameters
    ----------
    caller : str
        Who needs it, for the error.

    Returns
    -------
    module : module
        It.

    Raises
    ------
    ImportError
        If matplotlib is not there.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib, which `pip install "
            '"sklearn-ae[plot]"` installs.'
        ) from error
    return plt


def taken_axes(ax, shape: tuple[int, int], caller: str, size=None) -> np.ndarray:
    """Return the axes to draw on: those given, or those of a new figure.

    Parameters
    ----------
    ax : Axes, array-like of Axes or None
        What was given.

    shape : tuple of int
        Rows and columns of the axes that are needed.

    caller : str
        Who needs them, for errors.

    size : tuple of float, default=None
        Width and height of a new figure, in inches. None means matplotlib's own.

    Returns
    -------
    axes : ndarray of Axes of that shape
        They.
    """
    plt = pyplot(caller)
    if ax is None:
        figure = plt.figure(figsize=size, layout="constrained")
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


def styled(look: dict, given: dict, artist: str) -> dict[str, Any]:
    """Return how something looks, as far as the caller asked for nothing else.

    Parameters
    ----------
    look : dict
        Ours.

    given : dict
        The caller's, by names or aliases such as ``lw``.

    artist : {"Line2D", "Patch", "Collection"}
        What is drawn.

    Returns
    -------
    style : dict
        Both.
    """
    from matplotlib import cbook, collections, lines, patches

    kinds = {"Line2D": lines.Line2D, "Patch": patches.Patch}
    kind = kinds.get(artist, collections.Collection)
    return cbook.normalize_kwargs(look, kind) | cbook.normalize_kwargs(given, kind)


def limited(look: dict, given: dict) -> dict[str, Any]:
    """Return how an image looks; the limits are those of a norm if one is given."""
    if given.get("norm") is not None:
        look = {name: look[name] for name in look if name not in ("vmin", "vmax")}
    return look | given


def ink(ax) -> Any:
    """Return the colour of texts, which is seen on the background of any style."""
    return ax.xaxis.label.get_color()


def colours(ax) -> list:
    """Return eight colours that all can tell apart."""
    return [*PALETTE, ink(ax)]


def ring(ax, size: float) -> dict[str, Any]:
    """Return how ``Axes.plot`` puts a ring around a point."""
    look = {"marker": "o", "markersize": size, "linestyle": "none"}
    return look | {"markerfacecolor": "none", "markeredgecolor": ink(ax)}


def whole_ticks(axis, most: int = 8) -> None:
    """Put ticks at integers only."""
    from matplotlib.ticker import MaxNLocator

    steps = [1, 2, 5, 10]
    axis.set_major_locator(MaxNLocator(most, integer=True, steps=steps, min_n_ticks=1))


def add_legend(axes: np.ndarray, handles, *, own: bool, title: str | None = None):
    """Add a legend that covers no points where the figure's layout has room for it.

    Parameters
    ----------
    axes : ndarray of Axes of shape (n_rows, n_columns)
        What was drawn on.

    handles : list of Artist
        What has labels.

    own : bool
        Whether the figure is ours.

    title : str or None, default=None
        Of the legend.

    Returns
    -------
    legend : Legend
        It.
    """
    style = {"handles": handles, "title": title, "fontsize": "small"}
    style |= {"labelspacing": 0.3, "handletextpad": 0.3, "borderpad": 0.3}
    style["ncols"] = -(-len(handles) // 16)
    axis = axes[0, -1]
    if own:
        legend = axis.figure.legend(loc="outside right center", **style)
    elif axis.figure.get_layout_engine() is None:
        legend = axis.legend(**style)
    else:
        legend = axis.legend(loc="upper left", bbox_to_anchor=(1, 1), **style)
    for text in (*legend.get_texts(), legend.get_title()):
        text.set_parse_math(False)  # names of classes are no formulas
    if own:
        _widen(axis.figure, legend)
    return legend


def _widen(figure, legend) -> None:
    """Let a legend take no more than two fifths of a figure as wide as it was."""
    inches, width = legend.get_window_extent().width / figure.dpi, figure.get_figwidth()
    figure.set_figwidth(max(width, 0.6 * width + inches))
