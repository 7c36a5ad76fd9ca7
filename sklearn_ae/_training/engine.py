"""Training engine: skorch's loop over row sources, for any module and objective."""

from collections.abc import Callable
from functools import partial

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, EpochTimer, PassthroughScoring
from skorch.helper import predefined_split
from torch import Tensor, nn

from .callbacks import (
    BestEpoch,
    Divergence,
    EpochEnd,
    ProgressBar,
    Stop,
    copy_weights,
    is_callback_stop,
)
from .checkpoint import resume, training_progress
from .epoch_comparison import is_significant_gain
from .flat_parameters import FlatParameters, UncompiledAdamW
from .rows import EVALUATION_ROWS, Batches, Pair
from .schedules import OneCycle, ShrinkingNoise, WarmUp
from .settings import TrainingSettings, TrainingState
from .validation_split import RowSplit

MAX_GRADIENT_NORM = 1.0
Objective = Callable[[nn.Module, Pair], Tensor]


class _Criterion(nn.Module):
    """Wraps an objective in the module that skorch expects."""

    def __init__(self, objective: Objective) -> None:
        super().__init__()
        self.objective = objective

    def forward(self, module: nn.Module, batch: Pair) -> Tensor:
        return self.objective(module, batch)


class _SkorchNet(NeuralNet):
    """skorch's loop on concatenated parameters, with less overhead per batch.

    Batches come as tensors on the device, a step is one fused call per group, and
    losses are fetched once per epoch: the history has a batch's loss at the end of its
    epoch. Callbacks get no ``y_pred``. They may change gradients in place; one that a
    callback replaces (``p.grad = None``) no longer reaches the optimizer.

    Validation, and callbacks at the end of an epoch, see the running average of the
    weights.
    """

    def initialize(self):
        super().initialize()
        self.validation_row_losses_ = None
        return self

    def initialize_optimizer(self, triggered_directly=None):
        _, options = self.get_params_for_optimizer("optimizer", [])
        scales = self.settings.learning_rate_scales
        parameters = list(self.get_all_learnable_params())
        scale_values = _distinct_scales(self.settings)
        self.flat_ = FlatParameters(
            [p for name, p in parameters if scales[name] == scale]
            for scale in scale_values
        )
        groups = [
            {"params": [tensor], "lr": self.lr * scale}
            for tensor, scale in zip(self.flat_.tensors, scale_values, strict=True)
        ]
        self.optimizer_ = self.optimizer(groups, **options)
        return self

    @property
    def _default_callbacks(self):
        return [
            ("epoch_timer", EpochTimer()),
            ("train_loss", PassthroughScoring("train_loss", on_train=True)),
            ("valid_loss", PassthroughScoring("valid_loss")),
        ]

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        if iterator is None:
            self.flat_.load_weights(averaged=True)
            return
        self._set_training(training)
        self.flat_.load_weights(averaged=not training)
        steps = []
        for batch in iterator:
            self.notify("on_batch_begin", batch=batch, training=training)
            step = step_fn(batch, **fit_params)
            steps.append(step["row_losses"])
            self.notify("on_batch_end", batch=batch, training=training, **step)
        self._record(steps, prefix)
        if not training:
            self.validation_row_losses_ = torch.cat(steps)

    def train_step(self, batch, **fit_params):
        self.flat_.zero_grad()
        row_losses = self.criterion_(self.module_, batch)
        loss = row_losses.mean()
        (loss / self.settings.loss_unit).backward()
        self.notify(
            "on_grad_computed",
            named_parameters=self.get_all_learnable_params(),
            batch=batch,
            training=True,
        )
        self.flat_.clip_gradients(MAX_GRADIENT_NORM)
        self.optimizer_.step()
        self.flat_.update_average()
        return {
            "loss": loss.detach(),
            "y_pred": None,
            "row_losses": row_losses.detach(),
        }

    def validation_step(self, batch, **fit_params):
        with torch.no_grad():
            row_losses = self.criterion_(self.module_, batch)
        return {"loss": row_losses.mean(), "y_pred": None, "row_losses": row_losses}

    def _record(self, steps, prefix):
        losses = torch.stack([step.mean() for step in steps]).tolist()
        batches = self.history[-1]["batches"][-len(steps) :]
        for batch, loss, step in zip(batches, losses, steps, strict=True):
            batch[f"{prefix}_loss"] = loss
            batch[f"{prefix}_batch_size"] = len(step)
        self.history.record(f"{prefix}_batch_count", len(steps))


class _ObserverCallback(Callback):
    """Notifies an observer of every epoch.

    Parameters
    ----------
    observer : Observer
        The observer.

    start : TrainingState
        State at epoch 0.
    """

    def __init__(self, observer, start):
        self.observer, self.start = observer, start

    def on_epoch_begin(self, net, **kwargs):
        self.observer.begin(partial(self._state, net))

    def on_epoch_end(self, net, **kwargs):
        self.stops_ = self.observer.end(partial(self._state, net))

    def stop(self, net):
        """Stop training if the observer asked for it; call this after all callbacks."""
        if self.stops_:
            raise KeyboardInterrupt

    def _state(self, net) -> TrainingState:
        """Return the state as if training ended now and kept this epoch's weights."""
        losses = _epoch_losses(net, "train_loss")
        validation_losses = _epoch_losses(net, "valid_loss")
        return TrainingState(
            weights=copy_weights(net.module_),
            best_epoch=len(losses),
            losses=self.start.losses + losses,
            validation_losses=self.start.validation_losses + validation_losses,
        )


def _epoch_losses(net: _SkorchNet, name: str) -> list[float]:
    """Return the losses of all epochs that have one; an interrupted one has none."""
    return [float(epoch[name]) for epoch in net.history if name in epoch]


def fit_network(
    module: nn.Module,
    objective: Objective,
    split: RowSplit,
    settings: TrainingSettings,
    generator: torch.Generator,
    start: nn.Module | None = None,
) -> TrainingState:
    """Train a module from its current weights, and return the weights to keep.

    The start counts as epoch 0. It is kept unless the best epoch is significantly
    better on the validation rows, see :func:`is_significant_gain`.

    Parameters
    ----------
    module : torch.nn.Module
        On ``settings.device``; its weights change.

    objective : callable
        Function of (module, batch) that returns one loss per row.

    split : RowSplit
        Training rows, and at most one part of validation rows. Without validation rows
        all epochs are run, and the weights of the last one are kept.

    settings : TrainingSettings
        How to train.

    generator : torch.Generator
        Source of the order of rows.

    start : torch.nn.Module, default=None
        A smaller network with the same outputs as `module` before training.

    Returns
    -------
    state : TrainingState
        Weights and curves. Weights are running averages, except the start's; training
        losses are those of the steps.

    Raises
    ------
    ValueError
        If a loss is not finite, or much larger than the start's.
    """
    train = Batches(split.rows, split.index, settings.batch_size, generator)
    validation = None
    if split.parts:
        (part,) = split.parts
        validation = Batches(split.validation_rows, part, EVALUATION_ROWS)
    best, start = None, module if start is None else start
    state = TrainingState(
        weights=copy_weights(module),
        losses=[row_losses(start, objective, train).mean().item()],
    )
    if validation is not None:
        start_losses = row_losses(start, objective, validation)
        best = BestEpoch(state.weights, start_losses)
        state.validation_losses.append(best.start_loss)
    if settings.max_epochs == 0:
        return state
    net = _make_net(module, objective, (train, validation), best, state, settings)
    state.interruption = _run_epochs(net, train, validation)
    losses = _epoch_losses(net, "train_loss")
    state.losses += losses
    if validation is None:
        net.flat_.load_weights(averaged=True)
        _check_last_step(net, objective, split)
        state.weights, state.best_epoch = copy_weights(module), len(losses)
        return state
    state.validation_losses += _epoch_losses(net, "valid_loss")
    state.losses = state.losses[: len(state.validation_losses)]
    if best.epoch_ and is_significant_gain(
        start_losses, best.row_losses_, settings.significance_level
    ):
        state.weights, state.best_epoch = best.weights_, best.epoch_
    return state


def row_losses(module: nn.Module, objective: Objective, batches: Batches) -> Tensor:
    """Return the losses of all rows of the batches, without training."""
    module.eval()
    with torch.no_grad():
        return torch.cat([objective(module, batch) for batch in batches])


def _check_last_step(net: _SkorchNet, objective, split: RowSplit) -> None:
    """Raise if the last step diverged: without validation rows no loss shows it."""
    sample = Batches(split.rows, split.index[:EVALUATION_ROWS], EVALUATION_ROWS)
    loss = row_losses(net.module_, objective, sample).mean().item()
    dict(net.callbacks_)["divergence"].check(net, "train_loss", loss)


def _make_net(module, objective, batches, best, state, settings) -> _SkorchNet:
    train, validation = batches
    net = _SkorchNet(
        module,
        criterion=partial(_Criterion, objective),
        optimizer=UncompiledAdamW,
        optimizer__fused=True,
        optimizer__weight_decay=settings.weight_decay,
        lr=settings.learning_rate,
        max_epochs=settings.max_epochs,
        batch_size=settings.batch_size,
        iterator_train=_return_batches,
        iterator_valid=_return_batches,
        train_split=None if validation is None else predefined_split(validation),
        callbacks=_callbacks(objective, train, best, state, settings),
        use_caching=False,
        device=settings.device,
        verbose=0,
    )
    net.settings = settings
    return net.initialize()


def _callbacks(objective, train, best, state, settings) -> list:
    """Return all callbacks; those that stop training come after the user's."""
    start_loss = state.losses[0]
    schedule = OneCycle(settings.max_epochs * len(train))
    callbacks = [("divergence", Divergence(start_loss)), ("one_cycle", schedule)]
    n_warm_up = settings.n_epochs_warm_up
    if n_warm_up:
        callbacks.append(("warm_up", WarmUp(objective, n_warm_up)))
    if settings.shrinking_noise is not None:
        noise = ShrinkingNoise(settings.shrinking_noise, start_loss)
        callbacks.append(("shrinking_noise", noise))
    last = []
    progress = settings.progress
    if progress is not None:
        save = EpochEnd(lambda net: progress.save(training_progress(net, train)))
        last.append(("checkpoint", save))
    if best is not None:
        callbacks.append(("best_epoch", best))
        if settings.ends_early:
            last.append(("stop", Stop(best, settings.n_iter_no_change, n_warm_up)))
    if settings.verbose:
        n_epochs = settings.stop_after or settings.max_epochs
        callbacks.append(("progress", ProgressBar(settings.constant_losses, n_epochs)))
    if settings.observer is not None:
        observed = _ObserverCallback(settings.observer, state)
        callbacks.append(("observed", observed))
        last.append(("observer_stop", EpochEnd(observed.stop)))
    return callbacks + list(settings.callbacks) + last


def _distinct_scales(settings) -> list[float]:
    """Return the distinct learning rate scales, one for each parameter group."""
    return sorted(set(settings.learning_rate_scales.values()))


def _return_batches(dataset, batch_size):
    """Replace skorch's data loader: a dataset of batches needs none."""
    return dataset


def _run_epochs(net: _SkorchNet, train, validation) -> KeyboardInterrupt | None:
    """Run skorch's loop; return Ctrl-C if validation rows allow to keep an epoch."""
    if net.settings.progress is not None:
        net.settings.progress.restore(partial(resume, net, train))
    try:
        try:
            net.notify("on_train_begin", X=train, y=None)
            n_epochs = net.settings.stop_after or net.max_epochs
            net.fit_loop(train, None, epochs=n_epochs - len(net.history))
        finally:
            net.notify("on_train_end", X=train, y=None)
    except KeyboardInterrupt as caught:
        if is_callback_stop(caught):
            return None
        if validation is None:
            raise
        return caught
    return None
