import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import RidgeCV

from sklearn_ae._fitting.ridge_start import fit_ridge_start

ALPHAS = (0.01, 1.0, 100.0)
ATOL = 1e-9  # RidgeCV of scikit-learn 1.6 is up to 3e-10 off


@pytest.fixture
def pairs():
    """Make inputs and outputs that are linear in them, but for noise."""

    def make(n_rows, n_features, n_outputs):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(n_rows, n_features)) * rng.uniform(0.1, 3, n_features)
        Y = X @ rng.normal(size=(n_features, n_outputs)) + 1
        return X, Y + rng.normal(size=Y.shape)

    return make


@pytest.fixture
def fitted(fit_table):
    """Fit a start; return it, and its outputs of the training rows."""

    def fit(X, Y, n_components, alphas=ALPHAS):
        codecs = fit_table(X, standardize=True).codec, fit_table(Y).codec
        start = fit_ridge_start(X, Y, codecs, alphas, n_components)
        rows = np.nan_to_num(codecs[0].encode(X))
        outputs = rows @ start.encoder.T @ start.directions + start.intercept
        return start, codecs[1].decode(outputs), rows

    return fit


SHAPES = [(80, 5, 3), (20, 30, 4), (50, 4, 9), (40, 7, 1), (12, 11, 2), (11, 11, 2)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_full_rank_is_ridge_regression(pairs, fitted, shape):
    X, Y = pairs(*shape)
    start, outputs, rows = fitted(X, Y, min(shape[1:]))
    ridge = RidgeCV(ALPHAS).fit(rows, Y)
    assert start.alpha == ridge.alpha_
    expected = ridge.predict(rows).reshape(Y.shape)
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=ATOL)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_unexplained_share_leaves_one_out(pairs, fitted, shape):
    X, Y = pairs(*shape)
    start, _, rows = fitted(X, Y, min(shape[1:]))
    ridge = RidgeCV(ALPHAS).fit(rows, Y)
    share = min(-ridge.best_score_ / Y.var(axis=0).mean(), 1)
    assert start.unexplained_share == pytest.approx(share)


@pytest.mark.parametrize("n_components", [1, 2])
def test_fewer_components_keep_leading_singular_vectors(pairs, fitted, n_components):
    X, Y = pairs(80, 5, 3)
    start, outputs, rows = fitted(X, Y, n_components)
    values = RidgeCV(ALPHAS).fit(rows, Y).predict(rows)
    centre = values.mean(axis=0)
    _, _, right = np.linalg.svd(values - centre)
    leading = right[:n_components]
    expected = (values - centre) @ leading.T @ leading + centre
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=ATOL)
    assert start.encoder.shape == (n_components, 5)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_codes_have_the_starts_variance(pairs, fitted, shape):
    X, Y = pairs(*shape)
    start, _, rows = fitted(X, Y, min(shape[1:]))
    covariance = np.atleast_2d(np.cov(rows @ start.encoder.T, rowvar=False))
    expected = np.diag(start.explained_variance)
    np.testing.assert_allclose(covariance, expected, rtol=0, atol=1e-10)


def test_missing_cells_count_as_the_mean(pairs, fitted):
    X, Y = pairs(80, 5, 3)
    X[::7, 1] = np.nan
    _, outputs, rows = fitted(X, Y, 3)
    expected = RidgeCV(ALPHAS).fit(rows, Y).predict(rows)
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=ATOL)


def test_sparse_and_dense_rows_agree(pairs, fit_table):
    X, Y = pairs(80, 5, 3)
    X[np.abs(X) < 0.5] = 0
    codecs = fit_table(X).codec, fit_table(Y).codec
    dense, compressed = (
        fit_ridge_start(rows, Y, codecs, ALPHAS, 3) for rows in (X, sparse.csr_array(X))
    )
    np.testing.assert_array_equal(compressed.encoder, dense.encoder)


@pytest.mark.parametrize("n_rows", [3, 20])
def test_constant_inputs_predict_the_mean(pairs, fitted, n_rows):
    X, Y = pairs(n_rows, 5, 3)
    _, outputs, _ = fitted(np.ones_like(X), Y, 3)
    np.testing.assert_allclose(outputs, np.tile(Y.mean(axis=0), (n_rows, 1)))


def test_constant_outputs_leave_nothing(pairs, fitted):
    X, Y = pairs(20, 5, 3)
    start, outputs, _ = fitted(X, np.ones_like(Y), 3)
    assert start.unexplained_share == 0
    np.testing.assert_allclose(outputs, 1)
