"""Training of a network, by cross-fitting where there are few rows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from .callbacks import RowLosses, copy_weights
from .engine import Objective, fit_network, row_losses
from .epoch_comparison import is_significant_gain
from .random import RandomStreams
from .rows import EVALUATION_ROWS, Batches
from .settings import TrainingSettings, TrainingState
from .validation_split import RowSplit


class Networks(NamedTuple):
    """Networks at their starts.

    Attributes
    ----------
    module : torch.nn.Module
        Its start knows all rows.

    fold_networks : sequence of torch.nn.Module
        One for each part of the validation rows, whose start knows nothing of them.

    starts : sequence of torch.nn.Module or None, default=None
        Smaller networks that compute epoch 0: of the module, and of each fold network.
        None means that the networks themselves compute it.
    """

    module: nn.Module
    fold_networks: Sequence[nn.Module]
    starts: Sequence[nn.Module] | None = None

    @property
    def kept(self) -> nn.Module:
        """The network whose weights are kept."""
        one = len(self.fold_networks) == 1
        return self.fold_networks[0] if one else self.module


def train_networks(
    networks: Networks,
    objective: Objective,
    split: RowSplit,
    settings: TrainingSettings,
    streams: RandomStreams,
) -> TrainingState:
    """Train the network to keep, by way of the fold networks if there are several.

    Parameters
    ----------
    networks : Networks
        On ``settings.device``; their weights change.

    objective : callable
        Turns (module, batch) into one loss a row.

    split : RowSplit
        Training rows and validation rows.

    settings : TrainingSettings
        How to train.

    streams : RandomStreams
        Source of the orders of rows.

    Returns
    -------
    state : TrainingState
        Weights and curves.

    Raises
    ------
    ValueError
        If a loss is not finite, or much larger than the start's.
    """
    if len(split.parts) > 1:
        return cross_fit_network(networks, objective, split, settings, streams)
    start = networks.starts[-1] if networks.starts else None
    batches = streams.torch("batches")
    return fit_network(networks.kept, objective, split, settings, batches, start)


def cross_fit_network(
    networks: Networks,
    objective: Objective,
    split: RowSplit,
    settings: TrainingSettings,
    streams: RandomStreams,
) -> TrainingState:
    """Train a module on all rows, for as many epochs as is best for unseen rows.

    For each fold a network is trained on the other folds and judged on this one, start
    and epochs alike. The epoch with the lowest loss over all rows is chosen, if its
    gain over the start is significant, see :func:`is_significant_gain`. Then the module
    itself is trained on all rows, with the same schedule, and stopped after that epoch.
    If an observer stops one training, later trainings run for no more epochs.

    Such tables are small, so a checkpoint keeps no progress: a fit that was cut off
    starts anew, and ends with the same bits.

    Parameters
    ----------
    networks : Networks
        On ``settings.device``; their weights change.

    objective : callable
        Turns (module, batch) into one loss a row.

    split : RowSplit
        Its parts are the folds.

    settings : TrainingSettings
        How to train, without callbacks and patience.

    streams : RandomStreams
        Source of the orders of rows.

    Returns
    -------
    state : TrainingState
        Weights and curves. Validation losses are those of all folds' rows, each by the
        network that did not see it; so are training losses where the start is kept.

    Raises
    ------
    ValueError
        If a loss is not finite, or much larger than the start's.
    """
    settings = replace(settings, progress=None)
    first, *fold_starts = networks.starts or [networks.module, *networks.fold_networks]
    before = _start_losses(fold_starts, objective, split)
    state = TrainingState(
        copy_weights(networks.module), validation_losses=[before.mean().item()]
    )
    pairs = list(zip(networks.fold_networks, fold_starts, strict=True))
    losses, epochs = [], []
    try:
        for fitted, fold_epochs in _fit_folds(
            pairs, objective, split, settings, streams
        ):
            losses.append(fitted.losses)
            epochs.append(fold_epochs)
        after = _describe_folds(state, losses, epochs)
        best = int(np.argmin(state.validation_losses[1:] or [0]))
        level = settings.significance_level
        if not after or not is_significant_gain(before, after[best], level):
            return state
        everything = torch.cat([*split.parts, split.always_train])
        final = fit_network(
            networks.module,
            objective,
            split._replace(index=everything, parts=()),
            replace(settings, stop_after=best + 1),
            streams.torch("batches"),
            first,
        )
    except KeyboardInterrupt as caught:
        if not losses:
            raise
        state.losses = state.losses or losses[0][:1]
        state.interruption = caught
        return state
    # An observer may have stopped the last training before its best epoch.
    if not is_significant_gain(before, after[final.best_epoch - 1], level):
        return state
    final.validation_losses = state.validation_losses[: final.best_epoch + 1]
    return final


def _describe_folds(state: TrainingState, losses, epochs) -> list[Tensor]:
    """Add the curves of all folds to a state; return all rows' losses by epoch."""
    state.losses = [sum(parts) / len(losses) for parts in zip(*losses, strict=False)]
    after = [torch.cat(parts) for parts in zip(*epochs, strict=False)]
    state.validation_losses += [epoch.mean().item() for epoch in after]
    return after


def _start_losses(starts, objective: Objective, split: RowSplit) -> Tensor:
    """Return the losses of all folds' rows, each by the start that did not see it."""
    losses = [
        row_losses(
            start, objective, Batches(split.validation_rows, fold, EVALUATION_ROWS)
        )
        for start, fold in zip(starts, split.parts, strict=True)
    ]
    return torch.cat(losses)


def _fit_folds(
    pairs, objective: Objective, split: RowSplit, settings, streams
) -> Iterator[tuple[TrainingState, list[Tensor]]]:
    """Yield the state of each fold network, and the losses of the fold's rows."""
    n_epochs = settings.max_epochs
    for number, (network, start) in enumerate(pairs):
        others = rows_outside_fold(split.parts, number)
        fold = split._replace(
            index=torch.cat([others, split.always_train]), parts=(split.parts[number],)
        )
        record = RowLosses()
        fold_settings = replace(
            settings,
            stop_after=n_epochs,
            callbacks=[record],
            ends_early=False,
            verbose=0,
        )
        batches = streams.torch(f"fold {number}")
        fitted = fit_network(network, objective, fold, fold_settings, batches, start)
        yield fitted, record.epochs_
        if fitted.interruption is not None:
            raise fitted.interruption
        n_epochs = min(n_epochs, len(record.epochs_))


def rows_outside_fold(folds: Sequence[Tensor], number: int) -> Tensor:
    """Return the rows of all folds but one."""
    return torch.cat([*folds[:number], *folds[number + 1 :]])
