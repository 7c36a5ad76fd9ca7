"""The sum of tail probabilities, and the shares of columns in it."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._estimators.latent_model import latent_model_of
from sklearn_ae._outliers.tail_score import fit_tail_score


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(0).normal(size=(400, 4)) * [1, 2, 3, 4]


@pytest.fixture(scope="module")
def pca(rows):
    return PCA(2).fit(rows)


@pytest.fixture(scope="module")
def tail_score(pca, rows):
    return fit_tail_score(pca, rows)[0]


def test_score_is_the_sum_of_terms(tail_score, pca, rows):
    (statistics,) = latent_model_of(pca).statistics(rows)
    expected = sum(part.sum(axis=1) for part in tail_score.terms(statistics))
    np.testing.assert_allclose(tail_score.score(pca, rows), expected)


def test_mean_score_is_the_total_weight(tail_score, pca, rows):
    # 4 cells, 4 residuals and 4 axes, 2 codes and 4 reconstructions of half a weight.
    assert tail_score.score(pca, rows).mean() == pytest.approx(12 + 1 + 2, rel=0.02)
    assert tail_score.n_codes == 2


def test_axes_are_those_of_standardized_columns(tail_score, rows):
    components = PCA().fit(rows / rows.std(axis=0)).components_
    overlap = np.abs(tail_score.axes.components @ components.T)
    np.testing.assert_allclose(overlap, np.eye(4), atol=1e-6)


def test_missing_cells_get_mean_terms(tail_score, pca, rows):
    (statistics,) = latent_model_of(pca).statistics(rows[:1])
    gaps = [np.full((1, 4), np.nan)] * 3
    terms = tail_score.terms(statistics._replace(cells=gaps[0]))
    terms = terms._replace(residuals=gaps[1], reconstructions=gaps[2])
    means = tail_score.cells + tail_score.residuals + tail_score.reconstructions
    expected = terms.directions.sum() + sum(column.mean for column in means)
    np.testing.assert_allclose(tail_score._sum(terms), expected)


def test_rounding_of_large_columns_scores_zero(rows):
    table = pd.DataFrame(rows[:5, :2] * [1e-16, 1], columns=["small", "large"])
    table = table.assign(kind=list("xyxyz"))
    linear = AutoencoderTransformer(4, max_epochs=0, standardize=False).fit(table)
    tail_score, _ = fit_tail_score(linear, table)
    model = latent_model_of(linear)
    (statistics,) = model.statistics(model.read(table))
    assert np.ptp(statistics.residuals[:, 0]) > 1e-4 * tail_score.axes.unit[0]
    np.testing.assert_allclose(tail_score.terms(statistics).residuals, np.zeros((5, 3)))


def test_shares_follow_a_cell_far_off(tail_score, pca, rows):
    strange = np.tile(np.median(rows, axis=0), (4, 1))
    strange[np.arange(4), np.arange(4)] = 100
    shares = tail_score.shares(pca, strange)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_array_equal(shares.argmax(axis=1), np.arange(4))


def test_training_rows_are_scored_alike(pca, rows):
    tail_score, scores = fit_tail_score(pca, rows)
    np.testing.assert_array_equal(scores, tail_score.score(pca, rows))


def test_many_rows_are_subsampled(pca, rows):
    many = np.tile(rows, (math.ceil(40_000 / len(rows)), 1))
    few, scores = fit_tail_score(pca, many)
    np.testing.assert_array_equal(scores, few.score(pca, many))
    assert few.score(pca, rows).mean() == pytest.approx(15, rel=0.05)
