import numpy as np
import pytest
import torch

from sklearn_ae._training.online import ScheduleFreeAdamW


@pytest.fixture
def weights():
    parameter = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
    parameter.grad = torch.zeros(2)
    return parameter


def fresh(weights):
    return ScheduleFreeAdamW.fresh_state(weights.detach().numpy())


def descend(weights, state, n_steps, weight_decay=0.0):
    """Step down the square of the distance from one, and return the state."""
    stepper = ScheduleFreeAdamW(weights, state)
    for _ in range(n_steps):
        stepper.place()
        weights.grad.copy_(2 * (weights.detach() - 1))
        stepper.step(torch.full((2,), 0.1), weight_decay)
    stepper.show_average()
    return stepper.state()


def test_it_finds_a_minimum(weights):
    descend(weights, fresh(weights), 300)
    np.testing.assert_allclose(weights.detach().numpy(), 1, atol=0.02)


def test_weight_decay_draws_to_zero(weights):
    descend(weights, fresh(weights), 300, weight_decay=1.0)
    assert (weights < 0.9).all()


def test_no_step_changes_nothing(weights):
    before = weights.detach().clone()
    descend(weights, fresh(weights), 0)
    assert torch.equal(weights, before)


def test_pieces_make_the_same_bits_as_the_whole(weights):
    start = fresh(weights)
    whole = descend(weights, start, 60)
    pieces = start
    for n_steps in (7, 52, 1):
        pieces = descend(weights, pieces, n_steps)
    assert pieces["n_steps"] == whole["n_steps"] == 60
    for name in ("average", "ahead", "squares"):
        np.testing.assert_array_equal(pieces[name], whole[name])


def test_a_state_is_left_as_it_is(weights):
    state = fresh(weights)
    before = {name: np.copy(value) for name, value in state.items()}
    for array in (state["average"], state["ahead"], state["squares"]):
        array.flags.writeable = False
    descend(weights, state, 5)
    for name, value in before.items():
        np.testing.assert_array_equal(state[name], value)
