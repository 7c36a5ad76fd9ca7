"""Integers come back, and take about as many bytes as their entropy."""

import tracemalloc

import numpy as np
import pytest

from sklearn_ae._compression.entropy import (
    BITS,
    DEFLATE,
    LZMA,
    _deflate,
    _range_code,
    decode_numbers,
    encode_numbers,
)


def entropy(numbers):
    """Return the bytes that columns take by the frequencies in them."""
    counts = [np.unique(column, return_counts=True)[1] for column in numbers.T]
    return sum((c @ np.log2(len(numbers) / c)) / 8 for c in counts)


def size(numbers):
    return len(encode_numbers(numbers)[1])


SHAPES = [(1, 1), (1, 40), (2, 3), (7, 2), (300, 5), (5000, 3)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [0, 0.3, 4, 100, 1e4, 1e9, 2e15])
def test_numbers_come_back(shape, scale):
    rng = np.random.default_rng(0)
    numbers = np.rint(rng.normal(size=shape) * scale).astype(np.int64) - 7
    form, body = encode_numbers(numbers)
    for data in (body, body + b"more"):
        np.testing.assert_array_equal(decode_numbers(form, data, shape), numbers)


@pytest.mark.parametrize("largest", [2**53, 2**62 - 1])
def test_the_largest_numbers_come_back(largest):
    numbers = np.array([[-largest, 0], [largest, largest]])
    form, body = encode_numbers(numbers)
    np.testing.assert_array_equal(decode_numbers(form, body, (2, 2)), numbers)


def few(rng):
    return rng.integers(0, 8, (3, 4))


def even(rng):
    return rng.integers(0, 8, (300, 4))


def rare(rng):
    return (rng.uniform(size=(2000, 4)) < 0.01).astype(int)


def many(rng):
    return np.rint(rng.normal(size=(20_000, 2)) * 20).astype(int) + 100


FORMS = {few: BITS, even: BITS, rare: LZMA, many: DEFLATE}


@pytest.mark.parametrize("draw", FORMS)
@pytest.mark.parametrize("widths", [None, [3, 3, 3, 3]])
def test_each_form_is_chosen(draw, widths):
    numbers = draw(np.random.default_rng(0))
    widths = widths if numbers.max() < 8 else None
    form, body = encode_numbers(numbers, widths)
    assert form == FORMS[draw]
    found = decode_numbers(form, body, numbers.shape, widths)
    np.testing.assert_array_equal(found, numbers)


@pytest.mark.parametrize("n_rows", [1, 7, 40, 3000])
def test_known_widths_bound_the_size(n_rows):
    widths = [3, 0, 3, 4]
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 2 ** np.array(widths), (n_rows, 4))
    form, body = encode_numbers(numbers, widths)
    assert len(body) <= -(-10 * n_rows // 8)
    found = decode_numbers(form, body, numbers.shape, widths)
    np.testing.assert_array_equal(found, numbers)


@pytest.mark.parametrize("scale", [0.5, 2, 10, 40])
def test_bytes_are_near_the_entropy(scale):
    rng = np.random.default_rng(0)
    numbers = np.rint(rng.normal(size=(4000, 8)) * scale).astype(np.int64)
    assert size(numbers) < 1.12 * entropy(numbers) + 50


def test_rare_numbers_take_fractions_of_bits():
    numbers = (np.random.default_rng(0).uniform(size=(4000, 8)) < 0.01).astype(int)
    assert size(numbers) < 0.25 * numbers.size / 8


def test_constant_columns_take_no_bytes():
    assert size(np.full((100_000, 5), 12)) < 30


@pytest.mark.parametrize("draw", FORMS)
def test_cut_bytes_are_refused(draw):
    numbers = draw(np.random.default_rng(0))
    form, body = encode_numbers(numbers)
    # LZMA ends with a mark that no number needs.
    last = len(body) - 8 * (form == LZMA)
    for end in range(0, last, max(1, last // 100)):
        with pytest.raises(ValueError):  # noqa: PT011
            decode_numbers(form, body[:end], numbers.shape)


@pytest.mark.parametrize("draw", FORMS)
def test_changed_bytes_keep_the_shape(draw):
    rng = np.random.default_rng(0)
    numbers = draw(rng)
    form, body = encode_numbers(numbers)
    for position in range(min(len(body), 200)):
        changed = bytearray(body)
        changed[position] ^= rng.integers(1, 256)
        try:
            found = decode_numbers(form, bytes(changed), numbers.shape)
        except ValueError:
            continue
        assert found.shape == numbers.shape


@pytest.mark.parametrize("form", [BITS, DEFLATE, LZMA])
@pytest.mark.parametrize("widths", [None, [9, 3]])
def test_any_bytes_give_numbers_or_errors(form, widths):
    rng = np.random.default_rng(0)
    for n_bytes in rng.integers(0, 60, 2000):
        try:
            found = decode_numbers(form, rng.bytes(n_bytes), (5, 2), widths)
        except ValueError:
            continue
        assert found.shape == (5, 2)


CODERS = {BITS: b"".join, DEFLATE: _deflate, LZMA: _range_code}


@pytest.mark.parametrize("form", CODERS)
@pytest.mark.parametrize(
    ("raw", "match"),
    [
        (b"", "0 bytes for the head of 2 columns"),
        (b"\3" + bytes(70), "71 bytes for the head"),
        (b"\1\0\0\0", "4 bytes for the head"),
        (b"\1\0\0\x0f\0", "0 bytes for "),
        (b"\1\0\0\xff\0" + bytes(2), "2 bytes for "),
        (b"\x08" + bytes(24) + b"\xff" * 8, "more than 62 bits"),
        (b"\x08" + b"\xff" * 8 + bytes(24), "more than 62 bits"),
    ],
)
def test_impossible_heads_are_refused(form, raw, match):
    with pytest.raises(ValueError, match=match):
        decode_numbers(form, CODERS[form]([raw]), (3, 2))


def test_too_few_bits_are_refused():
    found = decode_numbers(BITS, b"\0\0\0", (2, 1), [9])
    assert found.tolist() == [[0], [0]]
    with pytest.raises(ValueError, match="2 bytes for 18 bits"):
        decode_numbers(BITS, b"\0\0", (2, 1), [9])


def test_unknown_forms_are_refused():
    with pytest.raises(ValueError, match="a body of form 3"):
        decode_numbers(3, b"\1\0\0", (1, 1))


@pytest.mark.parametrize("form", [DEFLATE, LZMA])
def test_decompression_stops_at_the_size(form):
    bomb = CODERS[form]([bytes(2**26)])
    assert len(bomb) < 2**17
    tracemalloc.start()
    with pytest.raises(ValueError, match="for the head"):
        decode_numbers(form, bomb, (100, 3))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20
