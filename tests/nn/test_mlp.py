import math

import pytest
import torch

from sklearn_ae.nn import ACTIVATIONS
from sklearn_ae.nn._mlp import linear, mlp


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("sizes", [(3,), (5, 4), [6, 5, 4]])
def test_mlp_has_given_widths(sizes):
    weights = [p.shape for n, p in mlp(7, sizes, 2).named_parameters() if "weight" in n]
    widths = [7, *sizes, 2]
    assert weights == list(zip(widths[1:], widths[:-1], strict=True))


def test_zero_last_layer_returns_zeros():
    layers = mlp(4, (8, 5), 3)
    with torch.no_grad():
        layers.last.weight.zero_()
    assert not layers(torch.randn(6, 4, generator=generator())).any()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_are_not_linear(activation):
    layers = mlp(4, (8,), 3, activation, generator=generator())
    x = torch.linspace(-3, 3, 20).reshape(5, 4)
    assert not torch.allclose(layers(x) + layers(-x), 2 * layers(0 * x), atol=1e-3)


@pytest.mark.parametrize("bias", [True, False])
def test_weights_are_within_torchs_bound(bias):
    layer = linear(16, 400, bias=bias, generator=generator())
    for parameter in layer.parameters():
        assert parameter.abs().max().item() <= 1 / math.sqrt(16)
        assert parameter.std().item() == pytest.approx(1 / math.sqrt(3 * 16), rel=0.1)


def test_same_generator_gives_same_weights():
    first, second = (mlp(4, (8,), 3, generator=generator(1)) for _ in range(2))
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_other_seeds_give_other_weights():
    first, second = (linear(4, 3, generator=generator(seed)) for seed in (0, 1))
    assert not torch.equal(first.weight, second.weight)


def test_global_generator_is_not_used():
    before = torch.get_rng_state()
    mlp(4, (8,), 3, generator=generator())
    assert torch.equal(torch.get_rng_state(), before)


def test_meta_device_draws_nothing():
    source = generator()
    before = source.get_state()
    layers = mlp(4, (8,), 3, generator=source, device="meta")
    assert all(parameter.is_meta for parameter in layers.parameters())
    assert torch.equal(source.get_state(), before)
