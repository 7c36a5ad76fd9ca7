"""Drawing of rows and reconstructions as images, signals or cells of a table."""

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
from .matplotlib import merge_image_style, merge_style, palette, text_colour

_IMAGES_A_LINE = 10
_MOST_CELLS_WRITTEN = 400
_MOST_LETTERS = 12
_DARKEST_ERROR = 2  # standard deviations
DEFAULT_N_ROWS = {"image": 10, "signal": 4, "table": 6}
_MOST_TABLE_COLUMNS = 30
_CHANNELS = (1, 3, 4)


class CellErrors(NamedTuple):
    """Errors of reconstructed cells.

    Attributes
    ----------
    names : tuple of str
        Names of the columns.

    deviations : ndarray of shape (n_samples, n_features)
        Distances of numbers in standard deviations of their column, NaN where the
        original is missing; for categories 1 where they differ, else 0. A missing
        category counts as a category.
    """

    names: tuple[str, ...]
    deviations: np.ndarray


def measure_cell_errors(originals, reconstructions) -> CellErrors:
    """Return how far each cell is from its reconstruction.

    Parameters
    ----------
    originals, reconstructions : {dataframe, ndarray} of shape (n_samples, n_features)
        Tables with the same columns.

    Returns
    -------
    errors : CellErrors
        Error of each cell.
    """
    names = [f"x{position}" for position in range(originals.shape[1])]
    with warnings.catch_warnings():
        # A few rows may all have different categories; no model is fitted here.
        warnings.filterwarnings("ignore", "Every row has a category", UserWarning)
        schema, numbers = infer_schema(originals, names, "from_dtype", None)
    reconstructed = schema.read(reconstructions, "ignore")
    numbers, reconstructed = to_dense(numbers), to_dense(reconstructed)
    known = ~np.isnan(numbers)
    counts = np.maximum(known.sum(axis=0), 1)
    centred = numbers - numbers.sum(axis=0, where=known) / counts
    deviation = np.sqrt(np.square(centred).sum(axis=0, where=known) / counts)
    unit = np.where(deviation > 0, deviation, 1)
    return CellErrors(schema.names, schema.cell_errors(numbers, reconstructed, unit))


def format_cells(X, n_rows: int) -> np.ndarray:
    """Return the first rows of a table as short texts, ``(n_rows, n_features)``."""
    columns = find_container(X).columns(X[:n_rows])
    return np.array([[_format_cell(cell) for cell in column] for column in columns]).T


def _format_cell(cell: Any) -> str:
    if is_missing_value(cell):
        return "-"
    if isinstance(cell, Integral | np.bool_) and abs(int(cell)) < 10_000_000:
        return str(cell)
    if isinstance(cell, Real):
        return f"{cell:.3g}"
    text = str(cell)
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"


def draw_images(ax, originals, reconstructions, style: dict):
    """Draw lines of images, originals over reconstructions.

    Parameters
    ----------
    ax : Axes
        Axes to draw on.

    originals, reconstructions : ndarray of shape (n_images, height, width, channels)
        Grey, RGB or RGBA images.

    style : dict
        Keyword arguments for ``Axes.imshow``.

    Returns
    -------
    image : AxesImage
        One image that holds all.
    """
    black, white = _intensity_limits(originals)
    gap = max(1, originals.shape[2] // 16)
    lines, centres, begin = [], [], 0
    for first in range(0, len(originals), _IMAGES_A_LINE):
        for images in (originals, reconstructions):
            line = images[first : first + _IMAGES_A_LINE]
            line = _join_images(line, min(len(originals), _IMAGES_A_LINE), gap)
            lines.append(line)
            centres.append(begin + (len(line) - gap - 1) / 2)
            begin += len(line)
        lines.append(np.full((2 * gap, *line.shape[1:]), np.nan))
        begin += 2 * gap
    mosaic = np.concatenate(lines)[: -3 * gap, :-gap]
    defaults = {"interpolation": "nearest"}
    if mosaic.shape[2] == 1:
        mosaic = mosaic[..., 0]
        defaults |= {"cmap": "gray", "vmin": black, "vmax": white}
    else:
        mosaic = _to_rgba((mosaic - black) / (white - black))
    image = ax.imshow(mosaic, **merge_image_style(defaults, style))
    labels = ["original", "reconstruction"] * (len(centres) // 2)
    ax.set_yticks(centres, labels)
    ax.set_xticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image


def _intensity_limits(images: np.ndarray) -> tuple[float, float]:
    """Return the values drawn black and white."""
    least, most = float(np.nanmin(images)), float(np.nanmax(images))
    least = min(least, 0.0)
    if images.shape[3] > 1 and least == 0 and most <= 255:
        return least, 255.0 if most > 1 else 1.0
    return least, most if most > least else least + 1


def _join_images(images: np.ndarray, n_places: int, gap: int) -> np.ndarray:
    """Return images side by side, each with a gap to its right and below."""
    n, height, width, n_channels = images.shape
    framed = np.full((n_places, height + gap, width + gap, n_channels), np.nan)
    framed[:n, :height, :width] = images
    return framed.swapaxes(0, 1).reshape(height + gap, -1, n_channels)


def _to_rgba(colours: np.ndarray) -> np.ndarray:
    """Return RGBA colours, transparent where colours are NaN."""
    known = ~np.isnan(colours[..., :1])
    alpha = known * (colours[..., 3:] if colours.shape[2] == 4 else 1.0)
    channels = np.concatenate([colours[..., :3], alpha], axis=2)
    return np.nan_to_num(channels).clip(0, 1)


def draw_signals(ax, x: np.ndarray, original, reconstruction, style: dict) -> list:
    """Draw a signal and, dashed, its reconstruction.

    Parameters
    ----------
    ax : Axes
        Axes to draw on.

    x : ndarray of shape (length,)
        Positions of the samples.

    original, reconstruction : ndarray of shape (length, channels)
        The signal and its reconstruction.

    style : dict
        Keyword arguments for ``Axes.plot``.

    Returns
    -------
    lines : list of Line2D
        Channels of the original, then channels of the reconstruction.
    """
    colours, n_channels = palette(ax), original.shape[1]
    black, vermilion = text_colour(ax), colours[5]
    lines = []
    for label, signal, single_colour, dashes, width in (
        ("original", original, black, "-", 1.6),
        ("reconstruction", reconstruction, vermilion, "--", 1.2),
    ):
        for channel, samples in enumerate(signal.T):
            colour = colours[channel % len(colours)]
            defaults = {
                "color": single_colour if n_channels == 1 else colour,
                "linestyle": dashes,
                "linewidth": width,
                "label": label if channel == 0 else None,
            }
            lines += ax.plot(x, samples, **merge_style(defaults, style, "Line2D"))
    return lines


def draw_cells(ax, errors: CellErrors, originals, reconstructions, style: dict):
    """Draw the errors of cells, and write originals over reconstructions into them.

    Parameters
    ----------
    ax : Axes
        Axes to draw on.

    errors : CellErrors
        Errors of the rows to draw.

    originals, reconstructions : ndarray of str of shape (n_rows, n_features)
        Texts of the cells.

    style : dict
        Keyword arguments for ``Axes.imshow``.

    Returns
    -------
    image : AxesImage
        The errors as colours.

    texts : list of Text
        Texts in the cells, none if there are many cells.
    """
    cells = errors.deviations.T
    defaults = {"cmap": "Oranges", "vmin": 0, "vmax": _DARKEST_ERROR}
    defaults |= {"aspect": "auto", "interpolation": "nearest"}
    image = ax.imshow(cells, **merge_image_style(defaults, style))
    texts = []
    if cells.size <= _MOST_CELLS_WRITTEN:
        ax.set_yticks(range(len(errors.names)), errors.names, parse_math=False)
        font_size = _font_size(ax, cells.shape[1])
        for column, row in np.ndindex(cells.shape):
            text = f"{originals[row, column]}\n{reconstructions[row, column]}"
            texts.append(_write_cell(ax, image, row, column, text))
            texts[-1].set_fontsize(font_size)
    ax.tick_params(length=0)
    ax.set_xlabel("row: original over reconstruction")
    exceeds = np.nanmax(cells, initial=0) > _DARKEST_ERROR
    label, extend = "error in deviations", "max" if exceeds else "neither"
    ax.figure.colorbar(image, ax=ax, label=label, extend=extend)
    return image, texts


def _font_size(ax, n_rows: int) -> float:
    """Return the font size at which most texts fit into their cells."""
    inches = ax.bbox.width / ax.figure.dpi
    return float(np.clip(10 * (inches - 1.3) / n_rows, 4.5, 7))


def _write_cell(ax, image, row: int, column: int, text: str):
    """Write into a cell, in black or white, whichever has more contrast."""
    error, colour = image.get_array()[column, row], text_colour(ax)
    if not np.ma.is_masked(error):
        red, green, blue, _ = image.to_rgba(np.array([error]))[0]
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5  # luma of Rec. 601
        colour = "black" if light else "white"
    place = {"ha": "center", "va": "center", "parse_math": False}
    return ax.text(row, column, text, color=colour, clip_on=True, **place)


def resolve_kind_and_shape(kind: str, shape, X) -> tuple[str, tuple[int, ...]]:
    """Return how to draw rows, and the shape of one of them.

    Parameters
    ----------
    kind : {"auto", "image", "signal", "table"}
        Kind given by the caller.

    shape : sequence of int or None
        Axes of a row given by the caller.

    X : {ndarray, dataframe} of shape (n_samples, n_features)
        The rows.

    Returns
    -------
    kind : {"image", "signal", "table"}
        How to draw the rows.

    shape : tuple of int
        Axes of a row, with channels last for images and signals.
    """
    kinds = ("auto", *DEFAULT_N_ROWS)
    if kind not in kinds:
        raise ValueError(f"kind must be one of {kinds}, got {kind!r}.")
    given = shape
    if shape is not None:
        shape = check_positive_integers("shape", shape)
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
    shape = _add_channels(kind, shape or (n_columns,))
    check_image_shape("shape", given, shape, "X", n_columns)
    return kind, shape


def _add_channels(kind: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    n_axes = 1 if kind == "signal" else 2
    shape = (*shape, 1) if len(shape) == n_axes else shape
    valid = len(shape) == n_axes + 1 or (kind == "image" and len(shape) == 4)
    if not valid or (kind == "image" and shape[-1] not in _CHANNELS):
        wanted = "(L,) or (L, C)"
        if kind == "image":
            wanted = "(H, W), (H, W, C) or (T, H, W, C) with 1, 3 or 4 channels"
        raise ValueError(f'shape must be {wanted} with kind="{kind}", got {shape}.')
    return shape


def clips_to_images(rows: np.ndarray) -> np.ndarray:
    """Return images ``(n_images, H, W, C)``, with those of a clip side by side."""
    if rows.ndim == 4:
        return rows
    # (N, T, H, W, C) -> (N, H, T, W, C) -> (N, H, T*W, C)
    n, n_times, height, width, n_channels = rows.shape
    return rows.swapaxes(1, 2).reshape(n, height, n_times * width, n_channels)
