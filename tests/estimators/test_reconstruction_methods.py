"""Reconstructions, their errors, and scores."""

import numpy as np
import pytest
from scipy import sparse

from sklearn_ae import (
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
)

# Their score is the share of the variance that is explained.
SCORING_VARIANCE = [
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
]


def test_reconstruct_is_inverse_transform_of_transform(fitted, X):
    rows = fitted.inverse_transform(fitted.transform(X))
    np.testing.assert_allclose(fitted.reconstruct(X), rows, atol=1e-10)


def test_reconstructions_have_the_input_shape(fitted, X):
    assert fitted.reconstruct(X[:7]).shape == (7, 6)


def test_cell_errors_have_squared_input_units(fitted, X):
    expected = (X - fitted.reconstruct(X)) ** 2
    np.testing.assert_allclose(
        fitted.feature_reconstruction_error(X), expected, atol=1e-12
    )


def test_row_errors_average_cell_errors(fitted, X):
    expected = fitted.feature_reconstruction_error(X).mean(axis=1)
    np.testing.assert_allclose(fitted.reconstruction_error(X), expected)


def test_scores_of_both_precisions_agree(fitted, X):
    assert fitted.score(X.astype(np.float32)) == pytest.approx(fitted.score(X), 1e-4)


@pytest.mark.parametrize("estimator_class", SCORING_VARIANCE)
@pytest.mark.parametrize("standardize", [False, True])
def test_score_is_explained_variance_share(quick, X, standardize):
    estimator = quick(standardize=standardize).fit(X[:200])
    held_out = X[200:]
    weights = 1 / estimator.scale_**2
    error = np.square(held_out - estimator.reconstruct(held_out)) @ weights
    deviation = np.square(held_out - X[:200].mean(axis=0)) @ weights
    assert estimator.score(held_out) == pytest.approx(1 - error.sum() / deviation.sum())


# Missing cells


@pytest.fixture(params=["start", "trained"])
def fitted_to_mixed(request, estimator_class, quick, mixed, once):
    max_epochs = 0 if request.param == "start" else 8
    key = estimator_class, "mixed", type(mixed), max_epochs
    return once(key, lambda: quick(max_epochs=max_epochs).fit(mixed))


@pytest.fixture(params=["start", "trained"])
def fitted_to_gappy(request, estimator_class, quick, gappy, once):
    max_epochs = 0 if request.param == "start" else 8
    key = estimator_class, "gappy", max_epochs
    return once(key, lambda: quick(max_epochs=max_epochs).fit(gappy))


def test_missing_cells_have_no_error(fitted_to_gappy, gappy):
    error = fitted_to_gappy.feature_reconstruction_error(gappy)
    np.testing.assert_array_equal(np.isnan(error), np.isnan(gappy))


def test_row_errors_average_observed_cells(fitted_to_mixed, mixed):
    error = fitted_to_mixed.feature_reconstruction_error(mixed)
    assert error.shape == (300, 6)
    assert np.isnan(error).any()
    np.testing.assert_allclose(
        fitted_to_mixed.reconstruction_error(mixed), np.nanmean(error, axis=1)
    )


@pytest.mark.parametrize("estimator_class", SCORING_VARIANCE)
def test_score_is_over_observed_cells(fitted_to_gappy, gappy):
    error = np.nansum((gappy - fitted_to_gappy.reconstruct(gappy)) ** 2)
    deviation = np.nansum((gappy - np.nanmean(gappy, axis=0)) ** 2)
    assert fitted_to_gappy.score(gappy) == pytest.approx(1 - error / deviation)


def test_empty_rows_have_no_error(fitted_to_gappy, gappy):
    rows = np.vstack([gappy[:3], np.full(6, np.nan)])
    error = fitted_to_gappy.reconstruction_error(rows)
    assert np.isnan(error).tolist() == [False, False, False, True]
    assert np.isfinite(fitted_to_gappy.score(rows))


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_reconstructions_have_no_gaps(fitted_to_gappy, gappy, container):
    assert np.isfinite(fitted_to_gappy.reconstruct(container(gappy))).all()
