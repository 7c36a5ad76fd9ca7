"""Rules of a network's arguments and weights."""

import inspect
from typing import Any

import numpy as np
from torch import nn

from ..nn import ACTIVATIONS, CODINGS, NETWORKS
from .rules import Array, Condition, Context, Count, Number, OneOf, Rule
from .schemas import DictOf, IfPresent, ListOf, OrNone

# Sizes up to 64 are accepted whatever the number of weights.
_LEAST_LIMIT = 64
# Limit of the entries of the atoms' Gram matrix: so many a weight, at least 2**25.
_GRAM_ENTRIES_A_WEIGHT, _GRAM_ENTRIES = 256, 2**25
_UNBUILDABLE = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)
_SEQUENCES = (tuple, list)
# Sizes of networks that other entries share.
_SHARED = ("n_features", "n_components", "n_outputs")


def _is_odd(number: Any, context: Context) -> bool:
    return (
        type(number) is int and number % 2 == 1 and 1 <= number <= context["size_limit"]
    )


def _are_columns(columns: Any, context: Context) -> bool:
    inside = type(columns) in _SEQUENCES and all(
        type(column) is int and 0 <= column < context["n_features"]
        for column in columns
    )
    return inside and len(set(columns)) == len(columns) <= context["size_limit"]


_SIZE = Count(">= 1", "<= size_limit")
_SIZES = ListOf(_SIZE, "<= length_limit", kinds=_SEQUENCES)
_RULES: dict[str, Rule] = {
    "n_features": _SIZE,
    "n_components": _SIZE,
    "n_outputs": OrNone(_SIZE),
    "n_prior_components": _SIZE,
    "hidden_layer_sizes": _SIZES,
    "channels": _SIZES,
    "kernel_size": Condition("an odd integer, at most the number of weights", _is_odd),
    "input_shape": OrNone(
        ListOf(_SIZE, ">= 2", "<= 4", product="n_features", kinds=_SEQUENCES)
    ),
    "output_shape": ListOf(
        _SIZE, ">= 2", "<= 4", product="n_outputs", kinds=_SEQUENCES
    ),
    "gap_columns": Condition("distinct positions among n_features", _are_columns),
    "activation": OneOf(ACTIVATIONS),
    "sparsity": OneOf(CODINGS),
    "k": OrNone(_SIZE),
    "alpha": Number(">= 0"),
    "target_activity": Number("> 0", "< 1"),
}


class NetworkArguments(Rule):
    """Rule of the arguments of a network, whose weights are in the same state.

    Sizes must not exceed the number of all numbers in the state, so that a small file
    can't ask for a large network. Later entries know the network's sizes, its number of
    weights and their shapes.

    Parameters
    ----------
    network_class : type, default=None
        None means the class that the entry `kind` names, a key of `NETWORKS`.
    """

    def __init__(self, network_class: type[nn.Module] | None = None) -> None:
        self._class = network_class

    def read(self, value: Any, name: str, context: Context) -> dict[str, Any]:
        """Return the arguments, if the network can be built of them."""
        network_class = self._class or NETWORKS[context["kind"]]
        limits = {
            "size_limit": max(_LEAST_LIMIT, context["n_numbers"]),
            "length_limit": max(_LEAST_LIMIT, context["n_arrays"]),
        }
        schema = _argument_rules(network_class)
        arguments = DictOf(schema).read(value, name, context | limits)
        _check_shared(name, arguments, context)
        if "sparsity" in arguments:
            _check_gram_matrix(arguments["n_components"], limits["size_limit"])
        context.update(_built_sizes(network_class, arguments))
        return arguments


class Weights(Rule):
    """Rule of the weights of the network whose arguments came before."""

    def read(self, value: Any, name: str, context: Context) -> dict[str, np.ndarray]:
        """Return the weights by name."""
        shapes = context["shapes"]
        schema = {key: Array(shape) for key, shape in shapes.items()}
        return DictOf(schema).read(value, name, context)


def _argument_rules(network_class: type[nn.Module]) -> dict[str, Rule]:
    """Return the rules of the arguments that a class takes; some have defaults."""
    taken = inspect.signature(network_class).parameters
    return {
        name: rule
        if taken[name].default is inspect.Parameter.empty
        else IfPresent(rule)
        for name, rule in _RULES.items()
        if name in taken
    }


def _check_shared(name: str, arguments: dict[str, Any], context: Context) -> None:
    """Raise unless a network has the sizes of one before it, and add its sizes."""
    for size in _SHARED:
        number = arguments.get(size)
        if number is not None and context.setdefault(size, number) != number:
            raise ValueError(f"{name}.{size} must be {context[size]}, got {number}.")


def _check_gram_matrix(n_atoms: int, n_weights: int) -> None:
    limit = max(_GRAM_ENTRIES, _GRAM_ENTRIES_A_WEIGHT * n_weights)
    if n_atoms**2 > limit:
        raise ValueError(
            f"The Gram matrix of atoms must have at most {limit} entries, got "
            f"{n_atoms} atoms with {n_weights} weights."
        )


def _built_sizes(
    network_class: type[nn.Module], arguments: dict[str, Any]
) -> dict[str, Any]:
    """Return the number of a network's weights, and the shapes of its state."""
    try:
        network = network_class(**arguments, device="meta")
    except _UNBUILDABLE as error:
        raise ValueError(
            f"A {network_class.__name__} can't be built of what came: {error}"
        ) from error
    state = network.state_dict()
    return {
        "n_weights": sum(part.numel() for part in network.parameters()),
        "shapes": {key: tuple(part.shape) for key, part in state.items()},
    }
