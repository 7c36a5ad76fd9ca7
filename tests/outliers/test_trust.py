"""When a transformer is trusted more than its start: exact oracles."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from sklearn_ae._outliers.robust_fit import beats_linear_start, residual_squares

OFF, IN = [0.0, 0.0, 4.0], [4.0, 4.0, 0.0]


@pytest.fixture
def plane():
    rng = np.random.default_rng(0)
    return rng.normal(size=(90, 3)) * [2, 1, 0.8]


def trusted(rows, strange, n_components):
    both = np.vstack([rows, np.tile(strange, (10, 1))])
    network, start = (PCA(k).fit(rows) for k in (n_components, 1))
    return beats_linear_start(network, start, both, np.arange(100) < 90)


def test_what_leaves_the_residuals_of_other_rows_is_trusted(plane):
    assert trusted(plane, OFF, 2)


def test_what_reconstructs_other_rows_as_well_is_not_trusted(plane):
    assert not trusted(plane, IN, 2)


@pytest.mark.parametrize("strange", [OFF, IN])
def test_what_leaves_little_is_trusted(plane, strange):
    assert trusted(plane * [1, 1, 0.1], strange, 2)
    assert trusted(plane, strange, 3)


@pytest.mark.parametrize("strange", [OFF, IN])
def test_what_gains_nothing_is_not_trusted(plane, strange):
    assert not trusted(plane, strange, 1)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_units_do_not_matter(plane, unit):
    assert trusted(unit * plane, unit * np.array(OFF), 2)
    assert not trusted(unit * plane, unit * np.array(IN), 2)


def test_residual_squares_are_those_of_the_reconstruction(plane):
    pca = PCA(1).fit(plane)
    expected = np.square(plane - pca.inverse_transform(pca.transform(plane)))
    np.testing.assert_allclose(residual_squares(pca, plane), expected.sum(axis=1))
