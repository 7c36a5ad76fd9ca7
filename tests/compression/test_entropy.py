"""Whole numbers come back, and take about as many bytes as their entropy."""

import numpy as np
import pytest

from sklearn_ae._compression.entropy import decode_numbers, encode_numbers


def entropy(numbers):
    """Return the bytes that columns take by the frequencies in them."""
    counts = [np.unique(column, return_counts=True)[1] for column in numbers.T]
    return sum((c @ np.log2(len(numbers) / c)) / 8 for c in counts)


SHAPES = [(1, 1), (1, 40), (2, 3), (7, 2), (300, 5), (5000, 3)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [0, 0.3, 4, 100, 1e4, 1e9, 2e15])
def test_numbers_come_back(shape, scale):
    rng = np.random.default_rng(0)
    numbers = np.rint(rng.normal(size=shape) * scale).astype(np.int64) - 7
    body = encode_numbers(numbers)
    np.testing.assert_array_equal(decode_numbers(body, *shape), numbers)
    np.testing.assert_array_equal(decode_numbers(body + b"more", *shape), numbers)


def test_the_largest_numbers_come_back():
    numbers = np.array([[-(2**53), 0], [2**53, 2**53]])
    np.testing.assert_array_equal(
        decode_numbers(encode_numbers(numbers), 2, 2), numbers
    )


@pytest.mark.parametrize("scale", [0.5, 2, 10, 40])
def test_bytes_are_near_the_entropy(scale):
    rng = np.random.default_rng(0)
    numbers = np.rint(rng.normal(size=(4000, 8)) * scale).astype(np.int64)
    assert len(encode_numbers(numbers)) < 1.12 * entropy(numbers) + 50


def test_columns_that_are_nearly_always_one_number_take_a_part_of_a_bit():
    numbers = (np.random.default_rng(0).uniform(size=(4000, 8)) < 0.01).astype(int)
    assert len(encode_numbers(numbers)) < 0.25 * numbers.size / 8


def test_columns_that_are_alike_take_no_bytes_a_row():
    assert len(encode_numbers(np.full((100_000, 5), 12))) < 30


@pytest.mark.parametrize("shape", [(50, 2), (2000, 4)])
def test_cut_bytes_are_refused(shape):
    rng = np.random.default_rng(0)
    body = encode_numbers(rng.integers(-9, 9, shape))
    for end in range(0, len(body), max(1, len(body) // 100)):
        with pytest.raises(ValueError):  # noqa: PT011
            decode_numbers(body[:end], *shape)


def test_changed_bytes_give_numbers_of_that_shape_or_an_error():
    rng = np.random.default_rng(0)
    numbers = rng.integers(-9, 9, (40, 3))
    body = bytearray(encode_numbers(numbers))
    for position in range(len(body)):
        changed = body.copy()
        changed[position] ^= rng.integers(1, 256)
        try:
            found = decode_numbers(bytes(changed), 40, 3)
        except ValueError:
            continue
        assert found.shape == numbers.shape


def test_any_bytes_give_numbers_or_an_error():
    rng = np.random.default_rng(0)
    for size in rng.integers(0, 60, 2000):
        try:
            found = decode_numbers(rng.bytes(size), 5, 2)
        except ValueError:
            continue
        assert found.shape == (5, 2)
