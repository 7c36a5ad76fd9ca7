"""Bytes are read as they were packed, or not at all."""

import hashlib

import numpy as np
import pytest

from sklearn_ae._compression.packing import Packed, Packing, _from_plain_bits

PRINT = hashlib.sha256(b"a model").hexdigest()
HEADER = 44


def rows(n_rows=30, n_components=3, seed=0):
    rng = np.random.default_rng(seed)
    return Packed(rng.integers(0, 8, (n_rows, n_components)), np.float32, 5)


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
def test_rows_come_back(widths, n_rows, dtype):
    packing = Packing(PRINT, 3, widths)
    packed = rows(n_rows)._replace(dtype=dtype)
    back = packing.unpack(packing.pack(packed))
    np.testing.assert_array_equal(back.numbers, packed.numbers)
    assert back[1:] == packed[1:]


@pytest.mark.parametrize("n_rows", [1, 7, 40])
def test_plain_bits_are_the_most_that_rows_take(n_rows):
    packing = Packing(PRINT, 4, [3, 0, 3, 3])
    numbers = np.insert(rows(n_rows).numbers, 1, 0, axis=1)
    data = packing.pack(Packed(numbers, np.float64, 0))
    assert len(data) <= HEADER + -(-9 * n_rows // 8)
    np.testing.assert_array_equal(packing.unpack(data).numbers, numbers)


def test_every_bit_counts():
    packing = Packing(PRINT, 3)
    data = packing.pack(rows(4))
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            with pytest.raises(ValueError, match=r"data must"):
                packing.unpack(bytes(changed))


@pytest.mark.parametrize(
    ("at", "new", "match"),
    [
        (4, b"\2", "data must be of format 1, got 2"),
        (5, b"\7", "a body of kind 7"),
        (5, b"\1", "a body of kind 1"),
        (6, b"\2", "dtype 2"),
        (8, b"\4\0\0\0", "4 components"),
        (8, b"\xff\xff\xff\xff", "4294967295 components"),
        (12, bytes(8), "0 rows"),
        (12, (10**12).to_bytes(8, "little"), "1000000000000 rows"),
        (12, b"\xff" * 8, "rows in"),
        (12, (99).to_bytes(8, "little"), "data must be as compress returned it"),
    ],
)
def test_headers_that_cannot_be_are_refused_though_their_checksum_is_right(
    at, new, match
):
    packing = Packing(PRINT, 3)
    data = with_header(packing.pack(rows()), at, new)
    with pytest.raises(ValueError, match=match):
        packing.unpack(data)


def test_rows_without_bytes_are_not_claimed_by_the_million():
    packing = Packing(PRINT, 2)
    alike = Packed(np.ones((50_000, 2), np.int64), np.float32, 0)
    data = packing.pack(alike)
    assert len(data) < 100
    assert len(packing.unpack(data).numbers) == 50_000
    claimed = with_header(data, 12, (10**7).to_bytes(8, "little"))
    with pytest.raises(ValueError, match="10000000 rows in"):
        packing.unpack(claimed)


def test_a_model_with_the_same_beginning_is_told_apart():
    other = PRINT[:16] + hashlib.sha256(b"another").hexdigest()[16:]
    data = Packing(PRINT, 3).pack(rows())
    with pytest.raises(ValueError, match="checksum"):
        Packing(other, 3).unpack(data)


def test_too_few_plain_bits_are_refused():
    assert _from_plain_bits(b"\0\0\0", 2, [9]).tolist() == [[0], [0]]
    with pytest.raises(ValueError, match="2 bytes for 18 bits"):
        _from_plain_bits(b"\0\0", 2, [9])


def test_the_size_of_bytes_that_are_cut_is_told():
    with pytest.raises(
        ValueError, match=r"data must be whole.* at least 44 bytes, got 3"
    ):
        Packing(PRINT, 2).unpack(b"\x93SA")
