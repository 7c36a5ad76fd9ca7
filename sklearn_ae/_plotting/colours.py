"""What colours points: nothing, classes or numbers."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sklearn.utils import assert_all_finite, check_consistent_length
from sklearn.utils.multiclass import type_of_target

from .._tables import known_classes, read_numbers
from .matplotlib import GREY, add_legend, colours, styled

# As many as have no divisor but 1 in common with the eight colours: 72 pairs. Crosses
# and stars vanish where they are small.
_MARKERS = ("o", "s", "^", "D", "v", "p", "<", ">", "d")
_DASHES = ("-", "--", ":", "-.")
_MOST_WHOLE_CLASSES = 30
_N_BINS = 30
_ROOM = 12  # square inches of axes as they are unless asked for
_UNLABELLED = {"edgecolors": GREY, "facecolors": GREY, "marker": ".", "zorder": 0.9}


class Colouring(Protocol):
    """How points are drawn, and what tells what their colours mean."""

    def scatter(self, ax, x: np.ndarray, y: np.ndarray, style: dict) -> list:
        """Draw points, and return the artists that colours are explained by, last."""
        ...

    def single(self, ax, codes: np.ndarray, scatter: dict, bars: dict) -> list:
        """Draw codes that stand alone, and return the same."""
        ...

    def histogram(self, ax, codes: np.ndarray, style: dict) -> None:
        """Draw how codes are spread."""
        ...

    def explain(self, axes: np.ndarray, artists: list, *, own: bool) -> dict[str, Any]:
        """Return the legend or the colour bar, by name."""
        ...


class NoColours:
    """Points of one colour."""

    def scatter(self, ax, x, y, style):
        """Draw all of them."""
        colour = {} if "c" in style else {"color": colours(ax)[0]}
        look = styled(_look(ax, len(x)) | colour, style, "Collection")
        return [ax.scatter(x, y, **look)]

    def single(self, ax, codes, scatter, bars):
        """Draw how they are spread."""
        self.histogram(ax, codes, bars)
        return []

    def histogram(self, ax, codes, style):
        """Draw one histogram."""
        look = {"bins": _N_BINS, "color": colours(ax)[0]}
        ax.hist(codes, **styled(look, style, "Patch"))

    def explain(self, axes, artists, *, own):
        """There is nothing to tell."""
        return {}


@dataclass(frozen=True, eq=False)
class ClassColours:
    """Points by class, told apart by colour and marker, and grey ones.

    Every other turn through the colours is hollow.

    Parameters
    ----------
    numbers : ndarray of int of shape (n_samples,)
        The class of each row, -1 where there is none.

    names : list of str
        Those of the classes.

    title : str or None
        What the classes are of.
    """

    numbers: np.ndarray
    names: list[str]
    title: str | None

    def scatter(self, ax, x, y, style):
        """Draw class after class, and first what has none."""
        drawn = []
        for number, label, look in self._looks(ax):
            own = self.numbers == number
            look = _look(ax, len(x)) | look | {"label": label}
            look = styled(look, style, "Collection")
            drawn.append(ax.scatter(x[own], y[own], **look))
        return drawn

    def single(self, ax, codes, scatter, bars):
        """Draw a histogram a class."""
        return self.histogram(ax, codes, bars)

    def histogram(self, ax, codes, style):
        """Draw a line a class, over common bins."""
        look = {"bins": np.histogram_bin_edges(codes, _N_BINS), "histtype": "step"}
        drawn = []
        for number, label, points in self._looks(ax):
            dashes = _DASHES[max(number, 0) // 8 % len(_DASHES)]
            line = {"color": points["edgecolors"], "label": label, "linestyle": dashes}
            own = codes[self.numbers == number]
            line = styled(look | line, style, "Patch")
            drawn.append(ax.hist(own, **line)[2][0])
        return drawn

    def explain(self, axes, artists, *, own):
        """Return a legend."""
        legend = add_legend(axes, artists, own=own, title=self.title)
        for handle in legend.legend_handles:
            if hasattr(handle, "set_sizes"):
                handle.set_sizes([24])
        return {"legend_": legend}

    def _looks(self, ax):
        """Yield (number, label, style) of what there is."""
        palette = colours(ax)
        if (self.numbers < 0).any():
            yield -1, "no label", _UNLABELLED
        for number, name in enumerate(self.names):
            turn, place = divmod(number, len(palette))
            colour, hollow = palette[place], turn % 2 == 1
            look = {"edgecolors": colour, "linewidths": 0.7 if hollow else 0}
            look["facecolors"] = "none" if hollow else colour
            yield number, name, look | {"marker": _MARKERS[number % len(_MARKERS)]}


@dataclass(frozen=True, eq=False)
class NumberColours:
    """Points coloured by a number, grey where it is missing.

    Parameters
    ----------
    numbers : ndarray of shape (n_samples,)
        They, NaN where missing.

    title : str or None
        What they are.
    """

    numbers: np.ndarray
    title: str | None

    def scatter(self, ax, x, y, style):
        """Draw the grey ones, then the others."""
        known = ~np.isnan(self.numbers)
        look = _look(ax, len(x)) | {"marker": "o"}
        if not known.all():
            ax.scatter(x[~known], y[~known], **(look | _UNLABELLED))
        look |= {"c": self.numbers[known], "cmap": "viridis"}
        look = styled(look, style, "Collection")
        return [ax.scatter(x[known], y[known], **look)]

    def single(self, ax, codes, scatter, bars):
        """Draw the numbers over the codes."""
        ax.set_ylabel(self.title or "y", parse_math=False)
        return self.scatter(ax, codes, self.numbers, scatter)

    def histogram(self, ax, codes, style):
        """Draw one histogram."""
        NoColours().histogram(ax, codes, {"color": GREY} | style)

    def explain(self, axes, artists, *, own):
        """Return a colour bar."""
        # A tight layout has room for the colour bar of one Axes, not of an array.
        where = axes if axes.size > 1 else axes[0, 0]
        bar = axes[0, 0].figure.colorbar(artists[-1], ax=where)
        bar.set_label(self.title or "y", parse_math=False)
        return {"colorbar_": bar}


def colouring_of(y, n_samples: int, target_type: str) -> Colouring:
    """Return what colours the points of some rows.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or None
        Classes or numbers.

    n_samples : int
        Number of rows.

    target_type : {"auto", "categorical", "continuous"}
        What they are.

    Returns
    -------
    colouring : Colouring
        By what they are.
    """
    kinds = ("auto", "categorical", "continuous")
    if target_type not in kinds:
        raise ValueError(f"target_type must be one of {kinds}, got {target_type!r}.")
    if y is None:
        return NoColours()
    check_consistent_length(np.empty(n_samples), y)
    title = getattr(y, "name", None) or None
    if target_type == "continuous":
        return NumberColours(_single(read_numbers(y).labelled, y), title)
    labelled, classes = known_classes(y)
    if target_type == "auto" and _is_continuous(classes):
        return colouring_of(y, n_samples, "continuous")
    found = _in_order(np.unique(classes).tolist(), y)
    position = {value: number for number, value in enumerate(found)}
    numbers = np.full(n_samples, -1)
    numbers[labelled] = [position[value] for value in classes.tolist()]
    return ClassColours(numbers, [_written(value) for value in found], title)


def _single(labelled: np.ndarray, y) -> np.ndarray:
    """Return one number a row, NaN where there is none."""
    numbers = np.full(len(labelled), np.nan)
    read = read_numbers(y).numbers
    if read.shape[1] != 1:
        raise ValueError(f"y must hold one number a row, got {read.shape[1]}.")
    numbers[labelled] = read[:, 0]
    return numbers


def _is_continuous(values: np.ndarray) -> bool:
    if not len(values):
        return False
    if values.dtype.kind == "f":
        assert_all_finite(values, input_name="y")
    with warnings.catch_warnings():
        # It asks whether many classes are numbers, which is what is found out here.
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        kind = type_of_target(values, input_name="y")
    many = len(np.unique(values)) > _MOST_WHOLE_CLASSES
    return kind.startswith("continuous") or (values.dtype.kind in "iuf" and many)


def _in_order(found: list, y) -> list:
    """Return classes in the order of a categorical dtype, if y has one."""
    known = getattr(getattr(y, "dtype", None), "categories", None)
    if not isinstance(known, Iterable):
        return found
    return [value for value in known if value in set(found)]


def _written(value) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if text.strip() else repr(text)  # a legend shows no empty names


def _look(ax, n_points: int) -> dict[str, Any]:
    """Return sizes by which many points are still told apart, on small axes too."""
    width, height = ax.bbox.size / ax.figure.dpi  # inches, in a subfigure too
    room = np.clip(width * height / _ROOM, 0.5, 1)
    size = float(room * np.clip(15_000 / max(n_points, 1), 8, 24))
    return {"s": size, "alpha": 0.8, "linewidths": 0}
