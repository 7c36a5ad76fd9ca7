"""Files of plain values and arrays, which hold no code."""

import contextlib
import hashlib
import json
import math
import os
import secrets
import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from .._version import __version__

# Format of files. Raise it when the layout of bytes or metadata changes, so that older
# versions refuse such files, and still read older formats. Changes of what an estimator
# saves raise `_FORMAT` of persistent.py instead.
_FORMAT = 1
_METADATA_KEY = "sklearn_ae"
_NO_DIGEST = "0" * 64
_STORED_KINDS = "biuf"  # of arrays that safetensors holds as they are
_MOST_BYTES_A_NUMBER = 8
_MOST_BYTES_A_CHARACTER = 64  # and for each string
# A file could hold larger integers, or tuples, whose hashes in Python are all equal: to
# look such keys up would take hours.
_INTEGER_LIMIT = 2**64
_KEY_TYPES = (str, bool, int, float, type(None), np.generic)
# Kinds of errors that wrong values may raise, in a check or before it.
_ERRORS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


class InvalidFileError(ValueError):
    """Error of files that are cut, changed, of another kind or of another program.

    See Also
    --------
    load : Raises it.

    Examples
    --------
    >>> from sklearn_ae import InvalidFileError
    >>> issubclass(InvalidFileError, ValueError)
    True
    """


def to_bytes(kind: str, tree: Any) -> bytes:
    """Return a tree of plain values and arrays as the bytes of a file.

    The file is one of safetensors. Its metadata hold the tree as JSON, and the SHA-256
    of the file, computed with zeros in the place of the digest.

    Parameters
    ----------
    kind : str
        Name of what the tree describes.

    tree : object
        None, booleans, numbers, strings, lists, tuples, dicts, NumPy scalars and
        arrays.

    Returns
    -------
    data : bytes
        The same tree gives the same bytes.

    Raises
    ------
    TypeError
        If the tree holds anything else, which the message names.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ae._persistence.archive import to_bytes, from_bytes
    >>> data = to_bytes("example", {"numbers": np.arange(3), "size": (2, None)})
    >>> from_bytes("example", data)
    {'numbers': array([0, 1, 2]), 'size': (2, None)}
    """
    arrays: dict[str, np.ndarray] = {}
    content = {
        "sha256": _NO_DIGEST,
        "kind": kind,
        "format": _FORMAT,
        "version": __version__,
        "tree": _to_json(tree, kind, arrays),
    }
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    data = save(arrays, {_METADATA_KEY: text})
    digest = hashlib.sha256(data).hexdigest()
    return data.replace(_NO_DIGEST.encode(), digest.encode(), 1)


def from_bytes(kind: str, data: bytes) -> Any:
    """Return the tree of a file's bytes.

    Parameters
    ----------
    kind : str
        Name of what the tree must describe.

    data : bytes
        Bytes that :func:`to_bytes` returned.

    Returns
    -------
    tree : object
        The tree. Its arrays are copies that can be written to.

    Raises
    ------
    InvalidFileError
        If any byte differs from those that :func:`to_bytes` returned.
    """
    try:
        content = _read_header(data)
        arrays = load(data)
        if content["kind"] != kind:
            raise InvalidFileError(
                f"The file must hold a {kind}, got a {content['kind']}."
            )
        tree = _from_json(content["tree"], arrays)
        if arrays:
            raise InvalidFileError(
                f"All arrays of the file must be part of its tree, got {len(arrays)} "
                "others."
            )
        return tree
    except InvalidFileError:
        raise
    except (
        AttributeError,
        IndexError,
        KeyError,
        OverflowError,
        RecursionError,
        SafetensorError,
        TypeError,
        ValueError,
    ) as error:
        raise InvalidFileError(
            f"The file must be one that sklearn_ae wrote, got something else: {error}"
        ) from error


def read_file(path) -> bytes:
    """Return the bytes of a file, if it begins as :func:`to_bytes` begins files.

    Parameters
    ----------
    path : str or path-like
        Path of the file.

    Returns
    -------
    data : bytes
        Its bytes, for :func:`from_bytes`.

    Raises
    ------
    InvalidFileError
        If it is another kind of file, of which 8 bytes are read, or is larger than
        memory.

    OSError
        If it can't be read.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        _header_end(file.read(8), size)
        file.seek(0)
        try:
            return file.read(size)
        except MemoryError as error:
            raise InvalidFileError(
                f"The file must fit into memory, got {size} bytes."
            ) from error


def write_file(path, data: bytes) -> None:
    """Write a file at a path, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        Path of the file. An older file is replaced, and its permissions are kept.

    data : bytes
        Content. It is written to a file beside the path, which is then renamed.

    Raises
    ------
    OSError
        If it can't be written. An older file is left as it was.
    """
    path = os.fsdecode(os.path.realpath(path))
    beside = f"{path}.{secrets.token_hex(4)}.part"
    try:
        with open(beside, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            shutil.copymode(path, beside)
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise


@contextlib.contextmanager
def raise_invalid_file(must: str) -> Iterator[None]:
    """Turn errors about wrong values in the block into :class:`InvalidFileError`.

    Parameters
    ----------
    must : str
        What must hold, with which the message begins.

    Raises
    ------
    InvalidFileError
        In the place of any of the errors.
    """
    try:
        yield
    except _ERRORS as error:
        if isinstance(error, InvalidFileError):
            raise
        raise InvalidFileError(f"{must}: {error}") from error


def _read_header(data: bytes) -> dict[str, Any]:
    """Return the metadata of a file, if its digest is right."""
    stop = _header_end(data[:8], len(data))
    content = json.loads(json.loads(data[8:stop])["__metadata__"][_METADATA_KEY])
    digest = content["sha256"].encode()
    start = data.index(digest)
    blank = hashlib.sha256(data[:start])
    blank.update(_NO_DIGEST.encode())
    blank.update(memoryview(data)[start + len(digest) :])
    if blank.hexdigest().encode() != digest:
        raise InvalidFileError("The file must be as it was written, got changed bytes.")
    if content["format"] != _FORMAT:
        raise InvalidFileError(
            f"The file must be of format {_FORMAT}, got {content['format']!r} of "
            f"sklearn_ae {content['version']!r}; a newer version may read it."
        )
    return content


def _header_end(start: bytes, size: int) -> int:
    """Return where the header ends, by the first 8 bytes of a file."""
    stop = 8 + int.from_bytes(start, "little")
    if not 8 < stop <= size:
        raise InvalidFileError(
            f"The file must be whole and one that sklearn_ae wrote, got {size} bytes "
            "of something else."
        )
    return stop


def _to_json(value: Any, name: str, arrays: dict[str, np.ndarray]) -> Any:
    """Return a value as JSON has it, and add its arrays to those of the file."""
    kind = type(value)
    if (
        value is None
        or kind in (bool, str)
        or (kind is int and abs(value) < _INTEGER_LIMIT)
    ):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind in (list, tuple):
        items = [
            _to_json(item, f"{name}[{number}]", arrays)
            for number, item in enumerate(value)
        ]
        return items if kind is list else {"tuple": items}
    if kind is dict:
        return {"dict": [_item_to_json(*item, name, arrays) for item in value.items()]}
    if isinstance(value, np.generic):
        return {"scalar": _to_json(np.asarray(value), name, arrays)}
    if kind is np.ndarray:
        return _array_to_json(value, name, arrays)
    raise TypeError(
        f"{name} must be made of plain values and arrays to be saved, got "
        f"{'an integer beyond 64 bits' if kind is int else kind.__name__}."
    )


def _item_to_json(key, value, name, arrays) -> list:
    if not isinstance(key, _KEY_TYPES):
        raise TypeError(
            f"{name} must be a dict with strings or numbers for keys to be saved, got "
            f"{type(key).__name__}."
        )
    name_of_value = f"{name}.{key}"
    return [_to_json(key, name, arrays), _to_json(value, name_of_value, arrays)]


def _array_to_json(array, name, arrays) -> dict[str, Any]:
    if array.dtype.kind in "OU":
        cells = array.ravel().tolist()
        if not _has_room(array.dtype, cells):
            raise TypeError(
                f"{name} must be an array of objects to be saved, with strings of such "
                f"different lengths, got {array.dtype}."
            )
        cells = _to_json(cells, name, arrays)
        return {"cells": [array.dtype.str, list(array.shape), cells]}
    size = array.dtype.itemsize
    if array.dtype.kind not in _STORED_KINDS or size > _MOST_BYTES_A_NUMBER:
        raise TypeError(
            f"{name} must be an array of numbers, booleans or strings to be saved, got "
            f"{array.dtype}."
        )
    key = str(len(arrays))
    native = array.astype(array.dtype.newbyteorder("="), order="C")
    arrays[key] = native
    return {"array": key}


def _from_json(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Return the value that JSON and arrays describe."""
    if isinstance(value, list):
        return [_from_json(item, arrays) for item in value]
    if not isinstance(value, dict):
        if type(value) is int and abs(value) >= _INTEGER_LIMIT:
            raise InvalidFileError("Integers must be of 64 bits, got a larger one.")
        return value
    ((form, content),) = value.items()
    return _READERS[form](content, arrays)


def _dict_from_json(items, arrays) -> dict:
    tree = {}
    for key, item in items:
        key = _from_json(key, arrays)
        if not isinstance(key, _KEY_TYPES):
            raise InvalidFileError("Keys must be strings or numbers.")
        tree[key] = _from_json(item, arrays)
    return tree


def _cells_from_json(content, arrays) -> np.ndarray:
    dtype, shape, cells = np.dtype(content[0]), content[1], content[2]
    cells = _from_json(cells, arrays)
    if dtype.kind not in "OU" or not _has_room(dtype, cells):
        raise InvalidFileError(f"Cells must be objects or strings, got {dtype}.")
    if dtype.kind == "U" and not all(isinstance(cell, str) for cell in cells):
        raise InvalidFileError("Cells of strings must be strings.")
    array = np.empty(len(cells), dtype)
    for number, cell in enumerate(cells):
        array[number] = cell
    return array.reshape(shape)


def _has_room(dtype: np.dtype, cells: list) -> bool:
    """Tell whether an array of strings needs not much more memory than its text."""
    if dtype.kind == "O":
        return True
    n_characters = sum(map(len, cells))
    # NumPy 1 takes a number of characters modulo 2**30, and negative ones.
    if dtype.itemsize < 0:
        return False
    return len(cells) * dtype.itemsize <= _MOST_BYTES_A_CHARACTER * (
        len(cells) + n_characters
    )


_READERS = {
    "float": lambda text, arrays: float(text),
    "tuple": lambda items, arrays: tuple(_from_json(items, arrays)),
    "dict": _dict_from_json,
    "scalar": lambda content, arrays: _from_json(content, arrays)[()],
    # Each only once, so that a tree needs no more memory than its file.
    "array": lambda key, arrays: np.array(arrays.pop(key)),
    "cells": _cells_from_json,
}
