"""Online training: one pass over rows with schedule-free AdamW."""

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

_BETA_1 = 0.9  # share of the average in the weights at which gradients are computed
_BETA_2 = 0.99  # decay of squared gradients
_N_WARM_UP_STEPS = 50
_AVERAGE_POWER = 4
_EPSILON = 1e-8


class ScheduleFreeAdamW:
    """AdamW without a schedule, on concatenated parameters.

    Steps change one set of weights, the result is their average, and gradients are
    computed at a point between both, which takes the place of momentum (Defazio et al.
    2024). The learning rate need not fall, so training can stop or continue at any
    step.

    The average gives step t a weight of about ``t ** 4``. The state is three arrays as
    large as the weights, as much as AdamW's moments and weights are.

    Parameters
    ----------
    weights : Parameter of shape (n_weights,)
        The network's weights, with their gradient.

    state : dict
        What :meth:`state` or :meth:`initial_state` returned.

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
    ...     stepper.interpolate()
    ...     stepper.step(torch.ones(1), weight_decay=0.0)
    >>> stepper.load_average()
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
        """Return the state before the first step from these weights."""
        return {
            "n_steps": 0,
            "average": weights.copy(),
            "ahead": weights.copy(),
            "squares": np.zeros_like(weights),
        }

    def state(self) -> dict[str, Any]:
        """Return the state of the steps so far, as plain values and copied arrays."""
        parts = {
            "average": self._average,
            "ahead": self._ahead,
            "squares": self._squares,
        }
        arrays = {name: part.cpu().numpy().copy() for name, part in parts.items()}
        return {"n_steps": self._n_steps, **arrays}

    @torch.no_grad()
    def interpolate(self) -> None:
        """Set the weights to the point at which to compute the next gradient."""
        torch.lerp(self._ahead, self._average, _BETA_1, out=self._weights.data)

    @torch.no_grad()
    def step(self, rates: Tensor, weight_decay: float) -> None:
        """Make a step along the weights' gradient.

        Parameters
        ----------
        rates : Tensor of shape (n_weights,)
            Learning rate of each weight.

        weight_decay : float
            Decoupled weight decay.
        """
        self._n_steps += 1
        gradient = self._weights.grad
        self._squares.mul_(_BETA_2).addcmul_(gradient, gradient, value=1 - _BETA_2)
        bias_correction = 1 - _BETA_2**self._n_steps
        denominator = (self._squares / bias_correction).sqrt_().add_(_EPSILON)
        update = gradient / denominator
        if weight_decay:
            update.add_(self._weights.data, alpha=weight_decay)
        warm_up = min(self._n_steps / _N_WARM_UP_STEPS, 1.0)
        self._ahead.addcmul_(rates, update, value=-warm_up)
        share = (_AVERAGE_POWER + 1) / (self._n_steps + _AVERAGE_POWER)
        self._average.lerp_(self._ahead, share)

    @torch.no_grad()
    def load_average(self) -> None:
        """Set the weights to their average, the result of training."""
        self._weights.data.copy_(self._average)


class PassResult(NamedTuple):
    """Result of one pass.

    Attributes
    ----------
    steps : dict
        State of the steps, see :class:`ScheduleFreeAdamW`.

    loss : float
        Mean loss of the rows, each before its own step.
    """

    steps: dict[str, Any]
    loss: float


def flatten_weights(module: nn.Module) -> np.ndarray:
    """Return the parameters of a module, concatenated."""
    parts = [part.detach().flatten() for part in module.parameters()]
    return torch.cat(parts).cpu().numpy()


def train_one_pass(
    module: nn.Module,
    objective: Objective,
    rows: RowSource,
    settings: TrainingSettings,
    steps: dict[str, Any],
    generator: torch.Generator,
) -> PassResult:
    """Train a module in one pass over all rows, in batches of almost equal size.

    Parameters
    ----------
    module : torch.nn.Module
        On ``settings.device``; its weights become the average to keep.

    objective : callable
        Function of (module, batch) that returns one loss per row.

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
    result : PassResult
        The new state; see :func:`check_convergence`.
    """
    flat = FlatParameters([module.parameters()])
    stepper = ScheduleFreeAdamW(flat.tensors[0], steps)
    rates = _learning_rates(module, settings)
    order = torch.randperm(len(rows), generator=generator)
    losses = []
    module.train()
    for index in order.tensor_split(math.ceil(len(rows) / settings.batch_size)):
        stepper.interpolate()
        flat.zero_grad()
        row_losses = objective(module, rows.take(index))
        (row_losses.mean() / settings.loss_unit).backward()
        flat.clip_gradients(MAX_GRADIENT_NORM)
        stepper.step(rates, settings.weight_decay)
        losses.append(row_losses.detach())
    stepper.load_average()
    module.eval()
    return PassResult(stepper.state(), torch.cat(losses).mean().item())


def _learning_rates(module: nn.Module, settings: TrainingSettings) -> torch.Tensor:
    """Return the learning rate of each weight."""
    scales = settings.learning_rate_scales
    parts = [
        torch.full((part.numel(),), settings.learning_rate * scales[name]).to(part)
        for name, part in module.named_parameters()
    ]
    return torch.cat(parts)


def check_convergence(
    result: PassResult, before: float, settings: TrainingSettings
) -> None:
    """Raise if a pass ends with weights that are not finite, or a much larger loss.

    Parameters
    ----------
    result : PassResult
        Result of the pass.

    before : float
        Mean loss of its rows before the pass.

    settings : TrainingSettings
        Settings of the pass, for the error.

    Raises
    ------
    ValueError
        If training diverged.
    """
    weights = (result.steps[name] for name in ("average", "ahead", "squares"))
    finite = all(np.isfinite(part).all() for part in weights)
    if not finite or not is_finite_and_bounded(result.loss, before):
        raise ValueError(
            f"The loss must stay finite and near that before, {before:.3g}, got "
            f"{result.loss:.3g} with learning_rate={settings.learning_rate} and "
            f"weight_decay={settings.weight_decay}; try a smaller learning_rate."
        )
