"""What meta-estimators hold."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._held import fit_held, own_autoencoder, reconstructed, seeded


def test_none_means_the_autoencoder_with_its_defaults(X):
    held = fit_held(None, X[:8], random_state=0)
    defaults = clone(held).set_params(random_state=None)
    assert defaults.get_params() == AutoencoderTransformer().get_params()


def test_what_is_given_stays_unfitted(X):
    pca = PCA(2)
    assert fit_held(pca, X) is not pca
    assert not hasattr(pca, "components_")


def test_frozen_estimators_are_used_as_they_are(X):
    frozen = FrozenEstimator(PCA(2).fit(X[:100]))
    assert fit_held(frozen, X, random_state=0) is frozen
    assert frozen.estimator.n_samples_ == 100


def test_frozen_estimators_must_be_fitted(X):
    with pytest.raises(NotFittedError):
        fit_held(FrozenEstimator(PCA(2)), X)


def test_seeds_are_for_those_without():
    held = make_pipeline(PCA(random_state=3), AutoencoderTransformer())
    parameters = seeded(held, 0).get_params()
    assert parameters["pca__random_state"] == 3
    assert parameters["autoencodertransformer__random_state"] is not None


def test_frozen_steps_are_not_seeded(X):
    inner = AutoencoderTransformer(max_epochs=0).fit(X)
    seeded(make_pipeline(StandardScaler(), FrozenEstimator(inner)), 0)
    assert inner.random_state is None


def test_without_a_seed_nothing_is_seeded():
    assert seeded(AutoencoderTransformer(), None).random_state is None


def test_own_autoencoders_are_known(X):
    own = AutoencoderTransformer(max_epochs=0).fit(X)
    assert own_autoencoder(FrozenEstimator(own)) is own
    assert own_autoencoder(PCA(2)) is None


def test_any_transformer_reconstructs(X):
    pca = PCA(2).fit(X)
    expected = pca.inverse_transform(pca.transform(X))
    np.testing.assert_array_equal(reconstructed(pca, X), expected)
