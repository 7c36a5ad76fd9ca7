"""What fitted attributes must be, where they come from outside."""

import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import numpy as np

_LARGEST = 2**53
# The end of a sentence, "must be ...", and a test of an attribute and its estimator.
Rule = tuple[str, Callable[[Any, Any], bool]]


def is_number(value: Any, estimator: Any = None) -> bool:
    """Tell whether a value is a finite number."""
    if type(value) is float:  # most are, and abstract classes are slow to ask
        return math.isfinite(value)
    real = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    # Larger integers make arrays of objects.
    small = not isinstance(value, Integral) or abs(value) <= _LARGEST
    return real and small and math.isfinite(value)


def is_count(value: Any, estimator: Any = None) -> bool:
    """Tell whether a value is a whole number that is not negative."""
    whole = isinstance(value, Integral) and not isinstance(value, bool | np.bool_)
    return whole and value >= 0


def is_vector(value: Any, n: int) -> bool:
    """Tell whether a value is an array of n finite numbers."""
    return are_numbers(value, n) and bool(np.isfinite(value).all())


def are_numbers(value: Any, n: int) -> bool:
    """Tell whether a value is an array of n numbers, finite or not."""
    vector = isinstance(value, np.ndarray) and value.shape == (n,)
    return vector and value.dtype.kind in "iuf"


def optional(rule: Rule) -> Rule:
    """Return a rule that takes None, too."""
    what, holds = rule
    return f"{what}, or None", lambda value, owner: value is None or holds(value, owner)


def _are_losses(value: Any, estimator: Any) -> bool:
    return type(value) is list and len(value) >= 1 and all(map(is_number, value))


def _is_epoch(value: Any, estimator: Any) -> bool:
    return is_count(value) and value <= estimator.n_epochs_


NUMBER: Rule = ("a finite number", is_number)


POSITIVE: Rule = ("a positive number", lambda n, _: is_number(n) and n > 0)


COUNT: Rule = ("a whole number of at least 0", is_count)


A_COMPONENT: Rule = (
    "an array of a finite number for each component",
    lambda value, estimator: is_vector(value, estimator.n_components_),
)


LOSSES: Rule = ("a list of finite numbers", _are_losses)


TRAINED: dict[str, Rule] = {
    "n_epochs_": COUNT,
    "loss_curve_": LOSSES,
    "validation_loss_curve_": optional(LOSSES),
    "best_epoch_": ("an epoch that was run", _is_epoch),
    "best_validation_loss_": optional(NUMBER),
}


def columns_rules(columns: Callable[[Any], Any]) -> dict[str, Rule]:
    """Return rules of number and names of columns.

    Parameters
    ----------
    columns : callable
        Returns the columns of an estimator.

    Returns
    -------
    rules : dict of str to Rule
        By attribute.
    """
    return {
        "n_features_in_": (
            "the number of columns",
            lambda n, estimator: is_count(n) and n == len(columns(estimator).names),
        ),
        "feature_names_in_": (
            "the names of the columns",
            lambda names, estimator: _are_names(names, columns(estimator).names),
        ),
    }


def _are_names(value: Any, names: tuple[str, ...]) -> bool:
    array = isinstance(value, np.ndarray) and value.dtype == object
    return array and value.shape == (len(names),) and value.tolist() == list(names)


def restored(part: type, state: Any) -> Any:
    """Return an object of a class from what its `__getstate__` gave."""
    made = part.__new__(part)
    made.__setstate__(state)
    return made


def check_keys(owner: str, given: Any, keys) -> None:
    """Raise unless a state has these keys and no others."""
    if isinstance(given, list | tuple) or set(given) != set(keys):
        raise ValueError(
            f"The state of {owner} must have {sorted(keys)}, got "
            f"{sorted(map(str, given))}."
        )


def check_format(owner: str, state: dict[str, Any], wanted: int, keys) -> None:
    """Raise unless a state from outside is of a format, and has its keys.

    Parameters
    ----------
    owner : str
        What the error calls the state.

    state : dict
        What came.

    wanted : int
        The format that is read.

    keys : set of str
        What a state of that format has.
    """
    # As text: to NumPy 1 an empty array differs from no number.
    if repr(state.get("format")) != repr(wanted) or state.keys() != keys:
        raise ValueError(
            f"{owner} must be of format {wanted} with {sorted(keys)}, got format "
            f"{state.get('format')!r} with {sorted(map(str, state))}."
        )


def check_arrays(arrays: dict[str, Any], shapes: dict[str, tuple[int, ...]]) -> None:
    """Raise unless arrays from outside have these names and shapes, and finite floats.

    Parameters
    ----------
    arrays : dict of str to ndarray
        What came.

    shapes : dict of str to tuple of int
        What must come.
    """
    if not isinstance(arrays, dict) or arrays.keys() != shapes.keys():
        raise ValueError(
            f"The state must have the arrays {sorted(shapes)}, got {sorted(arrays)}."
        )
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype not in (
            np.float32,
            np.float64,
        ):
            raise ValueError(f"Array {name!r} must be of float32 or float64.")
        if array.shape != shapes[name]:
            raise ValueError(
                f"Array {name!r} must have shape {shapes[name]}, got {array.shape}."
            )
        if not np.isfinite(array).all():
            raise ValueError(f"Array {name!r} must be finite.")
