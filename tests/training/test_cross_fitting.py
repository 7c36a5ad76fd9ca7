import math
from collections import Counter, defaultdict

import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from sklearn_ae._training.cross_fitting import (
    Networks,
    cross_fit_network,
    rows_outside_fold,
)
from sklearn_ae._training.random import RandomStreams
from sklearn_ae._training.rows import CorruptedRows, TensorRows
from sklearn_ae._training.settings import TrainingSettings
from sklearn_ae._training.validation_split import RowSplit
from sklearn_ae.nn import Layout, UniformNoise

N_ROWS = 42
FOLDS = torch.randperm(N_ROWS, generator=torch.Generator().manual_seed(9))
FOLDS = FOLDS.tensor_split(5)
JUDGED = 1000


class Scale(nn.Module):
    """One number that multiplies its input."""

    def __init__(self, factor=0.0):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(float(factor)))

    def forward(self, x):
        return self.factor * x

    def residual_deviation(self, loss):
        return loss**0.5


def squared_error(module, batch):
    x, target = batch
    return (module(x[:, 1:]) - target[:, 1:]).square().mean(dim=1)


def table(offset=0):
    """Rows that begin with their number."""
    source = torch.Generator().manual_seed(0)
    number = offset + torch.arange(N_ROWS, dtype=torch.float32)[:, None]
    return TensorRows(torch.cat([number, torch.randn(N_ROWS, 3, generator=source)], 1))


def cross_fit(
    objective=squared_error, *, module=None, fold_networks=None, rows=None, **given
):
    settings = {
        "learning_rate": 0.1,
        "learning_rate_scales": {"factor": 1.0},
        "batch_size": 8,
        "max_epochs": 5,
    } | given
    return cross_fit_network(
        Networks(module or Scale(), fold_networks or [Scale() for _ in FOLDS]),
        objective,
        RowSplit(rows or table(), table(JUDGED), torch.arange(0), FOLDS),
        TrainingSettings(**settings),
        RandomStreams(0),
    )


@pytest.fixture
def noted():
    """Note each module's training rows and validation rows."""
    trained, judged = defaultdict(Counter), defaultdict(Counter)

    def objective(module, batch):
        numbers = batch[1][:, 0].int().tolist()
        if module.training:
            trained[module].update(numbers)
        elif numbers[0] >= JUDGED:
            judged[module].update(number - JUDGED for number in numbers)
        return squared_error(module, batch)

    objective.trained, objective.judged = trained, judged
    return objective


def overfits(module, batch):
    """Return losses that fall in training and rise in evaluation."""
    target = 1.0 if module.training else -1.0
    spread = 0 * batch[1][:, 1]
    return (module.factor - target).square() + spread


def best_in_the_middle(module, batch):
    """Return losses that are lowest in evaluation before training ends."""
    target = 1.0 if module.training else 0.5
    return (module.factor - target).square() * (1 + 0.1 * batch[1][:, 1].tanh())


# Rows


def test_every_row_evaluates_one_network(noted):
    fold_networks = [Scale() for _ in FOLDS]
    cross_fit(noted, fold_networks=fold_networks)
    judges = Counter(row for network in fold_networks for row in noted.judged[network])
    assert judges == Counter(range(N_ROWS))


def test_networks_do_not_see_their_fold(noted):
    fold_networks = [Scale() for _ in FOLDS]
    cross_fit(noted, fold_networks=fold_networks)
    for network in fold_networks:
        assert set(noted.trained[network]) == set(range(N_ROWS)) - set(
            noted.judged[network]
        )


def test_last_network_trains_on_all_rows(noted):
    module = Scale()
    state = cross_fit(noted, module=module)
    n_epochs = state.best_epoch
    assert n_epochs > 0
    assert noted.trained[module] == Counter(dict.fromkeys(range(N_ROWS), n_epochs))


def test_other_folds_are_all_but_one():
    folds = torch.arange(6).tensor_split(3)
    assert rows_outside_fold(folds, 1).tolist() == [0, 1, 4, 5]


# Curves and choice


def test_start_loss_is_a_row_mean():
    fold_networks = [Scale(factor) for factor in (0.0, 0.1, 0.2, 0.3, 0.4)]
    pairs = [table().take(fold) for fold in FOLDS]
    losses = [
        squared_error(network, pair).detach()
        for network, pair in zip(fold_networks, pairs, strict=True)
    ]
    state = cross_fit(fold_networks=fold_networks, max_epochs=0)
    assert state.validation_losses == [pytest.approx(torch.cat(losses).mean().item())]


def test_kept_weights_are_the_last_networks():
    module = Scale()
    state = cross_fit(module=module)
    assert torch.equal(state.weights["factor"], module.factor)
    assert abs(module.factor.item() - 1) < 0.5


def test_curves_end_with_the_kept_epoch():
    state = cross_fit(best_in_the_middle, max_epochs=20)
    assert 0 < state.best_epoch < 20
    assert len(state.losses) == len(state.validation_losses) == state.best_epoch + 1


def test_kept_epoch_has_the_lowest_loss():
    state = cross_fit(best_in_the_middle, max_epochs=20)
    assert min(state.validation_losses) == state.validation_losses[-1]


def test_last_network_gets_as_far():
    state = cross_fit(best_in_the_middle, max_epochs=20)
    assert state.weights["factor"].item() == pytest.approx(0.5, abs=0.15)


class Rate(Callback):
    def __init__(self):
        self.rates = []

    def on_batch_begin(self, net, **kwargs):
        self.rates.append(net.optimizer_.param_groups[0]["lr"])


def test_last_network_follows_the_whole_schedule():
    rate = Rate()
    state = cross_fit(best_in_the_middle, max_epochs=20, callbacks=[rate])
    n_steps = math.ceil(N_ROWS / 8)
    assert len(rate.rates) == state.best_epoch * n_steps
    left = 1 - state.best_epoch / 20
    assert rate.rates[-1] == pytest.approx(0.1 * left, rel=0.3)


def test_the_best_start_is_kept():
    state = cross_fit(overfits, module=Scale(0.25))
    assert state.best_epoch == 0
    assert state.weights["factor"] == 0.25
    assert len(state.losses) == len(state.validation_losses) == 6


def test_all_epochs_run_without_gain():
    assert len(cross_fit(overfits, max_epochs=40).losses) == 41


def test_kept_starts_are_not_trained(noted):
    module = Scale(0.25)

    def objective(module, batch):
        noted(module, batch)
        return overfits(module, batch)

    cross_fit(objective, module=module)
    assert not noted.trained[module]


def test_no_epochs_leave_the_start():
    state = cross_fit(max_epochs=0)
    assert state.best_epoch == 0
    assert len(state.losses) == len(state.validation_losses) == 1


def test_same_seed_gives_the_same_bits():
    first, second = cross_fit(), cross_fit()
    assert torch.equal(first.weights["factor"], second.weights["factor"])
    assert first.validation_losses == second.validation_losses


def test_global_generator_is_left_alone():
    before = torch.get_rng_state()
    cross_fit()
    assert torch.equal(torch.get_rng_state(), before)


def test_only_the_last_network_is_shown(capsys):
    cross_fit(overfits, verbose=1)
    assert capsys.readouterr().err == ""
    cross_fit(verbose=1)
    assert "100%" in capsys.readouterr().err


# Noise


def test_noise_is_off_in_evaluation():
    column = torch.arange(4)
    unit = torch.ones(4)
    layout = Layout(column=column, missing=unit, noise_unit=unit, n_cells=4.0)
    noise = UniformNoise(layout, 0.0, generator=torch.Generator().manual_seed(0))
    changed = []

    def objective(module, batch):
        noisy = not torch.equal(*batch)
        changed.append((module.training, noisy))
        return squared_error(module, batch)

    cross_fit(objective, rows=CorruptedRows(table(), noise), shrinking_noise=noise)
    assert set(changed) == {(True, True), (False, False)}


# Faults


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("number", [0, 3])
def test_infinite_losses_of_folds_raise(value, number):
    fold_networks = [Scale() for _ in FOLDS]

    def objective(module, batch):
        spoilt = value if module is fold_networks[number] and module.training else 0.0
        return squared_error(module, batch) + spoilt

    with pytest.raises(ValueError, match=r"learning_rate=0\.1"):
        cross_fit(objective, fold_networks=fold_networks)


def test_infinite_losses_of_the_last_raise():
    module = Scale()

    def objective(trained, batch):
        spoilt = math.nan if trained is module and trained.training else 0.0
        return squared_error(trained, batch) + spoilt

    with pytest.raises(ValueError, match=r"learning_rate=0\.1"):
        cross_fit(objective, module=module)


@pytest.mark.parametrize(("training", "n_calls"), [(True, 7), (False, 9)])
@pytest.mark.parametrize("number", [0, 2, 4])
def test_ctrl_c_in_folds_keeps_starts(press_ctrl_c, training, n_calls, number):
    fold_networks, calls = [Scale() for _ in FOLDS], Counter()

    def objective(module, batch):
        calls[module, module.training] += 1
        if calls[fold_networks[number], training] == n_calls:
            press_ctrl_c()
        return squared_error(module, batch)

    state = cross_fit(objective, module=Scale(0.25), fold_networks=fold_networks)
    assert isinstance(state.interruption, KeyboardInterrupt)
    assert state.best_epoch == 0
    assert state.weights["factor"] == 0.25
    assert len(state.losses) == len(state.validation_losses) == 1


def press_at_the_start_of(press, module):
    """Press Ctrl-C where a module's training rows are first scored."""

    def objective(scored, batch):
        if scored is module and batch[1][0, 0] < JUDGED:
            press()
        return squared_error(scored, batch)

    return objective


@pytest.mark.parametrize("number", [1, 4])
def test_ctrl_c_between_folds_keeps_starts(press_ctrl_c, number):
    fold_networks = [Scale() for _ in FOLDS]
    state = cross_fit(
        press_at_the_start_of(press_ctrl_c, fold_networks[number]),
        fold_networks=fold_networks,
    )
    assert isinstance(state.interruption, KeyboardInterrupt)
    assert state.best_epoch == 0
    assert len(state.losses) == len(state.validation_losses) == 1


def test_ctrl_c_before_starts_raises(press_ctrl_c):
    fold_networks = [Scale() for _ in FOLDS]
    with pytest.raises(KeyboardInterrupt):
        cross_fit(
            press_at_the_start_of(press_ctrl_c, fold_networks[0]),
            fold_networks=fold_networks,
        )


@pytest.mark.parametrize("training", [True, False])
def test_ctrl_c_at_last_keeps_starts(press_ctrl_c, training):
    module = Scale(0.25)

    def objective(trained, batch):
        if trained is module and trained.training == training:
            press_ctrl_c()
        return squared_error(trained, batch)

    state = cross_fit(objective, module=module)
    assert isinstance(state.interruption, KeyboardInterrupt)
    assert state.best_epoch == 0
    assert state.weights["factor"] == 0.25
    assert len(state.losses) == len(state.validation_losses)
