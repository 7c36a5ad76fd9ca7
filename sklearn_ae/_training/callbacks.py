"""skorch callbacks of the engine."""

import dis
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback
from torch import Tensor, nn

_DIVERGED = 1e9  # times the size of the loss before, or of this, if that is less:
_SMALL_LOSS = 1e-6
_WARM_UP = 0.1  # share of the steps
_HOPELESS = 5  # the share of epochs after which to end, and the fewest of them


def is_stop(error: KeyboardInterrupt) -> bool:
    """Tell a callback that stops training from Ctrl-C.

    skorch's callbacks stop training by ``raise KeyboardInterrupt`` in a method of
    their own. A signal arrives at any other instruction, or is raised by its handler.
    """
    entry = error.__traceback__
    while entry.tb_next is not None:
        entry = entry.tb_next
    frame = entry.tb_frame
    instruction = dis.opname[frame.f_code.co_code[entry.tb_lasti]]
    by_callback = isinstance(frame.f_locals.get("self"), Callback)
    return by_callback and instruction == "RAISE_VARARGS"


def is_finite_and_bounded(loss: float, before: float) -> bool:
    """Tell whether a loss is finite, and in proportion to one before it."""
    limit = before + _DIVERGED * max(abs(before), _SMALL_LOSS)
    return math.isfinite(loss) and not loss > limit


def check_callbacks(callbacks) -> None:
    """Raise if something is no skorch callback, its class, or named one."""
    for item in callbacks:
        callback = item[1] if isinstance(item, tuple) and len(item) == 2 else item
        if isinstance(callback, type):
            known = issubclass(callback, Callback)
        else:
            known = isinstance(callback, Callback)
        if not known:
            raise ValueError(f"callbacks must hold skorch callbacks, got {item!r}.")


def copy_weights(module: nn.Module) -> dict[str, Tensor]:
    """Return a copy of the module's state that later steps leave alone."""
    return {name: value.clone() for name, value in module.state_dict().items()}


def stored(tensors: dict[str, Tensor]) -> dict[str, np.ndarray]:
    """Return tensors as arrays that later steps leave alone."""
    return {name: value.cpu().numpy().copy() for name, value in tensors.items()}


class Recorder(Callback, ABC):
    """A callback that learns from epoch to epoch, and can go on in another process."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return all that it has learned, as plain values and arrays."""

    @abstractmethod
    def restore(
        self, state: dict[str, Any], device: torch.device, n_epochs: int
    ) -> None:
        """Go on where :meth:`state` was taken, or raise if that is no state.

        Parameters
        ----------
        state : dict
            Plain values and arrays.

        device : torch.device
            That of the training.

        n_epochs : int
            How many epochs it must have seen.
        """


class BestEpoch(Recorder):
    """Keeps the weights of the epoch with the lowest validation loss after the start.

    Parameters
    ----------
    weights : dict of str to Tensor
        The start's.

    row_losses : Tensor of shape (n_rows,)
        Its losses of the validation rows.
    """

    def __init__(self, weights, row_losses):
        self.weights, self.row_losses = weights, row_losses
        self.start_loss = row_losses.mean().item()

    def initialize(self):
        self.loss_, self.epoch_ = math.inf, 0
        self.weights_, self.row_losses_ = self.weights, self.row_losses
        return self

    def on_epoch_end(self, net, **kwargs):
        loss = net.history[-1, "valid_loss"]
        if loss < self.loss_:
            self.loss_, self.epoch_ = loss, len(net.history)
            self.weights_ = copy_weights(net.module_)
            self.row_losses_ = net.validation_row_losses_

    def state(self):
        return {
            "loss": float(self.loss_),
            "epoch": self.epoch_,
            "weights": stored(self.weights_),
            "row_losses": self.row_losses_.cpu().numpy(),
        }

    def restore(self, state, device, n_epochs):
        if not 0 < state["epoch"] <= n_epochs:
            raise ValueError(f"got a best epoch {state['epoch']} of {n_epochs}")
        self.loss_, self.epoch_ = state["loss"], state["epoch"]
        self.weights_ = {
            name: torch.from_numpy(array).to(device)
            for name, array in state["weights"].items()
        }
        self.row_losses_ = torch.from_numpy(state["row_losses"]).to(device)


class RowLosses(Recorder):
    """Takes down the losses of the validation rows, epoch by epoch.

    Parameters
    ----------
    n_rows : int
        How many rows.
    """

    def __init__(self, n_rows):
        self.n_rows, self.epochs_ = n_rows, []

    def on_epoch_end(self, net, **kwargs):
        self.epochs_.append(net.validation_row_losses_)

    def state(self):
        return {"epochs": [losses.cpu().numpy() for losses in self.epochs_]}

    def restore(self, state, device, n_epochs):
        epochs = np.stack(state["epochs"]) if n_epochs else np.empty((0, self.n_rows))
        if epochs.shape != (n_epochs, self.n_rows) or np.isnan(epochs).any():
            raise ValueError(f"got losses of shape {epochs.shape}")
        self.epochs_ = [
            torch.from_numpy(losses).to(device) for losses in state["epochs"]
        ]


class EpochEnd(Callback):
    """Calls a function of the net at every epoch's end.

    Parameters
    ----------
    call : callable
        What to call.
    """

    def __init__(self, call: Callable[[Any], None]):
        self.call = call

    def on_epoch_end(self, net, **kwargs):
        self.call(net)


class Stop(Callback):
    """Ends training where no more is to be had, after all others saw the epoch.

    That is after a fifth of all epochs, if none did better than the start, and when
    patience is at its end.

    Parameters
    ----------
    best : BestEpoch
        Knows the best epoch.

    n_iter_no_change : int or None
        Patience, counted in epochs.

    n_warm_up : int
        Epochs that are for nothing but to warm up.
    """

    def __init__(self, best, n_iter_no_change, n_warm_up):
        self.best, self.n_iter_no_change = best, n_iter_no_change
        self.n_warm_up = n_warm_up

    def on_train_begin(self, net, **kwargs):
        if len(net.history):  # of a training that goes on
            self.on_epoch_end(net)

    def on_epoch_end(self, net, **kwargs):
        epoch, patience = len(net.history) - self.n_warm_up, self.n_iter_no_change
        n_idle = epoch - max(self.best.epoch_ - self.n_warm_up, 0)
        idle = patience is not None and n_idle >= patience
        late = epoch >= max(_HOPELESS, net.max_epochs / _HOPELESS)
        if idle or (late and self.best.loss_ >= self.best.start_loss):
            raise KeyboardInterrupt


class OneCycle(Callback):
    """Sets the learning rates of every step, see :func:`one_cycle`.

    It is skorch's LRScheduler without torch's scheduler, which takes as long as a small
    layer. A scheduler among the user's callbacks comes later and has the last word.

    Parameters
    ----------
    n_steps : int
        Steps of the whole schedule.
    """

    def __init__(self, n_steps):
        self.n_steps = n_steps

    def on_train_begin(self, net, **kwargs):
        self.peaks_ = [group["lr"] for group in net.optimizer_.param_groups]
        self.step_ = net.flat_.n_steps
        self._set_rates(net)

    def on_batch_end(self, net, training, **kwargs):
        if not training:
            return
        net.history.record_batch("event_lr", net.optimizer_.param_groups[0]["lr"])
        self.step_ += 1
        self._set_rates(net)

    def _set_rates(self, net):
        share = one_cycle(self.step_, self.n_steps)
        for group, peak in zip(net.optimizer_.param_groups, self.peaks_, strict=True):
            group["lr"] = share * peak


def one_cycle(step: int, n_steps: int) -> float:
    """Return the share of the learning rate at a step.

    It rises over the first tenth of the steps and falls to zero over the others, both
    in a straight line.
    """
    n_rising = max(_WARM_UP * n_steps, 1)
    return min((step + 1) / n_rising, (n_steps - step) / (n_steps - n_rising + 1))


class ShrinkingNoise(Callback):
    """Sets the level of noise by what is still unexplained, epoch by epoch.

    It is the root of the last epoch's training loss, times the share of epochs that
    are left: where a network can get close, it is not kept from it, and where it can't,
    it learns no details below the noise. There is none before training and after it.

    Parameters
    ----------
    noise : Corruption
        Of the training rows.

    start_loss : float
        Training loss of the start.
    """

    def __init__(self, noise, start_loss):
        self.noise, self.start_loss = noise, start_loss

    def on_epoch_begin(self, net, **kwargs):
        n_done = len(net.history) - 1
        loss = net.history[-2, "train_loss"] if n_done else self.start_loss
        left = 1 - n_done / net.max_epochs
        deviation = net.module_.residual_deviation(min(loss, self.start_loss))
        self.noise.set_level(deviation * left)

    def on_train_end(self, net, **kwargs):
        self.noise.set_level(0.0)


class WarmUp(Callback):
    """Lets an objective's penalty grow to its full weight, in a straight line.

    Parameters
    ----------
    objective : object
        Weighs its penalty by an attribute `warmth`, from 0 to 1.

    n_epochs : int
        Epochs until it is 1; the first has 0.
    """

    def __init__(self, objective, n_epochs):
        self.objective, self.n_epochs = objective, n_epochs

    def on_epoch_begin(self, net, **kwargs):
        self.objective.warmth = min((len(net.history) - 1) / self.n_epochs, 1.0)

    def on_train_end(self, net, **kwargs):
        self.objective.warmth = 1.0


class Divergence(Callback):
    """Raises as soon as an epoch's loss is not finite, or out of all proportion.

    Parameters
    ----------
    start_loss : float
        Training loss of the start.
    """

    def __init__(self, start_loss):
        self.start_loss = start_loss

    def on_epoch_end(self, net, **kwargs):
        for name in ("train_loss", "valid_loss"):
            self.check(net, name, net.history[-1].get(name, 0.0))

    def check(self, net, name, loss):
        """Raise ValueError if a loss is not one to go on with.

        Parameters
        ----------
        net : NeuralNet
            What has been trained.

        name : str
            The loss, for the message.

        loss : float
            Its value.
        """
        if is_finite_and_bounded(loss, self.start_loss):
            return
        raise ValueError(
            f"The loss must stay finite and near the start's, {self.start_loss:.3g}, "
            f"got {name}={loss:.3g} in epoch {len(net.history)} with "
            f"learning_rate={net.lr} and weight_decay={net.settings.weight_decay}; "
            "try a smaller learning_rate."
        )


class ProgressBar(Callback):
    """One bar over all epochs, with the losses of the last one.

    Parameters
    ----------
    references : dict of str to float
        Losses to compare with, by name.

    n_epochs : int
        Epochs in all.
    """

    def __init__(self, references, n_epochs):
        self.references, self.n_epochs = references, n_epochs

    def initialize(self):
        self.bar_ = None
        return self

    def on_train_begin(self, net, **kwargs):
        from tqdm.auto import tqdm

        self.bar_ = tqdm(total=self.n_epochs, initial=len(net.history), unit="epoch")

    def on_epoch_end(self, net, **kwargs):
        shown = {"train": net.history[-1, "train_loss"]}
        if "valid_loss" in net.history[-1]:
            shown["validation"] = net.history[-1, "valid_loss"]
        self.bar_.set_postfix(shown | self.references, refresh=False)
        self.bar_.update()

    def on_train_end(self, net, **kwargs):
        if self.bar_ is not None:
            self.bar_.close()
