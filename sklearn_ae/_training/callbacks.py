"""skorch callbacks of the engine."""

import dis
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback
from torch import Tensor, nn

# Training diverged if the loss grew by _MAX_GROWTH * max(abs(loss before), _MIN_LOSS).
_MAX_GROWTH, _MIN_LOSS = 1e9, 1e-6
# Training stops after max(n_epochs / 5, 5) epochs if none was better than the start.
_MIN_EPOCHS, _EPOCHS_DIVISOR = 5, 5


def is_callback_stop(error: KeyboardInterrupt) -> bool:
    """Return whether a callback stopped training, as opposed to Ctrl-C.

    skorch's callbacks stop training by ``raise KeyboardInterrupt`` in one of their
    methods. A signal arrives at any other instruction, or is raised by its handler.
    """
    entry = error.__traceback__
    while entry.tb_next is not None:
        entry = entry.tb_next
    frame = entry.tb_frame
    instruction = dis.opname[frame.f_code.co_code[entry.tb_lasti]]
    by_callback = isinstance(frame.f_locals.get("self"), Callback)
    return by_callback and instruction == "RAISE_VARARGS"


def is_finite_and_bounded(loss: float, before: float) -> bool:
    """Return whether a loss is finite, and not much larger than one before it."""
    limit = before + _MAX_GROWTH * max(abs(before), _MIN_LOSS)
    return math.isfinite(loss) and not loss > limit


def check_callbacks(callbacks) -> None:
    """Raise unless all are skorch callbacks, their classes, or (name, callback)."""
    for item in callbacks:
        callback = item[1] if isinstance(item, tuple) and len(item) == 2 else item
        if isinstance(callback, type):
            is_callback = issubclass(callback, Callback)
        else:
            is_callback = isinstance(callback, Callback)
        if not is_callback:
            raise ValueError(f"callbacks must hold skorch callbacks, got {item!r}.")


def copy_weights(module: nn.Module) -> dict[str, Tensor]:
    """Return a copy of the module's state, which later steps do not change."""
    return {name: value.clone() for name, value in module.state_dict().items()}


def copy_to_arrays(tensors: dict[str, Tensor]) -> dict[str, np.ndarray]:
    """Return tensors as copied arrays, which later steps do not change."""
    return {name: value.cpu().numpy().copy() for name, value in tensors.items()}


class BestEpoch(Callback):
    """Keeps the weights of the epoch with the lowest validation loss.

    The start is no epoch. Until the first one ends, its weights are kept.

    Parameters
    ----------
    weights : dict of str to Tensor
        Weights of the start.

    row_losses : Tensor of shape (n_rows,)
        The start's losses of the validation rows.
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
            "weights": copy_to_arrays(self.weights_),
            "row_losses": self.row_losses_.cpu().numpy(),
        }

    def restore(self, state, device, n_epochs):
        """Continue from a state; raise if no such training can have left it.

        Parameters
        ----------
        state : dict
            What :meth:`state` returned.

        device : torch.device
            Device of the training.

        n_epochs : int
            Number of epochs run so far.
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
    """Records the losses of all validation rows at the end of each epoch."""

    def __init__(self):
        self.epochs_ = []

    def on_epoch_end(self, net, **kwargs):
        self.epochs_.append(net.validation_row_losses_)


class EpochEnd(Callback):
    """Calls a function with the net at the end of each epoch.

    Parameters
    ----------
    call : callable
        The function.
    """

    def __init__(self, call: Callable[[Any], None]):
        self.call = call

    def on_epoch_end(self, net, **kwargs):
        self.call(net)


class Stop(Callback):
    """Ends training early.

    It ends when `n_iter_no_change` epochs in a row were not the best, or after a fifth
    of all epochs if none was better than the start. This callback must be the last one,
    so that all others see the epoch.

    Parameters
    ----------
    best : BestEpoch
        Callback that has seen the same epochs.

    n_iter_no_change : int or None
        Patience in epochs. None means no limit.

    n_warm_up : int
        Number of warm-up epochs, which do not count.
    """

    def __init__(self, best, n_iter_no_change, n_warm_up):
        self.best, self.n_iter_no_change = best, n_iter_no_change
        self.n_warm_up = n_warm_up

    def on_train_begin(self, net, **kwargs):
        if len(net.history):  # resumed from a checkpoint
            self.on_epoch_end(net)

    def on_epoch_end(self, net, **kwargs):
        epoch, patience = len(net.history) - self.n_warm_up, self.n_iter_no_change
        n_idle = epoch - max(self.best.epoch_ - self.n_warm_up, 0)
        idle = patience is not None and n_idle >= patience
        late = epoch >= max(_MIN_EPOCHS, net.max_epochs / _EPOCHS_DIVISOR)
        if idle or (late and self.best.loss_ >= self.best.start_loss):
            raise KeyboardInterrupt


class Divergence(Callback):
    """Raises if an epoch's loss is not finite, or much larger than the start's.

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
        """Raise ValueError if a loss shows that training diverged.

        Parameters
        ----------
        net : NeuralNet
            The net that has been trained.

        name : str
            Name of the loss, for the message.

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
    """Shows one progress bar over all epochs, with the losses of the latest.

    To show one more field, pass it to `set_postfix` in `on_epoch_end`. ``net.history``
    has what was recorded; the learning rate of an epoch, for example, is ``event_lr``
    of its last training batch.

    Parameters
    ----------
    constant_losses : dict of str to float
        Losses that do not change, such as PCA's on the validation rows, by name. They
        are shown beside those of training.

    n_epochs : int
        Number of epochs.
    """

    def __init__(self, constant_losses, n_epochs):
        self.constant_losses, self.n_epochs = constant_losses, n_epochs

    def initialize(self):
        self.bar_ = None
        return self

    def on_train_begin(self, net, **kwargs):
        from tqdm.auto import tqdm

        self.bar_ = tqdm(total=self.n_epochs, initial=len(net.history), unit="epoch")

    def on_epoch_end(self, net, **kwargs):
        losses = {"train": net.history[-1, "train_loss"]}
        if "valid_loss" in net.history[-1]:
            losses["validation"] = net.history[-1, "valid_loss"]
        self.bar_.set_postfix(losses | self.constant_losses, refresh=False)
        self.bar_.update()

    def on_train_end(self, net, **kwargs):
        if self.bar_ is not None:
            self.bar_.close()
