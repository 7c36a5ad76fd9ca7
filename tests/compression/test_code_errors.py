"""Errors of decoded codes, fingerprints of decoders, raw bytes of tables."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._compression.code_errors import (
    encode_table,
    mean_errors,
    raw_bytes,
    row_errors,
)
from sklearn_ae._estimators.latent_model import (
    AutoencoderModel,
    TransformerModel,
    latent_model_of,
)

FEW = {"hidden_layer_sizes": (16,), "max_epochs": 3, "random_state": 0}


def errors_of_rows(estimator, X):
    model, table, codes = encode_table(estimator, X)
    errors = [
        row_errors(model, rows, model.decode(codes[chunk]))
        for chunk, rows in model.rows(table)
    ]
    return np.concatenate(errors)


@pytest.mark.parametrize("table", ["X", "gappy", "pandas_frame"])
def test_errors_are_reconstruction_errors(table, request):
    X = request.getfixturevalue(table)
    estimator = AutoencoderTransformer(3, **FEW).fit(X)
    frozen = FrozenEstimator(estimator)
    assert isinstance(latent_model_of(frozen), AutoencoderModel)
    found = errors_of_rows(frozen, X)
    np.testing.assert_allclose(found, estimator.reconstruction_error(X), rtol=1e-6)


def test_transformers_errors_are_mean_squares(X):
    pca = PCA(2).fit(X)
    assert isinstance(latent_model_of(pca), TransformerModel)
    codes = pca.transform(X)
    expected = np.square(pca.inverse_transform(codes) - X).mean(axis=1)
    np.testing.assert_allclose(errors_of_rows(pca, X), expected)


def test_empty_columns_add_no_error(X):
    X = X.copy()
    X[:, 2] = np.nan
    estimator = AutoencoderTransformer(2, **FEW).fit(X)
    found = errors_of_rows(estimator, X)
    np.testing.assert_allclose(found, estimator.reconstruction_error(X), rtol=1e-6)


def test_mean_errors_are_of_decoded_codes(X):
    pca = PCA(2).fit(X)
    encoded = encode_table(pca, X)
    rounded = np.round(encoded.codes)
    errors = mean_errors(encoded, rounded)
    exact, quantized = map(pca.inverse_transform, (encoded.codes, rounded))
    pairs = ((X, exact), (X, quantized), (exact, quantized))
    expected = [np.square(rows - others).mean() for rows, others in pairs]
    np.testing.assert_allclose(errors, expected)
    assert errors.added == max(errors[2], errors[1] - errors[0])


def test_raw_bytes_number_a_frames_categories():
    frame = pd.DataFrame(
        {"number": [1.0, 2, 3], "small": np.array([1, 2, 3], np.int16)}
    ).assign(kind=["a", "b", None], flag=[True, False, True])
    assert raw_bytes(frame) == 3 * (8 + 2 + 1 + 1)
    many = pd.DataFrame({"kind": [f"level {i}" for i in range(300)]})
    assert raw_bytes(many) == 2 * 300


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_gaps_take_no_raw_bytes(library):
    frame = pd.DataFrame(
        {
            "small": pd.array([1, None, 3], dtype="Int8"),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "empty": pd.array([None] * 3, dtype="Int16"),
        }
    )
    if library == "polars":
        frame = pytest.importorskip("polars").from_pandas(frame)
    assert raw_bytes(frame) == 3 * (1 + 1 + 2)


def test_raw_bytes_count_sparse_arrays(X):
    rows = sparse.csr_array(X)
    assert raw_bytes(rows) == sum(
        part.nbytes for part in (rows.data, rows.indices, rows.indptr)
    )
