"""The plain autoencoder beside PCA."""

import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from sklearn_ae import AutoencoderTransformer

SEEDS = range(3)


@pytest.fixture(params=[np.float32, np.float64])
def table(request, X):
    return X.astype(request.param)


def tolerance(table):
    return 1e-5 if table.dtype == np.float32 else 1e-10


def pca_of_centred_rows(table, n_components, **parameters):
    rows = table.astype(np.float64)
    return PCA(n_components, **parameters).fit(rows), rows


@pytest.mark.parametrize("n_components", [1, 2, 5, 6, 0.7, 0.95, None])
@pytest.mark.parametrize("hidden_layer_sizes", [(), (8,), (16, 8)])
def test_codes_before_any_step_are_pcas(table, n_components, hidden_layer_sizes):
    pca, rows = pca_of_centred_rows(table, n_components)
    autoencoder = AutoencoderTransformer(
        n_components, hidden_layer_sizes=hidden_layer_sizes, max_epochs=0
    )
    codes = autoencoder.fit_transform(table)
    np.testing.assert_allclose(codes, pca.transform(rows), atol=10 * tolerance(table))


@pytest.mark.parametrize("n_components", [1, 2, 5, 6, 0.7, 0.95, None])
def test_reconstruction_before_any_step_is_pcas(table, n_components):
    pca, rows = pca_of_centred_rows(table, n_components)
    autoencoder = AutoencoderTransformer(n_components, max_epochs=0).fit(table)
    expected = pca.inverse_transform(pca.transform(rows))
    np.testing.assert_allclose(
        autoencoder.reconstruct(table), expected, atol=10 * tolerance(table)
    )


@pytest.mark.parametrize("whiten", [False, True])
def test_untrained_inverse_transform_equals_pca(table, whiten):
    pca, _ = pca_of_centred_rows(table, 2, whiten=whiten)
    autoencoder = AutoencoderTransformer(2, max_epochs=0, whiten=whiten).fit(table)
    codes = table[:, :2]
    expected = pca.inverse_transform(codes.astype(np.float64))
    np.testing.assert_allclose(
        autoencoder.inverse_transform(codes), expected, atol=10 * tolerance(table)
    )


def test_untrained_whitened_codes_equal_pca(table):
    pca, rows = pca_of_centred_rows(table, 3, whiten=True)
    codes = AutoencoderTransformer(3, max_epochs=0, whiten=True).fit_transform(table)
    np.testing.assert_allclose(codes, pca.transform(rows), atol=10 * tolerance(table))


def test_untrained_explained_variance_equals_pca(table):
    pca, _ = pca_of_centred_rows(table, 3)
    autoencoder = AutoencoderTransformer(3, max_epochs=0).fit(table)
    np.testing.assert_allclose(
        autoencoder.explained_variance_, pca.explained_variance_, rtol=tolerance(table)
    )


def test_untrained_score_equals_pca_explained_ratio(table):
    pca, _ = pca_of_centred_rows(table, 3)
    score = AutoencoderTransformer(3, max_epochs=0).fit(table).score(table)
    assert score == pytest.approx(pca.explained_variance_ratio_.sum(), rel=1e-5)


@pytest.mark.parametrize("share", [0.3, 0.8, 0.99])
def test_float_n_components_selects_like_pca(X, share):
    autoencoder = AutoencoderTransformer(share, max_epochs=0).fit(X)
    assert autoencoder.n_components_ == PCA(share).fit(X).n_components_


@pytest.mark.parametrize("shape", [(300, 6), (4, 6)])
def test_none_keeps_everything(X, shape):
    rows = X[: shape[0]]
    autoencoder = AutoencoderTransformer(None).fit(rows)
    assert autoencoder.n_components_ == min(shape)
    np.testing.assert_allclose(autoencoder.reconstruct(rows), rows, atol=1e-10)


@pytest.mark.parametrize("n_components", [2, 3, 5])
def test_rank_deficient_reconstructions_equal_pca(X, n_components):
    rows = X[:, :2] @ np.random.default_rng(0).normal(size=(2, 5))
    autoencoder = AutoencoderTransformer(n_components).fit(rows)
    np.testing.assert_allclose(autoencoder.reconstruct(rows), rows, atol=1e-10)


@pytest.mark.parametrize(
    "parameters",
    [{"n_components": None}, {"n_components": 6}, {"hidden_layer_sizes": ()}],
    ids=str,
)
def test_no_training_where_pca_is_optimal(X, parameters):
    autoencoder = AutoencoderTransformer(**parameters).fit(X)
    assert autoencoder.n_epochs_ == autoencoder.best_epoch_ == 0


def test_curved_rows_are_explained_beyond_pca(X):
    autoencoder = AutoencoderTransformer(1, random_state=0).fit(X[:200])
    pca = AutoencoderTransformer(1, max_epochs=0).fit(X[:200])
    left, left_by_pca = (1 - model.score(X[200:]) for model in (autoencoder, pca))
    assert left < 0.6 * left_by_pca


def test_random_linear_network_spans_pca_subspace(X):
    autoencoder = AutoencoderTransformer(
        2,
        hidden_layer_sizes=(),
        init="random",
        learning_rate=0.02,
        batch_size=32,
        max_epochs=60,
        early_stopping=False,
        random_state=0,
    ).fit(X)
    pca = PCA(2).fit(X)
    expected = pca.inverse_transform(pca.transform(X))
    np.testing.assert_allclose(autoencoder.reconstruct(X), expected, atol=0.1)


def squared_error_over_pcas(rows, n_components, seed, test_size=0.25):
    train, test = train_test_split(rows, test_size=test_size, random_state=seed)
    autoencoder = AutoencoderTransformer(n_components, random_state=seed).fit(train)
    pca = PCA(n_components).fit(train)
    error = np.square(test - autoencoder.reconstruct(test)).sum()
    return error / np.square(test - pca.inverse_transform(pca.transform(test))).sum()


BUNDLED = {
    "breast_cancer": (load_breast_cancer, 5),
    "diabetes": (load_diabetes, 2),
    "iris": (load_iris, 1),
    "wine": (load_wine, 2),
}


@pytest.mark.extended
@pytest.mark.parametrize("name", BUNDLED)
def test_held_out_error_never_exceeds_pca(name):
    load, n_components = BUNDLED[name]
    rows = StandardScaler().fit_transform(load(return_X_y=True)[0])
    ratios = [squared_error_over_pcas(rows, n_components, seed) for seed in SEEDS[:2]]
    assert np.mean(ratios) <= 1.001
    assert max(ratios) <= 1.01


@pytest.mark.extended
def test_noise_error_never_exceeds_pca():
    # Two codes hold more of five independent columns than PCA keeps, but little: 75
    # held-out rows would not tell.
    rows = np.random.default_rng(0).normal(size=(4_225, 5))
    ratios = [squared_error_over_pcas(rows, 2, seed, test_size=4_000) for seed in SEEDS]
    assert np.mean(ratios) <= 1.001
    assert max(ratios) <= 1.01


FOLDER = os.environ.get("SKLEARN_AE_DATA")
REAL = {"dry_bean": 2, "mammography": 2, "nir_soil": 4, "satimage2": 4}


@pytest.mark.extended
@pytest.mark.skipif(FOLDER is None, reason="SKLEARN_AE_DATA names no folder of data")
@pytest.mark.parametrize("name", REAL)
def test_real_error_never_exceeds_pca(name):
    rows = np.load(Path(FOLDER) / f"{name}.npz")["X"].astype(np.float32)
    rows = np.random.default_rng(0).permutation(rows)[:400]
    rows = StandardScaler().fit_transform(rows) if name != "nir_soil" else rows
    assert squared_error_over_pcas(rows, REAL[name], seed=0) <= 1.01
