"""Which rows are labelled, and with what."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

_UNLABELLED, _BINARY = -1, (-1, 1)


class ClassLabels(NamedTuple):
    """Classes of a table's rows.

    Attributes
    ----------
    labelled : ndarray of bool of shape (n_samples,)
        Which rows have one.

    numbers : ndarray of int of shape (n_labelled,)
        The class of each of these, as a position in `classes`.

    classes : ndarray of shape (n_classes,)
        In order, at least two.
    """

    labelled: np.ndarray
    numbers: np.ndarray
    classes: np.ndarray


class NumberLabels(NamedTuple):
    """Numbers of a table's rows.

    Attributes
    ----------
    labelled : ndarray of bool of shape (n_samples,)
        Which rows have all of theirs.

    numbers : ndarray of shape (n_labelled, n_outputs)
        Those of these.

    n_axes : int
        Number of axes they came with.
    """

    labelled: np.ndarray
    numbers: np.ndarray
    n_axes: int


def read_classes(y) -> ClassLabels:
    """Read classes, -1 being none among integers, and None or NaN among others.

    Integers that are -1 and 1 alone are two classes.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Booleans are all labels.

    Returns
    -------
    labels : ClassLabels
        At least one labelled row, and two classes.

    Raises
    ------
    ValueError
        If there are fewer, or y holds infinity or numbers that are no classes.
    """
    labelled, values = known_classes(y)
    _check_any(len(values), "-1 among integer classes, None and NaN among others")
    if values.dtype.kind == "f":
        assert_all_finite(values, input_name="y")
    check_classification_targets(values)
    classes, numbers = np.unique(values, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            "y must hold at least two classes among the labelled rows, got one class: "
            f"{classes.tolist()[0]!r}."
        )
    return ClassLabels(labelled, numbers.astype(np.int64), classes)


def known_classes(y) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows have a class, and the classes of these, by the same rule.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Classes.

    Returns
    -------
    labelled : ndarray of bool of shape (n_samples,)
        Which rows have one.

    classes : ndarray of shape (n_labelled,)
        The class of each of these.
    """
    y = column_or_1d(_as_array(y), warn=True)
    labelled = ~_is_missing(y)
    values = y[labelled]
    if y.dtype == object:
        values = _narrowed(values)
    if values.dtype.kind in "iu" and not _is_binary(values):
        labelled[labelled] = values != _UNLABELLED
        values = values[values != _UNLABELLED]
    return labelled, values


def read_numbers(y) -> NumberLabels:
    """Read numbers, rows with NaN among theirs being unlabelled.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The numbers.

    Returns
    -------
    labels : NumberLabels
        At least one labelled row.

    Raises
    ------
    ValueError
        If there is none, or y holds infinity.
    """
    y = check_array(
        y,
        dtype=np.float64,
        ensure_2d=False,
        ensure_all_finite="allow-nan",
        input_name="y",
    )
    numbers = y.reshape(len(y), -1)
    labelled = ~np.isnan(numbers).any(axis=1)
    _check_any(np.count_nonzero(labelled), "NaN")
    return NumberLabels(labelled, numbers[labelled], y.ndim)


def _check_any(n_labelled: int, unlabelled: str) -> None:
    if not n_labelled:
        raise ValueError(
            "y must hold at least one label, got no labelled row: unlabelled are "
            f"{unlabelled}."
        )


def _as_array(y) -> np.ndarray:
    """Return y as an array; of strings and None, or nullable columns, of objects."""
    if isinstance(y, list | tuple) and any(is_none(value) for value in y):
        return np.array(y, dtype=object)
    return np.asarray(y)


def _is_missing(y: np.ndarray) -> np.ndarray:
    if y.dtype.kind == "f":
        return np.isnan(y)
    if y.dtype != object:
        return np.zeros(len(y), dtype=bool)
    return np.array([is_none(value) for value in y], dtype=bool)


def is_none(value: Any) -> bool:
    """Tell whether a value stands for a missing one."""
    try:
        return value is None or bool(value != value)  # NaN differs from itself
    except (TypeError, ValueError):
        return np.ndim(value) == 0  # pandas.NA is neither true nor false


def _narrowed(values: np.ndarray) -> np.ndarray:
    """Return objects as an array of their own type, if they share one."""
    if len({isinstance(value, str) for value in values}) > 1:
        raise TypeError(
            "y must hold classes of one kind, got strings beside others; unlabelled "
            "are None and NaN among strings."
        )
    return np.array(values.tolist()) if len(values) else values


def _is_binary(values: np.ndarray) -> bool:
    """Tell whether integers are the two classes of scikit-learn's older binary y."""
    return np.array_equal(np.unique(values), _BINARY)
