"""The axes of rows that are flattened signals, images or video."""

import math
from numbers import Integral

import numpy as np

_MOST_AXES = 3


def with_channels(name: str, given, channels_last: bool | str) -> tuple[int, ...]:
    """Return the axes of a row and, last, its channels.

    Parameters
    ----------
    name : str
        The parameter's name, for errors.

    given : int or sequence of int
        What it holds.

    channels_last : bool or "auto"
        Whether the last number counts channels. "auto" takes it so of three and four
        numbers.

    Returns
    -------
    shape : tuple of int
        One to three axes, and the channels.

    Raises
    ------
    ValueError
        If that is not what it holds.
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


def flattened(X, shape: tuple[int, ...], *, array_name: str, name: str, given):
    """Return rows without axes, and check those they have.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, ...)
        Flat rows, which stay as they are, or rows with axes.

    shape : tuple of int
        The axes, and last the channels, which may be left out if there is one.

    array_name, name : str
        What errors call the rows and the parameter of their axes.

    given : object
        What that parameter holds.

    Returns
    -------
    X : object
        With two axes.
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


def check_cells(name: str, given, shape, array_name: str, n_columns: int) -> None:
    """Raise unless a shape has as many cells as rows have columns.

    Parameters
    ----------
    name, array_name : str
        What errors call the parameter and the rows.

    given : object
        What the parameter holds.

    shape : tuple of int
        What :func:`with_channels` makes of it.

    n_columns : int
        Number of columns.
    """
    if math.prod(shape) != n_columns:
        raise ValueError(
            f"{name} must have as many cells as {array_name} has columns, {n_columns}, "
            f"got {name}={given!r}."
        )


def check_positive_integers(name: str, values) -> tuple[int, ...]:
    """Return integers of at least 1 as a tuple, and raise if they are none.

    Parameters
    ----------
    name : str
        The parameter's name, for errors.

    values : int or sequence of int
        What it holds.

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
