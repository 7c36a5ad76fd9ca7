import numpy as np
import pytest

from sklearn_ae._persistence.rules import (
    LOSSES,
    NUMBER,
    is_count,
    is_number,
    is_vector,
    optional,
)


@pytest.mark.parametrize("value", [0, -1, 0.5, np.float32(2), np.int64(3), 2**53])
def test_numbers(value):
    assert is_number(value)


@pytest.mark.parametrize(
    "value", [None, True, np.bool_(True), "1", float("nan"), float("inf"), 2**70, 1j]
)
def test_what_is_no_number(value):
    assert not is_number(value)
    assert optional(NUMBER)[1](value, None) == (value is None)


def test_counts_are_whole_and_not_negative():
    assert is_count(0)
    assert is_count(np.int32(3))
    assert not any(map(is_count, [-1, 1.0, True, None]))


def test_vectors_are_finite_and_of_their_length():
    assert is_vector(np.ones(2), 2)
    for wrong in ([1.0, 1.0], np.ones(3), np.ones((2, 1)), np.array([1, np.inf])):
        assert not is_vector(wrong, 2)
    assert not is_vector(np.array(["a", "b"]), 2)


def test_losses_are_lists_of_numbers():
    _, holds = LOSSES
    assert holds([1.0, 0.5], None)
    assert not any(holds(wrong, None) for wrong in ([], (1.0,), [None], None))
