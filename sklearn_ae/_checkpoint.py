"""Checkpoints: files that a long fit writes, and goes on from when it was cut off."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ._archive import (
    InvalidFileError,
    invalid_if_wrong,
    packed,
    read_file,
    unpacked,
    write_file,
)
from ._columns import TableColumns
from ._identity import data_identity, settings_identity
from ._random import RandomStreams

_KIND = "checkpoint"
_MUST = "checkpoint must hold what a fit leaves there"
_CONTENT = {"settings": dict, "data": dict, "seed": int, "trainings": dict}
_SAVED = {"key": str, "tree": dict, "generators": dict}


class Checkpoint:
    """What a fit has done so far, in a file.

    A fit is a sequence of trainings, each with a name, which the same data, parameters
    and seed always make the same.

    Parameters
    ----------
    path : str
        Of the file.

    content : dict
        What it holds: the fit's identity, its seed, and its trainings by name.

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

    def training(self, name: str) -> "SavedTraining":
        """Return the place of one training."""
        return SavedTraining(self, name)

    def load(self, name: str, key: str, take: Callable[[Any], None]) -> bool:
        """Let a tree be taken, if it was saved last and by this key; set generators."""
        saved = self._content["trainings"].get(name)
        if saved is None:
            return False
        with invalid_if_wrong(_MUST):
            _check_kinds(saved, _SAVED)
            if saved["key"] != key:
                return False
            self._streams.restore(saved["generators"])
            take(saved["tree"])
        return True

    def save(self, name: str, key: str, tree: Any) -> None:
        """Write a tree of plain values and arrays, and where generators stand."""
        saved = {"key": key, "tree": tree, "generators": self._streams.state()}
        self._content["trainings"][name] = saved
        self.write()


class SavedTraining:
    """One training's place in a checkpoint.

    It holds how far the training has come or, when no more than that is needed of it,
    its outcome. To ask for either sets all generators to where they stood then.

    Parameters
    ----------
    checkpoint : Checkpoint
        Holds it.

    name : str
        Of the training.
    """

    def __init__(self, checkpoint: Checkpoint, name: str) -> None:
        self._checkpoint, self._name = checkpoint, name

    def take_progress(self, take: Callable[[Any], None]) -> bool:
        """Tell whether there is progress, after it was taken.

        Parameters
        ----------
        take : callable
            Gets how far the training has come, and raises if that is none. Not called
            before its first epoch's end.
        """
        return self._checkpoint.load(self._name, "progress", take)

    def save_progress(self, progress: dict[str, Any]) -> None:
        """Write how far the training has come.

        Parameters
        ----------
        progress : dict
            Plain values and arrays.
        """
        self._checkpoint.save(self._name, "progress", progress)

    def take_outcome(self, take: Callable[[Any], None]) -> bool:
        """Tell whether the training is over, after its outcome was taken.

        Parameters
        ----------
        take : callable
            Gets what the training ended with, and raises if that is none.
        """
        return self._checkpoint.load(self._name, "outcome", take)

    def save_outcome(self, outcome: dict[str, Any]) -> None:
        """Write what the training ended with, in the place of its progress.

        Parameters
        ----------
        outcome : dict
            Plain values and arrays.
        """
        self._checkpoint.save(self._name, "outcome", outcome)


def check_checkpoint(estimator, checkpoint) -> None:
    """Raise where a checkpoint can't be written, or not all be kept that matters.

    Parameters
    ----------
    estimator : estimator
        Has no callbacks of the user.

    checkpoint : str, path-like or None
        Path of the file.
    """
    if checkpoint is None:
        return
    if estimator.callbacks:
        raise ValueError(
            "callbacks must be None with a checkpoint, which can't hold their state, "
            f"got callbacks={estimator.callbacks!r}."
        )
    path = _resolved(checkpoint)
    is_free = not os.path.lexists(path) and os.path.isdir(os.path.dirname(path))
    if not is_free and not os.path.isfile(path):
        raise ValueError(
            f"checkpoint must be the path of a file in a folder that exists, got "
            f"{checkpoint!r}."
        )


def open_checkpoint(
    checkpoint,
    estimator,
    device: torch.device,
    columns: TableColumns,
    tables: dict[str, Any],
    streams: RandomStreams,
) -> Checkpoint | None:
    """Return the checkpoint of a fit, which is new if there is no file yet.

    Nothing is written.

    Parameters
    ----------
    checkpoint : str, path-like or None
        Path of the file. None means no checkpoint.

    estimator : estimator
        What is fitted.

    device : torch.device
        Where it trains.

    columns : TableColumns
        How X is read.

    tables : dict of str to {ndarray, CSR matrix, None}
        All data of the fit, by name.

    streams : RandomStreams
        Get the seed that the file holds.

    Returns
    -------
    checkpoint : Checkpoint or None
        Of this very fit.
    """
    if checkpoint is None:
        return None
    settings = settings_identity(estimator, device)
    data = data_identity(columns, tables)
    content = {"settings": settings, "data": data, "seed": streams.seed}
    content["trainings"] = {}
    path = _resolved(checkpoint)
    if os.path.lexists(path):
        content = _read(path)
        _check_identity(path, content, settings, data)
        streams.seed = content["seed"]
    return Checkpoint(path, content, streams)


def _resolved(checkpoint) -> str:
    try:
        return os.path.realpath(os.fsdecode(checkpoint))
    except TypeError:
        raise TypeError(
            f"checkpoint must be the path of a file, got {checkpoint!r}."
        ) from None


def _read(path: str) -> dict[str, Any]:
    try:
        content = unpacked(_KIND, read_file(path))
        with invalid_if_wrong(_MUST):
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


def _check_identity(path: str, content, settings, data) -> None:
    """Raise by name if a checkpoint is that of another fit."""
    hint = f"; remove {path!r}, or give another path, to begin anew."
    for name in settings | content["settings"]:
        wanted, found = (
            "nothing" if name not in side else f"{name}={side[name]}"
            for side in (settings, content["settings"])
        )
        if wanted != found:
            raise ValueError(
                f"checkpoint must be of a fit with {wanted}, got one with {found}{hint}"
            )
    for name, digest in data.items():
        if str(content["data"].get(name)) != digest:
            raise ValueError(
                f"checkpoint must be of a fit with the same {name}, got one with "
                f"another {name}{hint}"
            )
