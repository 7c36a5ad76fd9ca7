"""Options of a training, its settings, and the state it ends in."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ..nn import Corruption
from .rows import EPOCH_ROWS

_AUTO_EPOCHS, _AUTO_STEPS = 70, 1_250


class Observer(Protocol):
    """Is told of every epoch.

    Both methods get a function that returns the state in which training would end if
    this epoch were its last one, and the one to keep. Calling it changes nothing.
    """

    def begin(self, state: Callable[[], "TrainingState"]) -> None:
        """See an epoch begin."""

    def end(self, state: Callable[[], "TrainingState"]) -> bool:
        """See an epoch end; return whether training shall end with it."""


class SavedProgress(Protocol):
    """Holds the progress of a training outside of this process."""

    def take(self, resume: Callable[[Any], None]) -> None:
        """Call `resume` with the progress that was saved last, if there is any."""

    def save(self, progress: dict[str, Any]) -> None:
        """Save plain values and arrays in the place of what was saved before."""


@dataclass(frozen=True)
class TrainingOptions:
    """Parameters of an estimator that say how to train.

    Attributes
    ----------
    learning_rate, batch_size, weight_decay, n_iter_no_change, callbacks, device, \
            verbose
        As in :class:`TrainingSettings`.

    max_epochs : int or "auto"
        "auto" means at most 70 epochs and about 1,250 steps.

    early_stopping : bool
        Whether validation rows choose the epoch to keep.

    validation_fraction : float
        Share of the rows that are validation rows.
    """

    learning_rate: float
    batch_size: int
    max_epochs: int | str
    weight_decay: float
    early_stopping: bool
    validation_fraction: float
    n_iter_no_change: int | None
    callbacks: Sequence
    device: torch.device
    verbose: int = 0

    @property
    def watches_one_training(self) -> bool:
        """Whether callbacks or patience rule out several trainings, one a fold."""
        return bool(self.callbacks) or self.n_iter_no_change is not None

    def n_epochs(self, n_train: int, fewest_steps: int = 0) -> int:
        """Return the number of epochs.

        Parameters
        ----------
        n_train : int
            Number of training rows.

        fewest_steps : int, default=0
            Least number of steps with ``max_epochs="auto"``.
        """
        if self.max_epochs != "auto":
            return int(self.max_epochs)
        steps_per_epoch = math.ceil(min(n_train, EPOCH_ROWS) / self.batch_size)
        n_epochs = min(_AUTO_EPOCHS, math.ceil(_AUTO_STEPS / steps_per_epoch))
        return max(n_epochs, math.ceil(fewest_steps / steps_per_epoch))

    def settings(self, module: nn.Module, **others: Any) -> "TrainingSettings":
        """Return the settings for training a module.

        Parameters
        ----------
        module : torch.nn.Module
            Where its parameters lie, training runs.

        **others
            Settings that are no options.
        """
        return TrainingSettings(
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            weight_decay=self.weight_decay,
            n_iter_no_change=self.n_iter_no_change,
            callbacks=self.callbacks,
            verbose=self.verbose,
            device=next(module.parameters()).device,
            **others,
        )


@dataclass(frozen=True)
class TrainingSettings:
    """How one network is trained.

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
        Epochs to run if less than `max_epochs`, whose schedule it stays.

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
        Is told of every epoch.

    progress : SavedProgress or None
        Gets the progress of every epoch. If it has some, training goes on there.

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
    progress: SavedProgress | None = None
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
