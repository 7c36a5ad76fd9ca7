"""Tail probabilities of numbers by the training numbers of their column."""

import numpy as np
import pytest

from sklearn_ae._outliers.column_tails import (
    fit_column_tails,
    negative_log_tails,
)

NUMBERS = np.random.default_rng(0).normal(size=20_000)


def test_tail_is_zero_at_the_median():
    tails = fit_column_tails(NUMBERS, 1.0)
    assert tails.negative_log_tail(np.array([np.median(NUMBERS)])) == pytest.approx(
        0, abs=0.01
    )
    assert tails.mean == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("deviations", [1, 2, 3])
def test_normal_numbers_have_normal_tails(deviations):
    share = {1: 0.3173, 2: 0.0455, 3: 0.0027}[deviations]
    result = fit_column_tails(NUMBERS, 1.0).negative_log_tail(
        np.array([-1.0, 1.0]) * deviations
    )
    np.testing.assert_allclose(result, -np.log(share), rtol=0.2)


def test_tails_grow_beyond_training_numbers():
    far = fit_column_tails(NUMBERS, 1.0).negative_log_tail(
        10.0 ** np.arange(1, 300, 20)
    )
    assert np.isfinite(far).all()
    assert (np.diff(far) > 0).all()


def test_one_number_far_off_changes_little():
    spoilt = fit_column_tails(np.append(NUMBERS[:200], 1e9), 1.0)
    middle, edge, far = spoilt.negative_log_tail(np.array([0.0, 1.0, 5.0]))
    assert middle == pytest.approx(0, abs=0.1)
    assert edge == pytest.approx(-np.log(0.3173), rel=0.2)
    assert far > 3.5


def test_one_sided_tails_ignore_small_numbers():
    tails = fit_column_tails(NUMBERS, 1.0, two_sided=False)
    low, high = tails.negative_log_tail(np.array([-5.0, 5.0]))
    assert low == pytest.approx(0, abs=1e-3)
    assert high > 5


def test_numbers_equal_but_for_rounding_tie():
    ties = np.repeat([0.0, 1.0], [95, 5])
    noise = 1e-15 * np.random.default_rng(0).normal(size=100)
    tails = fit_column_tails(ties + noise, 1.0)
    common, rare = tails.negative_log_tail(np.array([1e-14, 1.0]))
    assert common == pytest.approx(0, abs=1e-6)
    assert rare > 2


@pytest.mark.parametrize("distance", [7.5, -7.5, 7.25])
def test_rounding_splits_no_group(distance):
    # Half of them lie beyond the border of a bin, at 7.5 times the tolerance of 1e-5.
    noise = 1e-8 * np.random.default_rng(0).normal(size=100)
    numbers = np.repeat([0, 1e-5 * distance], [60, 40]) + noise
    tails = fit_column_tails(numbers, 1.0, rounding=1e-7)
    result = tails.negative_log_tail(numbers)
    np.testing.assert_array_equal(result[:60], 0)
    np.testing.assert_allclose(result[60:], result[60], rtol=1e-3)


def test_tolerance_grows_with_the_numbers():
    ties = 1 + 1e-14 * np.arange(20)
    tails = fit_column_tails(np.append(ties, 3.0), 1e-13)
    assert tails.negative_log_tail(ties + 1e-15) == pytest.approx(
        tails.negative_log_tail(ties), abs=1e-3
    )


def test_rounding_may_exceed_the_unit():
    noise = 1e-6 * NUMBERS[:100]
    fine, coarse = (fit_column_tails(noise, 1e-6, rounding=r) for r in (0.0, 1e-4))
    assert np.ptp(fine.negative_log_tail(noise)) > 1
    np.testing.assert_allclose(coarse.negative_log_tail(noise), 0)


def test_numbers_unlike_a_constant_are_extreme():
    same, other = fit_column_tails(np.full(50, 3.0), 1.0).negative_log_tail(
        np.array([3.0, 4.0])
    )
    assert same == 0
    assert other > 3


def test_missing_numbers_have_no_tail():
    columns = [
        fit_column_tails(NUMBERS, 1.0),
        fit_column_tails(np.full(3, np.nan), 1.0),
    ]
    assert columns[1] is None
    table = negative_log_tails(columns, np.array([[np.nan, 1.0], [0.0, np.nan]]))
    np.testing.assert_array_equal(np.isnan(table), [[True, True], [False, True]])


@pytest.mark.parametrize("name", ["knots", "at_most", "at_least"])
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("position", [0, 3, -1])
def test_states_without_finite_arrays_are_refused(name, wrong, position):
    tails = fit_column_tails(NUMBERS[:50], 1.0)
    state = tails.__getstate__()
    state[name] = state[name].copy()
    state[name][position] = wrong
    with pytest.raises(ValueError, match=f"{name} must be a finite array"):
        tails.__setstate__(state)


@pytest.mark.parametrize("n_knots", [0, 3])
def test_knots_out_of_order_are_refused(n_knots):
    tails = fit_column_tails(NUMBERS[:50], 1.0)
    arrays = {name: getattr(tails, name)[:n_knots] for name in ("at_most", "at_least")}
    state = tails.__getstate__() | arrays | {"knots": tails.knots[:n_knots][::-1]}
    with pytest.raises(ValueError, match="Knots must be"):
        tails.__setstate__(state)
