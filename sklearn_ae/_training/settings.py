"""Training options of an estimator, settings of one training, and its result."""

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
    """Gets notified of every epoch.

    Both methods get a function that returns the state as if training ended with this
    epoch and kept its weights. Calling it changes nothing.
    """

    def begin(self, state: Callable[[], "TrainingState"]) -> None:
        """Handle the beginning of an epoch."""

    def end(self, state: Callable[[], "TrainingState"]) -> bool:
        """Handle the end of an epoch; return whether to stop training."""


class SavedProgress(Protocol):
    """Stores the progress of a training outside this process."""

    def restore(self, resume: Callable[[Any], None]) -> None:
        """Call `resume` with the latest saved progress, if there is any."""

    def save(self, progress: dict[str, Any]) -> None:
        """Save plain values and arrays; they replace those saved before."""


@dataclass(frozen=True)
class TrainingOptions:
    """Training parameters of an estimator.

    Attributes
    ----------
    learning_rate, batch_size, weight_decay, n_iter_no_change, callbacks, device, \
            verbose
        As in :class:`TrainingSettings`.

    max_epochs : int or "auto"
        "auto" means at most 70 epochs and about 1,250 steps.

    early_stopping : bool
        Whether to keep the epoch with the lowest validation loss.

    validation_fraction : float
        Fraction of the rows to use as validation rows.
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
    def needs_single_training(self) -> bool:
        """Whether callbacks or patience rule out one training per fold."""
        return bool(self.callbacks) or self.n_iter_no_change is not None

    def n_epochs(self, n_train: int, fewest_steps: int = 0) -> int:
        """Return the number of epochs.

        Parameters
        ----------
        n_train : int
            Number of training rows.

        fewest_steps : int, default=0
            Minimum number of steps with ``max_epochs="auto"``.
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
            Training runs on the device of its parameters.

        **others
            The other settings.
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
        Factor of each parameter's learning rate, by name.

    batch_size : int
        Rows per step.

    max_epochs : int
        Number of epochs of the schedule.

    stop_after : int or None
        Number of epochs to run. None means `max_epochs`.

    weight_decay : float
        Decoupled weight decay.

    n_iter_no_change : int or None
        Epochs without a lower validation loss after which training stops.

    significance_level : float
        Significance level at which an epoch must beat the start, see
        :func:`is_significant_gain`.

    loss_unit : float
        Gradients are those of the loss divided by this number, so that clipping does
        not depend on how good the start is.

    ends_early : bool
        Whether to stop early if no epoch is better than the start, see :class:`Stop`.

    shrinking_noise : Corruption or None
        Noise of the training rows, whose level falls with the loss, see
        :class:`ShrinkingNoise`.

    constant_losses : dict of str to float
        Losses that do not change, by name, such as PCA's on the validation rows. The
        progress bar shows them beside those of training.

    n_epochs_warm_up : int
        Number of epochs over which the objective's penalty grows. Early stopping does
        not count them.

    callbacks : sequence
        skorch callbacks of the user.

    observer : Observer or None
        Gets notified of every epoch.

    progress : SavedProgress or None
        Saves the progress after every epoch. Training resumes from what it holds.

    device : torch.device
        Device of the training.

    verbose : int
        Whether to show a progress bar: if positive.
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
    constant_losses: dict[str, float] = field(default_factory=dict)
    n_epochs_warm_up: int = 0
    callbacks: Sequence = ()
    observer: Observer | None = None
    progress: SavedProgress | None = None
    device: torch.device | str = "cpu"
    verbose: int = 0


@dataclass
class TrainingState:
    """Result of a training.

    Attributes
    ----------
    weights : dict of str to Tensor
        Copies of the weights to keep.

    best_epoch : int
        The epoch that they are from; 0 is the start.

    losses : list of float
        Training losses: the start's, then one per epoch.

    validation_losses : list of float
        Validation losses alike; empty without validation rows.

    interruption : KeyboardInterrupt or None
        The Ctrl-C that ended training, if any.
    """

    weights: dict[str, Tensor]
    best_epoch: int = 0
    losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    interruption: KeyboardInterrupt | None = None

    def attributes(self) -> dict[str, Any]:
        """Return fitted attributes by name."""
        curve = self.validation_losses or None
        return {
            "loss_curve_": self.losses,
            "validation_loss_curve_": curve,
            "best_epoch_": self.best_epoch,
            "best_validation_loss_": curve and curve[self.best_epoch],
            "n_epochs_": len(self.losses) - 1,
        }
