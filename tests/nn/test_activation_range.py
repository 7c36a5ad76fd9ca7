import pytest
import torch

from sklearn_ae.nn import ActivationClamp, extending_ranges, recording_ranges
from sklearn_ae.nn._mlp import mlp


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def record(module, *batches):
    with recording_ranges(module):
        for x in batches:
            module(x)
    return module


def clamp_after(*values):
    """Return a clamp of one unit that saw these values, one a batch."""
    return record(ActivationClamp(1), *(torch.tensor([[value]]) for value in values))


def bounds(clamp):
    return clamp.low.item(), clamp.high.item()


def test_units_are_clamped_with_a_margin():
    x = torch.tensor([[-5.0], [0.5], [5.0]])
    expected = torch.tensor([[-0.5], [0.5], [2.5]])
    assert torch.equal(clamp_after(0.0, 1.0, 2.0)(x), expected)


def test_clamp_without_rows_is_the_identity():
    x = torch.tensor([[-1e30], [0.5], [1e30]])
    assert torch.equal(ActivationClamp(1).eval()(x), x)


def test_training_clamp_is_the_identity():
    x = torch.tensor([[-5.0], [5.0]])
    assert torch.equal(clamp_after(0.0, 2.0).train()(x), x)


def test_training_clamp_passes_gradients():
    x = torch.tensor([[-5.0], [5.0]], requires_grad=True)
    clamp_after(0.0, 2.0).train()(x).sum().backward()
    assert torch.equal(x.grad, torch.ones(2, 1))


def test_training_again_begins_a_range():
    clamp = clamp_after(-9.0, 9.0).train()
    clamp(torch.tensor([[0.0], [1.0]]))
    assert bounds(clamp) == (0, 1)


def test_recorded_rows_pass_unchanged():
    network = mlp(4, (8, 5), 3, generator=generator()).eval()
    x = torch.randn(20, 4, generator=generator(1))
    before = network(x)
    record(network, *x.split(7))
    assert torch.equal(network(x), before)


def test_recording_ends_in_eval():
    network = record(mlp(4, (8,), 3).train(), torch.zeros(2, 4))
    assert not any(part.training for part in network.modules())


def test_clamped_layers_are_bounded():
    network = mlp(4, (8, 5), 3, generator=generator())
    x = torch.randn(20, 4, generator=generator(1))
    record(network, x)
    torch.testing.assert_close(network(1e6 * x), network(1e9 * x))


@pytest.mark.parametrize("method", ["eval", "train"])
def test_switching_modes_keeps_the_range(method):
    clamp = clamp_after(0.0, 2.0)
    getattr(clamp.train(), method)().eval()
    assert torch.equal(clamp(torch.tensor([[9.0]])), torch.tensor([[2.5]]))


def test_extended_range_spans_both():
    clamp = clamp_after(0.0, 2.0)
    with extending_ranges(clamp):
        record(clamp, torch.tensor([[1.0], [5.0]]))
    assert bounds(clamp) == (0, 5)


def test_first_range_is_not_extended():
    clamp = ActivationClamp(1)
    with extending_ranges(clamp):
        record(clamp, torch.tensor([[1.0], [5.0]]))
    assert bounds(clamp) == (1, 5)


CHANNELS = torch.tensor([[[0.0, 4.0], [1.0, 1.0]], [[-4.0, 0.0], [1.0, 2.0]]])


def test_channels_share_a_range_over_cells():
    clamp = record(ActivationClamp(2, dim=1), *CHANNELS.split(1))
    assert torch.equal(clamp.low, torch.tensor([-4.0, 1.0]))
    assert torch.equal(clamp.high, torch.tensor([4.0, 2.0]))


def test_channels_are_clamped_one_by_one():
    clamp = record(ActivationClamp(2, dim=1), CHANNELS)
    expected = torch.tensor([[[6.0, -6.0], [2.25, 0.75]]])
    far = torch.tensor([[[9.0, -9.0], [9.0, -9.0]]])
    assert torch.equal(clamp(far), expected)
