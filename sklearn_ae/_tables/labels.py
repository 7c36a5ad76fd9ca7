"""Labels of partly labelled rows: classes and numbers."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

_UNLABELLED, _BINARY = -1, (-1, 1)


class ClassLabels(NamedTuple):
    """Classes of the labelled rows of a table.

    Attributes
    ----------
    labelled : ndarray of bool of shape (n_samples,)
        Which rows have a class.

    numbers : ndarray of int of shape (n_labelled,)
        The class of each labelled row, as a position in `classes`.

    classes : ndarray of shape (n_classes,)
        Sorted classes, at least two.
    """

    labelled: np.ndarray
    numbers: np.ndarray
    classes: np.ndarray


class NumberLabels(NamedTuple):
    """Targets of the labelled rows of a table.

    Attributes
    ----------
    labelled : ndarray of bool of shape (n_samples,)
        Which rows have all of their targets.

    numbers : ndarray of shape (n_labelled, n_outputs)
        The targets of the labelled rows.

    n_axes : int
        Number of axes of y.
    """

    labelled: np.ndarray
    numbers: np.ndarray
    n_axes: int


def read_classes(y) -> ClassLabels:
    """Read classes, where some rows may have none.

    Unlabelled are -1 among integers, and None and NaN among other values. But if y
    holds no other integers than -1 and 1, these are two classes.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Classes. All booleans are classes.

    Returns
    -------
    labels : ClassLabels
        The labelled rows, at least one, and their classes, at least two.

    Raises
    ------
    ValueError
        If there are fewer rows or classes, or y holds infinity or numbers that are no
        classes.
    """
    labelled, values = known_classes(y)
    _check_labelled(len(values), "-1 among integer classes, None and NaN among others")
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
    """Return which rows have a class by the rule of :func:`read_classes`, and these.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Classes.

    Returns
    -------
    labelled : ndarray of bool of shape (n_samples,)
        Which rows have a class.

    classes : ndarray of shape (n_labelled,)
        The class of each labelled row.
    """
    y = column_or_1d(_to_array(y), warn=True)
    labelled = ~_is_missing(y)
    values = y[labelled]
    if y.dtype == object:
        values = _to_own_dtype(values)
    if values.dtype.kind in "iu" and not _is_binary(values):
        labelled[labelled] = values != _UNLABELLED
        values = values[values != _UNLABELLED]
    return labelled, values


def read_numbers(y) -> NumberLabels:
    """Read targets. A row is unlabelled if one of its targets is NaN.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The targets.

    Returns
    -------
    labels : NumberLabels
        The labelled rows, at least one.

    Raises
    ------
    ValueError
        If there is no labelled row, or y holds infinity.
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
    _check_labelled(np.count_nonzero(labelled), "NaN")
    return NumberLabels(labelled, numbers[labelled], y.ndim)


def _check_labelled(n_labelled: int, unlabelled: str) -> None:
    if not n_labelled:
        raise ValueError(
            "y must hold at least one label, got no labelled row: unlabelled are "
            f"{unlabelled}."
        )


def _to_array(y) -> np.ndarray:
    """Return y as an array, of objects if it is a list or nullable with None."""
    if isinstance(y, list | tuple) and any(is_missing_value(value) for value in y):
        return np.array(y, dtype=object)
    return np.asarray(y)


def _is_missing(y: np.ndarray) -> np.ndarray:
    if y.dtype.kind == "f":
        return np.isnan(y)
    if y.dtype != object:
        return np.zeros(len(y), dtype=bool)
    return np.array([is_missing_value(value) for value in y], dtype=bool)


def is_missing_value(value: Any) -> bool:
    """Tell whether a value is None, NaN or pandas.NA."""
    try:
        return value is None or bool(value != value)  # NaN differs from itself
    except (TypeError, ValueError):
        return np.ndim(value) == 0  # pandas.NA is neither true nor false


def _to_own_dtype(values: np.ndarray) -> np.ndarray:
    """Return an array of objects with the dtype of the objects."""
    if len({isinstance(value, str) for value in values}) > 1:
        raise TypeError(
            "y must hold classes of one kind, got strings beside others; unlabelled "
            "are None and NaN among strings."
        )
    return np.array(values.tolist()) if len(values) else values


def _is_binary(values: np.ndarray) -> bool:
    """Tell whether integers are the two classes of scikit-learn's older binary y."""
    return np.array_equal(np.unique(values), _BINARY)
