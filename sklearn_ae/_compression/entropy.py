"""Columns of whole numbers to about as many bytes as their entropy, and back."""

import lzma
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

# Without contexts of neighbouring bytes, what LZMA learns are frequencies.
_RANGE_CODER = [
    {
        "id": lzma.FILTER_LZMA1,
        "dict_size": 2**16,
        "lc": 0,
        "lp": 0,
        "pb": 0,
        "mode": lzma.MODE_NORMAL,
        "mf": lzma.MF_HC4,
        "nice_len": 273,
        "depth": 1,
    }
]
# Huffman's code takes a bit a byte at least. Where it is this many times the entropy,
# the range coder does better; it is slower by far.
_FAR = 1.05
_MOST_POOLED = 2**20
_MOST_PLANES = 8
_MOST_DIGITS = 10


def encode_numbers(numbers: np.ndarray) -> bytes:
    """Return whole numbers as bytes, each column about as short as its entropy.

    A column is written as its smallest number, its span, and planes of bytes of what is
    above the smallest. Up to 16 different numbers share one plane's bytes, as many as
    go into one. A plane is in Huffman's code (of zlib), or where that is far from the
    plane's entropy, with others of its kind in that of LZMA's adaptive range coder.

    Parameters
    ----------
    numbers : ndarray of int64 of shape (n_rows, n_columns)
        The numbers, below ``2 ** 62`` in size.

    Returns
    -------
    body : bytes
        What `decode_numbers` reads.
    """
    low = numbers.min(axis=0)
    above = (numbers - low).T
    planes = [plane for column in above for plane in _planes(column)]
    codes = [_huffman(plane) for plane in planes]
    far = [
        len(code) > _FAR * _entropy(plane)
        for code, plane in zip(codes, planes, strict=True)
    ]
    choices = [far]
    if sum(map(len, planes)) <= _MOST_POOLED:
        choices.append([True] * len(planes))
    spans = above.max(axis=1).tolist()
    heads = [[_unsigned(n), span] for n, span in zip(low.tolist(), spans, strict=True)]
    return min((_body(heads, planes, codes, pooled) for pooled in choices), key=len)


def decode_numbers(body: bytes, n_rows: int, n_columns: int) -> np.ndarray:
    """Return what `encode_numbers` was given, or raise ValueError.

    Parameters
    ----------
    body : bytes
        What `encode_numbers` returned. What follows it is not read.

    n_rows, n_columns : int
        The numbers' shape.

    Returns
    -------
    numbers : ndarray of int64 of shape (n_rows, n_columns)
        The numbers. Nothing larger is made on the way.
    """
    source = _Source(body)
    most = _MOST_DIGITS * (3 + n_columns * (2 + _MOST_PLANES))
    outline = _Source(_inflated(source.take(source.number()), most))
    heads = [(outline.number(), outline.number()) for _ in range(n_columns)]
    sizes = [[outline.number() for _ in range(_n_planes(span))] for _, span in heads]
    lengths = [-(-n_rows // _together(span)) for _, span in heads]
    n_pool = sum(
        column.count(0) * length for column, length in zip(sizes, lengths, strict=True)
    )
    pool = _Source(_unpooled(source.take(outline.number()), n_pool))
    numbers = np.empty((n_rows, n_columns), np.int64)
    for position, ((low, span), length) in enumerate(zip(heads, lengths, strict=True)):
        planes = [
            _plane(source.take(size), length) if size else pool.take(length)
            for size in sizes[position]
        ]
        numbers[:, position] = _joined(planes, span, n_rows) + _signed(low)
    return numbers


class _Source:
    """Bytes that are taken from the front, and may not end early."""

    def __init__(self, data: bytes) -> None:
        self._data, self._position = data, 0

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        start, self._position = self._position, self._position + size
        if self._position > len(self._data):
            raise ValueError(f"{len(self._data)} bytes where more must be")
        return self._data[start : self._position]

    def number(self) -> int:
        """Return the next number, see `_varint`."""
        number = 0
        for digit in range(_MOST_DIGITS):
            byte = self.take(1)[0]
            number |= (byte & 127) << 7 * digit
            if byte < 128:
                return number
        raise ValueError("a number of too many digits")


def _n_planes(span: int) -> int:
    """Return the number of planes of a column whose numbers go up to `span`."""
    n_planes = -(-span.bit_length() // 8)
    if n_planes > _MOST_PLANES:
        raise ValueError(f"more than {_MOST_PLANES} bytes a number")
    return n_planes


def _together(span: int) -> int:
    """Return how many numbers from 0 to `span` go into one byte, at least 1."""
    together = 1
    while span > 0 and (span + 1) ** (together + 1) <= 256:
        together += 1
    return together


def _planes(column: np.ndarray) -> Iterator[bytes]:
    """Yield the bytes of numbers from 0, the lowest ones first."""
    span = int(column.max())
    together = _together(span)
    if together > 1:
        column = np.pad(column, (0, -len(column) % together)).reshape(-1, together)
        column = column @ (span + 1) ** np.arange(together)
    for place in range(_n_planes(span)):
        yield (column >> 8 * place).astype(np.uint8).tobytes()


def _joined(planes: Sequence[bytes], span: int, n_rows: int) -> np.ndarray:
    """Return the numbers whose bytes `_planes` yielded."""
    together = _together(span)
    column = np.zeros(-(-n_rows // together), np.int64)
    for place, plane in enumerate(planes):
        column += np.frombuffer(plane, np.uint8).astype(np.int64) << 8 * place
    if together > 1:
        digits = column[:, None] // (span + 1) ** np.arange(together) % (span + 1)
        column = digits.ravel()[:n_rows]
    return column


def _body(
    heads: list[list[int]],
    planes: Sequence[bytes],
    codes: Sequence[bytes],
    pooled: Sequence[bool],
) -> bytes:
    """Return an outline, then what is pooled, then what is coded alone."""
    chosen = list(zip(planes, codes, pooled, strict=True))
    pool = _pooled(b"".join(plane for plane, _, is_in in chosen if is_in))
    sizes = [0 if is_in else len(code) for _, code, is_in in chosen]
    outline = [number for head in heads for number in head]
    outline = _deflated(b"".join(map(_varint, [*outline, *sizes, len(pool)])))
    alone = [code for _, code, is_in in chosen if not is_in]
    return b"".join([_varint(len(outline)), outline, pool, *alone])


def _pooled(raw: bytes) -> bytes:
    code = lzma.compress(raw, format=lzma.FORMAT_RAW, filters=_RANGE_CODER)
    return min(raw, code, key=len)


def _unpooled(code: bytes, size: int) -> bytes:
    if len(code) == size:
        return code
    coder = lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=_RANGE_CODER)
    try:
        return coder.decompress(code, max_length=size)
    except lzma.LZMAError as error:
        raise ValueError(str(error)) from None


def _huffman(plane: bytes) -> bytes:
    return min(plane, _deflated(plane, zlib.Z_HUFFMAN_ONLY), key=len)


def _plane(code: bytes, size: int) -> bytes:
    plane = code if len(code) == size else _inflated(code, size)
    if len(plane) != size:
        raise ValueError(f"{len(plane)} bytes of {size} numbers")
    return plane


def _deflated(raw: bytes, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> bytes:
    coder = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, strategy)
    return coder.compress(raw) + coder.flush()


def _inflated(code: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(code, most)
    except zlib.error as error:
        raise ValueError(str(error)) from None


def _entropy(plane: bytes) -> float:
    """Return the bytes that a plane takes by the frequencies in it."""
    counts = np.bincount(np.frombuffer(plane, np.uint8))
    counts = counts[counts > 0]
    return float(counts @ np.log2(len(plane) / counts)) / 8


def _varint(number: int) -> bytes:
    """Return seven bits a byte, the lowest first; the last byte is below 128."""
    digits = []
    while number >= 128:
        digits.append(number & 127 | 128)
        number >>= 7
    return bytes([*digits, number])


def _unsigned(number: int) -> int:
    return 2 * number if number >= 0 else -2 * number - 1


def _signed(number: int) -> int:
    if number >= 2**63:
        raise ValueError("a number beyond 62 bits")
    return -(number + 1) // 2 if number % 2 else number // 2
