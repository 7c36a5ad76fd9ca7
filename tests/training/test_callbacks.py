"""Callbacks on histories; most are tested with the engine, too."""

import math
import re
import signal
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EarlyStopping
from skorch.history import History

from sklearn_ae._training.callbacks import (
    BestEpoch,
    Divergence,
    EpochEnd,
    ProgressBar,
    Stop,
    check_callbacks,
    is_callback_stop,
)


def after(n_epochs, **losses):
    """Return a history whose last epoch has some losses."""
    history = History()
    for _ in range(n_epochs):
        history.new_epoch()
    for name, loss in losses.items():
        history.record(name, loss)
    return history


class Stopper(Callback):
    """Stop training as skorch's own do, or leave it to something else."""

    def stop(self):
        raise KeyboardInterrupt

    def leave(self, interrupt):
        interrupt()

    def press(self):
        signal.raise_signal(signal.SIGINT)


def interrupt():
    raise KeyboardInterrupt


WAYS = {
    "stop": (lambda: Stopper().stop(), True),
    "Ctrl-C": (lambda: Stopper().press(), False),
    "somebody's handler": (lambda: Stopper().leave(interrupt), False),
}


@pytest.mark.parametrize("way", WAYS)
def test_callbacks_stop_unlike_ctrl_c(press_ctrl_c, way):
    run, expected = WAYS[way]
    with pytest.raises(KeyboardInterrupt) as caught:
        run()
    assert is_callback_stop(caught.value) is expected


def test_callbacks_may_be_classes_or_named():
    check_callbacks([Callback(), Callback, EarlyStopping, ("one", EarlyStopping())])


@pytest.mark.parametrize("item", [int, ("one", int), ("one", 2, Callback())])
def test_other_objects_are_shown(item):
    with pytest.raises(ValueError, match=re.escape(f"got {item!r}.")):
        check_callbacks([Callback(), item])


@pytest.fixture
def best():
    """Return the best epoch, of a training that has not begun."""
    return BestEpoch({"factor": torch.ones(2)}, torch.tensor([1.0, 3.0])).initialize()


def test_the_start_is_no_epoch(best):
    assert (best.epoch_, best.loss_, best.start_loss) == (0, math.inf, 2.0)
    assert best.weights_ is best.weights


META = torch.device("meta")  # tells where tensors are put without another device


@pytest.mark.parametrize("epoch", [1, 3])
def test_best_epochs_resume_from_a_state(best, epoch):
    state = {"loss": 0.5, "epoch": epoch, "weights": {"factor": np.ones(2)}}
    state["row_losses"] = np.array([0.25, 0.75])
    best.restore(state, torch.device("cpu"), 3)
    np.testing.assert_equal(best.state(), state)
    best.restore(state, META, 3)
    assert best.weights_["factor"].device == best.row_losses_.device == META


@pytest.mark.parametrize("epoch", [-1, 0, 4])
def test_impossible_best_epochs_are_refused(best, epoch):
    with pytest.raises(ValueError, match=f"best epoch {epoch} of 3"):
        best.restore({"epoch": epoch}, META, 3)


def test_epoch_ends_call_with_the_net():
    called, net = [], SimpleNamespace()
    EpochEnd(called.append).on_epoch_end(net)
    assert called == [net]


@pytest.mark.parametrize(
    ("best_epoch", "n_warm_up", "end"), [(4, 0, 6), (0, 3, 5), (1, 3, 5), (4, 3, 6)]
)
def test_patience_starts_after_the_warm_up(best_epoch, n_warm_up, end):
    best = SimpleNamespace(epoch_=best_epoch, loss_=0.0, start_loss=1.0)
    stop = Stop(best, 2, n_warm_up)
    stop.on_epoch_end(SimpleNamespace(history=after(end - 1), max_epochs=100))
    with pytest.raises(KeyboardInterrupt):
        stop.on_epoch_end(SimpleNamespace(history=after(end), max_epochs=100))


@pytest.mark.parametrize(
    ("max_epochs", "n_warm_up", "end"), [(100, 0, 20), (100, 3, 23), (10, 3, 8)]
)
def test_hopeless_epochs_exclude_the_warm_up(max_epochs, n_warm_up, end):
    best = SimpleNamespace(epoch_=0, loss_=1.0, start_loss=1.0)
    stop = Stop(best, None, n_warm_up)
    stop.on_epoch_end(SimpleNamespace(history=after(end - 1), max_epochs=max_epochs))
    with pytest.raises(KeyboardInterrupt):
        stop.on_epoch_end(SimpleNamespace(history=after(end), max_epochs=max_epochs))


def test_finished_trainings_stop_when_resumed():
    best = SimpleNamespace(epoch_=1, loss_=0.0, start_loss=1.0)
    stop = Stop(best, 2, 0)
    stop.on_train_begin(SimpleNamespace(history=after(0), max_epochs=9))
    with pytest.raises(KeyboardInterrupt):
        stop.on_train_begin(SimpleNamespace(history=after(3), max_epochs=9))


@pytest.mark.parametrize(
    ("start_loss", "limit"), [(100.0, 1e11), (-100.0, 1e11), (1e-9, 1e3), (0.0, 1e3)]
)
@pytest.mark.parametrize("name", ["train_loss", "valid_loss"])
def test_a_billion_times_the_start_diverges(start_loss, limit, name):
    divergence, net = Divergence(start_loss), SimpleNamespace(lr=0.5)
    net.settings = SimpleNamespace(weight_decay=0.0)
    net.history = after(2, **{name: 0.99 * limit})
    divergence.on_epoch_end(net)
    net.history = after(2, **{name: 1.01 * limit})
    with pytest.raises(ValueError, match=f"got {name}=.* in epoch 2 with learning_rat"):
        divergence.on_epoch_end(net)


@pytest.mark.parametrize("judged", [True, False])
def test_the_bar_shows_the_last_losses(capsys, judged):
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
    assert bar.bar_.n == bar.bar_.total == 2
    assert bar.bar_.unit == "epoch"


def test_resumed_bars_begin_in_the_middle(capsys):
    bar = ProgressBar({}, 5).initialize()
    bar.on_train_begin(SimpleNamespace(history=after(3)))
    assert (bar.bar_.n, bar.bar_.total) == (3, 5)
    bar.on_train_end(None)
    assert "3/5" in capsys.readouterr().err
