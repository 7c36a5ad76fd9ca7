import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, LRScheduler
from torch import nn

from sklearn_ae._training.callbacks import copy_weights
from sklearn_ae._training.engine import fit_network, row_losses
from sklearn_ae._training.rows import TensorRows
from sklearn_ae._training.settings import TrainingSettings
from sklearn_ae._training.validation_split import RowSplit


class Scale(nn.Module):
    """One number that multiplies its input."""

    def __init__(self, factor=0.0):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(float(factor)))

    def forward(self, x):
        return self.factor * x


def squared_error(module, batch):
    x, target = batch
    return (module(x) - target).square().mean(dim=1)


def rows(n_rows=40, seed=0):
    source = torch.Generator().manual_seed(seed)
    return TensorRows(torch.randn(n_rows, 3, generator=source))


def train(module=None, objective=squared_error, *, validate=True, **settings):
    settings = {
        "learning_rate": 0.1,
        "learning_rate_scales": {"factor": 1.0},
        "batch_size": 8,
        "max_epochs": 5,
    } | settings
    return fit_network(
        module or Scale(),
        objective,
        RowSplit(
            rows(),
            rows(),
            torch.arange(10, 40),
            (torch.arange(10),) if validate else (),
        ),
        TrainingSettings(**settings),
        torch.Generator().manual_seed(0),
    )


def test_any_module_can_be_trained():
    state = train()
    assert abs(state.weights["factor"].item() - 1) < 0.5


def test_kept_weights_are_the_best_epochs():
    state = train(learning_rate=2.0)
    kept = Scale(state.weights["factor"].item())
    loss = squared_error(kept, rows().take(torch.arange(10))).mean().item()
    assert loss == pytest.approx(state.validation_losses[state.best_epoch])
    assert loss == pytest.approx(min(state.validation_losses))


def test_validation_loss_is_a_row_mean():
    module = Scale(0.5)
    state = train(module, max_epochs=0)
    expected = squared_error(module, rows().take(torch.arange(10))).mean().item()
    assert state.validation_losses == [pytest.approx(expected)]


def test_unvalidated_trainings_keep_the_last_weights():
    module = Scale()
    state = train(module, validate=False)
    assert state.best_epoch == 5
    assert torch.equal(state.weights["factor"], module.factor)


def test_curves_hold_start_and_epochs():
    state = train(max_epochs=4)
    assert len(state.losses) == len(state.validation_losses) == 5


def test_the_best_start_is_kept():
    state = train(Scale(1.0), objective=lambda m, x: squared_error(m, x) + 1)
    assert state.best_epoch == 0
    assert state.weights["factor"] == 1


class Weights(Callback):
    """Note the weight after every step."""

    def __init__(self):
        self.factors = []

    def on_batch_end(self, net, training, **kwargs):
        if training:
            self.factors.append(net.module_.factor.item())


def averages(factors):
    """Return the running average after every step."""
    average, found = 0.0, []
    for n_before, factor in enumerate(factors):
        average += 9 / (n_before + 9) * (factor - average)
        found.append(average)
    return found


@pytest.mark.parametrize("validate", [True, False])
def test_kept_weights_are_averages_over_steps(validate):
    weights = Weights()
    state = train(validate=validate, callbacks=[weights])
    expected = averages(weights.factors)[4 * state.best_epoch - 1]
    assert state.weights["factor"].item() == pytest.approx(expected)


def test_validation_sees_the_average():
    weights = Weights()
    state = train(callbacks=[weights])
    pairs = rows().take(torch.arange(10))
    expected = [
        squared_error(Scale(average), pairs).mean().item()
        for average in averages(weights.factors)[3::4]
    ]
    assert state.validation_losses[1:] == pytest.approx(expected, rel=1e-4)


def test_steps_do_not_depend_on_validation():
    judged, alone = Weights(), Weights()
    train(callbacks=[judged])
    train(callbacks=[alone], validate=False)
    assert judged.factors == alone.factors


def test_kept_weights_are_copies():
    module = Scale()
    weights = copy_weights(module)
    with torch.no_grad():
        module.factor.fill_(9.0)
    assert weights["factor"] == 0


@pytest.mark.parametrize("batch_size", [1, 7, 29, 30, 31, 1000])
def test_epochs_see_every_row_once(batch_size):
    seen = []

    class Count(Callback):
        def on_batch_end(self, net, batch, training, **kwargs):
            if training:
                seen.append(len(batch[0]))

    train(max_epochs=2, batch_size=batch_size, callbacks=[Count()])
    assert sum(seen) == 2 * 30


def test_scales_of_zero_freeze_parameters():
    state = train(validate=False, learning_rate_scales={"factor": 0.0})
    assert state.weights["factor"] == 0


def test_weight_decay_pulls_weights_to_zero():
    plain, decayed = (
        train(validate=False, weight_decay=decay).weights["factor"].abs()
        for decay in (0.0, 2.0)
    )
    assert decayed < plain


def test_gradients_are_clipped():
    norms = []

    class Norm(Callback):
        def on_batch_end(self, net, training, **kwargs):
            if training:
                norms.append(net.module_.factor.grad.norm().item())

    train(objective=lambda m, x: 1e4 * squared_error(m, x), callbacks=[Norm()])
    assert max(norms) <= 1 + 1e-4


def test_loss_unit_changes_no_reported_loss():
    plain, scaled = (train(loss_unit=unit, max_epochs=0).losses for unit in (1.0, 7.0))
    assert plain == scaled


@pytest.mark.parametrize("offset", [0.0, -100.0, 100.0])
def test_patience_takes_losses_of_any_sign(offset):
    state = train(
        objective=lambda m, x: 0 * squared_error(m, x) + offset,
        n_iter_no_change=2,
        max_epochs=20,
    )
    assert len(state.losses) - 1 == 3


@pytest.mark.parametrize("offset", [0.0, -100.0])
def test_falling_losses_do_not_stop(offset):
    state = train(
        objective=lambda m, x: offset + (m.factor - 50).abs() + 0 * x[0].sum(dim=1),
        n_iter_no_change=1,
        max_epochs=8,
    )
    assert len(state.losses) - 1 == 8


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("validate", [True, False])
def test_infinite_losses_name_the_learning_rate(value, validate):
    with pytest.raises(ValueError, match=r"learning_rate=0\.1"):
        train(objective=lambda m, x: m(x[0]).sum(dim=1) + value, validate=validate)


def test_infinite_validation_losses_raise():
    def objective(module, batch):
        factor = 1.0 if module.training else math.nan
        return factor * squared_error(module, batch)

    with pytest.raises(ValueError, match="valid_loss=nan"):
        train(objective=objective)


def test_same_generator_gives_the_same_bits():
    first, second = train(), train()
    assert torch.equal(first.weights["factor"], second.weights["factor"])
    assert first.losses == second.losses


def test_global_generator_is_left_alone():
    before = torch.get_rng_state()
    train()
    assert torch.equal(torch.get_rng_state(), before)


def test_callbacks_see_losses_beside_each_other():
    seen = []

    class Look(Callback):
        def on_epoch_end(self, net, **kwargs):
            seen.append((net.history[-1, "train_loss"], net.history[-1, "valid_loss"]))

    state = train(callbacks=[Look()])
    assert [train_loss for train_loss, _ in seen] == state.losses[1:]
    assert [valid_loss for _, valid_loss in seen] == state.validation_losses[1:]


@pytest.mark.parametrize("max_epochs", [1, 3, 10])
def test_schedule_rises_then_falls_to_zero(max_epochs):
    rates = []

    class Rate(Callback):
        def on_batch_begin(self, net, training, **kwargs):
            if training:
                rates.append(net.optimizer_.param_groups[0]["lr"])

    train(max_epochs=max_epochs, batch_size=3, callbacks=[Rate()])
    rising = np.linspace(0, 0.1, max_epochs + 1)[1:]
    falling = np.linspace(0.1, 0, 9 * max_epochs + 2)[1:-1]
    np.testing.assert_allclose(rates, [*rising, *falling])


def test_row_losses_make_no_step():
    module = Scale(0.5)
    row_losses(module, squared_error, [(torch.ones(2, 3),) * 2])
    assert module.factor == 0.5


@pytest.mark.parametrize(("factor", "n_epochs"), [(1.0, 8), (0.0, 40)])
def test_hopeless_trainings_end_early(factor, n_epochs):
    state = train(Scale(factor), max_epochs=40)
    assert len(state.losses) == len(state.validation_losses) == n_epochs + 1


def test_the_users_scheduler_overrides_ours():
    rates = []

    class Rate(Callback):
        def on_batch_begin(self, net, training, **kwargs):
            if training:
                rates.append(net.optimizer_.param_groups[0]["lr"])

    still = LRScheduler("LambdaLR", lr_lambda=lambda step: 0.0, step_every="batch")
    train(callbacks=[still, Rate()])
    assert rates == [0.0] * len(rates)


def test_rates_are_in_the_history():
    found = []

    class Look(Callback):
        def on_train_end(self, net, **kwargs):
            found.extend(net.history[:, "batches", :, "event_lr"])

    train(max_epochs=2, callbacks=[Look()])
    assert max(map(max, found)) == pytest.approx(0.1, rel=0.2)


FRESH = """
import os, sys
import numpy as np
from sklearn_ae import AutoencoderTransformer, DenoisingAutoencoder

modules, environment = set(sys.modules), dict(os.environ)
X = np.random.default_rng(0).normal(size=(600, 4))
for kind in (AutoencoderTransformer, DenoisingAutoencoder):
    model = kind(2, max_epochs=1, random_state=0).fit(X)
    model.inverse_transform(model.transform(X))
    model.score(X)
assert os.environ == environment
new = set(sys.modules) - modules
assert not new & {"torch._dynamo", "torch._inductor", "sympy"}, new
"""


@pytest.mark.extended
def test_fresh_processes_load_no_compiler():
    found = subprocess.run([sys.executable, "-c", FRESH], stderr=subprocess.PIPE)
    assert found.returncode == 0, found.stderr.decode()
