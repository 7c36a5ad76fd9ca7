"""One pass of training over some rows, from a state and to one."""

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from ._callbacks import is_sane_loss
from ._parameters import FlatParameters
from ._rows import RowSource
from ._schedule_free import ScheduleFreeAdamW
from ._training import MAX_GRADIENT_NORM, Objective, TrainingSettings


class Pass(NamedTuple):
    """What a pass leaves behind.

    Attributes
    ----------
    steps : dict
        State of the steps, see :class:`ScheduleFreeAdamW`.

    loss : float
        Mean of the rows' losses, each before its own step.
    """

    steps: dict[str, Any]
    loss: float


def flat_weights(module: nn.Module) -> np.ndarray:
    """Return the parameters of a module end to end."""
    parts = [part.detach().flatten() for part in module.parameters()]
    return torch.cat(parts).cpu().numpy()


def fit_pass(
    module: nn.Module,
    objective: Objective,
    rows: RowSource,
    settings: TrainingSettings,
    steps: dict[str, Any],
    loss_before: float,
    generator: torch.Generator,
) -> Pass:
    """Train a module in one pass over all rows, in batches of almost equal size.

    Parameters
    ----------
    module : torch.nn.Module
        On ``settings.device``; its weights become the average that is to be kept.

    objective : callable
        Turns (module, batch) into one loss a row.

    rows : RowSource
        The rows.

    settings : TrainingSettings
        Learning rate and its scales, batch size, weight decay and the loss's unit.

    steps : dict
        State of the steps so far.

    loss_before : float
        Mean loss of the rows before the pass.

    generator : torch.Generator
        Source of the order of rows.

    Returns
    -------
    done : Pass
        The new state.

    Raises
    ------
    ValueError
        If the loss turns non-finite, or out of all proportion to that before.
    """
    flat = FlatParameters([module.parameters()])
    stepper = ScheduleFreeAdamW(flat.tensors[0], steps)
    rates = _rates(module, settings)
    order = torch.randperm(len(rows), generator=generator)
    losses = []
    module.train()
    for index in order.tensor_split(math.ceil(len(rows) / settings.batch_size)):
        stepper.place()
        flat.clear()
        row_losses = objective(module, rows.take(index))
        (row_losses.mean() / settings.loss_unit).backward()
        flat.clip(MAX_GRADIENT_NORM)
        stepper.step(rates, settings.weight_decay)
        losses.append(row_losses.detach())
    stepper.show_average()
    module.eval()
    done = Pass(stepper.state(), torch.cat(losses).mean().item())
    _check_converges(done, loss_before, settings)
    return done


def _rates(module: nn.Module, settings: TrainingSettings) -> torch.Tensor:
    """Return the learning rate of each weight."""
    scales = settings.learning_rate_scales
    parts = [
        torch.full((part.numel(),), settings.learning_rate * scales[name]).to(part)
        for name, part in module.named_parameters()
    ]
    return torch.cat(parts)


def _check_converges(done: Pass, before: float, settings: TrainingSettings) -> None:
    weights = (done.steps[name] for name in ("average", "ahead", "squares"))
    finite = all(np.isfinite(part).all() for part in weights)
    if not finite or not is_sane_loss(done.loss, before):
        raise ValueError(
            f"The loss must stay finite and near that before, {before:.3g}, got "
            f"{done.loss:.3g} with learning_rate={settings.learning_rate} and "
            f"weight_decay={settings.weight_decay}; try a smaller learning_rate."
        )
