"""Bytes are read as they were packed, or refused."""

import hashlib

import numpy as np
import pytest

from sklearn_ae._compression.packing import Packer, QuantizedCodes

PRINT = hashlib.sha256(b"a model").hexdigest()
HEADER = 44


def draw_codes(n_rows=30, n_components=3, seed=0):
    rng = np.random.default_rng(seed)
    return QuantizedCodes(rng.integers(0, 8, (n_rows, n_components)), np.float32, 5)


def with_header(data, at, new, fingerprint=PRINT):
    """Change a header's bytes, and make its checksum right again."""
    model = bytes.fromhex(fingerprint)
    head = bytearray(data[:HEADER])
    head[at : at + len(new)] = new
    head[-16:] = bytes(16)
    body = data[HEADER:]
    head[-16:] = hashlib.sha256(model + bytes(head) + body).digest()[:16]
    return bytes(head) + body


@pytest.mark.parametrize("widths", [None, [3, 3, 3], [3, 8, 3]])
@pytest.mark.parametrize("n_rows", [1, 2, 9, 1000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_codes_come_back(widths, n_rows, dtype):
    packer = Packer(PRINT, 3, widths)
    codes = draw_codes(n_rows)._replace(dtype=dtype)
    back = packer.unpack(packer.pack(codes))
    np.testing.assert_array_equal(back.numbers, codes.numbers)
    assert back[1:] == codes[1:]


@pytest.mark.parametrize("n_rows", [1, 7, 40])
def test_packed_rows_take_their_widths(n_rows):
    packer = Packer(PRINT, 4, [3, 0, 3, 3])
    numbers = np.insert(draw_codes(n_rows).numbers, 1, 0, axis=1)
    data = packer.pack(QuantizedCodes(numbers, np.float64, 0))
    assert len(data) <= HEADER + -(-9 * n_rows // 8)
    np.testing.assert_array_equal(packer.unpack(data).numbers, numbers)


def test_every_changed_bit_is_refused():
    packer = Packer(PRINT, 3)
    data = packer.pack(draw_codes(4))
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            with pytest.raises(ValueError, match=r"data must"):
                packer.unpack(bytes(changed))


@pytest.mark.parametrize(
    ("at", "new", "match"),
    [
        (4, b"\1", "data must be of format 2, got 1"),
        (5, b"\7", "a body of form 7"),
        (5, b"\1", "data must be as compress returned it"),
        (5, b"\2", "data must be as compress returned it"),
        (6, b"\2", "dtype 2"),
        (8, b"\4\0\0\0", "4 components"),
        (8, b"\xff\xff\xff\xff", "4294967295 components"),
        (12, bytes(8), "0 rows"),
        (12, (10**12).to_bytes(8, "little"), "1000000000000 rows"),
        (12, b"\xff" * 8, "rows in"),
        (12, (99).to_bytes(8, "little"), "data must be as compress returned it"),
    ],
)
def test_signed_impossible_headers_are_refused(at, new, match):
    packer = Packer(PRINT, 3)
    data = with_header(packer.pack(draw_codes()), at, new)
    with pytest.raises(ValueError, match=match):
        packer.unpack(data)


def test_rows_without_bytes_are_limited():
    packer = Packer(PRINT, 2)
    equal = QuantizedCodes(np.ones((50_000, 2), np.int64), np.float32, 0)
    data = packer.pack(equal)
    assert len(data) < 100
    assert len(packer.unpack(data).numbers) == 50_000
    claimed = with_header(data, 12, (10**7).to_bytes(8, "little"))
    with pytest.raises(ValueError, match="10000000 rows in"):
        packer.unpack(claimed)


def test_equal_beginnings_of_fingerprints_differ():
    other = PRINT[:16] + hashlib.sha256(b"another").hexdigest()[16:]
    data = Packer(PRINT, 3).pack(draw_codes())
    with pytest.raises(ValueError, match="checksum"):
        Packer(other, 3).unpack(data)


def test_short_bytes_name_their_size():
    with pytest.raises(
        ValueError, match=r"data must be whole.* at least 44 bytes, got 3"
    ):
        Packer(PRINT, 2).unpack(b"\x93SA")
