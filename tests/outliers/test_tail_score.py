"""The sum of surprises, and how it is shared out."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._outliers.row_statistics import iterate_row_statistics
from sklearn_ae._outliers.tail_score import fit_tail_score


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(0).normal(size=(400, 4)) * [1, 2, 3, 4]


@pytest.fixture(scope="module")
def pca(rows):
    return PCA(2).fit(rows)


@pytest.fixture(scope="module")
def learned(pca, rows):
    return fit_tail_score(pca, rows)


def test_abnormality_is_the_sum_of_its_parts(learned, pca, rows):
    (view,) = iterate_row_statistics(pca, rows)
    expected = sum(part.sum(axis=1) for part in learned.terms(view))
    np.testing.assert_allclose(learned.score(pca, rows), expected)


def test_its_mean_is_the_number_of_terms_by_their_weights(learned, pca, rows):
    # 4 cells, 4 residuals and 4 axes, 2 codes and 4 reconstructions of half a weight.
    assert learned.score(pca, rows).mean() == pytest.approx(12 + 1 + 2, rel=0.02)
    assert learned.n_codes == 2


def test_axes_are_principal_ones_of_standardized_columns(learned, rows):
    components = PCA().fit(rows / rows.std(axis=0)).components_
    overlap = np.abs(learned.axes.components @ components.T)
    np.testing.assert_allclose(overlap, np.eye(4), atol=1e-6)


def test_missing_cells_count_as_the_mean_of_their_column(learned, pca, rows):
    (view,) = iterate_row_statistics(pca, rows[:1])
    gaps = [np.full((1, 4), np.nan)] * 3
    parts = learned.terms(view._replace(cells=gaps[0]))
    parts = parts._replace(residuals=gaps[1], reconstructions=gaps[2])
    means = learned.cells + learned.residuals + learned.reconstructions
    expected = parts.directions.sum() + sum(column.mean for column in means)
    np.testing.assert_allclose(learned._sum(parts), expected)


def test_rounding_of_large_columns_says_nothing_of_small_ones(rows):
    table = pd.DataFrame(rows[:5, :2] * [1e-16, 1], columns=["small", "large"])
    table = table.assign(kind=list("xyxyz"))
    linear = AutoencoderTransformer(4, max_epochs=0, standardize=False).fit(table)
    learned = fit_tail_score(linear, table)
    (view,) = iterate_row_statistics(linear, table)
    assert np.ptp(view.residuals[:, 0]) > 1e-4 * learned.axes.unit[0]
    np.testing.assert_allclose(learned.terms(view).residuals, np.zeros((5, 3)))


def test_shares_of_rows_are_of_one_and_follow_a_cell_far_off(learned, pca, rows):
    strange = np.tile(np.median(rows, axis=0), (4, 1))
    strange[np.arange(4), np.arange(4)] = 100
    shares = learned.shares(pca, strange)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_array_equal(shares.argmax(axis=1), np.arange(4))


def test_many_rows_are_thinned_alike_however_they_are_ordered(pca, rows):
    many = np.tile(rows, (math.ceil(40_000 / len(rows)), 1))
    few = fit_tail_score(pca, many)
    assert few.score(pca, rows).mean() == pytest.approx(15, rel=0.05)
