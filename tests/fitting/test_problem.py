import numpy as np
import pytest
from sklearn.decomposition import PCA

from sklearn_ae._fitting import problem as problem_module
from sklearn_ae._fitting.pca_start import fit_pca_starts
from sklearn_ae._fitting.problem import check_variance, fit_starts, start_axes
from sklearn_ae._fitting.reconstruct_rows import RowReconstruction
from sklearn_ae._training.random import RandomStreams


def test_axes_of_starts_are_pcas(fit_table, X):
    table = fit_table(X)
    axes = start_axes(fit_pca_starts(X, table, 3, 0)[0], 3)
    encoded = table.codec.encode(X)
    pca = PCA(3).fit(encoded)
    assert axes.rotation is None
    codes = encoded @ pca.components_.T
    np.testing.assert_allclose(codes, pca.transform(encoded), atol=1e-10)
    np.testing.assert_allclose(axes.variance, pca.explained_variance_)


def test_further_codes_have_no_variance(fit_table, X):
    [start] = fit_pca_starts(X, fit_table(X), 2, 0)
    axes = start_axes(start, 5)
    assert axes.variance.tolist() == [*start.explained_variance, 0, 0, 0]
    assert axes.mean.tolist() == [0] * 5


@pytest.fixture
def problem(fit_table, make_recipe, X):
    """Return a problem and its data."""
    recipe = make_recipe()

    def make(n_rows=100, X_val=None):
        columns = fit_table(X).codec.schema
        found = RowReconstruction(recipe, columns, X[:n_rows], X_val)
        return found, found.prepare_data(recipe, RandomStreams(0))

    return make


def test_parts_have_starts_of_the_others(problem, X):
    reconstruction, data = problem(100)
    first, *others = fit_starts(reconstruction, data, RandomStreams(0))
    assert len(others) == len(data.split.parts) == 5
    for start, part in zip(others, data.split.parts, strict=True):
        left = np.delete(X[:100], part, axis=0)
        expected = PCA(2).fit(left).explained_variance_ratio_.sum()
        assert 1 - start.unexplained_share == pytest.approx(expected)
        assert start.unexplained_share != first.unexplained_share


@pytest.mark.parametrize("reason", ["given", "many"])
def test_parts_may_share_the_start(problem, X, monkeypatch, reason):
    if reason == "many":
        monkeypatch.setattr(problem_module, "EPOCH_ROWS", 99)
    reconstruction, data = problem(100, X[100:] if reason == "given" else None)
    first, *others = fit_starts(reconstruction, data, RandomStreams(0))
    assert len(others) == len(data.split.parts)
    assert all(start is first for start in others)


@pytest.mark.parametrize("scale", [1e149, 1e152])
def test_scales_need_finite_squares(fit_table, X, scale):
    table = fit_table(X * scale)
    if scale == 1e149:
        check_variance(table, "X", "standardize")
        return
    with pytest.raises(ValueError, match=r"variance of X .* standardize=True takes"):
        check_variance(table, "X", "standardize")
