"""Training on few rows: every row judges a network that never saw it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from .callbacks import RowLosses, copy_weights
from .checkpoint import Checkpoint, TrainingCheckpoint
from .engine import Objective, fit_network, row_losses
from .epoch_comparison import is_significant_gain
from .random import RandomStreams
from .rows import EVALUATION_ROWS, Batches, RowSource
from .settings import TrainingSettings, TrainingState


def cross_fit_network(
    module: nn.Module,
    fold_networks: Sequence[nn.Module],
    starts: Sequence[nn.Module] | None,
    objective: Objective,
    rows: RowSource,
    judged: RowSource,
    folds: Sequence[Tensor],
    settings: TrainingSettings,
    streams: RandomStreams,
    always_train: Tensor | None = None,
    checkpoint: Checkpoint | None = None,
) -> TrainingState:
    """Train a module on all rows, for as many epochs as is best for rows not seen.

    For each fold a network is trained on the other folds and judged on this one, start
    and epochs alike. The epoch with the lowest loss over all rows is chosen, if its
    gain over the start is significant, see :func:`is_significant_gain`. Then the module
    itself is trained on all rows, with the same schedule, and stopped after that epoch.
    If an observer stops one training, later trainings run for no more epochs.

    Parameters
    ----------
    module : torch.nn.Module
        On ``settings.device``; its weights change.

    fold_networks : sequence of torch.nn.Module
        A module like it for each fold, whose start knows nothing of the fold.

    starts : sequence of torch.nn.Module or None
        Something smaller that computes what epoch 0 is: for the module, and for each
        twin. None means what they themselves compute.

    objective : callable
        Turns (module, batch) into one loss a row.

    rows, judged : RowSource
        The rows to train on, and the same rows to judge by.

    folds : sequence of Tensor
        Disjoint sets of rows, which make all of them, but for those of `always_train`.

    settings : TrainingSettings
        How to train, without callbacks and patience.

    streams : RandomStreams
        Source of the orders of rows.

    always_train : Tensor of int, default=None
        Further rows, which are always trained on and judge nothing.

    checkpoint : Checkpoint, default=None
        Gets the progress of all trainings, which go on there.

    Returns
    -------
    state : TrainingState
        Weights and curves. Validation losses are those of the folds' rows, each by the
        twin that did not see it; so are training losses where the start is kept.

    Raises
    ------
    ValueError
        If a loss turns non-finite, or out of all proportion to the start's.
    """
    first, *theirs = starts or [module, *fold_networks]
    always_train = torch.arange(0) if always_train is None else always_train
    before = _start_losses(theirs, objective, judged, folds)
    start = before.mean().item()
    state = TrainingState(copy_weights(module), validation_losses=[start])
    level = settings.significance_level
    splits = [
        (torch.cat([rows_outside_fold(folds, number), always_train]), fold)
        for number, fold in enumerate(folds)
    ]
    pairs = zip(fold_networks, theirs, strict=True)
    fits = _fit_folds(
        pairs, splits, objective, rows, judged, settings, streams, checkpoint
    )
    losses, epochs = [], []
    try:
        for fitted, fold_epochs in fits:
            losses.append(fitted.losses)
            epochs.append(fold_epochs)
        state.losses = [sum(parts) / len(folds) for parts in zip(*losses, strict=False)]
        after = [torch.cat(parts) for parts in zip(*epochs, strict=False)]
        state.validation_losses += [epoch.mean().item() for epoch in after]
        best = int(np.argmin(state.validation_losses[1:] or [0]))
        if not after or not is_significant_gain(before, after[best], level):
            return state
        everything, batches = (
            torch.cat([*folds, always_train]),
            streams.torch("batches"),
        )
        saved = _saved(checkpoint, "final", len(after), settings)
        settings = replace(settings, stop_after=best + 1)
        final = fit_network(
            module, objective, rows, everything, None, settings, batches, first, saved
        )
    except KeyboardInterrupt as caught:
        if not losses:
            raise
        state.losses = state.losses or losses[0][:1]
        state.interruption = caught
        return state
    if not is_significant_gain(before, after[final.best_epoch - 1], level):
        return state
    final.validation_losses = state.validation_losses[: final.best_epoch + 1]
    return final


def _start_losses(starts, objective, judged, folds) -> Tensor:
    """Return the losses of all folds' rows, each by the start that did not see it."""
    losses = [
        row_losses(start, objective, Batches(judged, fold, EVALUATION_ROWS))
        for start, fold in zip(starts, folds, strict=True)
    ]
    return torch.cat(losses)


def _saved(checkpoint, name: str, n_epochs: int, settings) -> TrainingCheckpoint | None:
    """Return where a training is saved: nowhere after one that was cut short."""
    if checkpoint is None or n_epochs < settings.max_epochs:
        return None
    return checkpoint.training(name)


def _fit_folds(
    pairs, splits, objective, rows, judged, settings, streams, checkpoint
) -> Iterator[tuple[TrainingState, list[Tensor]]]:
    """Yield each twin's state and its fold's row losses; none is trained for longer."""
    n_epochs = settings.max_epochs
    for number, (pair, split) in enumerate(zip(pairs, splits, strict=True)):
        name = f"fold {number}"
        fitted, epochs = _fit_fold(
            pair,
            split,
            objective,
            rows,
            judged,
            replace(settings, stop_after=n_epochs),
            streams.torch(name),
            _saved(checkpoint, name, n_epochs, settings),
        )
        yield fitted, epochs
        if fitted.interruption is not None:
            raise fitted.interruption
        n_epochs = min(n_epochs, len(epochs))


def _fit_fold(
    pair, split, objective, rows, judged, settings, batches, saved
) -> tuple[TrainingState, list[Tensor]]:
    """Train a twin on the other rows; return its state and the fold's row losses."""
    (twin, start), (index, fold) = pair, split
    record = RowLosses(len(fold))
    over = TrainingState({}, losses=[])

    def take(outcome):
        record.restore(outcome["record"], settings.device, settings.max_epochs)
        over.losses += map(float, outcome["losses"])
        if len(over.losses) != settings.max_epochs + 1:
            raise ValueError(f"got {len(over.losses)} losses")

    if saved is not None and saved.take_outcome(take):
        return over, record.epochs_
    fitted = fit_network(
        twin,
        objective,
        rows,
        index,
        (judged, fold),
        replace(settings, callbacks=[record], ends_early=False, verbose=0),
        batches,
        start,
        saved,
    )
    if saved is not None and len(record.epochs_) == settings.max_epochs:
        saved.save_outcome({"losses": fitted.losses, "record": record.state()})
    return fitted, record.epochs_


def rows_outside_fold(folds: Sequence[Tensor], number: int) -> Tensor:
    """Return the rows of all folds but one."""
    return torch.cat([*folds[:number], *folds[number + 1 :]])
