"""Files of plain values and arrays: written whole or not at all, read without code."""

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

_FORMAT = 1
_NAME = "sklearn_ae"
_NO_DIGEST = "0" * 64
_STORED_KINDS = "biuf"  # of arrays that safetensors holds as they are
_MOST_BYTES_A_NUMBER = 8
_ROOM = 64  # bytes for each string and each of its characters
# Python's hashes of larger integers, and of tuples, are easily made equal: a file could
# take hours to look such keys up.
_LARGEST = 2**64
_KEYS = (str, bool, int, float, type(None), np.generic)
# What wrong values lead to, on the way to a check or in it.
_WRONG = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


class InvalidFileError(ValueError):
    """Raised for files that are cut, changed, of another kind, or not ours at all.

    See Also
    --------
    load : Raises it.

    Examples
    --------
    >>> from sklearn_ae import InvalidFileError
    >>> issubclass(InvalidFileError, ValueError)
    True
    """


def packed(kind: str, tree: Any) -> bytes:
    """Return a tree of plain values and arrays as the bytes of a file.

    The bytes are a safetensors file whose metadata hold the tree in JSON, and the
    SHA-256 of the whole file with that digest itself as zeros.

    Parameters
    ----------
    kind : str
        What the tree is.

    tree : object
        None, booleans, numbers, strings, lists, tuples, dicts, NumPy scalars and
        arrays.

    Returns
    -------
    data : bytes
        What :func:`unpacked` takes. The same tree gives the same bytes.

    Raises
    ------
    TypeError
        If the tree holds something else; it is named.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ae._persistence.archive import packed, unpacked
    >>> data = packed("example", {"numbers": np.arange(3), "size": (2, None)})
    >>> unpacked("example", data)
    {'numbers': array([0, 1, 2]), 'size': (2, None)}
    """
    arrays: dict[str, np.ndarray] = {}
    content = {
        "sha256": _NO_DIGEST,
        "kind": kind,
        "format": _FORMAT,
        "version": __version__,
        "tree": _described(tree, kind, arrays),
    }
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    data = save(arrays, {_NAME: text})
    digest = hashlib.sha256(data).hexdigest()
    return data.replace(_NO_DIGEST.encode(), digest.encode(), 1)


def unpacked(kind: str, data: bytes) -> Any:
    """Return the tree of a file's bytes.

    Parameters
    ----------
    kind : str
        What the tree must be.

    data : bytes
        What :func:`packed` returned.

    Returns
    -------
    tree : object
        Its arrays are copies that can be written to.

    Raises
    ------
    InvalidFileError
        If the bytes are not what :func:`packed` returns, to the last one.
    """
    try:
        content = _checked_content(data)
        arrays = load(data)
        if content["kind"] != kind:
            raise InvalidFileError(
                f"The file must hold a {kind}, got a {content['kind']}."
            )
        tree = _restored(content["tree"], arrays)
        if arrays:
            raise InvalidFileError(
                f"The file must hold arrays that it has a use for, got {len(arrays)} "
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
    """Return the bytes of a file, if it begins as what :func:`packed` returns.

    Parameters
    ----------
    path : str or path-like
        Where it is.

    Returns
    -------
    data : bytes
        What :func:`unpacked` takes.

    Raises
    ------
    InvalidFileError
        If it is another kind of file, of which little is read, or has no room in
        memory.

    OSError
        If it can't be read.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        _header_stop(file.read(8), size)
        file.seek(0)
        try:
            return file.read(size)
        except MemoryError as error:
            raise InvalidFileError(
                f"The file must have room in memory, got {size} bytes."
            ) from error


def write_file(path, data: bytes) -> None:
    """Write a file exactly at a path, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        Where to. What is there is replaced; who may read it stays.

    data : bytes
        What to write. It goes to a file beside it first, which then takes its name.

    Raises
    ------
    OSError
        If it can't be written: what was there before is there still.
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
    """Raise one kind of error, whatever is wrong with what came from outside.

    Parameters
    ----------
    must : str
        What the error says first.

    Raises
    ------
    InvalidFileError
        Instead of what wrong values lead to in the block.
    """
    try:
        yield
    except _WRONG as error:
        if isinstance(error, InvalidFileError):
            raise
        raise InvalidFileError(f"{must}: {error}") from error


def _checked_content(data: bytes) -> dict[str, Any]:
    """Return what the metadata say, if every byte is as it was written."""
    stop = _header_stop(data[:8], len(data))
    content = json.loads(json.loads(data[8:stop])["__metadata__"][_NAME])
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


def _header_stop(start: bytes, size: int) -> int:
    """Return where the header ends that a file's first bytes tell of."""
    stop = 8 + int.from_bytes(start, "little")
    if not 8 < stop <= size:
        raise InvalidFileError(
            f"The file must be whole and one that sklearn_ae wrote, got {size} bytes "
            "of something else."
        )
    return stop


def _described(value: Any, name: str, arrays: dict[str, np.ndarray]) -> Any:
    """Return a value in JSON's terms, and put its arrays where they are kept."""
    kind = type(value)
    if value is None or kind in (bool, str) or (kind is int and abs(value) < _LARGEST):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind in (list, tuple):
        items = [
            _described(item, f"{name}[{number}]", arrays)
            for number, item in enumerate(value)
        ]
        return items if kind is list else {"tuple": items}
    if kind is dict:
        return {
            "dict": [_described_item(*item, name, arrays) for item in value.items()]
        }
    if isinstance(value, np.generic):
        return {"scalar": _described(np.asarray(value), name, arrays)}
    if kind is np.ndarray:
        return _described_array(value, name, arrays)
    raise TypeError(
        f"{name} must be made of plain values and arrays to be saved, got "
        f"{'an integer beyond 64 bits' if kind is int else kind.__name__}."
    )


def _described_item(key, value, name, arrays) -> list:
    if not isinstance(key, _KEYS):
        raise TypeError(
            f"{name} must be a dict with strings or numbers for keys to be saved, got "
            f"{type(key).__name__}."
        )
    name_of_value = f"{name}.{key}"
    return [_described(key, name, arrays), _described(value, name_of_value, arrays)]


def _described_array(array, name, arrays) -> dict[str, Any]:
    if array.dtype.kind in "OU":
        cells = array.ravel().tolist()
        if not _is_roomy(array.dtype, cells):
            raise TypeError(
                f"{name} must be an array of objects to be saved, with strings of such "
                f"different lengths, got {array.dtype}."
            )
        cells = _described(cells, name, arrays)
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


def _restored(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Return what :func:`_described` was given."""
    if isinstance(value, list):
        return [_restored(item, arrays) for item in value]
    if not isinstance(value, dict):
        if type(value) is int and abs(value) >= _LARGEST:
            raise InvalidFileError("Integers must be of 64 bits, got a larger one.")
        return value
    ((form, content),) = value.items()
    return _FORMS[form](content, arrays)


def _restored_dict(items, arrays) -> dict:
    made = {}
    for key, item in items:
        key = _restored(key, arrays)
        if not isinstance(key, _KEYS):
            raise InvalidFileError("Keys must be strings or numbers.")
        made[key] = _restored(item, arrays)
    return made


def _restored_cells(content, arrays) -> np.ndarray:
    dtype, shape, cells = np.dtype(content[0]), content[1], content[2]
    cells = _restored(cells, arrays)
    if dtype.kind not in "OU" or not _is_roomy(dtype, cells):
        raise InvalidFileError(f"Cells must be objects or strings, got {dtype}.")
    if dtype.kind == "U" and not all(isinstance(cell, str) for cell in cells):
        raise InvalidFileError("Cells of strings must be strings.")
    array = np.empty(len(cells), dtype)
    for number, cell in enumerate(cells):
        array[number] = cell
    return array.reshape(shape)


def _is_roomy(dtype: np.dtype, cells: list) -> bool:
    """Tell whether an array of strings is not much larger than what it holds."""
    if dtype.kind == "O":
        return True
    n_characters = sum(map(len, cells))
    # NumPy 1 takes a number of characters modulo 2**30, and negative ones.
    if dtype.itemsize < 0:
        return False
    return len(cells) * dtype.itemsize <= _ROOM * (len(cells) + n_characters)


_FORMS = {
    "float": lambda text, arrays: float(text),
    "tuple": lambda items, arrays: tuple(_restored(items, arrays)),
    "dict": _restored_dict,
    "scalar": lambda content, arrays: _restored(content, arrays)[()],
    # Each once: a file can't claim more memory than its size.
    "array": lambda key, arrays: np.array(arrays.pop(key)),
    "cells": _restored_cells,
}
