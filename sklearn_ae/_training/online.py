"""Steps that need to know no end: schedule-free AdamW."""

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from .callbacks import is_finite_and_bounded
from .engine import MAX_GRADIENT_NORM, Objective
from .flat_parameters import FlatParameters
from .rows import RowSource
from .settings import TrainingSettings

_MIX = 0.9  # share of the average in the weights that gradients are taken at
_MEMORY = 0.99  # of squared gradients
_WARM_UP = 50  # steps
_AVERAGE_POWER = 4
_SMALL = 1e-8


class ScheduleFreeAdamW:
    """AdamW without a schedule, on parameters that lie end to end.

    Steps move one set of weights, what is kept is an average of it, and gradients are
    taken in between, in the place of momentum (Defazio et al. 2024). There is no
    learning rate to lower towards an end, so training can end, or go on, at any step.

    Step t counts in the average by about ``t ** 4``. The state is three arrays of the
    parameters' size: with what is published of them no more than AdamW's moments and
    weights would be.

    Parameters
    ----------
    weights : Parameter of shape (n_weights,)
        Where the weights are, which steps change, and their gradient.

    state : dict
        What :meth:`state` returned, or :meth:`initial_state`.

    References
    ----------
    Defazio, A., Yang, X., Mehta, H., Mishchenko, K., Khaled, A. and Cutkosky, A.
    (2024). The road less scheduled. NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from sklearn_ae._training.online import ScheduleFreeAdamW
    >>> weights = torch.nn.Parameter(torch.ones(1))
    >>> weights.grad = torch.ones(1)
    >>> start = ScheduleFreeAdamW.initial_state(np.ones(1, dtype=np.float32))
    >>> stepper = ScheduleFreeAdamW(weights, start)
    >>> for _ in range(3):
    ...     stepper.place()
    ...     stepper.step(torch.ones(1), weight_decay=0.0)
    >>> stepper.show_average()
    >>> bool(weights < 1)
    True
    """

    def __init__(self, weights: nn.Parameter, state: dict[str, Any]) -> None:
        self._weights, self._n_steps = weights, state["n_steps"]
        self._average, self._ahead, self._squares = (
            # Copies, as the arrays may be a file's that is mapped for reading.
            torch.from_numpy(state[name].copy()).to(weights.device)
            for name in ("average", "ahead", "squares")
        )

    @staticmethod
    def initial_state(weights: np.ndarray) -> dict[str, Any]:
        """Return the state before the first step from some weights."""
        return {
            "n_steps": 0,
            "average": weights.copy(),
            "ahead": weights.copy(),
            "squares": np.zeros_like(weights),
        }

    def state(self) -> dict[str, Any]:
        """Return all that steps have made so far."""
        parts = {
            "average": self._average,
            "ahead": self._ahead,
            "squares": self._squares,
        }
        arrays = {name: part.cpu().numpy().copy() for name, part in parts.items()}
        return {"n_steps": self._n_steps, **arrays}

    @torch.no_grad()
    def place(self) -> None:
        """Put the weights where the next gradient is to be taken."""
        torch.lerp(self._ahead, self._average, _MIX, out=self._weights.data)

    @torch.no_grad()
    def step(self, rates: Tensor, weight_decay: float) -> None:
        """Step by the weights' gradient.

        Parameters
        ----------
        rates : Tensor of shape (n_weights,)
            Learning rate of each weight.

        weight_decay : float
            Decoupled weight decay.
        """
        self._n_steps += 1
        gradient = self._weights.grad
        self._squares.mul_(_MEMORY).addcmul_(gradient, gradient, value=1 - _MEMORY)
        known = 1 - _MEMORY**self._n_steps
        size = (self._squares / known).sqrt_().add_(_SMALL)
        move = gradient / size
        if weight_decay:
            move.add_(self._weights.data, alpha=weight_decay)
        self._ahead.addcmul_(rates, move, value=-min(self._n_steps / _WARM_UP, 1.0))
        share = (_AVERAGE_POWER + 1) / (self._n_steps + _AVERAGE_POWER)
        self._average.lerp_(self._ahead, share)

    @torch.no_grad()
    def show_average(self) -> None:
        """Put the weights to their average, which is what to keep."""
        self._weights.data.copy_(self._average)


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


def flatten_weights(module: nn.Module) -> np.ndarray:
    """Return the parameters of a module end to end."""
    parts = [part.detach().flatten() for part in module.parameters()]
    return torch.cat(parts).cpu().numpy()


def train_one_pass(
    module: nn.Module,
    objective: Objective,
    rows: RowSource,
    settings: TrainingSettings,
    steps: dict[str, Any],
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

    generator : torch.Generator
        Source of the order of rows.

    Returns
    -------
    done : Pass
        The new state; see :func:`check_convergence`.
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
    return Pass(stepper.state(), torch.cat(losses).mean().item())


def _rates(module: nn.Module, settings: TrainingSettings) -> torch.Tensor:
    """Return the learning rate of each weight."""
    scales = settings.learning_rate_scales
    parts = [
        torch.full((part.numel(),), settings.learning_rate * scales[name]).to(part)
        for name, part in module.named_parameters()
    ]
    return torch.cat(parts)


def check_convergence(done: Pass, before: float, settings: TrainingSettings) -> None:
    """Raise if a pass ends with weights that are not finite, or a much larger loss.

    Parameters
    ----------
    done : Pass
        The pass.

    before : float
        Mean loss of its rows before the pass.

    settings : TrainingSettings
        Settings of the pass, for the error.

    Raises
    ------
    ValueError
        If training diverged.
    """
    weights = (done.steps[name] for name in ("average", "ahead", "squares"))
    finite = all(np.isfinite(part).all() for part in weights)
    if not finite or not is_finite_and_bounded(done.loss, before):
        raise ValueError(
            f"The loss must stay finite and near that before, {before:.3g}, got "
            f"{done.loss:.3g} with learning_rate={settings.learning_rate} and "
            f"weight_decay={settings.weight_decay}; try a smaller learning_rate."
        )
