"""Entropy coding of integer columns by the standard library's zlib and lzma."""

import lzma
import zlib
from collections.abc import Iterable, Sequence

import numpy as np

BITS, DEFLATE, LZMA = range(3)
# Without contexts of neighbouring bytes, LZMA's range coder learns frequencies alone.
_FILTERS = [
    {
        "id": lzma.FILTER_LZMA1,
        "preset": 9,
        "dict_size": 2**16,
        "lc": 0,
        "lp": 0,
        "pb": 0,
        "depth": 1,
    }
]
_ITEM_SIZES = (1, 2, 4, 8)


def encode_numbers(
    numbers: np.ndarray, widths: Sequence[int] | None = None
) -> tuple[int, bytes]:
    """Return integers as bytes, each column about as short as its entropy.

    A head holds the minimum and the range of each column. The differences from the
    minimum follow in the shortest of three forms: as many bits as the range needs;
    planes of bytes, each in its own Huffman code (zlib); or the same planes in one
    adaptive range code (LZMA). Several differences share a byte where they fit, because
    Huffman's code takes at least a bit for each byte.

    Parameters
    ----------
    numbers : ndarray of int64 of shape (n_rows, n_columns)
        The numbers, below ``2 ** 62`` in size.

    widths : sequence of int or None, default=None
        Bits of each column, if its numbers are from 0 to ``2 ** width - 1``. Then the
        form of bits needs no head.

    Returns
    -------
    form, body : int, bytes
        What `decode_numbers` reads.
    """
    low = numbers.min(axis=0)
    above = (numbers - low).T
    ranges = above.max(axis=1)
    head = _write_head(low, ranges)
    parts = [head]
    for column, largest in zip(above, ranges.tolist(), strict=True):
        parts += _planes(column, largest)
    bodies = {DEFLATE: _deflate(parts), LZMA: _range_code(parts)}
    form = min(bodies, key=lambda form: len(bodies[form]))
    prefix, columns = b"", numbers.T
    if widths is None:
        prefix, columns, widths = head, above, _bit_lengths(ranges)
    if len(prefix) + -(-len(numbers) * sum(widths) // 8) <= len(bodies[form]):
        return BITS, prefix + _pack_bits(columns, widths)
    return form, bodies[form]


def decode_numbers(
    form: int,
    body: bytes,
    shape: tuple[int, int],
    widths: Sequence[int] | None = None,
) -> np.ndarray:
    """Return the integers that `encode_numbers` was given, or raise ValueError.

    Parameters
    ----------
    form, body : int, bytes
        What `encode_numbers` returned. Bytes after the body are not read.

    shape : tuple of int
        The numbers' shape, (n_rows, n_columns).

    widths : sequence of int or None, default=None
        As in `encode_numbers`.

    Returns
    -------
    numbers : ndarray of int64 of shape (n_rows, n_columns)
        The numbers. Decompression stops at their size, whatever the body claims.
    """
    n_rows, n_columns = shape
    if form == BITS and widths is not None:
        return _unpack_bits(body, n_rows, widths)
    longest = _head_size(8, n_columns) + 8 * n_rows * n_columns
    raw = _decompress(form, body, longest)
    low, ranges, size = _read_head(raw, n_columns)
    if form == BITS:
        numbers = _unpack_bits(raw[size:], n_rows, _bit_lengths(ranges))
    else:
        numbers = _join_planes(raw[size:], n_rows, ranges.tolist())
    numbers += low
    return numbers


def _write_head(low: np.ndarray, ranges: np.ndarray) -> bytes:
    """Return minima and ranges as unsigned integers of one size, after that size."""
    # Negative minima become odd, others even numbers.
    head = np.concatenate([low << 1 ^ low >> 63, ranges])
    size = next(size for size in _ITEM_SIZES if int(head.max()) < 256**size)
    return bytes([size]) + head.astype(f"<u{size}").tobytes()


def _read_head(raw: bytes, n_columns: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Return minima, ranges, and the size of the head."""
    item = raw[0] if raw else 0
    if item not in _ITEM_SIZES or len(raw) < _head_size(item, n_columns):
        raise ValueError(f"{len(raw)} bytes for the head of {n_columns} columns")
    head = np.frombuffer(raw, f"<u{item}", 2 * n_columns, 1).astype(np.int64)
    if (head < 0).any():
        raise ValueError("numbers of more than 62 bits")
    low, ranges = head[:n_columns], head[n_columns:]
    return low >> 1 ^ -(low & 1), ranges, _head_size(item, n_columns)


def _head_size(item: int, n_columns: int) -> int:
    return 1 + 2 * item * n_columns


def _bit_lengths(ranges: np.ndarray) -> list[int]:
    return [largest.bit_length() for largest in ranges.tolist()]


def _pack_bits(columns: np.ndarray, widths: Sequence[int]) -> bytes:
    """Return planes of bits, of each column the lowest first."""
    bits = np.empty((sum(widths), columns.shape[1]), bool)
    planes = iter(bits)
    for column, width in zip(columns, widths, strict=True):
        for place in range(width):
            next(planes)[:] = column >> place & 1
    return np.packbits(bits).tobytes()


def _unpack_bits(data: bytes, n_rows: int, widths: Sequence[int]) -> np.ndarray:
    """Return the numbers whose bits `_pack_bits` returned."""
    n_bits = n_rows * sum(widths)
    if 8 * len(data) < n_bits:
        raise ValueError(f"{len(data)} bytes for {n_bits} bits")
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=n_bits)
    planes = iter(bits.reshape(-1, n_rows))
    numbers = np.zeros((n_rows, len(widths)), np.int64)
    for column, width in enumerate(widths):
        for place in range(width):
            numbers[:, column] |= next(planes).astype(np.int64) << place
    return numbers


def _numbers_a_byte(largest: int) -> int:
    """Return how many numbers from 0 to `largest` fit into a byte, at least 1."""
    counts = (count for count in range(8, 1, -1) if (largest + 1) ** count <= 256)
    return next(counts, 1)


def _plane_shape(largest: int, n_rows: int) -> tuple[int, int]:
    """Return how many planes of bytes a column has, and the length of each."""
    return -(-largest.bit_length() // 8), -(-n_rows // _numbers_a_byte(largest))


def _planes(column: np.ndarray, largest: int) -> list[bytes]:
    """Return the bytes of numbers from 0 to `largest`, the lowest ones first."""
    together = _numbers_a_byte(largest)
    if together > 1:
        column = np.pad(column, (0, -len(column) % together)).reshape(-1, together)
        column = column @ (largest + 1) ** np.arange(together)
    n_planes, _ = _plane_shape(largest, len(column))
    return [(column >> 8 * p).astype(np.uint8).tobytes() for p in range(n_planes)]


def _join_planes(data: bytes, n_rows: int, ranges: Sequence[int]) -> np.ndarray:
    """Return the numbers whose bytes `_planes` returned, column after column."""
    shapes = [_plane_shape(largest, n_rows) for largest in ranges]
    n_bytes = sum(n_planes * length for n_planes, length in shapes)
    if len(data) < n_bytes:
        raise ValueError(f"{len(data)} bytes for {n_bytes} bytes of numbers")
    numbers, start = np.empty((n_rows, len(ranges)), np.int64), 0
    for position, (n_planes, length) in enumerate(shapes):
        planes = np.frombuffer(data, np.uint8, n_planes * length, start)
        start += planes.size
        column = np.zeros(length, np.int64)
        for place, plane in enumerate(planes.reshape(n_planes, length)):
            column |= plane.astype(np.int64) << 8 * place
        numbers[:, position] = _split_digits(column, ranges[position])[:n_rows]
    return numbers


def _split_digits(column: np.ndarray, largest: int) -> np.ndarray:
    """Return the numbers that share each byte."""
    together = _numbers_a_byte(largest)
    if together == 1:
        return column
    digits = column[:, None] // (largest + 1) ** np.arange(together) % (largest + 1)
    return digits.ravel()


def _deflate(parts: Iterable[bytes]) -> bytes:
    """Return run-length coded parts, each with a Huffman code of its own."""
    coder = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_RLE)
    blocks = [coder.compress(part) + coder.flush(zlib.Z_BLOCK) for part in parts]
    return b"".join([*blocks, coder.flush()])


def _range_code(parts: Iterable[bytes]) -> bytes:
    """Return parts in one adaptive range code."""
    return lzma.compress(b"".join(parts), format=lzma.FORMAT_RAW, filters=_FILTERS)


def _decompress(form: int, body: bytes, longest: int) -> bytes:
    """Return at most `longest` bytes of what a body holds."""
    try:
        if form == DEFLATE:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, longest)
        if form == LZMA:
            coder = lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=_FILTERS)
            return coder.decompress(body, max_length=longest)
    except (zlib.error, lzma.LZMAError) as error:
        raise ValueError(str(error)) from None
    if form == BITS:
        return body
    raise ValueError(f"a body of form {form}")
