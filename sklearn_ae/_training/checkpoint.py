"""Checkpoints: files from which a fit goes on that was cut off."""

import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from .._persistence import (
    InvalidFileError,
    packed,
    raise_invalid_file,
    read_file,
    unpacked,
    write_file,
)
from .callbacks import BestEpoch, copy_to_arrays
from .random import RandomStreams
from .rows import Batches

_KIND = "checkpoint"
_MUST = "checkpoint must hold what a fit leaves there"
_CONTENT = {"settings": dict, "data": dict, "seed": int, "training": dict}
_TRAINING = {"progress": dict, "generators": dict}
_LOSSES = ("train_loss", "valid_loss")


class Checkpoint:
    """The identity of a fit and the progress of its training, in a file.

    Parameters
    ----------
    path : str
        Path of the file.

    content : dict
        What it holds: settings, data and seed, which tell one fit from another, and
        the progress of its training with the states of its generators, if there is any.

    streams : RandomStreams
        Generators of the fit.
    """

    def __init__(
        self, path: str, content: dict[str, Any], streams: RandomStreams
    ) -> None:
        self._path, self._content, self._streams = path, content, streams

    def write(self) -> None:
        """Write the file."""
        write_file(self._path, packed(_KIND, self._content))

    def take(self, resume: Callable[[Any], None]) -> None:
        """Set generators, and let a training resume, if there is progress.

        Parameters
        ----------
        resume : callable
            Gets the progress, and raises if that is none.
        """
        training = self._content["training"]
        if not training:
            return
        with raise_invalid_file(_MUST):
            _check_kinds(training, _TRAINING)
            self._streams.restore(training["generators"])
            resume(training["progress"])

    def save(self, progress: dict[str, Any]) -> None:
        """Write the progress of a training, and the states of generators.

        Parameters
        ----------
        progress : dict
            Plain values and arrays.
        """
        generators = self._streams.state()
        self._content["training"] = {"progress": progress, "generators": generators}
        self.write()


def check_checkpoint(checkpoint, callbacks) -> None:
    """Raise if a checkpoint can't be written, or can't hold all of a training's state.

    Parameters
    ----------
    checkpoint : str, path-like or None
        Path of the file.

    callbacks : sequence or None
        Callbacks of the user, of which there must be none.
    """
    if checkpoint is None:
        return
    if callbacks:
        raise ValueError(
            "callbacks must be None with a checkpoint, which can't hold their state, "
            f"got callbacks={callbacks!r}."
        )
    path = resolve_path(checkpoint)
    is_free = not os.path.lexists(path) and os.path.isdir(os.path.dirname(path))
    if not is_free and not os.path.isfile(path):
        raise ValueError(
            f"checkpoint must be the path of a file in a folder that exists, got "
            f"{checkpoint!r}."
        )


def resolve_path(checkpoint) -> str:
    """Return the path of a file as text, with links followed."""
    try:
        return os.path.realpath(os.fsdecode(checkpoint))
    except TypeError:
        raise TypeError(
            f"checkpoint must be the path of a file, got {checkpoint!r}."
        ) from None


def read_checkpoint(path: str) -> dict[str, Any]:
    """Return the content of a checkpoint; raise InvalidFileError if it is none."""
    try:
        content = unpacked(_KIND, read_file(path))
        with raise_invalid_file(_MUST):
            _check_kinds(content, _CONTENT)
            np.random.SeedSequence(content["seed"])
        return content
    except InvalidFileError as error:
        raise InvalidFileError(
            f"checkpoint must be a new file or one that a fit wrote there, got "
            f"{path!r}. {error}"
        ) from error


def _check_kinds(tree: dict[str, Any], kinds: dict[str, type]) -> None:
    """Raise unless a dict has values of these kinds."""
    found = {name: type(value) for name, value in tree.items()}
    if found != kinds:
        raise ValueError(f"got {found} where {kinds} belong")


def training_progress(net, batches: Batches) -> dict[str, Any]:
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
        "buffers": copy_to_arrays(dict(net.module_.named_buffers())),
        "switches": _switches(net.module_),
        "batches": batches.state(),
        "best_epoch": best.state() if (best := _best_epoch(net)) else {},
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
        What :func:`training_progress` returned.

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
    if best := _best_epoch(net):
        n_epochs = len(progress["epochs"])
        best.restore(progress["best_epoch"], net.settings.device, n_epochs)
    for losses in progress["epochs"]:
        net.history.new_epoch()
        net.history.record("epoch", len(net.history))
        for name, loss in losses.items():
            net.history.record(name, loss)


def check_same_structure(found: Any, wanted: Any, name: str) -> None:
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
    >>> from sklearn_ae._training.checkpoint import check_same_structure
    >>> check_same_structure({"n_steps": 3}, {"n_steps": 0}, "progress")
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
            check_same_structure(found[key], value, f"{name}.{key}")
    if isinstance(wanted, np.ndarray):
        kinds = [(array.dtype, array.shape) for array in (found, wanted)]
        if kinds[0] != kinds[1] or np.isnan(found).any():
            raise ValueError(
                f"{name} must be of {kinds[1]} without NaN, got {kinds[0]}."
            )
    if isinstance(wanted, float) and math.isnan(found):
        raise ValueError(f"{name} must not be NaN.")


def _check_progress(net, batches: Batches, progress: dict[str, Any]) -> None:
    now, epochs = training_progress(net, batches), progress["epochs"]
    check_same_structure(progress, now | {"batches": progress["batches"]}, "progress")
    names = _LOSSES if net.train_split else _LOSSES[:1]
    for epoch in epochs:
        check_same_structure(epoch, dict.fromkeys(names, 0.0), "epochs")
    n_steps = progress["steps"]["n_steps"]
    if n_steps != len(epochs) * len(batches) or len(epochs) > net.max_epochs:
        raise ValueError(f"got {n_steps} steps in {len(epochs)} epochs")


def _switches(module: nn.Module) -> dict[str, dict[str, bool]]:
    """Return what ``train()`` and ``eval()`` set, of every part."""
    return {
        name: {key: value for key, value in vars(part).items() if type(value) is bool}
        for name, part in module.named_modules()
    }


def _best_epoch(net) -> BestEpoch | None:
    """Return the callback that keeps the best epoch, if validation rows judge."""
    return dict(net.callbacks_).get("best_epoch")
