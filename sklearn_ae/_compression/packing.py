"""Bytes of quantized codes, with a header that tells cut, changed or foreign bytes."""

import hashlib
import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .entropy import decode_numbers, encode_numbers

FORMAT = 2
_MAGIC = b"\x93SAE"
_HEADER = struct.Struct("<4sBBBBIQ8s16s")
_DTYPES = (np.float32, np.float64)
# Equal rows take no bytes. The limit keeps a header from claiming any number of them.
_MOST_ROWS_A_BYTE = 2**12


class QuantizedCodes(NamedTuple):
    """Codes as integers.

    Attributes
    ----------
    numbers : ndarray of int64 of shape (n_rows, n_components)
        The number of each code's level.

    dtype : type
        Of the codes, float32 or float64.

    exponent : int
        How much narrower steps are than the quantizer's, from 0 to 255, see
        `Quantizer`.
    """

    numbers: np.ndarray
    dtype: type
    exponent: int


class Packer:
    """Conversion of one model's quantized codes to bytes and back.

    A header of 44 bytes holds the format's version, the shape, a part of the model's
    fingerprint, and SHA-256 of fingerprint, header and body, cut to 128 bits.

    Parameters
    ----------
    fingerprint : str
        SHA-256 of the model, in hexadecimal digits.

    n_components : int
        Numbers a row.

    widths : sequence of int or None, default=None
        Bits of each component, if its numbers are from 0 to ``2 ** width - 1``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ae._compression.packing import Packer, QuantizedCodes
    >>> packer = Packer(64 * "0", 2)
    >>> data = packer.pack(QuantizedCodes(np.array([[3, -1]]), np.float32, 0))
    >>> len(data)
    49
    >>> packer.unpack(data).numbers
    array([[ 3, -1]])
    """

    def __init__(
        self,
        fingerprint: str,
        n_components: int,
        widths: Sequence[int] | None = None,
    ) -> None:
        self._fingerprint = bytes.fromhex(fingerprint)
        self._n_components, self._widths = n_components, widths

    def pack(self, codes: QuantizedCodes) -> bytes:
        """Return codes as bytes."""
        n_rows = len(codes.numbers)
        form, body = encode_numbers(codes.numbers, self._widths)
        body = body.ljust(-(-n_rows // _MOST_ROWS_A_BYTE), b"\0")
        fields = [_MAGIC, FORMAT, form, _DTYPES.index(codes.dtype), codes.exponent]
        fields += [self._n_components, n_rows, self._fingerprint[:8]]
        checksum = self._checksum(_HEADER.pack(*fields, b""), body)
        return _HEADER.pack(*fields, checksum) + body

    def unpack(self, data: bytes) -> QuantizedCodes:
        """Return the codes, or raise ValueError."""
        form, dtype, exponent, n_components, n_rows = self._read_header(data)
        body = data[_HEADER.size :]
        try:
            if n_components != self._n_components or dtype >= len(_DTYPES):
                raise ValueError(f"{n_components} components of dtype {dtype}")
            if not 1 <= n_rows <= len(body) * _MOST_ROWS_A_BYTE:
                raise ValueError(f"{n_rows} rows in {len(body)} bytes")
            shape = n_rows, n_components
            numbers = decode_numbers(form, body, shape, self._widths)
        except ValueError as error:
            raise ValueError(
                f"data must be as compress returned it, got {error}."
            ) from None
        return QuantizedCodes(numbers, _DTYPES[dtype], exponent)

    def _read_header(self, data: bytes) -> list[int]:
        """Return form, dtype, exponent, n_components and n_rows, or raise ValueError.

        The checksum is right then, which says nothing of bytes that were made to
        deceive.
        """
        if len(data) < _HEADER.size:
            raise ValueError(
                "data must be whole, as compress returned it: at least "
                f"{_HEADER.size} bytes, got {len(data)}."
            )
        magic, version, *fields, model, checksum = _HEADER.unpack(data[: _HEADER.size])
        if magic != _MAGIC:
            raise ValueError(
                f"data must begin with {_MAGIC!r}, as what compress returned does, "
                f"got {magic!r}."
            )
        if version != FORMAT:
            raise ValueError(f"data must be of format {FORMAT}, got {version}.")
        if model != self._fingerprint[:8]:
            raise ValueError(
                "data must be of this very model, with a fingerprint that begins with "
                f"{self._fingerprint[:8].hex()!r}, got {model.hex()!r}."
            )
        unsigned = _HEADER.pack(magic, version, *fields, model, b"")
        if checksum != self._checksum(unsigned, data[_HEADER.size :]):
            raise ValueError(
                "data must be as compress returned it, got bytes that were cut or "
                "changed: their checksum is another."
            )
        return fields

    def _checksum(self, header: bytes, body: bytes) -> bytes:
        digest = hashlib.sha256(self._fingerprint)
        digest.update(header)
        digest.update(body)
        return digest.digest()[:16]
