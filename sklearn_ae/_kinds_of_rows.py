"""Whether rows are images, signals or those of a table, and the axes they have."""

import numpy as np

from ._frames import frame_library
from ._shapes import check_cells, whole_numbers

# Kinds, and how many rows are drawn unless asked for.
N_ROWS = {"image": 10, "signal": 4, "table": 6}
_MOST_TABLE_COLUMNS = 30
_CHANNELS = (1, 3, 4)


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
    given, shape = shape, None if shape is None else whole_numbers("shape", shape)
    n_columns, is_frame = X.shape[1], frame_library(X) is not None
    if kind == "auto" and shape is not None:
        kind = "image" if len(shape) > 1 else "signal"
    elif kind == "auto":
        wide = not is_frame and n_columns > _MOST_TABLE_COLUMNS
        kind = "signal" if wide else "table"
    if kind == "table":
        return kind, (n_columns,)
    if shape is None and kind == "image":
        raise ValueError('shape must be given with kind="image", got None.')
    shape = _with_channels(kind, shape or (n_columns,))
    check_cells("shape", given, shape, "X", n_columns)
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
