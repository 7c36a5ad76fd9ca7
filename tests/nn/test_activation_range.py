import pytest
import torch

from sklearn_ae.nn import ActivationClamp, extending_ranges, record_ranges
from sklearn_ae.nn._mlp import mlp


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def pairs(batches):
    return [(rows, torch.zeros(len(rows), 0)) for rows in batches]


def held(*values):
    hold = ActivationClamp(1)
    record_ranges(hold, pairs(torch.tensor([[value]]) for value in values))
    return hold


def test_units_are_held_to_their_recorded_range_and_a_quarter_more():
    x = torch.tensor([[-5.0], [0.5], [5.0]])
    expected = torch.tensor([[-0.5], [0.5], [2.5]])
    assert torch.equal(held(0.0, 1.0, 2.0)(x), expected)


def test_hold_is_the_identity_until_rows_are_recorded():
    x = torch.tensor([[-1e30], [0.5], [1e30]])
    assert torch.equal(ActivationClamp(1).eval()(x), x)


def test_hold_is_the_identity_while_training():
    x = torch.tensor([[-5.0], [5.0]])
    assert torch.equal(held(0.0, 2.0).train()(x), x)


def test_hold_passes_gradients_while_training():
    x = torch.tensor([[-5.0], [5.0]], requires_grad=True)
    held(0.0, 2.0).train()(x).sum().backward()
    assert torch.equal(x.grad, torch.ones(2, 1))


def test_training_again_forgets_the_former_range():
    hold = held(-9.0, 9.0).train()
    hold(torch.tensor([[0.0], [1.0]]))
    assert (hold.low.item(), hold.high.item()) == (0, 1)


def test_hold_is_the_identity_on_recorded_rows():
    network = mlp(4, (8, 5), 3, generator=generator()).eval()
    x = torch.randn(20, 4, generator=generator(1))
    before = network(x)
    record_ranges(network, pairs(x.split(7)))
    assert torch.equal(network(x), before)


def test_recording_leaves_the_network_in_eval():
    network = mlp(4, (8,), 3).train()
    record_ranges(network, pairs([torch.zeros(2, 4)]))
    assert not any(part.training for part in network.modules())


def test_a_held_stack_is_bounded_far_from_its_rows():
    network = mlp(4, (8, 5), 3, generator=generator())
    x = torch.randn(20, 4, generator=generator(1))
    record_ranges(network, pairs([x]))
    torch.testing.assert_close(network(1e6 * x), network(1e9 * x))


@pytest.mark.parametrize("method", ["eval", "train"])
def test_switching_modes_without_rows_changes_nothing(method):
    hold = held(0.0, 2.0)
    getattr(hold.train(), method)().eval()
    assert torch.equal(hold(torch.tensor([[9.0]])), torch.tensor([[2.5]]))


def test_extended_ranges_span_those_before_and_those_within():
    hold = held(0.0, 2.0)
    with extending_ranges(hold):
        record_ranges(hold, pairs([torch.tensor([[1.0], [5.0]])]))
    assert (hold.low.item(), hold.high.item()) == (0, 5)


def test_a_first_range_is_extended_by_nothing():
    hold = ActivationClamp(1)
    with extending_ranges(hold):
        record_ranges(hold, pairs([torch.tensor([[1.0], [5.0]])]))
    assert (hold.low.item(), hold.high.item()) == (1, 5)
