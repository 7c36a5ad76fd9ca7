"""skorch callbacks of the engine."""

import dis
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback
from torch import Tensor, nn

# Training diverged if the loss grew by _DIVERGED * max(abs(loss before), _SMALL_LOSS).
_DIVERGED, _SMALL_LOSS = 1e9, 1e-6
# Training stops after max(n_epochs / 5, 5) epochs if none was better than the start.
_HOPELESS = 5


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


class BestEpoch(Callback):
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
        """Return the best epoch so far, as plain values and arrays."""
        return {
            "loss": float(self.loss_),
            "epoch": self.epoch_,
            "weights": stored(self.weights_),
            "row_losses": self.row_losses_.cpu().numpy(),
        }

    def restore(self, state, device, n_epochs):
        """Go on where :meth:`state` was taken; raise if that is no such state.

        Parameters
        ----------
        state : dict
            What :meth:`state` returned.

        device : torch.device
            Device of the training.

        n_epochs : int
            Number of epochs that were run.
        """
        if not 0 < state["epoch"] <= n_epochs:
            raise ValueError(f"got a best epoch {state['epoch']} of {n_epochs}")
        self.loss_, self.epoch_ = state["loss"], state["epoch"]
        self.weights_ = {
            name: torch.from_numpy(array).to(device)
            for name, array in state["weights"].items()
        }
        self.row_losses_ = torch.from_numpy(state["row_losses"]).to(device)


class RowLosses(Callback):
    """Keeps the losses of all validation rows, epoch by epoch."""

    def __init__(self):
        self.epochs_ = []

    def on_epoch_end(self, net, **kwargs):
        self.epochs_.append(net.validation_row_losses_)


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
