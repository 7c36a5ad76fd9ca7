import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.decomposition import PCA

from sklearn_ae._fitting import pca_start
from sklearn_ae._fitting.pca_start import (
    component_limit,
    fit_pca_starts,
    resolve_n_components,
)
from sklearn_ae._tables.codec import TableCodec
from sklearn_ae.nn import Autoencoder


@pytest.fixture
def start(fit_table):
    return lambda X, n_components: fit_pca_starts(X, fit_table(X), n_components, 0)[0]


@pytest.mark.parametrize("n_components", [1, 3, 6, 0.5, 0.9])
def test_start_is_pca_of_centred_rows(fit_table, start, X, n_components):
    pca = PCA(n_components).fit(X - X.mean(axis=0))
    found = start(X, n_components)
    np.testing.assert_allclose(found.components, pca.components_, atol=1e-10)
    np.testing.assert_allclose(
        found.explained_variance * fit_table(X).codec.scale[0] ** 2,
        pca.explained_variance_,
    )


@pytest.mark.parametrize("n_components", [1, 3, 6, 0.5, 0.9])
@pytest.mark.parametrize("table", ["X", "gappy"])
def test_chunked_starts_are_encoded_rows_pca(
    fit_table, start, table, n_components, request, monkeypatch
):
    monkeypatch.setattr(pca_start, "_COVARIANCE_ROWS", 7)
    monkeypatch.setattr(pca_start, "_COVARIANCE_COLUMNS", 4)
    rows = request.getfixturevalue(table)
    encoded = np.nan_to_num(fit_table(rows).codec.encode(rows))
    pca = PCA(n_components, svd_solver="covariance_eigh").fit(encoded)
    found = start(rows, n_components)
    np.testing.assert_allclose(found.components, pca.components_, atol=1e-10)
    np.testing.assert_allclose(
        found.explained_variance, pca.explained_variance_, rtol=1e-10
    )
    left = 1 - pca.explained_variance_ratio_.sum()
    assert found.unexplained_share == pytest.approx(left, abs=1e-10)
    assert found.noise_variance == pytest.approx(pca.noise_variance_, abs=1e-10)


@pytest.mark.parametrize(
    ("widest", "most_bytes", "chunk"), [(6, 1e9, 64), (5, 0, 64), (5, 1e9, 300)]
)
def test_covariances_are_gathered_in_chunks(
    fit_table, X, monkeypatch, widest, most_bytes, chunk
):
    monkeypatch.setattr(pca_start, "_COVARIANCE_MAX_FEATURES", widest)
    monkeypatch.setattr(pca_start, "_MOST_BYTES", most_bytes)
    monkeypatch.setattr(pca_start, "_COVARIANCE_ROWS", 64)
    table, sizes = fit_table(X), []
    encode = TableCodec.encode

    def noted(codec, rows):
        sizes.append(len(rows))
        return encode(codec, rows)

    monkeypatch.setattr(TableCodec, "encode", noted)
    fit_pca_starts(X, table, 2, 0)
    assert max(sizes) == chunk
    assert sum(sizes) == len(X)


def test_unexplained_share_is_what_pca_leaves(start, X):
    left = 1 - PCA(2).fit(X).explained_variance_ratio_.sum()
    assert start(X, 2).unexplained_share == pytest.approx(left)


def test_components_are_orthonormal_in_float64(start, X):
    components = start(X, 4).components
    assert components.dtype == np.float64
    np.testing.assert_allclose(components @ components.T, np.eye(4), atol=1e-12)


def test_distant_columns_are_not_lost(start):
    rng = np.random.default_rng(0)
    near = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 4))
    far = 1e9 + near
    assert start(far, 2).unexplained_share < 1e-10


@pytest.mark.parametrize("shape", [(2, 1), (5, 5), (60, 5)])
def test_distant_sparse_columns_are_not_lost(start, shape):
    far = 1e9 + np.random.default_rng(0).normal(size=shape)
    for n_components in {1, 2, min(shape)} & set(range(min(shape) + 1)):
        dense, compressed = (
            start(table, n_components) for table in (far, sparse.csr_array(far))
        )
        np.testing.assert_allclose(
            compressed.explained_variance,
            dense.explained_variance,
            rtol=1e-6,
            atol=1e-10,
        )


@pytest.mark.parametrize("n_components", [1, 3])
def test_sparse_and_dense_starts_agree(start, X, n_components):
    dense, compressed = start(X, n_components), start(sparse.csr_array(X), n_components)
    np.testing.assert_allclose(compressed.components, dense.components, atol=1e-8)
    np.testing.assert_allclose(compressed.explained_variance, dense.explained_variance)


def test_wide_sparse_and_dense_starts_agree(start):
    rng = np.random.default_rng(0)
    loadings = rng.normal(size=(3, 2100)) * (rng.uniform(size=2100) < 0.1)
    rows = rng.normal(size=(40, 3)) * [3, 2, 1] @ loadings
    dense, compressed = start(rows, 3), start(sparse.csr_array(rows), 3)
    np.testing.assert_allclose(compressed.components, dense.components, atol=1e-6)


def test_wide_sparse_starts_repeat(start):
    rows = sparse.random_array((40, 2100), density=0.05, random_state=0, format="csr")
    np.testing.assert_array_equal(start(rows, 3).components, start(rows, 3).components)


def test_constant_rows_leave_nothing(start):
    assert start(np.ones((5, 3)), 2).unexplained_share == 0


def test_rows_whose_squares_vanish_leave_nothing(fit_table):
    rows = np.array([[1.0, 0.0], [0.0, 1e-239], [0.0, 0.0]])
    _, without_first = fit_pca_starts(rows, fit_table(rows), 1, 0, [np.arange(1)])
    assert without_first.unexplained_share == 0
    assert without_first.explained_variance == [0]


def test_constant_sparse_columns_hide_no_others(start):
    rows = np.random.default_rng(0).normal(size=(5, 3)) * [0, 1, 2] + [1e39, 0, 0]
    found = start(sparse.csr_array(rows), 1)
    expected = start(rows, 1)
    np.testing.assert_allclose(found.components, expected.components, atol=1e-10)
    assert found.unexplained_share == pytest.approx(expected.unexplained_share)


def test_rank_deficient_starts_are_finite(start, X):
    rows = np.outer(X[:, 0], [1.0, 2.0, 3.0])
    network = Autoencoder(3, 3, (4,)).double()
    start(rows, 3).apply_to(network)
    assert all(torch.isfinite(weight).all() for weight in network.parameters())


@pytest.mark.parametrize(
    ("shape", "limit"), [((5, 8), 5), ((8, 5), 5), ((3, 2000), 3), ((3, 2001), 3)]
)
def test_dense_limit_is_the_smaller_side(fit_table, shape, limit):
    X = np.ones(shape)
    assert component_limit(X, fit_table(X).codec) == limit


@pytest.mark.parametrize(("shape", "limit"), [((3, 2000), 3), ((3, 2001), 2)])
def test_wide_sparse_limit_is_arpacks(fit_table, shape, limit):
    X = sparse.csr_array(shape)
    assert component_limit(X, fit_table(X).codec) == limit


@pytest.mark.parametrize("limited", [True, False])
def test_none_means_all_components(fit_table, X, limited):
    codec = fit_table(X).codec
    assert resolve_n_components(None, X, codec, limited=limited) == 6


def test_too_many_components_name_the_limit(fit_table, X):
    with pytest.raises(
        ValueError, match=r"at most min\(.*\)=6 .*n_components=7 .*n_features=6\)"
    ):
        resolve_n_components(7, X, fit_table(X).codec, limited=True)


def test_unlimited_components_may_be_overcomplete(fit_table, X):
    assert resolve_n_components(7, X, fit_table(X).codec, limited=False) == 7


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("shape", [(1, 3), (20, 3), (40, 3), (9, 2100)])
def test_constant_rows_leave_nothing_either(fit_table, container, shape):
    X = np.zeros(shape)
    X = np.vstack([X, X + 1])
    found = fit_pca_starts(container(X[: shape[0]]), fit_table(container(X)), 1, 0)[0]
    assert found.unexplained_share == 0
    np.testing.assert_array_equal(found.components @ found.components.T, [[1]])


@pytest.mark.parametrize("n_parts", [1, 2, 5])
@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("tall", [True, False])
def test_starts_of_parts_use_other_rows(fit_table, X, monkeypatch, make, n_parts, tall):
    monkeypatch.setattr(pca_start, "_takes_covariance", lambda *shape: tall)
    table, parts = fit_table(make(X)), np.array_split(np.arange(len(X))[::-1], 5)
    starts = fit_pca_starts(make(X), table, 3, 0, parts[:n_parts])
    assert len(starts) == n_parts + 1
    encoded = table.codec.encode(X)
    for start, part in zip(starts, [[], *parts], strict=False):
        pca = PCA(3).fit(np.delete(encoded, np.asarray(part, dtype=int), axis=0))
        np.testing.assert_allclose(start.components, pca.components_, atol=1e-10)
        np.testing.assert_allclose(start.explained_variance, pca.explained_variance_)


def test_starts_have_equally_many_components(fit_table, X):
    parts = np.array_split(np.arange(len(X)), 5)
    starts = fit_pca_starts(X, fit_table(X), 0.7, 0, parts)
    assert len({len(start.components) for start in starts}) == 1


def test_too_few_rows_share_the_start(fit_table, X):
    few = X[:8]
    first, part = fit_pca_starts(few, fit_table(few), 6, 0, [np.arange(4)])
    assert part is first


def test_a_single_row_shares_the_start(fit_table, X):
    tall = X[:20, :2]
    first, part = fit_pca_starts(tall, fit_table(tall), 1, 0, [np.arange(19)])
    assert part is first
