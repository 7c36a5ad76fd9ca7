"""PCA reads tables as the estimator does."""

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
from sklearn_ae._plotting.pca_baseline import flatten_rows, pca_baseline


@pytest.mark.parametrize("standardize", ["auto", True])
def test_baseline_scales_as_the_estimator(standardize, X):
    estimator = AutoencoderTransformer(1, standardize=standardize)
    rows = StandardScaler().fit_transform(X) if standardize is True else X
    codes = pca_baseline(estimator, 3).fit_transform(X)
    np.testing.assert_allclose(codes, PCA(3).fit_transform(rows), atol=1e-8)


def test_baseline_starts_as_an_autoencoder(pandas_frame):
    estimator = AutoencoderTransformer(2, max_epochs=0, random_state=0)
    baseline = pca_baseline(estimator, 2).fit(pandas_frame)
    codes = estimator.fit(pandas_frame).transform(pandas_frame)
    np.testing.assert_allclose(baseline.transform(pandas_frame), codes)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda fitted: fitted,
        FrozenEstimator,
        lambda fitted: PretrainedClassifier(fitted, random_state=0),
    ],
)
def test_wrapped_autoencoders_give_their_parameters(wrap, X):
    autoencoder = AutoencoderTransformer(
        1, max_epochs=0, max_categories=7, handle_unknown="ignore"
    )
    estimator = wrap(autoencoder.fit(X))
    if isinstance(estimator, PretrainedClassifier):
        estimator = estimator.set_params(max_epochs=0).fit(X, X[:, 0] > 0)
    parameters = pca_baseline(estimator, 2).get_params()
    assert (parameters["max_categories"], parameters["handle_unknown"]) == (7, "ignore")
    assert parameters["n_components"] == 2


def test_missing_parameters_keep_their_defaults():
    pairs = EncoderDecoderRegressor(2, max_categories=5)
    assert pca_baseline(pairs, 2).max_categories == 5
    assert pca_baseline(PCA(whiten=True), 2).whiten is False


def test_only_rows_with_axes_are_flattened(pictures, X):
    assert flatten_rows(pictures[0]).shape == (300, 16)
    assert flatten_rows(X) is X
