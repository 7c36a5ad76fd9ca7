"""Shapes of rows that are flattened signals, images or video."""

import math
from numbers import Integral

import numpy as np

_MOST_AXES = 3


def read_image_shape(name: str, given, channels_last: bool | str) -> tuple[int, ...]:
    """Return the axes of a row, with the number of channels last.

    Parameters
    ----------
    name : str
        Name of the parameter that gives the shape, for errors.

    given : int or sequence of int
        Value of that parameter.

    channels_last : bool or "auto"
        Whether its last number counts channels. With "auto" it does so if there are
        three or four numbers.

    Returns
    -------
    shape : tuple of int
        One to three axes, and the channels.

    Raises
    ------
    ValueError
        If the value is no such shape.
    """
    shape = check_positive_integers(name, given)
    has_channels = channels_last
    if has_channels == "auto":
        has_channels = len(shape) >= _MOST_AXES
    shape = shape if has_channels else (*shape, 1)
    if not 1 <= len(shape) - 1 <= _MOST_AXES:
        raise ValueError(
            f"{name} must have one to three axes besides channels, got "
            f"{name}={given!r} with channels_last={channels_last!r}."
        )
    return shape


def flatten_rows(X, shape: tuple[int, ...], *, array_name: str, name: str, given):
    """Return rows of one axis each, and check the axes that they have.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, ...)
        Flat rows, which are returned as they are, or rows of several axes.

    shape : tuple of int
        Shape of a row, channels last. Rows may leave out the axis of a single channel.

    array_name, name : str
        Names of the rows and of the parameter that gives their shape, for errors.

    given : object
        Value of that parameter.

    Returns
    -------
    X : {ndarray, sparse matrix, dataframe} of shape (n_samples, n_features)
        Flat rows.
    """
    X = np.asarray(X) if isinstance(X, list | tuple) else X
    axes = getattr(X, "shape", ())[1:]
    if len(axes) < 2:
        return X
    if axes not in {shape, shape[: len(shape) - (shape[-1] == 1)]}:
        raise ValueError(
            f"{array_name} must be flat or have the axes of {name}={given!r}, got axes "
            f"{tuple(axes)}."
        )
    return np.asarray(X).reshape(len(X), math.prod(shape))


def check_image_shape(name: str, given, shape, array_name: str, n_columns: int) -> None:
    """Raise unless a shape has as many cells as rows have columns.

    Parameters
    ----------
    name, array_name : str
        Names of the parameter and of the rows, for errors.

    given : object
        Value of the parameter.

    shape : tuple of int
        Its shape, as from :func:`read_image_shape`.

    n_columns : int
        Number of columns.
    """
    if math.prod(shape) != n_columns:
        raise ValueError(
            f"{name} must have as many cells as {array_name} has columns, {n_columns}, "
            f"got {name}={given!r}."
        )


def check_kernel_size(kernel_size: int) -> None:
    """Raise unless a kernel has a middle.

    Parameters
    ----------
    kernel_size : int
        Number of cells along an axis.
    """
    if kernel_size % 2 == 0:
        raise ValueError(f"kernel_size must be odd, got kernel_size={kernel_size}.")


def fit_kernel_size(kernel_size: int, shape: tuple[int, ...]) -> int:
    """Return the size of a kernel that is no wider than rows need.

    A wider one would only cover more of the padding.

    Parameters
    ----------
    kernel_size : int
        Number of cells along an axis, odd.

    shape : tuple of int
        Shape of a row, channels last.

    Returns
    -------
    kernel_size : int
        It reaches every cell from every other one at most.
    """
    return min(int(kernel_size), 2 * max(shape[:-1]) - 1)


def check_positive_integers(name: str, values) -> tuple[int, ...]:
    """Return integers of at least 1 as a tuple, or raise ValueError.

    Parameters
    ----------
    name : str
        Name of the parameter, for errors.

    values : int or sequence of int
        Value of the parameter.

    Returns
    -------
    numbers : tuple of int
        At least one.
    """
    numbers = np.atleast_1d(np.asarray(values, dtype=object))
    valid = numbers.ndim == 1 and len(numbers)
    if not valid or not all(isinstance(n, Integral) and n >= 1 for n in numbers):
        raise ValueError(f"{name} must be integers of at least 1, got {values!r}.")
    return tuple(int(number) for number in numbers)
