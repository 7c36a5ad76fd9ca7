"""Hashes and settings that tell fits and models apart."""

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
from .archive import to_bytes
from .rules import Context

_VERSIONS = {
    "numpy": np.__version__,
    "scikit-learn": sklearn.__version__,
    "scipy": scipy.__version__,
    "sklearn_ae": __version__,
    "torch": str(torch.__version__),
}
_IGNORED = ("callbacks", "verbose")
# Longer numbers have padding with any content, which must not be hashed.
_MOST_BYTES_A_NUMBER = 8


def describe_settings(estimator, device: torch.device) -> dict[str, str]:
    """Return the settings that determine a fit of given data, as text.

    Parameters
    ----------
    estimator : estimator
        Its class and parameters are settings.

    device : torch.device
        Device that it trains on.

    Returns
    -------
    settings : dict of str to str
        By name, with the versions of packages.
    """
    parameters = estimator.get_params(deep=False) | {"device": str(device)}
    texts = {
        name: _parameter_text(value)
        for name, value in parameters.items()
        if name not in _IGNORED
    }
    kind = type(estimator)
    return {"class": f"{kind.__module__}.{kind.__qualname__}"} | _VERSIONS | texts


def hash_tables(columns: TableSchema, tables: dict[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each table of a fit, with the columns of X.

    Parameters
    ----------
    columns : TableSchema
        The columns of X.

    tables : dict of str to {ndarray, CSR matrix, None}
        By name; None where there is none.

    Returns
    -------
    digests : dict of str to str
        By name.
    """
    state = columns.state()
    # Names of pandas' columns may be dates, for example, which files do not hold.
    header = to_bytes("columns", state | {"frame_names": repr(state["frame_names"])})
    return {name: _hash_table(header, table) for name, table in tables.items()}


def _parameter_text(value) -> str:
    """Return a parameter as the same text in every process, for NumPy's types, too."""
    if isinstance(value, np.random.RandomState):
        return "RandomState"
    return repr(value.tolist() if hasattr(value, "tolist") else value)


def _hash_table(header: bytes, table) -> str:
    if table is None:
        return "none"
    digest = hashlib.sha256(header)
    digest.update(repr((table.dtype.str, table.shape)).encode())
    if sparse.issparse(table):
        for part in (table.data, table.indices, table.indptr):
            digest.update(repr((part.dtype.str, part.shape)).encode())
            _update(digest, part)
        return digest.hexdigest()
    for chunk in row_chunks(*table.shape):
        _update(digest, table[chunk])
    return digest.hexdigest()


def _update(digest, array: np.ndarray) -> None:
    if array.dtype.itemsize > _MOST_BYTES_A_NUMBER:
        array = array.astype(np.float64)
    digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8))


def hash_values(*values) -> str:
    """Return SHA-256 of arrays and plain values, in hexadecimal digits."""
    digest = hashlib.sha256()
    for part in _byte_strings(values):
        digest.update(part)
    return digest.hexdigest()


def is_fingerprint(value: Any, context: Context) -> bool:
    """Tell whether a value is one of :func:`hash_values`."""
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def _byte_strings(value) -> Iterator[bytes]:
    """Yield bytes that are equal only for equal values."""
    if isinstance(value, np.ndarray):
        array = np.ascontiguousarray(value)
        yield f"{array.dtype.str}{array.shape}".encode()
        yield array.tobytes()
    elif isinstance(value, dict):
        for key in sorted(value, key=repr):
            yield repr(key).encode()
            yield from _byte_strings(value[key])
        yield b"}"
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _byte_strings(part)
            yield b","
        yield b"]"
    else:
        yield repr(value).encode()
