"""Estimators inside meta-estimators: defaults, frozen ones, seeds and codes."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._estimators.latent_model import encode_dense, unwrap_autoencoder
from sklearn_ae._estimators.sklearn_callbacks import FitTasks
from sklearn_ae._estimators.wrapper import fit_wrapped, with_seeds

TASKS = FitTasks(None, None)  # of no estimator: none


def test_none_means_the_default_autoencoder(X):
    held = fit_wrapped(None, X[:8], 0, TASKS)
    defaults = clone(held).set_params(random_state=None)
    assert defaults.get_params() == AutoencoderTransformer().get_params()


def test_given_estimators_stay_unfitted(X):
    pca = PCA(2)
    assert fit_wrapped(pca, X, None, TASKS) is not pca
    assert not hasattr(pca, "components_")


def test_frozen_estimators_are_not_refitted(X):
    frozen = FrozenEstimator(PCA(2).fit(X[:100]))
    assert fit_wrapped(frozen, X, 0, TASKS) is frozen
    assert frozen.estimator.n_samples_ == 100


def test_frozen_estimators_must_be_fitted(X):
    with pytest.raises(NotFittedError):
        fit_wrapped(FrozenEstimator(PCA(2)), X, None, TASKS)


def test_seeds_are_for_those_without():
    held = make_pipeline(PCA(random_state=3), AutoencoderTransformer())
    parameters = with_seeds(held, 0).get_params()
    assert parameters["pca__random_state"] == 3
    assert parameters["autoencodertransformer__random_state"] is not None


def test_frozen_steps_are_not_seeded(X):
    inner = AutoencoderTransformer(max_epochs=0).fit(X)
    with_seeds(make_pipeline(StandardScaler(), FrozenEstimator(inner)), 0)
    assert inner.random_state is None


def test_without_a_seed_nothing_is_seeded():
    assert with_seeds(AutoencoderTransformer(), None).random_state is None


def test_unwrap_autoencoders_are_known(X):
    own = AutoencoderTransformer(max_epochs=0).fit(X)
    assert unwrap_autoencoder(FrozenEstimator(own)) is own
    assert unwrap_autoencoder(PCA(2)) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_codes_are_dense_floats(X, dtype):
    rows = (X > 0).astype(dtype)
    for as_given in (rows, sparse.csr_array(rows)):
        scaler = MaxAbsScaler().fit(as_given)
        codes = encode_dense(scaler, as_given)
        assert codes.dtype == dtype
        np.testing.assert_array_equal(codes, rows)


def test_codes_are_finite(gappy):
    with pytest.raises(ValueError, match="Codes must be finite"):
        encode_dense(MaxAbsScaler().fit(gappy), gappy)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_codes_in_frames_are_read(X, library):
    pca = PCA(2).fit(X)
    expected = pca.transform(X)
    framed = pca.set_output(transform=library)
    np.testing.assert_array_equal(encode_dense(framed, X), expected)
