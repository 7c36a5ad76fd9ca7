"""Steps and bits are chosen by the error of the reconstruction."""

import numpy as np
import pytest
from scipy.stats import norm

from sklearn_ae._compression.quantizer import (
    Quantizer,
    bounded_quantizer,
    exponent_for,
    levelled_quantizer,
    sensitivities,
)

ONES = np.ones(1)


class Scaling:
    """A decoder whose rows are its codes times numbers."""

    def __init__(self, *factors):
        self.factors = np.array(factors)

    def decode(self, codes):
        return codes * self.factors

    def cells(self, squares):
        return squares


def gaussian(n_rows=4001):
    """Return evenly spaced quantiles of the normal distribution."""
    return norm.ppf((np.arange(n_rows) + 0.5) / n_rows)[:, None]


def error_of(quantizer, codes):
    return np.square(quantizer.round(codes) - codes).mean()


@pytest.mark.parametrize("exponent", [0, 3, 40])
def test_codes_become_the_nearest_level(exponent):
    quantizer = Quantizer(np.array([0.3]), np.array([0.5]), None)
    codes = np.linspace(-3, 3, 101)[:, None]
    largest = np.abs(quantizer.round(codes, exponent) - codes).max()
    assert largest <= 0.25 * 2 ** (-exponent / 8) + 1e-12


def test_levels_come_back_as_they_are():
    quantizer = Quantizer(np.array([0.3, -1]), np.array([0.5, 2]), np.array([3, 1]))
    numbers = np.array([[0, 0], [7, 1], [3, 1]])
    codes = quantizer.dequantize(numbers, np.float64)
    np.testing.assert_array_equal(quantizer.quantize(codes), numbers)


def test_codes_beyond_become_outermost_levels():
    quantizer = Quantizer(np.array([0.0]), np.array([1.0]), np.array([2]))
    numbers = quantizer.quantize(np.array([[-9.0], [1.2], [1e30]]))
    assert numbers.ravel().tolist() == [0, 1, 3]


# Max (1960), Quantizing for minimum distortion, table II: normal of variance 1.
UNIFORM = {1: 0.3634, 2: 0.1188, 3: 0.03744, 4: 0.01154, 5: 0.003495}


@pytest.mark.parametrize("n_bits", UNIFORM)
def test_levels_of_normal_codes_are_optimal(n_bits):
    quantizer = levelled_quantizer(gaussian(), ONES, n_bits)
    error = error_of(quantizer, gaussian())
    assert error == pytest.approx(UNIFORM[n_bits], rel=0.03)


def test_twofold_deviation_adds_a_bit():
    codes = np.hstack([gaussian(), 2 * gaussian(), 4 * gaussian()])
    quantizer = levelled_quantizer(codes, np.ones(3), 12)
    assert quantizer.bits.tolist() == [3, 4, 5]


def test_fourfold_weight_adds_a_bit():
    codes = np.hstack(3 * [gaussian()])
    quantizer = levelled_quantizer(codes, np.array([1, 4, 16]), 12)
    assert quantizer.bits.tolist() == [3, 4, 5]


def test_negligible_components_get_no_bits():
    codes = np.hstack([gaussian(), 0.01 * gaussian()])
    assert levelled_quantizer(codes, np.ones(2), 4).bits.tolist() == [4, 0]


def test_components_get_at_most_32_bits():
    codes = np.hstack([gaussian(), 1e-9 * gaussian()])
    assert levelled_quantizer(codes, np.ones(2), 64).bits.tolist() == [32, 32]


@pytest.mark.parametrize("bound", [1e-1, 1e-3, 1e-6])
def test_steps_are_the_widest_allowed(bound):
    codes, decoder = np.hstack([gaussian(), gaussian()]), Scaling(1, 10)
    weights = sensitivities(decoder, codes)

    def added_error(quantizer):
        moved = decoder.decode(quantizer.round(codes)) - decoder.decode(codes)
        return np.square(moved).mean()

    quantizer = bounded_quantizer(codes, weights, bound, added_error)
    assert 0.8 * bound < added_error(quantizer) <= bound
    assert quantizer.steps[0] / quantizer.steps[1] == pytest.approx(10)


def test_the_commonest_code_is_a_level():
    codes = np.where(gaussian() > 0.5, gaussian(), 0)
    quantizer = bounded_quantizer(codes, ONES, 0.01, lambda q: error_of(q, codes))
    np.testing.assert_array_equal(quantizer.round(np.zeros((1, 1))), 0)


def test_huge_bounds_make_finite_steps():
    quantizer = bounded_quantizer(np.ones((9, 1)), ONES, 1e280, lambda _: 0.0)
    assert np.isfinite(quantizer.steps).all()


def test_linear_sensitivities_are_mean_squares():
    codes = np.hstack([gaussian(), 5 * gaussian()])
    found = sensitivities(Scaling(3, 0.5), codes)
    np.testing.assert_allclose(found, [9 / 2, 0.25 / 2])


def test_useless_components_have_positive_sensitivities():
    codes = np.hstack([gaussian(), np.zeros_like(gaussian())])
    assert (sensitivities(Scaling(1, 0), codes) > 0).all()
    assert (sensitivities(Scaling(0, 0), codes) == 1).all()


def test_narrower_steps_cover_fewer_codes():
    quantizer = Quantizer(np.zeros(1), np.ones(1), None)
    codes = np.array([[2.0**52]])
    assert quantizer.covers(codes)
    assert quantizer.covers(codes, 7)
    assert not quantizer.covers(codes, 8)


@pytest.mark.parametrize("ratio", [1.0, 1.01, 2, 3, 1000])
def test_exponents_shrink_squared_steps_enough(ratio):
    exponent = exponent_for(ratio)
    assert exponent >= 1
    assert 2 ** (2 * exponent / 8) >= ratio * (1 - 1e-12)
