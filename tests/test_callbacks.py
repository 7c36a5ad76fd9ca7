"""Noise that shrinks; the other callbacks are tested with the engine."""

import math
from types import SimpleNamespace

import pytest
import torch
from skorch.history import History

from sklearn_ae._callbacks import ProgressBar, ShrinkingNoise, WarmUp, one_cycle
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


def test_level_is_the_root_of_the_last_loss_times_the_share_of_epochs_left(levels):
    expected = [1.0, 0.75 * 0.9, 0.5 * 0.5, 0.25 * 0.2]
    assert levels([0.81, 0.25, 0.04, 0.01]) == pytest.approx(expected)


def test_level_never_exceeds_that_of_the_start(levels):
    expected = [0.1 * left for left in (1, 0.75, 0.5, 0.25)]
    assert levels([4.0, math.inf, 9.0, 9.0], 0.01) == pytest.approx(expected)


def test_a_start_that_leaves_nothing_gets_no_noise(levels):
    assert levels([1.0, 1.0], start_loss=0.0) == [0, 0]


def test_noise_ends_with_training(levels, noise):
    levels([1.0])
    assert torch.equal(noise(torch.ones(2, 1)), torch.ones(2, 1))


def test_a_penalty_warms_up_in_a_straight_line_and_stays_warm():
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


@pytest.mark.parametrize("judged", [True, False])
def test_the_bar_shows_the_losses_of_the_last_epoch(capsys, judged):
    bar, net = ProgressBar({"PCA": 0.5}, 2).initialize(), SimpleNamespace()
    bar.on_train_end(net)  # of a fit that ended before it began
    net.history = History()
    bar.on_train_begin(net)
    for loss in (0.4, 0.25):
        net.history.new_epoch()
        net.history.record("train_loss", loss)
        if judged:
            net.history.record("valid_loss", 2 * loss)
        bar.on_epoch_end(net)
    bar.on_train_end(net)
    shown = "train=0.25, validation=0.5, PCA=0.5" if judged else "train=0.25, PCA=0.5"
    assert shown in capsys.readouterr().err
    assert bar.bar_.n == 2
    assert bar.bar_.unit == "epoch"


def test_rates_rise_and_fall_in_straight_lines():
    found = [one_cycle(step, 20) for step in range(21)]
    assert found == pytest.approx([0.5, *(n / 19 for n in range(19, -1, -1))])
    assert [one_cycle(step, 3) for step in range(4)] == pytest.approx(
        [1, 2 / 3, 1 / 3, 0]
    )
