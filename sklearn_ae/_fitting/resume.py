"""Which fit a checkpoint belongs to."""

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
    """Return the checkpoint of a fit, which is new if there is no file yet.

    Nothing is written.

    Parameters
    ----------
    path : str, path-like or None
        Path of the file. None means no checkpoint.

    identity : mapping of str to str
        Estimator, parameters, device and versions.

    columns : TableSchema
        The columns of X.

    tables : dict of str to {ndarray, CSR matrix, None}
        All data of the fit, by name.

    streams : RandomStreams
        Get the seed that the file holds.

    Returns
    -------
    checkpoint : Checkpoint or None
        Of this very fit.
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
