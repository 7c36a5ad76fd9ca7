"""PCA beside an estimator is PCA of what it sees."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import StandardScaler

from sklearn_ae import (
    AutoencoderTransformer,
    EncoderDecoderRegressor,
    PretrainedClassifier,
)
from sklearn_ae._plotting.pca_baseline import pca_baseline, without_axes


@pytest.mark.parametrize("standardize", ["auto", True])
def test_it_is_pca_in_the_scaling_of_the_estimator(standardize, X):
    estimator = AutoencoderTransformer(1, standardize=standardize)
    rows = StandardScaler().fit_transform(X) if standardize is True else X
    codes = pca_baseline(estimator, 3).fit_transform(X)
    np.testing.assert_allclose(codes, PCA(3).fit_transform(rows), atol=1e-8)


def test_mixed_tables_have_the_start_of_an_autoencoder(pandas_frame):
    estimator = AutoencoderTransformer(2, max_epochs=0, random_state=0)
    baseline = pca_baseline(estimator, 2).fit(pandas_frame)
    codes = estimator.fit(pandas_frame).transform(pandas_frame)
    np.testing.assert_allclose(baseline.transform(pandas_frame), codes)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda own: own,
        FrozenEstimator,
        lambda own: PretrainedClassifier(own, random_state=0),
    ],
)
def test_what_estimators_hold_tells_the_columns(wrap, X):
    own = AutoencoderTransformer(
        1, max_epochs=0, max_categories=7, handle_unknown="ignore"
    )
    held = wrap(own.fit(X))
    if isinstance(held, PretrainedClassifier):
        held = held.set_params(max_epochs=0).fit(X, X[:, 0] > 0)
    parameters = pca_baseline(held, 2).get_params()
    assert (parameters["max_categories"], parameters["handle_unknown"]) == (7, "ignore")
    assert parameters["n_components"] == 2


def test_parameters_that_are_not_there_keep_their_defaults():
    pairs = EncoderDecoderRegressor(2, max_categories=5)
    assert pca_baseline(pairs, 2).max_categories == 5
    assert pca_baseline(PCA(whiten=True), 2).whiten is False


def test_axes_are_flattened_and_others_left_alone(pictures, X):
    assert without_axes(pictures[0]).shape == (300, 16)
    assert without_axes(X) is X
