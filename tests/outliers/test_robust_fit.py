"""Selection of training rows, and the comparison with the linear start."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._outliers.robust_fit import (
    beats_linear_start,
    is_trainable,
    linear_start_of,
    residual_squares,
    select_inliers,
)


@pytest.mark.parametrize(("fraction", "n_left_out"), [(0, 0), (0.1, 1), (0.29, 2)])
def test_most_abnormal_rows_are_left_out(fraction, n_left_out):
    scores = np.array([3.0, 9, 1, 4, 1, 5, 2, 6, 5, 3])
    kept = select_inliers(scores, fraction, PCA(), np.zeros((10, 2)))
    np.testing.assert_array_equal(np.flatnonzero(~kept), [1, 7][:n_left_out])


def test_unique_categories_are_kept():
    frame = pd.DataFrame({"a": np.arange(10.0), "kind": list("xyxyxyxyxz")})
    start = AutoencoderTransformer(1, max_epochs=0).fit(frame)
    kept = select_inliers(np.arange(10), 0.2, start, frame)
    np.testing.assert_array_equal(np.flatnonzero(~kept), [8])


def test_only_autoencoders_have_another_start():
    pca, network = PCA(), AutoencoderTransformer(3)
    assert linear_start_of(pca) is pca
    assert linear_start_of(network).get_params() == network.get_params() | {
        "max_epochs": 0
    }
    assert linear_start_of(None).max_epochs == 0
    assert network.max_epochs != 0


def test_only_autoencoders_with_epochs_train():
    assert is_trainable(AutoencoderTransformer())
    assert not is_trainable(AutoencoderTransformer(max_epochs=0))
    assert not is_trainable(PCA())


OFF, IN = [0.0, 0.0, 4.0], [4.0, 4.0, 0.0]


@pytest.fixture
def plane():
    rng = np.random.default_rng(0)
    return rng.normal(size=(90, 3)) * [2, 1, 0.8]


def trusted(rows, strange, n_components):
    both = np.vstack([rows, np.tile(strange, (10, 1))])
    network, start = (PCA(k).fit(rows) for k in (n_components, 1))
    return beats_linear_start(network, start, both, np.arange(100) < 90)


def test_gains_on_kept_rows_are_trusted(plane):
    assert trusted(plane, OFF, 2)


def test_gains_on_all_rows_are_not(plane):
    assert not trusted(plane, IN, 2)


@pytest.mark.parametrize("strange", [OFF, IN])
def test_small_residuals_are_trusted(plane, strange):
    assert trusted(plane * [1, 1, 0.1], strange, 2)
    assert trusted(plane, strange, 3)


@pytest.mark.parametrize("strange", [OFF, IN])
def test_networks_without_gain_are_not_trusted(plane, strange):
    assert not trusted(plane, strange, 1)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_units_do_not_matter(plane, unit):
    assert trusted(unit * plane, unit * np.array(OFF), 2)
    assert not trusted(unit * plane, unit * np.array(IN), 2)


def test_residual_squares_equal_reconstruction_errors(plane):
    pca = PCA(1).fit(plane)
    expected = np.square(plane - pca.inverse_transform(pca.transform(plane)))
    np.testing.assert_allclose(residual_squares(pca, plane), expected.sum(axis=1))
