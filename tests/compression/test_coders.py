"""Errors of rows that are decoded from codes."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._compression.coders import (
    AutoencoderCoder,
    TransformerCoder,
    make_coder,
    row_errors,
)

FEW = {"hidden_layer_sizes": (16,), "max_epochs": 3, "random_state": 0}


def row_errors_of(coder, X):
    table = coder.read(X)
    codes = coder.encode(table)
    errors = [
        row_errors(coder, rows, coder.decode(codes[chunk]))
        for chunk, rows in coder.rows(table)
    ]
    return np.concatenate(errors)


@pytest.mark.parametrize("table", ["X", "gappy", "pandas_frame"])
def test_errors_are_reconstruction_errors(table, request):
    X = request.getfixturevalue(table)
    estimator = AutoencoderTransformer(3, **FEW).fit(X)
    coder = make_coder(FrozenEstimator(estimator))
    assert isinstance(coder, AutoencoderCoder)
    found = row_errors_of(coder, X)
    np.testing.assert_allclose(found, estimator.reconstruction_error(X), rtol=1e-6)


def test_errors_of_any_transformer_are_mean_squares(X):
    pca = PCA(2).fit(X)
    coder = make_coder(pca)
    assert isinstance(coder, TransformerCoder)
    codes = pca.transform(X)
    expected = np.square(pca.inverse_transform(codes) - X).mean(axis=1)
    np.testing.assert_allclose(row_errors_of(coder, X), expected)


def test_columns_without_cells_take_no_part(X):
    X = X.copy()
    X[:, 2] = np.nan
    estimator = AutoencoderTransformer(2, **FEW).fit(X)
    found = row_errors_of(make_coder(estimator), X)
    np.testing.assert_allclose(found, estimator.reconstruction_error(X), rtol=1e-6)
