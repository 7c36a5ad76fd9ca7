"""Training on few rows: every row judges a network that never saw it."""

import copy
from collections.abc import Sequence
from dataclasses import replace

import torch
from skorch.callbacks import Callback
from torch import Tensor, nn

from ._callbacks import copy_weights
from ._random import RandomStreams
from ._rows import EVALUATION_ROWS, Batches, RowSource
from ._selection import is_clear_gain
from ._training import (
    Objective,
    TrainingSettings,
    TrainingState,
    fit_network,
    row_losses,
)


class RowLosses(Callback):
    """Takes down the losses of the validation rows, epoch by epoch."""

    def initialize(self):
        self.epochs_ = []
        return self

    def on_epoch_end(self, net, **kwargs):
        self.epochs_.append(net.validation_row_losses_)


def cross_fit_network(
    module: nn.Module,
    objective: Objective,
    rows: RowSource,
    judged: RowSource,
    folds: Sequence[Tensor],
    settings: TrainingSettings,
    streams: RandomStreams,
) -> TrainingState:
    """Train a module on all rows, for as many epochs as is best for rows not seen.

    For each fold a copy is trained on the others and judged on it. The epoch with the
    lowest loss over all rows is chosen, if its gain over the start is clear, see
    :func:`is_clear_gain`; then the module itself is trained on all rows and stopped
    after that epoch of the same schedule.

    Parameters
    ----------
    module : torch.nn.Module
        On ``settings.device``; its weights change.

    objective : callable
        Turns (module, batch) into one loss a row.

    rows, judged : RowSource
        The rows to train on, and the same rows to judge by.

    folds : sequence of Tensor
        Disjoint sets of rows, which make all of them.

    settings : TrainingSettings
        How to train, without callbacks and patience.

    streams : RandomStreams
        Source of the orders of rows.

    Returns
    -------
    state : TrainingState
        Weights and curves. Validation losses are those of the folds' rows, each by the
        copy that did not see it; so are training losses where the start is kept.

    Raises
    ------
    ValueError
        If a loss turns non-finite, or out of all proportion to the start's.
    """
    judges = [Batches(judged, fold, EVALUATION_ROWS) for fold in folds]
    before = torch.cat([row_losses(module, objective, judge) for judge in judges])
    start = before.mean().item()
    state = TrainingState(copy_weights(module), validation_losses=[start])
    losses, epochs = [], []
    for number, fold in enumerate(folds):
        others = torch.cat([*folds[:number], *folds[number + 1 :]])
        record = RowLosses()
        twin = fit_network(
            copy.deepcopy(module),
            objective,
            rows,
            others,
            (judged, fold),
            replace(settings, callbacks=[record], ends_early=False, verbose=0),
            streams.torch(f"fold {number}"),
        )
        losses.append(twin.losses)
        epochs.append(record.epochs_)
        if twin.interruption is not None:
            state.losses, state.interruption = twin.losses[:1], twin.interruption
            return state
    after = [torch.cat(parts) for parts in zip(*epochs, strict=True)]
    state.losses = [sum(parts) / len(folds) for parts in zip(*losses, strict=True)]
    state.validation_losses += [epoch.mean().item() for epoch in after]
    best = min(range(len(after)), key=lambda epoch: state.validation_losses[epoch + 1])
    if not is_clear_gain(before, after[best], settings.significance_level):
        return state
    try:
        final = fit_network(
            module,
            objective,
            rows,
            torch.cat(list(folds)),
            None,
            settings,
            streams.torch("batches"),
            n_epochs=best + 1,
        )
    except KeyboardInterrupt as caught:
        state.interruption = caught
        return state
    final.validation_losses = state.validation_losses[: best + 2]
    return final
