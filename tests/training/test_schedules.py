import math
from types import SimpleNamespace

import pytest
import torch
from skorch.history import History

from sklearn_ae._training.schedules import ShrinkingNoise, WarmUp, one_cycle
from sklearn_ae.nn import Layout, UniformNoise


@pytest.fixture
def noise():
    one = torch.ones(1)
    layout = Layout(column=torch.tensor([0]), missing=one, noise_unit=one, n_cells=1.0)
    return UniformNoise(layout, 0.0, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def levels(noise):
    """Return the level of every epoch, for training losses of the former ones."""

    def run(losses, start_loss=1.0, max_epochs=4):
        callback, found = ShrinkingNoise(noise, start_loss), []
        module = SimpleNamespace(residual_deviation=math.sqrt)
        net = SimpleNamespace(history=History(), max_epochs=max_epochs, module_=module)
        for loss in losses:
            net.history.new_epoch()
            callback.on_epoch_begin(net)
            found.append(noise.high)
            net.history.record("train_loss", loss)
        callback.on_train_end(net)
        return found

    return run


def test_levels_follow_loss_and_epochs_left(levels):
    expected = [1.0, 0.75 * 0.9, 0.5 * 0.5, 0.25 * 0.2]
    assert levels([0.81, 0.25, 0.04, 0.01]) == pytest.approx(expected)


def test_levels_never_exceed_the_starts(levels):
    expected = [0.1 * left for left in (1, 0.75, 0.5, 0.25)]
    assert levels([4.0, math.inf, 9.0, 9.0], 0.01) == pytest.approx(expected)


def test_exact_starts_get_no_noise(levels):
    assert levels([1.0, 1.0], start_loss=0.0) == [0, 0]


def test_noise_ends_with_training(levels, noise):
    levels([1.0])
    assert torch.equal(noise(torch.ones(2, 1)), torch.ones(2, 1))


def test_penalties_warm_up_linearly():
    objective, seen = SimpleNamespace(warmth=1.0), []
    callback, net = WarmUp(objective, 4), SimpleNamespace(history=History())
    for _ in range(6):
        net.history.new_epoch()
        callback.on_epoch_begin(net)
        seen.append(objective.warmth)
    assert seen == [0, 0.25, 0.5, 0.75, 1, 1]
    objective.warmth = 0.5
    callback.on_train_end(net)
    assert objective.warmth == 1


def test_rates_rise_and_fall_linearly():
    found = [one_cycle(step, 20) for step in range(21)]
    assert found == pytest.approx([0.5, *(n / 19 for n in range(19, -1, -1))])
    assert [one_cycle(step, 3) for step in range(4)] == pytest.approx(
        [1, 2 / 3, 1 / 3, 0]
    )


@pytest.mark.parametrize("n_steps", [1, 2, 5, 9, 10, 11, 1000])
def test_schedule_stays_between_zero_and_one(n_steps):
    shares = [one_cycle(step, n_steps) for step in range(n_steps)]
    assert all(0 < share <= 1 for share in shares)
    assert one_cycle(n_steps, n_steps) == 0
