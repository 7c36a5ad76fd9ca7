"""Targets of a head, and the linear model that it starts from."""

import numpy as np
import pytest
import torch

from sklearn_ae._pretraining.targets import ClassTargets, NumberTargets
from sklearn_ae.nn import Head


def class_targets(counts, class_weight=None):
    numbers = np.repeat(np.arange(len(counts)), counts)
    return ClassTargets(numbers, np.arange(len(counts)), class_weight)


def number_targets(numbers):
    return NumberTargets(np.reshape(numbers, (-1, 1)))


def test_balanced_weights_are_one_over_shares():
    assert class_targets([1, 3], "balanced").weight.tolist() == [2, 2 / 3]


@pytest.mark.parametrize(
    "class_weight", [{0: 1, 1: -1}, {0: 0, 1: 0}, {0: 1, 1: np.nan}, {0: 1, 1: np.inf}]
)
def test_invalid_class_weights_are_refused(class_weight):
    with pytest.raises(ValueError, match="class_weight must be finite, not negative"):
        class_targets([2, 2], class_weight)


@pytest.mark.parametrize(("counts", "few"), [([5, 4], True), ([9, 1], False)])
def test_five_labels_a_class_suffice(counts, few):
    assert class_targets(counts).are_few == few


def test_classes_are_judged_by_indicators():
    indicators = class_targets([1, 2]).validation_tensor()
    np.testing.assert_array_equal(indicators, [[1, 0], [0, 1], [0, 1]])


def test_layers_hold_rows_by_class():
    layers = class_targets([3, 1, 2]).layers(np.random.default_rng(0))
    assert [sorted(layer.tolist()) for layer in layers] == [[0, 1, 2], [3], [4, 5]]


@pytest.mark.parametrize("unit", [1e-300, 1e-9, 1.0, 1e300])
def test_numbers_are_scaled_at_any_size(unit):
    targets = number_targets(np.array([1.0, 2.0, 6.0]) * unit)
    plain = number_targets(np.array([1.0, 2.0, 6.0]))
    np.testing.assert_allclose(targets.numbers, plain.numbers)
    np.testing.assert_allclose(targets.mean / unit, 3)
    np.testing.assert_allclose(targets.scale / unit, plain.scale)


def test_small_steps_on_large_numbers_survive():
    targets = number_targets(1e9 + np.array([-1.0, 1.0]))
    assert targets.numbers.ravel().tolist() == [-1, 1]


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9])
def test_constant_numbers_are_their_mean(value):
    targets = number_targets(np.full(7, value))
    np.testing.assert_allclose(targets.numbers * targets.scale, 0, atol=1e-6)
    np.testing.assert_allclose(targets.mean, value)


@pytest.mark.parametrize(
    ("targets", "n_outputs"),
    [
        (class_targets([6, 6]), 1),
        (class_targets([4, 4, 4]), 3),
        (number_targets(range(12)), 1),
    ],
)
def test_heads_start_as_the_linear_model(targets, n_outputs):
    codes = np.random.default_rng(0).normal(3, 2, (12, 2))
    linear = targets.linear_head(codes, np.arange(10), (np.full(2, 3.0), np.ones(2)))
    assert len(linear.weight) == n_outputs
    head = Head(2, len(linear.weight))
    head.start_at(*linear.tensors())
    expected = (codes - linear.mean) / linear.scale @ linear.weight.T + linear.bias
    found = head(torch.from_numpy(codes).float()).detach()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
