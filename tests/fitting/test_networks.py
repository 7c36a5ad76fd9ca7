import numpy as np
import pytest
import torch

from sklearn_ae._fitting.networks import (
    build_networks,
    design_network,
    layer_sizes,
    start_loss,
)
from sklearn_ae._fitting.problem import fit_starts
from sklearn_ae._fitting.reconstruct_rows import RowReconstruction
from sklearn_ae._training.random import RandomStreams
from sklearn_ae.nn import MaskingNoise


@pytest.fixture
def build(fit_table, make_recipe, X):
    """Build the networks of a fit; return them with design, starts and data."""

    def run(n_rows=100, **changes):
        recipe, streams = make_recipe(**changes), RandomStreams(0)
        columns = fit_table(X).codec.schema
        problem = RowReconstruction(recipe, columns, X[:n_rows])
        data = problem.prepare_data(recipe, streams)
        starts = fit_starts(problem, data, streams)
        arguments = problem.arguments(recipe, starts[0], data.gap_columns)
        design = design_network(recipe, arguments, data, streams)
        started = build_networks(recipe, design, starts, data, streams)
        return started, design, starts, data

    return run


def outputs(module, data):
    rows, _ = data.clean.take(torch.arange(len(data.clean)))
    with torch.no_grad():
        return module.eval()(rows)


def test_networks_stand_at_their_starts(build):
    started, design, starts, data = build()
    networks = started.networks
    found = [networks.module, *networks.fold_networks]
    assert len(found) == len(networks.starts) == len(starts) == 6
    for network, start in zip(found, starts, strict=True):
        expected = outputs(design.build_linear(start).float(), data)
        torch.testing.assert_close(outputs(network, data), expected)
        assert not network.is_linear


def test_epoch_zero_is_linear(build):
    started, _, _, data = build()
    assert started.networks.starts is started.linear
    assert all(network.is_linear for network in started.linear)
    expected = outputs(started.networks.module, data)
    torch.testing.assert_close(outputs(started.linear[0], data), expected)


def test_random_networks_start_alike(build):
    started, _, starts, data = build(init="random")
    networks = started.networks
    assert networks.starts is None
    assert started.unexplained_share == 1
    expected = outputs(networks.module, data)
    assert len(networks.fold_networks) == len(starts) - 1
    for network in networks.fold_networks:
        assert torch.equal(outputs(network, data), expected)


def test_the_seed_decides_the_weights(build):
    first, again = (build(init="random")[0].networks.module for _ in range(2))
    for one, other in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_share_is_the_starts(build):
    started, _, starts, _ = build()
    assert started.unexplained_share == starts[0].unexplained_share


def test_noise_adds_to_the_share(build):
    def masked(layout, generator):
        return MaskingNoise(layout, 0.5, generator=generator)

    started, _, starts, _ = build(noise=masked)
    assert starts[0].unexplained_share < started.unexplained_share <= 1


@pytest.mark.parametrize("n_rows", [100, 300])
def test_networks_are_prepared_on_their_rows(build, n_rows):
    prepared = []
    _, _, _, data = build(
        n_rows, prepare=lambda module, rows, generator: prepared.append(len(rows))
    )
    split = data.split
    sizes = [len(split.index)] * 2
    if len(split.parts) > 1:
        sizes = [n_rows, *(n_rows - len(part) for part in split.parts)]
    assert prepared == sizes


def test_starts_are_evaluated_on_their_parts(build):
    started, design, _, data = build()
    losses = []
    for network, part in zip(started.linear[1:], data.split.parts, strict=True):
        losses.append(design.objective(network, data.clean.take(part)).detach())
    found = start_loss(started.linear[1:], design.objective, data.split)
    assert found == pytest.approx(torch.cat(losses).mean().item())


def test_unvalidated_starts_have_no_loss(build):
    started, design, _, data = build(early_stopping=False)
    assert start_loss(started.linear[1:], design.objective, data.split) is None


def test_the_starts_loss_must_be_finite(build):
    started, _, _, data = build()
    with pytest.raises(ValueError, match="validation rows must be finite, got inf"):
        start_loss(
            started.linear[1:],
            lambda module, batch: torch.full((len(batch[0]),), torch.inf),
            data.split,
        )


@pytest.mark.parametrize("sizes", [4, np.int64(4), [4], (4,), np.array([4])])
def test_layer_sizes_become_a_tuple(sizes):
    assert layer_sizes(sizes) == (4,)
    assert all(type(size) is int for size in layer_sizes(sizes))


def test_no_layers_are_an_empty_tuple():
    assert layer_sizes(()) == ()


@pytest.mark.parametrize("sizes", [(4, 0), 2.5, ("4",), (-1,)])
def test_layer_sizes_must_be_positive_integers(sizes):
    with pytest.raises(ValueError, match="head_sizes must be integers of at least 1"):
        layer_sizes(sizes, "head_sizes")
