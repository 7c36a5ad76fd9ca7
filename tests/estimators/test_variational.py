"""Behaviour of the variational autoencoder alone."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from _cases import QUICK
from sklearn_ae import VariationalAutoencoder


@pytest.fixture
def quick():
    def make(n_components=2, **parameters):
        return VariationalAutoencoder(n_components, **(QUICK | parameters))

    return make


@pytest.fixture
def digits():
    return load_digits().data


# The start


@pytest.mark.parametrize("n_components", [1, 8, 30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_start_score_samples_equal_pca(quick, digits, n_components, dtype):
    rows = digits.astype(dtype)
    start = quick(n_components, max_epochs=0).fit(rows)
    pca = PCA(n_components, svd_solver="full").fit(digits)
    expected = pca.score_samples(digits)
    np.testing.assert_allclose(start.score_samples(rows), expected, rtol=1e-4)
    assert start.score(rows) == pytest.approx(pca.score(digits), rel=1e-4)


@pytest.mark.parametrize("standardize", [False, True])
def test_start_bound_equals_pca_score(quick, digits, standardize):
    train, held_out = digits[:1000], digits[1000:]
    start = quick(5, max_epochs=0, standardize=standardize).fit(train, X_val=held_out)
    encoded = [(rows - start.mean_) / start.scale_ for rows in (train, held_out)]
    pca = PCA(5, svd_solver="full").fit(encoded[0])
    expected = [-pca.score(rows) / 64 for rows in encoded]
    assert start.loss_curve_ == pytest.approx(expected[:1], rel=1e-4)
    assert start.pca_validation_loss_ == pytest.approx(expected[1], rel=1e-4)


def test_start_noise_variance_equals_pca(quick, digits):
    start = quick(5, max_epochs=0).fit(digits)
    expected = PCA(5, svd_solver="full").fit(digits).noise_variance_
    found = start.noise_variance_ * start.scale_[0] ** 2
    assert found == pytest.approx(expected, rel=1e-4)


def test_full_number_of_codes_is_accepted(quick, X):
    estimator = quick(6).fit(X)
    assert np.isfinite(estimator.score_samples(X)).all()
    assert np.isfinite(estimator.sample(10, random_state=0)).all()


# Training


def test_training_raises_the_likelihood(X):
    train, held_out = X[:200], X[200:]
    estimator = VariationalAutoencoder(2, max_epochs=60, random_state=0)
    trained = estimator.fit(train, X_val=held_out)
    assert trained.best_epoch_ > 0
    assert trained.score(held_out) > PCA(2).fit(train).score(held_out) + 0.5


def test_divergence_falls_with_beta(quick, X):
    divergence = {
        beta: quick(beta=beta, early_stopping=False).fit(X).kl_per_component_.sum()
        for beta in (0, 1, 20)
    }
    assert divergence[0] > divergence[1] > divergence[20]


def test_divergences_are_of_training_rows(quick, X):
    import torch

    estimator = quick().fit(X)
    rows = torch.tensor((X - estimator.mean_) / estimator.scale_).float()
    expected = estimator.module_.posterior(rows).kl().mean(dim=0)
    np.testing.assert_allclose(
        estimator.kl_per_component_, expected.detach().numpy(), rtol=1e-4
    )


def test_warm_up_changes_training_and_ends(quick, X):
    plain, warmed = (
        quick(n_epochs_kl_warmup=n, early_stopping=False).fit(X) for n in (0, 2)
    )
    assert plain.loss_curve_[0] == warmed.loss_curve_[0]
    assert plain.loss_curve_[1] > warmed.loss_curve_[1]


def test_normal_priors_are_kept(quick, X):
    for max_epochs in (0, 4):
        prior = quick(prior="normal", max_epochs=max_epochs).fit(X).module_.prior
        assert prior.weights.tolist() == [1]
        assert (prior.means == 0).all()


# Likelihoods


def test_score_averages_score_samples(quick, X):
    estimator = quick().fit(X)
    assert estimator.score(X) == pytest.approx(estimator.score_samples(X).mean())


def test_likelihoods_do_not_depend_on_neighbours(quick, X):
    estimator = quick().fit(X)
    whole, order = estimator.score_samples(X), np.argsort(X[:, 0])
    np.testing.assert_allclose(estimator.score_samples(X[order]), whole[order])
    np.testing.assert_allclose(estimator.score_samples(X[:3]), whole[:3])


def test_likelihoods_are_in_input_units(quick, X):
    plain, scaled = (quick(standardize=True).fit(rows) for rows in (X, 10 * X))
    expected = plain.score_samples(X) - 6 * np.log(10)
    np.testing.assert_allclose(scaled.score_samples(10 * X), expected, rtol=1e-3)


def test_likelihoods_ignore_missing_cells(quick, gappy):
    estimator = quick(max_epochs=0).fit(gappy)
    holes = np.isnan(gappy).sum(axis=1)
    likelihood = estimator.score_samples(gappy)
    assert np.isfinite(likelihood).all()
    assert estimator.score_samples(np.full((1, 6), np.nan))[0] == pytest.approx(
        0, abs=3
    )
    assert holes.max() > 0


def test_more_draws_give_a_higher_estimate(quick, X):
    few, many = (quick(n_importance_samples=n).fit(X).score(X) for n in (1, 200))
    assert many > few


def test_far_rows_are_unlikely(quick, X):
    estimator = quick().fit(X)
    assert estimator.score_samples(X[:1] + 100)[0] < estimator.score_samples(X).min()


# Sampling


def test_samples_have_moments_of_rows(X):
    estimator = VariationalAutoencoder(
        3, max_epochs=60, validation_fraction=0.2, random_state=0
    ).fit(X)
    drawn = estimator.sample(20_000, random_state=0)
    deviation = X.std(axis=0)
    np.testing.assert_allclose(
        drawn.mean(axis=0) / deviation, X.mean(axis=0) / deviation, atol=0.2
    )
    np.testing.assert_allclose(drawn.std(axis=0), deviation, rtol=0.2)


def test_start_samples_have_pca_covariance(quick, X):
    start = quick(max_epochs=0).fit(X)
    drawn = start.sample(200_000, random_state=0)
    expected = PCA(2).fit(X).get_covariance()
    np.testing.assert_allclose(
        np.cov(drawn, rowvar=False), expected, atol=0.02 * expected.max()
    )


def test_same_random_state_draws_same_rows(quick, X):
    estimator = quick().fit(X)
    draw = estimator.sample(5, random_state=3)
    np.testing.assert_array_equal(estimator.sample(5, random_state=3), draw)
    assert (estimator.sample(5, random_state=4) != draw).any()
    state = np.random.RandomState(3)
    np.testing.assert_array_equal(estimator.sample(5, random_state=state), draw)


def test_default_is_one_row(quick, X):
    assert quick().fit(X).sample().shape == (1, 6)


@pytest.mark.parametrize("n_samples", [0, -1, 1.5, "2"])
def test_bad_numbers_of_samples_are_refused(quick, X, n_samples):
    estimator = quick().fit(X)
    with pytest.raises(ValueError, match="n_samples must be an integer of at least 1"):
        estimator.sample(n_samples)


def test_samples_have_the_given_container(quick, mixed):
    drawn = quick(3).fit(mixed).sample(50, random_state=0)
    assert type(drawn) is type(mixed)
    assert list(drawn.columns) == list(mixed.columns)
    assert list(drawn.dtypes) == list(mixed.dtypes)


def test_sampled_categories_were_seen(quick, pandas_frame):
    estimator = quick(3, max_epochs=30).fit(pandas_frame)
    drawn = estimator.sample(4_000, random_state=0)
    for name in ("colour", "size", "flag"):
        seen = pandas_frame[name].value_counts(normalize=True, dropna=False)
        found = drawn[name].value_counts(normalize=True, dropna=False)
        assert set(found.index.astype(str)) <= set(seen.index.astype(str))
        found = found.reindex(seen.index).fillna(0)
        assert np.abs(found - seen).max() < 0.12


def test_empty_columns_are_sampled_missing(quick, X):
    table = pd.DataFrame(X, columns=list("abcdef")).assign(g=np.nan)
    drawn = quick().fit(table).sample(4, random_state=0)
    assert drawn["g"].isna().all()
    assert drawn.drop(columns="g").notna().all(axis=None)


# Whitening


def test_whitening_changes_neither_samples_nor_likelihoods(quick, X):
    plain, white = (quick(whiten=whiten).fit(X) for whiten in (False, True))
    np.testing.assert_allclose(white.score_samples(X), plain.score_samples(X))
    np.testing.assert_allclose(
        white.sample(3, random_state=0), plain.sample(3, random_state=0)
    )
