"""Checkpoints: files from which an interrupted fit resumes."""

import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from .._persistence import (
    InvalidFileError,
    from_bytes,
    raise_invalid_file,
    read_file,
    to_bytes,
    write_file,
)
from .callbacks import BestEpoch, copy_to_arrays
from .random import RandomStreams
from .rows import Batches

_KIND = "checkpoint"
_MUST = "checkpoint must hold the state of a fit"
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
        Content of the file: settings and data, which identify the fit, its seed, and
        the progress of its training with the states of its generators, if there is any.

    streams : RandomStreams
        Random streams of the fit.
    """

    def __init__(
        self, path: str, content: dict[str, Any], streams: RandomStreams
    ) -> None:
        self._path, self._content, self._streams = path, content, streams

    def write(self) -> None:
        """Write the file."""
        write_file(self._path, to_bytes(_KIND, self._content))

    def restore(self, resume: Callable[[Any], None]) -> None:
        """Set the generators' states and resume training, if there is progress.

        Parameters
        ----------
        resume : callable
            Gets the progress, and raises if it is invalid.
        """
        training = self._content["training"]
        if not training:
            return
        with raise_invalid_file(_MUST):
            _check_types(training, _TRAINING)
            self._streams.restore(training["generators"])
            resume(training["progress"])

    def save(self, progress: dict[str, Any]) -> None:
        """Write the progress of a training and the states of the generators.

        Parameters
        ----------
        progress : dict
            Plain values and arrays.
        """
        generators = self._streams.state()
        self._content["training"] = {"progress": progress, "generators": generators}
        self.write()


def check_checkpoint(checkpoint, callbacks) -> None:
    """Raise if a checkpoint can't be written, or can't hold the state of callbacks.

    Parameters
    ----------
    checkpoint : str, path-like or None
        Path of the file.

    callbacks : sequence or None
        Callbacks of the user. With a checkpoint there must be none.
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
    """Return the real path of a file as text."""
    try:
        return os.path.realpath(os.fsdecode(checkpoint))
    except TypeError:
        raise TypeError(
            f"checkpoint must be the path of a file, got {checkpoint!r}."
        ) from None


def read_checkpoint(path: str) -> dict[str, Any]:
    """Return the content of a checkpoint, or raise InvalidFileError."""
    try:
        content = from_bytes(_KIND, read_file(path))
        with raise_invalid_file(_MUST):
            _check_types(content, _CONTENT)
            np.random.SeedSequence(content["seed"])
        return content
    except InvalidFileError as error:
        raise InvalidFileError(
            f"checkpoint must be a new file or one that a fit wrote there, got "
            f"{path!r}. {error}"
        ) from error


def _check_types(content: dict[str, Any], types: dict[str, type]) -> None:
    """Raise unless a dict has these keys, with values of these types."""
    found = {name: type(value) for name, value in content.items()}
    if found != types:
        raise ValueError(f"got {found} instead of {types}")


def training_progress(net, batches: Batches) -> dict[str, Any]:
    """Return the state of a training, but for its generators.

    Parameters
    ----------
    net : skorch.NeuralNet
        The net, at the end of an epoch.

    batches : Batches
        Its training rows.

    Returns
    -------
    progress : dict
        Plain values and copied arrays.
    """
    return {
        "steps": net.flat_.state(net.optimizer_),
        "buffers": copy_to_arrays(dict(net.module_.named_buffers())),
        "switches": _boolean_attributes(net.module_),
        "batches": batches.state(),
        "best_epoch": best.state() if (best := _best_epoch_callback(net)) else {},
        "epochs": [
            {name: float(epoch[name]) for name in _LOSSES if name in epoch}
            for epoch in net.history
        ],
    }


@torch.no_grad()
def resume(net, batches: Batches, progress: dict[str, Any]) -> None:
    """Resume a training from its progress.

    Parameters
    ----------
    net : skorch.NeuralNet
        A net before training, built as the one that was saved.

    batches : Batches
        Its training rows. The generators' states must be those that were saved.

    progress : dict
        What :func:`training_progress` returned.

    Raises
    ------
    Exception
        Of many kinds, if `progress` is not of such a training.
    """
    _check_progress(net, batches, progress)
    net.flat_.restore(net.optimizer_, progress["steps"])
    net.flat_.load_weights(averaged=True)  # as at the end of an epoch
    for name, buffer in net.module_.named_buffers():
        buffer.copy_(torch.from_numpy(progress["buffers"][name]))
    for name, part in net.module_.named_modules():
        vars(part).update(progress["switches"][name])
    batches.restore(progress["batches"])
    if best := _best_epoch_callback(net):
        n_epochs = len(progress["epochs"])
        best.restore(progress["best_epoch"], net.settings.device, n_epochs)
    for losses in progress["epochs"]:
        net.history.new_epoch()
        net.history.record("epoch", len(net.history))
        for name, loss in losses.items():
            net.history.record(name, loss)


def check_same_structure(found: Any, expected: Any, name: str) -> None:
    """Raise unless nested values have the structure of other ones, and no NaN.

    Parameters
    ----------
    found : object
        Values that may come from a file.

    expected : object
        Values of the expected types, keys, dtypes and shapes. The content of lists and
        tuples is not compared.

    name : str
        Name of `found` in the error.

    Examples
    --------
    >>> from sklearn_ae._training.checkpoint import check_same_structure
    >>> check_same_structure({"n_steps": 3}, {"n_steps": 0}, "progress")
    """
    if type(found) is not type(expected):
        raise TypeError(
            f"{name} must be of type {type(expected).__name__}, got "
            f"{type(found).__name__}."
        )
    if isinstance(expected, dict):
        if found.keys() != expected.keys():
            raise ValueError(f"{name} must have {list(expected)}, got {list(found)}.")
        for key, value in expected.items():
            check_same_structure(found[key], value, f"{name}.{key}")
    if isinstance(expected, np.ndarray):
        got, wanted = ((array.dtype, array.shape) for array in (found, expected))
        if got != wanted or np.isnan(found).any():
            raise ValueError(f"{name} must be of {wanted} without NaN, got {got}.")
    if isinstance(expected, float) and math.isnan(found):
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


def _boolean_attributes(module: nn.Module) -> dict[str, dict[str, bool]]:
    """Return the boolean attributes of all submodules, as ``train()`` sets them."""
    return {
        name: {key: value for key, value in vars(part).items() if type(value) is bool}
        for name, part in module.named_modules()
    }


def _best_epoch_callback(net) -> BestEpoch | None:
    """Return the callback that keeps the best epoch, if there are validation rows."""
    return dict(net.callbacks_).get("best_epoch")
