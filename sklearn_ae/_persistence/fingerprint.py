"""What tells one fit from another: its data, its parameters and the versions."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy
import sklearn
import torch
from scipy import sparse

from .._tables import TableSchema, row_chunks
from .._version import __version__
from .archive import packed

_VERSIONS = {
    "numpy": np.__version__,
    "scikit-learn": sklearn.__version__,
    "scipy": scipy.__version__,
    "sklearn_ae": __version__,
    "torch": str(torch.__version__),
}
_OF_NO_MATTER = ("callbacks", "verbose")
_MOST_BYTES = 8  # of a number; what pads longer ones may be anything


def describe_settings(estimator, device: torch.device) -> dict[str, str]:
    """Return as text what determines a fit beside its data.

    Parameters
    ----------
    estimator : estimator
        Gives class and parameters.

    device : torch.device
        Where it trains.

    Returns
    -------
    settings : dict of str to str
        By name, the versions of packages included.
    """
    parameters = estimator.get_params(deep=False) | {"device": str(device)}
    texts = {
        name: _text(value)
        for name, value in parameters.items()
        if name not in _OF_NO_MATTER
    }
    kind = type(estimator)
    return {"class": f"{kind.__module__}.{kind.__qualname__}"} | _VERSIONS | texts


def hash_tables(columns: TableSchema, tables: dict[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each table of a fit, of the columns that it has.

    Parameters
    ----------
    columns : TableSchema
        How X is read.

    tables : dict of str to {ndarray, CSR matrix, None}
        By name; None where there is none.

    Returns
    -------
    digests : dict of str to str
        By name.
    """
    state = columns.state()
    # The only part that may hold anything: pandas takes dates, too, for names.
    header = packed("columns", state | {"frame_names": repr(state["frame_names"])})
    return {name: _digest(header, table) for name, table in tables.items()}


def _text(value) -> str:
    """Return a parameter as text that does not depend on the process or on types."""
    if isinstance(value, np.random.RandomState):
        return "RandomState"
    return repr(value.tolist() if hasattr(value, "tolist") else value)


def _digest(header: bytes, table) -> str:
    if table is None:
        return "none"
    digest = hashlib.sha256(header)
    digest.update(repr((table.dtype.str, table.shape)).encode())
    if sparse.issparse(table):
        for part in (table.data, table.indices, table.indptr):
            digest.update(repr((part.dtype.str, part.shape)).encode())
            _add(digest, part)
        return digest.hexdigest()
    for chunk in row_chunks(*table.shape):
        _add(digest, table[chunk])
    return digest.hexdigest()


def _add(digest, array: np.ndarray) -> None:
    if array.dtype.itemsize > _MOST_BYTES:
        array = array.astype(np.float64)
    digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8))


def hash_values(*things) -> str:
    """Return SHA-256 of arrays and plain values, in hexadecimal digits."""
    digest = hashlib.sha256()
    for part in _plain(things):
        digest.update(part)
    return digest.hexdigest()


def is_fingerprint(value: Any, estimator: Any = None) -> bool:
    """Tell whether a value is what :func:`fingerprint` returns."""
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def _plain(thing) -> Iterator[bytes]:
    """Yield bytes by which values are told apart."""
    if isinstance(thing, np.ndarray):
        array = np.ascontiguousarray(thing)
        yield f"{array.dtype.str}{array.shape}".encode()
        yield array.tobytes()
    elif isinstance(thing, dict):
        for key in sorted(thing, key=repr):
            yield repr(key).encode()
            yield from _plain(thing[key])
        yield b"}"
    elif isinstance(thing, list | tuple):
        for part in thing:
            yield from _plain(part)
            yield b","
        yield b"]"
    else:
        yield repr(thing).encode()
