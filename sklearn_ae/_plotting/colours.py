"""Colours of points: by class, by number, or one for all."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sklearn.utils import assert_all_finite, check_consistent_length
from sklearn.utils.multiclass import type_of_target

from .._tables import known_classes, read_numbers
from .matplotlib import GREY, add_legend, merge_style, palette

# Nine markers and eight colours have no common divisor, so 72 pairs differ. Crosses and
# stars are no markers here: they are hard to see when small.
_MARKERS = ("o", "s", "^", "D", "v", "p", "<", ">", "d")
_DASHES = ("-", "--", ":", "-.")
_MOST_INTEGER_CLASSES = 30
_N_BINS = 30
_FULL_SIZE_AREA = 12  # square inches, about the axes of a display's own figure
_UNLABELLED = {"edgecolors": GREY, "facecolors": GREY, "marker": ".", "zorder": 0.9}


class Colouring(Protocol):
    """Drawing of points and histograms in colours that a key explains."""

    def scatter(self, ax, x: np.ndarray, y: np.ndarray, style: dict) -> list:
        """Draw points, and return the artists that the key needs."""
        ...

    def draw_one_code(
        self, ax, codes: np.ndarray, scatter_style: dict, hist_style: dict
    ) -> list:
        """Draw a single code a row, and return the artists that the key needs."""
        ...

    def histogram(self, ax, codes: np.ndarray, style: dict) -> None:
        """Draw the distribution of one code."""
        ...

    def add_key(self, axes: np.ndarray, artists: list, *, own_figure: bool) -> dict:
        """Add a legend or a colour bar, and return it by the name of its attribute."""
        ...


class NoColours:
    """Points of one colour, without a key."""

    def scatter(self, ax, x, y, style):
        """Draw all points at once."""
        colour = {} if "c" in style else {"color": palette(ax)[0]}
        style = merge_style(_point_style(ax, len(x)) | colour, style, "Collection")
        return [ax.scatter(x, y, **style)]

    def draw_one_code(self, ax, codes, scatter_style, hist_style):
        """Draw a histogram."""
        self.histogram(ax, codes, hist_style)
        return []

    def histogram(self, ax, codes, style):
        """Draw one histogram."""
        defaults = {"bins": _N_BINS, "color": palette(ax)[0]}
        ax.hist(codes, **merge_style(defaults, style, "Patch"))

    def add_key(self, axes, artists, *, own_figure):
        """Return nothing: one colour needs no key."""
        return {}


@dataclass(frozen=True, eq=False)
class ClassColours:
    """Points with a colour and a marker for each class; grey without a class.

    Markers are filled for the first eight classes, hollow for the next eight, and so on
    in turn.

    Parameters
    ----------
    class_numbers : ndarray of int of shape (n_samples,)
        Position of each row's class in `names`, -1 for rows without a class.

    names : list of str
        Names of the classes.

    title : str or None
        Name of the target, the title of the legend.
    """

    class_numbers: np.ndarray
    names: list[str]
    title: str | None

    def scatter(self, ax, x, y, style):
        """Draw class after class, beginning with rows without a class."""
        artists = []
        for number, label, class_style in self._class_styles(ax):
            members = self.class_numbers == number
            defaults = _point_style(ax, len(x)) | class_style | {"label": label}
            merged = merge_style(defaults, style, "Collection")
            artists.append(ax.scatter(x[members], y[members], **merged))
        return artists

    def draw_one_code(self, ax, codes, scatter_style, hist_style):
        """Draw a histogram for each class."""
        return self.histogram(ax, codes, hist_style)

    def histogram(self, ax, codes, style):
        """Draw an outline for each class, over common bins."""
        shared = {"bins": np.histogram_bin_edges(codes, _N_BINS), "histtype": "step"}
        artists = []
        for number, label, class_style in self._class_styles(ax):
            dashes = _DASHES[max(number, 0) // 8 % len(_DASHES)]
            outline = {"color": class_style["edgecolors"], "linestyle": dashes}
            members = codes[self.class_numbers == number]
            merged = merge_style(shared | outline | {"label": label}, style, "Patch")
            artists.append(ax.hist(members, **merged)[2][0])
        return artists

    def add_key(self, axes, artists, *, own_figure):
        """Add a legend."""
        legend = add_legend(axes, artists, own_figure=own_figure, title=self.title)
        for handle in legend.legend_handles:
            if hasattr(handle, "set_sizes"):
                handle.set_sizes([24])
        return {"legend_": legend}

    def _class_styles(self, ax):
        """Yield (number, name, style) of each class that has rows, -1 first."""
        colours = palette(ax)
        if (self.class_numbers < 0).any():
            yield -1, "no label", _UNLABELLED
        for number, name in enumerate(self.names):
            turn, place = divmod(number, len(colours))
            hollow = turn % 2 == 1
            style = {
                "edgecolors": colours[place],
                "facecolors": "none" if hollow else colours[place],
                "linewidths": 0.7 if hollow else 0,
                "marker": _MARKERS[number % len(_MARKERS)],
            }
            yield number, name, style


@dataclass(frozen=True, eq=False)
class NumberColours:
    """Points coloured by a number; grey where it is missing.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        Number of each row, NaN where it is missing.

    title : str or None
        Name of the target, the label of the colour bar.
    """

    values: np.ndarray
    title: str | None

    def scatter(self, ax, x, y, style):
        """Draw rows without a number, then the others."""
        known = ~np.isnan(self.values)
        defaults = _point_style(ax, len(x)) | {"marker": "o"}
        if not known.all():
            ax.scatter(x[~known], y[~known], **(defaults | _UNLABELLED))
        defaults |= {"c": self.values[known], "cmap": "viridis"}
        style = merge_style(defaults, style, "Collection")
        return [ax.scatter(x[known], y[known], **style)]

    def draw_one_code(self, ax, codes, scatter_style, hist_style):
        """Draw the numbers over the codes."""
        ax.set_ylabel(self.title or "y", parse_math=False)
        return self.scatter(ax, codes, self.values, scatter_style)

    def histogram(self, ax, codes, style):
        """Draw one grey histogram."""
        NoColours().histogram(ax, codes, {"color": GREY} | style)

    def add_key(self, axes, artists, *, own_figure):
        """Add a colour bar."""
        # A tight layout makes room for the colour bar of one Axes, not of an array.
        parents = axes if axes.size > 1 else axes[0, 0]
        bar = axes[0, 0].figure.colorbar(artists[-1], ax=parents)
        bar.set_label(self.title or "y", parse_math=False)
        return {"colorbar_": bar}


def choose_colouring(y, n_samples: int, target_type: str) -> Colouring:
    """Return the colouring that suits a target.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or None
        Classes or numbers.

    n_samples : int
        Number of rows.

    target_type : {"auto", "categorical", "continuous"}
        Type of `y`. "auto" chooses by the values.

    Returns
    -------
    colouring : Colouring
        For classes, for numbers, or without colours if `y` is None.
    """
    kinds = ("auto", "categorical", "continuous")
    if target_type not in kinds:
        raise ValueError(f"target_type must be one of {kinds}, got {target_type!r}.")
    if y is None:
        return NoColours()
    check_consistent_length(np.empty(n_samples), y)
    title = getattr(y, "name", None) or None
    if target_type == "continuous":
        return NumberColours(_read_values(y), title)
    labelled, classes = known_classes(y)
    if target_type == "auto" and _is_continuous(classes):
        return NumberColours(_read_values(y), title)
    found = _order_classes(np.unique(classes).tolist(), y)
    position = {value: number for number, value in enumerate(found)}
    class_numbers = np.full(n_samples, -1)
    class_numbers[labelled] = [position[value] for value in classes.tolist()]
    return ClassColours(class_numbers, [_class_name(value) for value in found], title)


def _read_values(y) -> np.ndarray:
    """Return one number a row, NaN where it is missing."""
    labels = read_numbers(y)
    n_outputs = labels.numbers.shape[1]
    if n_outputs != 1:
        raise ValueError(f"y must hold one number a row, got {n_outputs}.")
    values = np.full(len(labels.labelled), np.nan)
    values[labels.labelled] = labels.numbers[:, 0]
    return values


def _is_continuous(values: np.ndarray) -> bool:
    if not len(values):
        return False
    if values.dtype.kind == "f":
        assert_all_finite(values, input_name="y")
    with warnings.catch_warnings():
        # type_of_target warns about many classes; we decide below.
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        kind = type_of_target(values, input_name="y")
    many = len(np.unique(values)) > _MOST_INTEGER_CLASSES
    return kind.startswith("continuous") or (values.dtype.kind in "iuf" and many)


def _order_classes(found: list, y) -> list:
    """Return classes in the order of the categorical dtype of y, if it has one."""
    categories = getattr(getattr(y, "dtype", None), "categories", None)
    if not isinstance(categories, Iterable):
        return found
    return [value for value in categories if value in set(found)]


def _class_name(value) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if text.strip() else repr(text)  # legends show no empty names


def _point_style(ax, n_points: int) -> dict[str, Any]:
    """Return a style in which many points stay distinct, also in small axes."""
    width, height = ax.bbox.size / ax.figure.dpi  # inches, also in a subfigure
    scale = np.clip(width * height / _FULL_SIZE_AREA, 0.5, 1)
    size = float(scale * np.clip(15_000 / max(n_points, 1), 8, 24))
    return {"s": size, "alpha": 0.8, "linewidths": 0}
