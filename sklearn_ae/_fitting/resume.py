"""Opening of a checkpoint, which must be of the same fit."""

import os
from collections.abc import Mapping
from typing import Any

from .._persistence import hash_tables
from .._tables import TableSchema
from .._training import Checkpoint, RandomStreams, read_checkpoint, resolve_path


def open_checkpoint(
    path: str | None,
    identity: Mapping[str, str],
    columns: TableSchema,
    tables: dict[str, Any],
    streams: RandomStreams,
) -> Checkpoint | None:
    """Return the checkpoint of a fit, or a new one if there is no file yet.

    Nothing is written.

    Parameters
    ----------
    path : str, path-like or None
        Path of the file. None means no checkpoint.

    identity : mapping of str to str
        Estimator, parameters, device and versions.

    columns : TableSchema
        Schema of X.

    tables : dict of str to {ndarray, CSR matrix, None}
        All data of the fit, by name.

    streams : RandomStreams
        Random streams of the fit; they get the seed in the file.

    Returns
    -------
    checkpoint : Checkpoint or None
        The checkpoint.

    Raises
    ------
    ValueError
        If the file is of a fit with other settings or other data.
    """
    if path is None:
        return None
    path, settings, data = resolve_path(path), identity, hash_tables(columns, tables)
    content = {"settings": settings, "data": data, "seed": streams.seed, "training": {}}
    if os.path.lexists(path):
        content = read_checkpoint(path)
        _check_identity(path, content, settings, data)
        streams.seed = content["seed"]
    return Checkpoint(path, content, streams)


def _check_identity(path: str, content, settings, data) -> None:
    """Raise if settings or data of a checkpoint differ, and name what does."""
    hint = f"; remove {path!r}, or give another path, to begin anew."
    for name in settings | content["settings"]:
        expected, found = (
            "nothing" if name not in side else f"{name}={side[name]}"
            for side in (settings, content["settings"])
        )
        if expected != found:
            raise ValueError(
                f"checkpoint must be of a fit with {expected}, got one with {found}"
                f"{hint}"
            )
    for name, digest in data.items():
        if str(content["data"].get(name)) != digest:
            raise ValueError(
                f"checkpoint must be of a fit with the same {name}, got one with "
                f"another {name}{hint}"
            )
