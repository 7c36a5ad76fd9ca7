"""Where a training stands at an epoch's end, and how another goes on from there."""

import math
from typing import Any

import numpy as np
import torch
from torch import nn

from ._callbacks import Recorder, stored
from ._rows import Batches

_LOSSES = ("train_loss", "valid_loss")


def progress_of(net, batches: Batches) -> dict[str, Any]:
    """Return all that an epoch leaves to the next, but for generators' states.

    Parameters
    ----------
    net : skorch.NeuralNet
        What trains, at an epoch's end.

    batches : Batches
        Its training rows.

    Returns
    -------
    progress : dict
        Plain values, and arrays that later steps leave alone.
    """
    return {
        "steps": net.flat_.state(net.optimizer_),
        "buffers": stored(dict(net.module_.named_buffers())),
        "switches": _switches(net.module_),
        "batches": batches.state(),
        "recorders": {
            name: recorder.state() for name, recorder in _recorders(net).items()
        },
        "epochs": [
            {name: float(epoch[name]) for name in _LOSSES if name in epoch}
            for epoch in net.history
        ],
    }


@torch.no_grad()
def resume(net, batches: Batches, progress: dict[str, Any]) -> None:
    """Let a training that is about to begin go on where another stood.

    Parameters
    ----------
    net : skorch.NeuralNet
        Made as that one was.

    batches : Batches
        Its training rows. Generators stand where those of the other did.

    progress : dict
        What :func:`progress_of` returned.

    Raises
    ------
    Exception
        Of many kinds, if it is not what that returns of such a training.
    """
    _check_progress(net, batches, progress)
    net.flat_.restore(net.optimizer_, progress["steps"])
    net.flat_.show(averaged=True)  # as an epoch leaves them
    for name, buffer in net.module_.named_buffers():
        buffer.copy_(torch.from_numpy(progress["buffers"][name]))
    for name, part in net.module_.named_modules():
        vars(part).update(progress["switches"][name])
    batches.restore(progress["batches"])
    for name, recorder in _recorders(net).items():
        state = progress["recorders"][name]
        recorder.restore(state, net.settings.device, len(progress["epochs"]))
    for losses in progress["epochs"]:
        net.history.new_epoch()
        net.history.record("epoch", len(net.history))
        for name, loss in losses.items():
            net.history.record(name, loss)


def check_alike(found: Any, wanted: Any, name: str) -> None:
    """Raise unless a tree is made as another one, whatever its numbers are.

    Parameters
    ----------
    found : object
        What came from outside.

    wanted : object
        A tree of the same types, keys, dtypes and shapes. Lists and tuples may differ
        in what they hold.

    name : str
        What the error calls it.

    Examples
    --------
    >>> from sklearn_ae._progress import check_alike
    >>> check_alike({"n_steps": 3}, {"n_steps": 0}, "progress")
    """
    if type(found) is not type(wanted):
        raise TypeError(
            f"{name} must be of type {type(wanted).__name__}, got "
            f"{type(found).__name__}."
        )
    if isinstance(wanted, dict):
        if found.keys() != wanted.keys():
            raise ValueError(f"{name} must have {list(wanted)}, got {list(found)}.")
        for key, value in wanted.items():
            check_alike(found[key], value, f"{name}.{key}")
    if isinstance(wanted, np.ndarray):
        kinds = [(array.dtype, array.shape) for array in (found, wanted)]
        if kinds[0] != kinds[1] or np.isnan(found).any():
            raise ValueError(
                f"{name} must be of {kinds[1]} without NaN, got {kinds[0]}."
            )
    if isinstance(wanted, float) and math.isnan(found):
        raise ValueError(f"{name} must not be NaN.")


def _check_progress(net, batches: Batches, progress: dict[str, Any]) -> None:
    now, epochs = progress_of(net, batches), progress["epochs"]
    check_alike(progress, now | {"batches": progress["batches"]}, "progress")
    names = _LOSSES if net.train_split else _LOSSES[:1]
    for epoch in epochs:
        check_alike(epoch, dict.fromkeys(names, 0.0), "epochs")
    n_steps = progress["steps"]["n_steps"]
    if n_steps != len(epochs) * len(batches) or len(epochs) > net.max_epochs:
        raise ValueError(f"got {n_steps} steps in {len(epochs)} epochs")


def _switches(module: nn.Module) -> dict[str, dict[str, bool]]:
    """Return what ``train()`` and ``eval()`` set, of every part."""
    return {
        name: {key: value for key, value in vars(part).items() if type(value) is bool}
        for name, part in module.named_modules()
    }


def _recorders(net) -> dict[str, Recorder]:
    return {
        name: callback
        for name, callback in net.callbacks_
        if isinstance(callback, Recorder)
    }
