"""What a fitted transformer tells of rows, over any of them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._outliers.row_statistics import (
    categorical,
    column_names,
    iterate_row_statistics,
)

START = AutoencoderTransformer(2, max_epochs=0)


@pytest.mark.parametrize("estimator", [PCA(2), START])
def test_residuals_are_what_reconstructions_leave_of_cells(X, estimator):
    fitted = estimator.fit(X)
    (view,) = iterate_row_statistics(fitted, X)
    np.testing.assert_allclose(
        view.cells - view.reconstructions, view.residuals, atol=1e-6
    )
    np.testing.assert_allclose(view.codes, fitted.transform(X), rtol=1e-6)


def test_pca_is_viewed_in_the_columns_as_they_are(X):
    fitted = PCA(2).fit(X)
    (view,) = iterate_row_statistics(fitted, X)
    np.testing.assert_allclose(view.cells, X)
    np.testing.assert_allclose(
        view.reconstructions, fitted.inverse_transform(fitted.transform(X))
    )


def test_missing_cells_have_no_view(gappy):
    (view,) = iterate_row_statistics(START.fit(gappy), gappy)
    for part in (view.cells, view.residuals, view.reconstructions):
        np.testing.assert_array_equal(np.isnan(part), np.isnan(gappy))
    assert np.isfinite(view.codes).all()


def test_a_category_is_one_column_that_tells_how_rare_it_is():
    frame = pd.DataFrame({"a": np.arange(20.0), "kind": list("xxxy" * 5)})
    fitted = START.set_params(n_components=1).fit(frame)
    (view,) = iterate_row_statistics(fitted, frame)
    assert view.cells.shape == view.residuals.shape == (20, 2)
    rarity = np.where(frame["kind"] == "x", -np.log(0.75), -np.log(0.25))
    np.testing.assert_allclose(view.cells[:, 1], rarity, rtol=1e-5)
    assert (view.residuals[:, 1] >= 0).all()
    assert categorical(fitted) == [1]
    assert column_names(fitted) == ["a", "kind"]


def test_names_are_made_where_fit_saw_none(X):
    expected = [f"x{i}" for i in range(6)]
    assert column_names(PCA(2).fit(X)) == expected
    assert column_names(AutoencoderTransformer(2, max_epochs=0).fit(X)) == expected
