import numpy as np
import pytest
import torch

from sklearn_ae._training.online import (
    ScheduleFreeAdamW,
    check_convergence,
    flatten_weights,
    train_one_pass,
)
from sklearn_ae._training.rows import TensorRows
from sklearn_ae._training.settings import TrainingSettings


@pytest.fixture
def weights():
    parameter = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
    parameter.grad = torch.zeros(2)
    return parameter


def fresh(weights):
    return ScheduleFreeAdamW.initial_state(weights.detach().numpy())


def descend(weights, state, n_steps, weight_decay=0.0):
    """Step down the square of the distance from one, and return the state."""
    stepper = ScheduleFreeAdamW(weights, state)
    for _ in range(n_steps):
        stepper.interpolate()
        weights.grad.copy_(2 * (weights.detach() - 1))
        stepper.step(torch.full((2,), 0.1), weight_decay)
    stepper.load_average()
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


def test_pieces_have_the_wholes_bits(weights):
    start = fresh(weights)
    whole = descend(weights, start, 60)
    pieces = start
    for n_steps in (7, 52, 1):
        pieces = descend(weights, pieces, n_steps)
    assert pieces["n_steps"] == whole["n_steps"] == 60
    for name in ("average", "ahead", "squares"):
        np.testing.assert_array_equal(pieces[name], whole[name])


def test_states_are_not_changed(weights):
    state = fresh(weights)
    before = {name: np.copy(value) for name, value in state.items()}
    for array in (state["average"], state["ahead"], state["squares"]):
        array.flags.writeable = False
    descend(weights, state, 5)
    for name, value in before.items():
        np.testing.assert_array_equal(state[name], value)


class Sized:
    """Rows that note how many were taken at once, and which."""

    def __init__(self, rows):
        self._rows, self.taken = TensorRows(rows), []

    def __len__(self):
        return len(self._rows)

    def take(self, index):
        self.taken.append(index)
        return self._rows.take(index)


def squared(module, batch):
    x, target = batch
    return (module(x) - target - 1).square().sum(dim=1)


def run(rows, learning_rate=0.01):
    torch.manual_seed(0)
    module = torch.nn.Linear(2, 2)
    settings = TrainingSettings(
        learning_rate, {"weight": 1.0, "bias": 0.5}, batch_size=4, max_epochs=1
    )
    steps = ScheduleFreeAdamW.initial_state(flatten_weights(module))
    generator = torch.Generator().manual_seed(0)
    done = train_one_pass(module, squared, rows, settings, steps, generator)
    check_convergence(done, 1.0, settings)
    return module, done


@pytest.mark.parametrize(
    ("n_rows", "sizes"), [(1, [1]), (4, [4]), (5, [3, 2]), (11, [4, 4, 3])]
)
def test_passes_take_rows_in_even_batches(n_rows, sizes):
    rows = Sized(torch.ones(n_rows, 2))
    run(rows)
    assert [len(index) for index in rows.taken] == sizes
    assert sorted(torch.cat(rows.taken).tolist()) == list(range(n_rows))


def test_modules_end_as_averages_in_eval():
    module, done = run(Sized(torch.ones(9, 2)))
    assert not module.training
    np.testing.assert_array_equal(flatten_weights(module), done.steps["average"])


def test_exploding_losses_raise():
    with pytest.raises(ValueError, match=r"learning_rate=1e[+]30.*smaller"):
        run(Sized(torch.ones(50, 2)), learning_rate=1e30)
