"""What estimators do whose codes are turned to principal axes."""

import numpy as np
import pytest

from sklearn_ae import (
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
)

# Whose codes are turned to principal axes.
PRINCIPAL = [AutoencoderTransformer, ConvolutionalAutoencoder, DenoisingAutoencoder]


@pytest.mark.parametrize("estimator_class", PRINCIPAL)
def test_codes_of_the_training_rows_are_centred(fitted, X):
    codes = fitted.transform(X)
    np.testing.assert_allclose(codes.mean(axis=0) / codes.std(), 0, atol=1e-5)


@pytest.mark.parametrize("estimator_class", PRINCIPAL)
def test_codes_of_the_training_rows_are_uncorrelated(fitted, X):
    correlation = np.corrcoef(fitted.transform(X), rowvar=False)
    np.testing.assert_allclose(correlation, np.eye(2), atol=1e-4)


@pytest.mark.parametrize("estimator_class", PRINCIPAL)
@pytest.mark.parametrize("standardize", [False, True])
def test_score_is_the_share_of_variance_explained(quick, X, standardize):
    estimator = quick(standardize=standardize).fit(X[:200])
    held_out = X[200:]
    weights = 1 / estimator.scale_**2
    error = np.square(held_out - estimator.reconstruct(held_out)) @ weights
    deviation = np.square(held_out - X[:200].mean(axis=0)) @ weights
    assert estimator.score(held_out) == pytest.approx(1 - error.sum() / deviation.sum())
