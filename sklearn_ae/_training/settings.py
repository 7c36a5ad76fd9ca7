"""What is chosen about a training, and what it ends with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from ..nn import Corruption


class Observer(Protocol):
    """Who is told of every epoch.

    Both methods get what returns the state that training would end in, were this epoch
    its last and the one to keep. To ask for it changes nothing.
    """

    def begin(self, state: Callable[[], "TrainingState"]) -> None:
        """See an epoch begin."""

    def end(self, state: Callable[[], "TrainingState"]) -> bool:
        """See an epoch end; tell whether training shall end with it."""


@dataclass(frozen=True)
class TrainingSettings:
    """What the user chose about training.

    Attributes
    ----------
    learning_rate : float
        Peak of the one-cycle schedule.

    learning_rate_scales : dict of str to float
        Factor of each parameter's rate, by name.

    batch_size : int
        Rows a step.

    max_epochs : int
        Epochs to run.

    stop_after : int or None
        Epochs to run where not all are wanted; the schedule stays that of all.

    weight_decay : float
        Decoupled weight decay.

    n_iter_no_change : int or None
        Epochs without a lower validation loss after which training stops.

    significance_level : float
        Significance level at which an epoch must beat the start, see
        :func:`is_significant_gain`.

    loss_unit : float
        Gradients are those of the loss over this number, so that clipping means the
        same whatever the start leaves to be won.

    ends_early : bool
        Whether training ends where no epoch does better than the start.

    shrinking_noise : Corruption or None
        Noise of the training rows, whose level goes down with the loss, see
        :class:`ShrinkingNoise`.

    references : dict of str to float
        Losses that the progress bar shows beside those of training.

    n_epochs_warm_up : int
        Epochs over which the objective's penalty grows, before which training does not
        end.

    callbacks : sequence
        skorch callbacks of the user.

    observer : Observer or None
        Who is told of every epoch.

    device : torch.device
        Where training runs.

    verbose : int
        Shows a progress bar where positive.
    """

    learning_rate: float
    learning_rate_scales: dict[str, float]
    batch_size: int
    max_epochs: int
    stop_after: int | None = None
    weight_decay: float = 0.0
    n_iter_no_change: int | None = None
    significance_level: float = 0.01
    loss_unit: float = 1.0
    ends_early: bool = True
    shrinking_noise: Corruption | None = None
    references: dict[str, float] = field(default_factory=dict)
    n_epochs_warm_up: int = 0
    callbacks: Sequence = ()
    observer: Observer | None = None
    device: torch.device | str = "cpu"
    verbose: int = 0


@dataclass
class TrainingState:
    """Where training stands.

    Attributes
    ----------
    weights : dict of str to Tensor
        Copies of the weights that `fit` keeps.

    best_epoch : int
        The epoch they are from; 0 is the start.

    losses : list of float
        Training loss: the start's, then one an epoch.

    validation_losses : list of float
        The same over the validation rows; empty without any.

    interruption : KeyboardInterrupt or None
        Ctrl-C, if it ended training.
    """

    weights: dict[str, Tensor]
    best_epoch: int = 0
    losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    interruption: KeyboardInterrupt | None = None

    def attributes(self) -> dict[str, Any]:
        """Return fitted attributes by name."""
        judged = self.validation_losses or None
        return {
            "loss_curve_": self.losses,
            "validation_loss_curve_": judged,
            "best_epoch_": self.best_epoch,
            "best_validation_loss_": judged and judged[self.best_epoch],
            "n_epochs_": len(self.losses) - 1,
        }
