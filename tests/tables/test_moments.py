"""Means, deviations and shares of observed cells, dense and sparse."""

import numpy as np
import pytest
from scipy import sparse

from sklearn_ae._tables.moments import dense_moments, root_mean_square, sparse_moments

NAN = np.nan


def sparse_moments_of_dense(X):
    return sparse_moments(sparse.csr_array(X))


MOMENTS = {"dense": dense_moments, "sparse": sparse_moments_of_dense}


@pytest.fixture(params=MOMENTS)
def moments(request):
    return MOMENTS[request.param]


@pytest.fixture
def gaps():
    """More rows than a chunk has, with gaps and zeros."""
    rng = np.random.default_rng(0)
    X = rng.normal([0, 5, -1e4], [1, 1e-3, 10], size=(2500, 3))
    X[rng.uniform(size=X.shape) < 0.3] = 0
    X[rng.uniform(size=X.shape) < 0.1] = NAN
    return X


def test_moments_are_those_of_observed_cells(moments, gaps):
    mean, deviation, observed = moments(gaps)
    np.testing.assert_allclose(mean, np.nanmean(gaps, axis=0), rtol=1e-10)
    np.testing.assert_allclose(deviation, np.nanstd(gaps, axis=0), rtol=1e-10)
    np.testing.assert_array_equal(observed, 1 - np.isnan(gaps).mean(axis=0))


def test_empty_columns_have_moments_zero(moments):
    X = np.array([[NAN, 1.0], [NAN, 3.0]])
    mean, deviation, observed = moments(X)
    np.testing.assert_array_equal([mean, deviation, observed], [[0, 2], [0, 1], [0, 1]])


@pytest.mark.parametrize("value", [0.1, -1e9, 1e-300, 1e300])
def test_constant_columns_have_exact_moments(moments, value):
    mean, deviation, _ = moments(np.full((7, 1), value))
    assert mean == [value]
    assert deviation == [0]


@pytest.mark.parametrize("power", [-900, 900])
def test_moments_scale_with_the_table(moments, gaps, power):
    mean, deviation, _ = moments(gaps)
    scaled_mean, scaled_deviation, _ = moments(gaps * 2.0**power)
    np.testing.assert_allclose(scaled_mean, mean * 2.0**power, rtol=1e-9)
    np.testing.assert_allclose(scaled_deviation, deviation * 2.0**power, rtol=1e-9)


def test_repeated_entries_are_summed():
    X = sparse.csr_array((np.ones(3), ([0, 0, 1], [0, 0, 0])), shape=(2, 1))
    mean, deviation, _ = sparse_moments(X)
    np.testing.assert_allclose([mean[0], deviation[0]], [1.5, 0.5])


def test_root_mean_square_weighs_by_cells():
    found = root_mean_square(np.array([3.0, 1.0, 0.0]), np.array([0.5, 1.0, 0.5]))
    assert found == pytest.approx(np.sqrt((9 * 0.5 + 1) / 2))


@pytest.mark.parametrize("deviation", [[], [0.0, 0.0]])
def test_root_mean_square_may_be_zero(deviation):
    assert root_mean_square(np.array(deviation), np.ones(len(deviation))) == 0


def test_root_mean_square_does_not_overflow():
    assert root_mean_square(np.array([1e300]), np.ones(1)) == 1e300
