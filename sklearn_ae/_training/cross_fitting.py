"""Training of a network, with cross-fitting on small tables."""

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
    """Networks before training.

    Attributes
    ----------
    module : torch.nn.Module
        Network whose start is fitted to all rows.

    fold_networks : sequence of torch.nn.Module
        One for each part of the validation rows; its start is fitted to the others.

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
        is_single = len(self.fold_networks) == 1
        return self.fold_networks[0] if is_single else self.module


def validation_losses(
    networks: list[nn.Module], objective: Objective, split: RowSplit
) -> Tensor:
    """Return the losses of validation rows, each part's by its network.

    Parameters
    ----------
    networks : list of torch.nn.Module
        One for each part of the validation rows.

    objective : callable
        Function of (module, batch) that returns one loss per row.

    split : RowSplit
        Split of the rows, with validation rows.

    Returns
    -------
    losses : Tensor of shape (n_validation_samples,)
        In the order of the parts.
    """
    losses = [
        row_losses(
            network, objective, Batches(split.validation_rows, part, EVALUATION_ROWS)
        )
        for network, part in zip(networks, split.parts, strict=True)
    ]
    return torch.cat(losses)


def train_networks(
    networks: Networks,
    objective: Objective,
    split: RowSplit,
    settings: TrainingSettings,
    streams: RandomStreams,
) -> TrainingState:
    """Train the network to keep, by cross-fitting if there are several folds.

    Parameters
    ----------
    networks : Networks
        On ``settings.device``; their weights change.

    objective : callable
        Function of (module, batch) that returns one loss per row.

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
    """Train a module on all rows, for the number of epochs that cross-fitting finds.

    For each fold a network is trained on the other folds, and its start and all epochs
    are evaluated on this one. The epoch with the lowest loss over all rows is chosen if
    it is significantly better than the start, see :func:`is_significant_gain`. Then the
    module is trained on all rows with the same schedule, and stopped after that epoch.
    If an observer stops one training, later ones run for no more epochs.

    Such tables are small, so a checkpoint saves no progress: an interrupted fit starts
    anew, and ends with the same bits.

    Parameters
    ----------
    networks : Networks
        On ``settings.device``; their weights change.

    objective : callable
        Function of (module, batch) that returns one loss per row.

    split : RowSplit
        Its parts are the folds.

    settings : TrainingSettings
        How to train, without callbacks and patience.

    streams : RandomStreams
        Source of the orders of rows.

    Returns
    -------
    state : TrainingState
        Weights and curves. Each row's validation loss is that of the network which was
        not trained on it. If the start is kept, training losses are means over folds.

    Raises
    ------
    ValueError
        If a loss is not finite, or much larger than the start's.
    """
    settings = replace(settings, progress=None)
    start, *fold_starts = networks.starts or [networks.module, *networks.fold_networks]
    before = validation_losses(fold_starts, objective, split)
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
        after = _add_fold_curves(state, losses, epochs)
        best = int(np.argmin(state.validation_losses[1:] or [0]))
        level = settings.significance_level
        if not after or not is_significant_gain(before, after[best], level):
            return state
        all_rows = torch.cat([*split.parts, split.always_train])
        final = fit_network(
            networks.module,
            objective,
            split._replace(index=all_rows, parts=()),
            replace(settings, stop_after=best + 1),
            streams.torch("batches"),
            start,
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


def _add_fold_curves(state: TrainingState, losses, epochs) -> list[Tensor]:
    """Add the mean curves of the folds to a state; return row losses by epoch."""
    state.losses = [sum(parts) / len(losses) for parts in zip(*losses, strict=False)]
    after = [torch.cat(parts) for parts in zip(*epochs, strict=False)]
    state.validation_losses += [epoch.mean().item() for epoch in after]
    return after


def _fit_folds(
    pairs, objective: Objective, split: RowSplit, settings, streams
) -> Iterator[tuple[TrainingState, list[Tensor]]]:
    """Yield each fold network's state, and its validation losses by epoch."""
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
