import inspect

import numpy as np
import pytest
import torch

from sklearn_ae._persistence.network_arguments import (
    _RULES,
    NetworkArguments,
    Weights,
)
from sklearn_ae._persistence.schemas import read_state
from sklearn_ae.nn import (
    NETWORKS as NETWORK_CLASSES,
)
from sklearn_ae.nn import (
    Autoencoder,
    ConvolutionalMap,
    Head,
    SparseNetwork,
    VariationalNetwork,
)

DENSE = {"n_features": 4, "n_components": 2, "hidden_layer_sizes": (3,)}
PICTURES = {"input_shape": (2, 2, 1), "channels": (2,), "hidden_layer_sizes": ()}
MAP = {"n_features": 4, "n_components": 4, "n_outputs": 16, "input_shape": (2, 2, 1)}
MAP |= {"output_shape": (4, 4, 1), "channels": (2,)}
NETWORKS = {
    "dense": (Autoencoder, DENSE | {"gap_columns": (3, 0)}),
    "convolutions": (Autoencoder, DENSE | PICTURES),
    "map": (ConvolutionalMap, MAP),
    "atoms": (SparseNetwork, DENSE | {"sparsity": "l1", "alpha": 0.5, "k": None}),
    "variational": (VariationalNetwork, DENSE | {"n_prior_components": 2}),
    "head": (Head, {"n_components": 2, "n_outputs": 3}),
}


def weights(kind, arguments):
    state = kind(**arguments).state_dict()
    # Ranges of activations are infinite before a fit.
    return {name: np.nan_to_num(value.numpy()) for name, value in state.items()}


def read(kind, arguments, arrays):
    schema = {"arguments": NetworkArguments(kind), "arrays": Weights()}
    return read_state("state", {"arguments": arguments, "arrays": arrays}, schema)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_keep_their_arguments_and_weights(name):
    kind, arguments = NETWORKS[name]
    arrays = weights(kind, arguments)
    state = read(kind, arguments, arrays)
    assert state["arguments"] == arguments
    assert state["arrays"].keys() == arrays.keys()


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_of_another_shape_are_refused(name):
    kind, arguments = NETWORKS[name]
    arrays = weights(kind, arguments)
    for key, array in arrays.items():
        with pytest.raises(ValueError, match=f"arrays.{key} must be"):
            read(kind, arguments, arrays | {key: array[..., None]})


def test_sizes_of_networks_agree():
    context = {"n_numbers": 100, "n_arrays": 4, "n_components": 3}
    with pytest.raises(ValueError, match=r"head\.n_components must be 3, got 2"):
        NetworkArguments(Head).read(
            {"n_components": 2, "n_outputs": 3}, "head", context
        )


@pytest.mark.parametrize("kind", [*NETWORK_CLASSES.values(), Head])
def test_every_argument_has_a_rule(kind):
    taken = inspect.signature(kind).parameters.keys()
    assert taken - _RULES.keys() <= {"generator", "device", "fuse"}


WRONG = {
    "n_features": [0, -4, 4.0, True, "4", None, 10**12],
    "n_components": [10**9, 0],
    "hidden_layer_sizes": [3, (0,), (3.0,), (10**9,), (3,) * 1000, "3"],
    "activation": ["linear", 3, None],
    "n_outputs": [0, 10**9],
    "input_shape": [(4,), (2, 3, 1), (4, 1, 1, 1, 1), 4],
    "channels": [(0,), 3, (10**9,)],
    "kernel_size": [2, 10**9 + 1, None],
    "gap_columns": [(4,), (0, 0), (-1,), 0],
    "generator": [None],
    "more": [1],
}


@pytest.mark.parametrize("name", WRONG)
def test_other_arguments_are_refused(name):
    kind, arguments = NETWORKS["dense"]
    arrays = weights(kind, arguments)
    for value in WRONG[name]:
        with pytest.raises(ValueError, match=name):
            read(kind, arguments | {name: value}, arrays)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sparsity": "none"},
        {"k": 0},
        {"alpha": -1.0},
        {"alpha": float("nan")},
        {"target_activity": 1.0},
        {"target_activity": 1},
    ],
)
def test_other_ways_of_sparsity_are_refused(wrong):
    kind, arguments = NETWORKS["atoms"]
    with pytest.raises(ValueError, match=next(iter(wrong))):
        read(kind, arguments | wrong, weights(kind, arguments))


def test_gram_matrices_are_limited():
    arguments = {"n_features": 1, "n_components": 2**15}
    arrays = {"atoms": np.zeros((2**15, 1)), "bias": np.zeros(1)}
    with pytest.raises(ValueError, match="Gram matrix"):
        read(SparseNetwork, arguments | {"sparsity": "topk"}, arrays)


@pytest.mark.parametrize("arguments", [None, [], {}, {"n_features": 4}])
def test_incomplete_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match="arguments must"):
        read(Autoencoder, arguments, {})


@pytest.mark.parametrize("arrays", [None, {"bias": [0.0]}, {3: np.zeros(2)}])
def test_weights_must_be_arrays(arrays):
    with pytest.raises(ValueError, match="arrays must"):
        read(Autoencoder, DENSE, arrays)


def test_contradicting_arguments_are_refused():
    kind, arguments = NETWORKS["map"]
    odd = arguments | {"output_shape": (8, 2, 1)}
    with pytest.raises(ValueError, match="can't be built"):
        read(kind, odd, weights(kind, arguments))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("unit", 0.0, "positive"),
        ("prior.weights", 1.0, "sum to 1"),
        ("prior.factors", -1.0, "diagonals"),
    ],
)
def test_variational_weights_make_sense(name, value, words):
    network = VariationalNetwork(**NETWORKS["variational"][1])
    network.check()
    network.state_dict()[name].fill_(value)
    with pytest.raises(ValueError, match=words):
        network.check()


def test_heads_divide_by_positive_scales():
    head = Head(2, 3)
    head.check()
    head.scale.copy_(torch.tensor([1.0, 0.0]))
    with pytest.raises(ValueError, match="positive"):
        head.check()
