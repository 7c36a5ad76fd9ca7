"""Statistics of rows from autoencoders and other transformers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._estimators.latent_model import latent_model_of

START = AutoencoderTransformer(2, max_epochs=0)


def statistics_of(estimator, X):
    model = latent_model_of(estimator)
    return model.statistics(model.read(X))


@pytest.mark.parametrize("estimator", [PCA(2), START])
def test_residuals_are_cells_minus_reconstructions(X, estimator):
    fitted = estimator.fit(X)
    (statistics,) = statistics_of(fitted, X)
    np.testing.assert_allclose(
        statistics.cells - statistics.reconstructions, statistics.residuals, atol=1e-6
    )
    np.testing.assert_allclose(statistics.codes, fitted.transform(X), rtol=1e-6)


def test_pca_statistics_are_in_input_units(X):
    fitted = PCA(2).fit(X)
    (statistics,) = statistics_of(fitted, X)
    np.testing.assert_allclose(statistics.cells, X)
    np.testing.assert_allclose(
        statistics.reconstructions, fitted.inverse_transform(fitted.transform(X))
    )


def test_missing_cells_have_no_statistics(gappy):
    (statistics,) = statistics_of(START.fit(gappy), gappy)
    for part in (statistics.cells, statistics.residuals, statistics.reconstructions):
        np.testing.assert_array_equal(np.isnan(part), np.isnan(gappy))
    assert np.isfinite(statistics.codes).all()


def test_cells_of_categories_tell_their_rarity():
    frame = pd.DataFrame({"a": np.arange(20.0), "kind": list("xxxy" * 5)})
    fitted = START.set_params(n_components=1).fit(frame)
    (statistics,) = statistics_of(fitted, frame)
    assert statistics.cells.shape == statistics.residuals.shape == (20, 2)
    rarity = np.where(frame["kind"] == "x", -np.log(0.75), -np.log(0.25))
    np.testing.assert_allclose(statistics.cells[:, 1], rarity, rtol=1e-5)
    assert (statistics.residuals[:, 1] >= 0).all()
    assert latent_model_of(fitted).categorical_columns() == [1]
    assert latent_model_of(fitted).column_names() == ["a", "kind"]


def test_columns_without_names_get_some(X):
    expected = [f"x{i}" for i in range(6)]
    assert latent_model_of(PCA(2).fit(X)).column_names() == expected
    assert (
        latent_model_of(AutoencoderTransformer(2, max_epochs=0).fit(X)).column_names()
        == expected
    )
