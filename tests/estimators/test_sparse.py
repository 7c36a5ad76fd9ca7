"""Behaviour of the sparse autoencoder alone."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_ae import SparseAutoencoder


@pytest.fixture(scope="module")
def digits():
    X = load_digits().data
    return X[:1300], X[1300:]


@pytest.fixture
def quick():
    def make(n_components=10, **parameters):
        options = {"k": 2, "batch_size": 32, "max_epochs": 4, "random_state": 0}
        options |= {"validation_fraction": 0.2}
        return SparseAutoencoder(n_components, **(options | parameters))

    return make


def squared_error(model, X):
    return np.square(X - model.inverse_transform(model.transform(X))).sum()


# topk


@pytest.mark.parametrize("max_epochs", [0, 4])
@pytest.mark.parametrize("k", [1, 3, 10])
def test_at_most_k_codes_are_nonzero(quick, X, k, max_epochs):
    codes = quick(k=k, max_epochs=max_epochs).fit_transform(X)
    assert np.count_nonzero(codes, axis=1).max() <= k


@pytest.mark.parametrize("k", [1, 3, 6])
def test_start_keeps_largest_pca_codes(quick, X, k):
    codes = PCA().fit_transform(X)
    np.put_along_axis(codes, np.abs(codes).argsort(axis=1)[:, : 6 - k], 0, axis=1)
    found = quick(k=k, max_epochs=0).fit_transform(X)
    np.testing.assert_allclose(found[:, :6], codes, atol=1e-6)
    assert not found[:, 6:].any()


@pytest.mark.extended
@pytest.mark.parametrize("max_epochs", [0, "auto"])
@pytest.mark.parametrize("k", [3, 10])
def test_error_never_exceeds_k_components_pca(digits, k, max_epochs):
    train, held_out = digits
    autoencoder = SparseAutoencoder(64, k=k, max_epochs=max_epochs, random_state=0)
    ours = squared_error(autoencoder.fit(train), held_out)
    assert ours <= squared_error(PCA(k).fit(train), held_out)


@pytest.mark.parametrize("max_epochs", [1, 4])
def test_atoms_have_unit_length(quick, X, max_epochs):
    autoencoder = quick(max_epochs=max_epochs).fit(X)
    assert autoencoder.best_epoch_ > 0
    lengths = np.linalg.norm(autoencoder.module_.atoms.detach().numpy(), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-5)


def test_codes_times_atoms_are_the_reconstruction(quick, X):
    autoencoder = quick().fit(X)
    network = autoencoder.module_
    atoms, bias = (part.detach().numpy() for part in (network.atoms, network.bias))
    expected = autoencoder.mean_ + autoencoder.scale_ * bias
    expected = expected + autoencoder.transform(X) @ atoms
    np.testing.assert_allclose(autoencoder.reconstruct(X), expected, atol=1e-4)


def test_default_k_is_a_tenth(digits):
    train, _ = digits
    codes = SparseAutoencoder(128, max_epochs=1, random_state=0).fit_transform(train)
    assert np.count_nonzero(codes, axis=1).max() == 6


@pytest.mark.parametrize(("n_components", "k"), [(4, 5), (None, 7), (0.5, 6)])
def test_k_above_n_components_is_refused(quick, X, n_components, k):
    with pytest.raises(
        ValueError, match=rf"k must be at most n_components=\d, got k={k}"
    ):
        quick(n_components, k=k).fit(X)


def test_dead_codes_are_counted(quick, X):
    for k, max_epochs in [(6, 0), (2, 0), (2, 4)]:
        autoencoder = quick(10, k=k, max_epochs=max_epochs).fit(X)
        used = (autoencoder.transform(X) != 0).any(axis=0)
        assert autoencoder.n_dead_components_ == np.count_nonzero(~used)
        assert max_epochs or autoencoder.n_dead_components_ >= 4


def test_hidden_layers_add_to_atoms(quick, X):
    autoencoder = quick(hidden_layer_sizes=(16,), max_epochs=30).fit(X)
    assert autoencoder.best_epoch_ > 0
    codes = autoencoder.transform(X)
    linear = autoencoder.mean_ + codes @ autoencoder.module_.atoms.detach().numpy()
    assert np.abs(autoencoder.reconstruct(X) - linear).max() > 0.01


@pytest.mark.filterwarnings("ignore:Every column of X is constant")
@pytest.mark.parametrize("sparsity", ["topk", "l1", "kl"])
@pytest.mark.parametrize("early_stopping", [True, False])
def test_constant_tables_fit_every_penalty(quick, sparsity, early_stopping):
    rows = np.full((7, 1), 0.1)
    parameters = {"sparsity": sparsity, "early_stopping": early_stopping}
    estimator = quick(1, k=1, **parameters).fit(rows)
    np.testing.assert_allclose(estimator.reconstruct(rows), rows)


# l1 and kl


def test_a_heavier_penalty_makes_codes_smaller(quick, X):
    light, heavy = (
        quick(sparsity="l1", alpha=alpha, max_epochs=40, early_stopping=False)
        .fit(X)
        .transform(X)
        for alpha in (0.01, 1.0)
    )
    assert np.abs(heavy).sum() < np.abs(light).sum()


def test_l1_makes_codes_zero(quick, X):
    codes = quick(
        sparsity="l1", alpha=0.5, max_epochs=40, early_stopping=False
    ).fit_transform(X)
    assert 0.1 < np.mean(codes == 0) < 1


def test_activity_is_near_its_target(quick, X):
    codes = quick(
        sparsity="kl", target_activity=0.2, max_epochs=60, early_stopping=False
    ).fit_transform(X)
    assert codes.min() > 0
    assert codes.max() < 1
    assert codes.mean() == pytest.approx(0.2, abs=0.05)


@pytest.mark.parametrize("sparsity", ["l1", "kl"])
def test_gaps_and_categories_are_fitted(quick, pandas_frame, sparsity):
    autoencoder = quick(4, sparsity=sparsity).fit(pandas_frame)
    assert np.isfinite(autoencoder.transform(pandas_frame)).all()
    assert list(autoencoder.reconstruct(pandas_frame)) == list(pandas_frame)


@pytest.mark.parametrize("target_activity", [0.0, 1.0, -0.5, 2])
def test_targets_outside_range_are_refused(quick, X, target_activity):
    with pytest.raises(ValueError, match="'target_activity' parameter"):
        quick(sparsity="kl", target_activity=target_activity).fit(X)


# Sparse output


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_output_holds_the_same_codes(quick, X, dtype):
    rows = X.astype(dtype)
    dense = quick().fit(rows).transform(rows)
    codes = quick(sparse_output=True).fit(rows).transform(rows)
    assert sparse.issparse(codes)
    assert codes.format == "csr"
    assert codes.dtype == dense.dtype == dtype
    assert codes.nnz == np.count_nonzero(dense)
    np.testing.assert_array_equal(codes.toarray(), dense)


def test_sparse_codes_are_decoded(quick, X):
    autoencoder = quick(sparse_output=True).fit(X)
    codes = autoencoder.transform(X)
    np.testing.assert_allclose(
        autoencoder.inverse_transform(codes), autoencoder.reconstruct(X)
    )


def test_sparse_codes_go_through_a_pipeline(digits):
    train, _ = digits
    y = load_digits().target[:1300]
    encoder = SparseAutoencoder(
        64, k=5, sparse_output=True, max_epochs=3, random_state=0
    )
    pipeline = make_pipeline(encoder, LogisticRegression(max_iter=200))
    assert pipeline.fit(train, y).score(train, y) > 0.85


def test_whitened_codes_keep_their_zeros(quick, X):
    plain, white = (quick(whiten=whiten).fit_transform(X) for whiten in (False, True))
    np.testing.assert_array_equal(white == 0, plain == 0)
