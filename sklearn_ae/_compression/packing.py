"""Rows of whole numbers to bytes that are read right or not at all."""

import hashlib
import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .entropy import decode_numbers, encode_numbers

FORMAT = 1
_MAGIC = b"\x93SAE"
_HEADER = struct.Struct("<4sBBBBIQ8s16s")
_DTYPES = (np.float32, np.float64)
_CODED, _PLAIN = 0, 1
# Rows that are all alike take no bytes: so that a header can't claim any number of
# them, no file stands for more than this many times its size.
_ROWS_A_BYTE = 2**12


class Packed(NamedTuple):
    """What bytes hold.

    Attributes
    ----------
    numbers : ndarray of int64 of shape (n_rows, n_components)
        The rows.

    dtype : type
        Of the rows that they stand for, float32 or float64.

    exponent : int
        How far the steps were shrunk for them, from 0 to 255.
    """

    numbers: np.ndarray
    dtype: type
    exponent: int


class Packing:
    """The way of one model's rows to bytes and back.

    A header of 44 bytes holds the format's version, the shape, a part of the model's
    fingerprint, and SHA-256 of fingerprint, header and body, cut to 128 bits.

    Parameters
    ----------
    fingerprint : str
        SHA-256 of the model, in hexadecimal digits.

    n_components : int
        Numbers a row.

    widths : sequence of int or None, default=None
        Bits of each component, if its numbers are from 0 to ``2 ** width - 1``. Few
        rows may be shorter as those plain bits.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ae._compression.packing import Packed, Packing
    >>> packing = Packing(64 * "0", 2)
    >>> data = packing.pack(Packed(np.array([[3, -1]]), np.float32, 0))
    >>> len(data)
    52
    >>> packing.unpack(data).numbers
    array([[ 3, -1]])
    """

    def __init__(
        self,
        fingerprint: str,
        n_components: int,
        widths: Sequence[int] | None = None,
    ) -> None:
        self._model = bytes.fromhex(fingerprint)
        self._n_components, self._widths = n_components, widths

    def pack(self, packed: Packed) -> bytes:
        """Return rows as bytes."""
        n_rows = len(packed.numbers)
        bodies = {_CODED: encode_numbers(packed.numbers)}
        if self._widths is not None:
            bodies[_PLAIN] = _plain_bits(packed.numbers, self._widths)
        kind = min(bodies, key=lambda kind: len(bodies[kind]))
        body = bodies[kind].ljust(-(-n_rows // _ROWS_A_BYTE), b"\0")
        fields = [_MAGIC, FORMAT, kind, _DTYPES.index(packed.dtype), packed.exponent]
        fields += [self._n_components, n_rows, self._model[:8]]
        check = self._checksum(_HEADER.pack(*fields, b""), body)
        return _HEADER.pack(*fields, check) + body

    def unpack(self, data: bytes) -> Packed:
        """Return the rows, or raise ValueError."""
        kind, dtype, exponent, n_components, n_rows = self._checked(data)
        body = data[_HEADER.size :]
        try:
            if n_components != self._n_components or dtype >= len(_DTYPES):
                raise ValueError(f"{n_components} components of dtype {dtype}")
            if not 1 <= n_rows <= len(body) * _ROWS_A_BYTE:
                raise ValueError(f"{n_rows} rows in {len(body)} bytes")
            numbers = self._numbers(kind, body, n_rows)
        except ValueError as error:
            raise ValueError(
                f"data must be as compress returned it, got {error}."
            ) from None
        return Packed(numbers, _DTYPES[dtype], exponent)

    def _checked(self, data: bytes) -> list[int]:
        """Return what a header says of the body, if all is as it was packed."""
        if len(data) < _HEADER.size:
            raise ValueError(
                "data must be whole, as compress returned it: at least "
                f"{_HEADER.size} bytes, got {len(data)}."
            )
        head = data[: _HEADER.size]
        magic, version, *fields, model, check = _HEADER.unpack(head)
        if magic != _MAGIC:
            raise ValueError(
                f"data must begin with {_MAGIC!r}, as what compress returned does, "
                f"got {magic!r}."
            )
        if version != FORMAT:
            raise ValueError(f"data must be of format {FORMAT}, got {version}.")
        if model != self._model[:8]:
            raise ValueError(
                "data must be of this very model, with a fingerprint that begins with "
                f"{self._model[:8].hex()!r}, got {model.hex()!r}."
            )
        unsigned = _HEADER.pack(magic, version, *fields, model, b"")
        if check != self._checksum(unsigned, data[_HEADER.size :]):
            raise ValueError(
                "data must be as compress returned it, got bytes that were cut or "
                "changed: their checksum is another."
            )
        return fields

    def _checksum(self, header: bytes, body: bytes) -> bytes:
        digest = hashlib.sha256(self._model)
        digest.update(header)
        digest.update(body)
        return digest.digest()[:16]

    def _numbers(self, kind: int, body: bytes, n_rows: int) -> np.ndarray:
        if kind == _CODED:
            return decode_numbers(body, n_rows, self._n_components)
        if kind == _PLAIN and self._widths is not None:
            return _from_plain_bits(body, n_rows, self._widths)
        raise ValueError(f"a body of kind {kind}")


def _plain_bits(numbers: np.ndarray, widths: Sequence[int]) -> bytes:
    """Return numbers as ``sum(widths)`` bits a row."""
    bits = np.empty((len(numbers), sum(widths)), bool)
    for bit, (column, place) in enumerate(_places(widths)):
        bits[:, bit] = numbers[:, column] >> place & 1
    return np.packbits(bits).tobytes()


def _from_plain_bits(body: bytes, n_rows: int, widths: Sequence[int]) -> np.ndarray:
    n_bits = n_rows * sum(widths)
    if len(body) < -(-n_bits // 8):
        raise ValueError(f"{len(body)} bytes for {n_bits} bits")
    bits = np.unpackbits(np.frombuffer(body, np.uint8), count=n_bits)
    bits = bits.reshape(n_rows, sum(widths))
    numbers = np.zeros((n_rows, len(widths)), np.int64)
    for bit, (column, place) in enumerate(_places(widths)):
        numbers[:, column] |= bits[:, bit].astype(np.int64) << place
    return numbers


def _places(widths: Sequence[int]) -> list[tuple[int, int]]:
    """Return column and place of each bit of a row, the highest first."""
    return [
        (column, place)
        for column, width in enumerate(widths)
        for place in reversed(range(width))
    ]
