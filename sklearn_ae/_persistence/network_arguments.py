"""What arguments a network may be built of when they come from outside."""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import nn

from ..nn import ACTIVATIONS, CODINGS

_NOT_STORED = {"generator", "device", "fuse"}
_MOST_AXES = 3
# A size that needs no weights to speak for it.
_ALWAYS = 64
# Products of atoms are made of weights, so many of each, and more of few.
_PRODUCTS_A_WEIGHT, _PRODUCTS = 256, 2**25
_UNBUILDABLE = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


def check_and_infer_shapes(
    network_class: type[nn.Module], arguments: Any, arrays: Any
) -> dict[str, tuple[int, ...]]:
    """Check a network's arguments, and return the shapes of its weights.

    Nothing is made that is larger than the arrays.

    Parameters
    ----------
    network_class : type
        What is to be built.

    arguments : dict of str to object
        What came as its arguments.

    arrays : dict of str to ndarray
        What came as its weights.

    Returns
    -------
    shapes : dict of str to tuple of int
        By the names of weights.

    Raises
    ------
    ValueError
        If it can't be built of them.
    """
    _check_are_arrays(arrays)
    _check_names(network_class, arguments)
    most = max(_ALWAYS, sum(array.size for array in arrays.values()))
    for name in [name for name in _RULES if name in arguments]:
        value = arguments[name]
        n_items = most if name == "gap_columns" else max(_ALWAYS, len(arrays))
        if not _RULES[name](value, arguments) or not _fits(value, most, n_items):
            raise ValueError(
                f"{name} of a {network_class.__name__} with {len(arrays)} arrays of "
                f"weights can't be {_short(value)}."
            )
    if "sparsity" in arguments and arguments["n_components"] ** 2 > _room(most):
        raise ValueError(
            f"Products of {arguments['n_components']} atoms must have room, got {most} "
            "weights."
        )
    try:
        network = network_class(**arguments, device="meta")
    except _UNBUILDABLE as error:
        raise ValueError(
            f"A {network_class.__name__} can't be built of what came: {error}"
        ) from error
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def _check_are_arrays(arrays: Any) -> None:
    if not isinstance(arrays, dict):
        raise ValueError("The weights of a network must be arrays by name.")
    for name, array in arrays.items():
        if not isinstance(name, str) or not isinstance(array, np.ndarray):
            raise ValueError(f"Array {name!r} must be one, got {type(array).__name__}.")


def _check_names(network_class: type, arguments: Any) -> None:
    taken = inspect.signature(network_class).parameters
    taken = {name: taken[name].default for name in taken.keys() - _NOT_STORED}
    needed = {name for name in taken if taken[name] is inspect.Parameter.empty}
    given = set(arguments) if isinstance(arguments, dict) else set()
    if not needed <= given <= taken.keys():
        raise ValueError(
            f"The arguments of a {network_class.__name__} must be of "
            f"{sorted(taken)}, got {sorted(map(str, given))}."
        )


def _fits(value: Any, most: int, n_items: int) -> bool:
    """Tell whether numbers are no larger than so many weights give room for."""
    if isinstance(value, tuple | list):
        return len(value) <= n_items and all(number <= most for number in value)
    return type(value) is not int or value <= most


def _room(n_weights: int) -> int:
    return max(_PRODUCTS, _PRODUCTS_A_WEIGHT * n_weights)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 1


def _are_counts(value: Any, arguments: Any = None) -> bool:
    return isinstance(value, tuple | list) and all(map(_is_count, value))


def _is_shape(value: Any) -> bool:
    return _are_counts(value) and 2 <= len(value) <= 1 + _MOST_AXES


def _is_input_shape(value: Any, arguments: dict) -> bool:
    if value is None:
        return True
    return _is_shape(value) and math.prod(value) == arguments["n_features"]


def _is_output_shape(value: Any, arguments: dict) -> bool:
    return _is_shape(value) and math.prod(value) == arguments["n_outputs"]


def _are_columns(value: Any, arguments: dict) -> bool:
    if not isinstance(value, tuple | list):
        return False
    whole = all(type(n) is int and 0 <= n < arguments["n_features"] for n in value)
    return whole and len(set(value)) == len(value)


def _one_of(table: Mapping) -> Callable[[Any, Any], bool]:
    return lambda value, arguments: isinstance(value, str) and value in table


_RULES: dict[str, Callable[[Any, dict], bool]] = {
    "n_features": lambda n, arguments: _is_count(n),
    "n_components": lambda n, arguments: _is_count(n),
    "n_outputs": lambda n, arguments: n is None or _is_count(n),
    "n_prior_components": lambda n, arguments: _is_count(n),
    "hidden_layer_sizes": _are_counts,
    "channels": _are_counts,
    "kernel_size": lambda n, arguments: _is_count(n) and n % 2 == 1,
    "input_shape": _is_input_shape,
    "output_shape": _is_output_shape,
    "gap_columns": _are_columns,
    "activation": _one_of(ACTIVATIONS),
    "sparsity": _one_of(CODINGS),
    "k": lambda k, arguments: k is None or _is_count(k),
    "alpha": lambda weight, arguments: type(weight) is float and 0 <= weight < math.inf,
    "target_activity": lambda share, arguments: type(share) is float and 0 < share < 1,
}
