"""Rows beside their reconstructions: as images, as signals, as cells of a table."""

import warnings
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from .._tables import (
    check_image_shape,
    check_positive_integers,
    find_container,
    infer_schema,
    is_missing_value,
    to_dense,
)
from .matplotlib import colours, ink, limited, styled

_IMAGES_A_LINE = 10
_MOST_CELLS_WRITTEN = 400
_MOST_LETTERS = 12
_DARKEST = 2  # deviations
# Kinds, and how many rows are drawn unless asked for.
N_ROWS = {"image": 10, "signal": 4, "table": 6}
_MOST_TABLE_COLUMNS = 30
_CHANNELS = (1, 3, 4)


class Errors(NamedTuple):
    """How far cells are from their reconstruction.

    Attributes
    ----------
    names : tuple of str
        The columns.

    deviations : ndarray of shape (n_samples, n_features)
        In deviations of the column over the rows given; of categories 1 where they
        differ, else 0. NaN where the cell is missing.
    """

    names: tuple[str, ...]
    deviations: np.ndarray


def cell_errors(originals, reconstructions) -> Errors:
    """Return how far the cells of a table are from those of another.

    Parameters
    ----------
    originals, reconstructions : {dataframe, ndarray} of shape (n_samples, n_features)
        Tables with the same columns.

    Returns
    -------
    errors : Errors
        Of each cell.
    """
    names = [f"x{position}" for position in range(originals.shape[1])]
    with warnings.catch_warnings():
        # A few rows may well differ all; nothing is to be learned of them.
        warnings.filterwarnings("ignore", "Every row has a category", UserWarning)
        schema, numbers = infer_schema(originals, names, "from_dtype", None)
    told = schema.read(reconstructions, "ignore")
    numbers, told = to_dense(numbers), to_dense(told)
    known = ~np.isnan(numbers)
    counts = np.maximum(known.sum(axis=0), 1)
    centred = numbers - numbers.sum(axis=0, where=known) / counts
    deviation = np.sqrt(np.square(centred).sum(axis=0, where=known) / counts)
    unit = np.where(deviation > 0, deviation, 1)
    return Errors(schema.names, schema.cell_errors(numbers, told, unit))


def written_cells(X, n_rows: int) -> np.ndarray:
    """Return the first rows of a table as short texts, ``(n_rows, n_features)``."""
    columns = find_container(X).columns(X[:n_rows])
    return np.array([[_written(cell) for cell in column] for column in columns]).T


def _written(cell: Any) -> str:
    if is_missing_value(cell):
        return "-"
    if isinstance(cell, Integral | np.bool_) and abs(int(cell)) < 10_000_000:
        return str(cell)
    if isinstance(cell, Real):
        return f"{cell:.3g}"
    text = str(cell)
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"


def draw_images(ax, originals, reconstructions, style: dict):
    """Draw pictures, lines of originals over lines of reconstructions.

    Parameters
    ----------
    ax : Axes
        Where to draw.

    originals, reconstructions : ndarray of shape (n_images, height, width, channels)
        Grey, RGB or RGBA.

    style : dict
        For ``Axes.imshow``.

    Returns
    -------
    image : AxesImage
        All of them.
    """
    least, most = _limits(originals)
    gap = max(1, originals.shape[2] // 16)
    lines, centres, begin = [], [], 0
    for first in range(0, len(originals), _IMAGES_A_LINE):
        for images in (originals, reconstructions):
            line = _line(images[first : first + _IMAGES_A_LINE], len(originals), gap)
            lines.append(line)
            centres.append(begin + (len(line) - gap - 1) / 2)
            begin += len(line)
        lines.append(np.full((2 * gap, *line.shape[1:]), np.nan))
        begin += 2 * gap
    whole = np.concatenate(lines)[: -3 * gap, :-gap]
    look = {"interpolation": "nearest"}
    if whole.shape[2] == 1:
        whole = whole[..., 0]
        look |= {"cmap": "gray", "vmin": least, "vmax": most}
    else:
        whole = _opaque((whole - least) / (most - least))
    image = ax.imshow(whole, **limited(look, style))
    labels = ["original", "reconstruction"] * (len(centres) // 2)
    ax.set_yticks(centres, labels)
    ax.set_xticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image


def _limits(images: np.ndarray) -> tuple[float, float]:
    """Return what is black and what is white."""
    least, most = float(np.nanmin(images)), float(np.nanmax(images))
    least = min(least, 0.0)
    if images.shape[3] > 1 and least == 0 and most <= 255:
        return least, 255.0 if most > 1 else 1.0
    return least, most if most > least else least + 1


def _line(images: np.ndarray, n_images: int, gap: int) -> np.ndarray:
    """Return images side by side, with gaps to the right and below."""
    n_places = min(n_images, _IMAGES_A_LINE)
    n, height, width, n_channels = images.shape
    framed = np.full((n_places, height + gap, width + gap, n_channels), np.nan)
    framed[:n, :height, :width] = images
    return framed.swapaxes(0, 1).reshape(height + gap, -1, n_channels)


def _opaque(colours: np.ndarray) -> np.ndarray:
    """Return RGBA that is clear where colours are NaN."""
    known = ~np.isnan(colours[..., :1])
    alpha = known * (colours[..., 3:] if colours.shape[2] == 4 else 1.0)
    channels = np.concatenate([colours[..., :3], alpha], axis=2)
    return np.nan_to_num(channels).clip(0, 1)


def draw_signals(ax, x: np.ndarray, original, reconstruction, style: dict) -> list:
    """Draw a signal and, dashed, its reconstruction.

    Parameters
    ----------
    ax : Axes
        Where to draw.

    x : ndarray of shape (length,)
        Where its samples lie.

    original, reconstruction : ndarray of shape (length, channels)
        The signal.

    style : dict
        For ``Axes.plot``.

    Returns
    -------
    lines : list of Line2D
        Each channel's original, then each one's reconstruction.
    """
    palette = colours(ax)
    firsts = [ink(ax)] if original.shape[1] == 1 else palette
    seconds = palette[5:6] if original.shape[1] == 1 else palette
    lines = []
    for label, signal, these, dashes, width in (
        ("original", original, firsts, "-", 1.6),
        ("reconstruction", reconstruction, seconds, "--", 1.2),
    ):
        for channel, samples in enumerate(signal.T):
            look = {"color": these[channel % len(these)], "linestyle": dashes}
            look |= {"linewidth": width, "label": label if channel == 0 else None}
            lines += ax.plot(x, samples, **styled(look, style, "Line2D"))
    return lines


def draw_cells(ax, errors: Errors, originals, reconstructions, style: dict):
    """Draw cells by their error, with original over reconstruction written into them.

    Parameters
    ----------
    ax : Axes
        Where to draw.

    errors : Errors
        Of the rows to show.

    originals, reconstructions : ndarray of str of shape (n_rows, n_features)
        The cells.

    style : dict
        For ``Axes.imshow``.

    Returns
    -------
    image, texts : AxesImage, list of Text
        The colours, and what is written, none where there are many cells.
    """
    cells = errors.deviations.T
    look = {"cmap": "Oranges", "vmin": 0, "vmax": _DARKEST, "aspect": "auto"}
    look["interpolation"] = "nearest"
    image = ax.imshow(cells, **limited(look, style))
    texts = []
    if cells.size <= _MOST_CELLS_WRITTEN:
        ax.set_yticks(range(len(errors.names)), errors.names, parse_math=False)
        size = _letter_size(ax, cells.shape[1])
        for column, row in np.ndindex(cells.shape):
            text = f"{originals[row, column]}\n{reconstructions[row, column]}"
            texts.append(_write(ax, image, row, column, text))
            texts[-1].set_fontsize(size)
    ax.tick_params(length=0)
    ax.set_xlabel("row: original over reconstruction")
    over = np.nanmax(cells, initial=0) > _DARKEST
    label, extend = "error in deviations", "max" if over else "neither"
    ax.figure.colorbar(image, ax=ax, label=label, extend=extend)
    return image, texts


def _letter_size(ax, n_rows: int) -> float:
    """Return the size in points at which most texts fit into their cells."""
    inches = ax.bbox.width / ax.figure.dpi
    return float(np.clip(10 * (inches - 1.3) / n_rows, 4.5, 7))


def _write(ax, image, row: int, column: int, text: str):
    """Write into a cell, in black or white, whichever is seen there."""
    error, colour = image.get_array()[column, row], ink(ax)
    if not np.ma.is_masked(error):
        red, green, blue, _ = image.to_rgba(np.array([error]))[0]
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
        colour = "black" if light else "white"
    place = {"ha": "center", "va": "center", "parse_math": False}
    return ax.text(row, column, text, color=colour, clip_on=True, **place)


def kind_and_shape(kind: str, shape, X) -> tuple[str, tuple[int, ...]]:
    """Return how rows are drawn, and their axes.

    Parameters
    ----------
    kind : {"auto", "image", "signal", "table"}
        What was asked for.

    shape : sequence of int or None
        The axes that were given.

    X : {ndarray, dataframe} of shape (n_samples, n_features)
        The rows.

    Returns
    -------
    kind : {"image", "signal", "table"}
        How they are drawn.

    shape : tuple of int
        Axes and, of images and signals, channels last.
    """
    kinds = ("auto", *N_ROWS)
    if kind not in kinds:
        raise ValueError(f"kind must be one of {kinds}, got {kind!r}.")
    given, shape = (
        shape,
        None if shape is None else check_positive_integers("shape", shape),
    )
    n_columns = X.shape[1]
    if kind == "auto" and shape is not None:
        kind = "image" if len(shape) > 1 else "signal"
    elif kind == "auto":
        # The samples of a signal share one dtype.
        has_dtypes = find_container(X).has_dtypes
        is_table = has_dtypes or n_columns <= _MOST_TABLE_COLUMNS
        kind = "table" if is_table else "signal"
    if kind == "table":
        return kind, (n_columns,)
    if shape is None and kind == "image":
        raise ValueError('shape must be given with kind="image", got None.')
    shape = _with_channels(kind, shape or (n_columns,))
    check_image_shape("shape", given, shape, "X", n_columns)
    return kind, shape


def _with_channels(kind: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    n_axes = 1 if kind == "signal" else 2
    shape = (*shape, 1) if len(shape) == n_axes else shape
    right = len(shape) == n_axes + 1 or (kind == "image" and len(shape) == 4)
    if not right or (kind == "image" and shape[-1] not in _CHANNELS):
        wanted = "(L,) or (L, C)"
        if kind == "image":
            wanted = "(H, W), (H, W, C) or (T, H, W, C) with 1, 3 or 4 channels"
        raise ValueError(f'shape must be {wanted} with kind="{kind}", got {shape}.')
    return shape


def flat_clips(rows: np.ndarray) -> np.ndarray:
    """Return images, those of a clip side by side, ``(n_images, H, W, C)``."""
    if rows.ndim == 4:
        return rows
    n, n_times, height, width, n_channels = rows.shape
    return rows.swapaxes(1, 2).reshape(n, height, n_times * width, n_channels)
