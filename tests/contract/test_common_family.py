"""Variants on tables with categories and gaps, of any container."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector

from _selection import first_in_make_test
from sklearn_ae import (
    ConvolutionalAutoencoder,
    SparseAutoencoder,
    VariationalAutoencoder,
)

OF_TABLES = first_in_make_test([SparseAutoencoder, VariationalAutoencoder])
FAMILY = first_in_make_test(
    [SparseAutoencoder, VariationalAutoencoder, ConvolutionalAutoencoder]
)


@pytest.mark.parametrize("estimator_class", OF_TABLES)
def test_mixed_tables_come_back(quick, mixed):
    estimator = quick(3).fit(mixed)
    codes = estimator.transform(mixed)
    assert np.isfinite(codes).all()
    back = estimator.inverse_transform(codes)
    assert type(back) is type(mixed)
    assert list(back.dtypes) == list(mixed.dtypes)
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(again.transform(mixed), codes)
    np.testing.assert_array_equal(clone(estimator).fit_transform(mixed), codes)


@pytest.mark.parametrize("estimator_class", OF_TABLES)
def test_mixed_tables_leave_their_start(quick, pandas_frame):
    estimator = quick(3, max_epochs=20).fit(pandas_frame)
    assert estimator.best_epoch_ > 0
    assert estimator.best_validation_loss_ < estimator.pca_validation_loss_


@pytest.mark.parametrize("estimator_class", FAMILY)
def test_gaps_are_filled(quick, gappy):
    filled = quick(3).fit(gappy).impute(gappy)
    observed = ~np.isnan(gappy)
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[observed], gappy[observed])


@pytest.mark.extended
@pytest.mark.parametrize("estimator_class", FAMILY)
def test_filled_gaps_beat_the_mean(quick, X, gappy):
    holes = np.isnan(gappy)
    estimator = quick(3, max_epochs=30, validation_fraction=0.1)
    filled = estimator.fit(gappy).impute(gappy)
    mean = np.broadcast_to(np.nanmean(gappy, axis=0), X.shape)
    error, guess = (np.square(X - rows)[holes].mean() for rows in (filled, mean))
    assert error < 0.6 * guess


@pytest.mark.parametrize("estimator_class", FAMILY)
@pytest.mark.parametrize("n_rows", [2, 3, 9, 60])
def test_few_rows_are_fitted(quick, X, n_rows):
    estimator = quick(1).fit(X[:n_rows])
    assert np.isfinite(estimator.transform(X)).all()
    assert np.isfinite(estimator.reconstruct(X)).all()


@pytest.mark.parametrize("estimator_class", FAMILY)
def test_one_column_is_fitted(quick, X):
    estimator = quick(1).fit(X[:, :1])
    assert np.isfinite(estimator.reconstruct(X[:, :1])).all()


@pytest.mark.parametrize("estimator_class", FAMILY)
def test_constant_columns_come_back(quick, estimator_class, X):
    table = np.c_[X, np.full(len(X), 7.0)]
    back = quick(2).fit(table).reconstruct(table)[:, -1]
    # Convolutions make no difference between columns.
    rtol = 0.05 if estimator_class is ConvolutionalAutoencoder else 1e-7
    np.testing.assert_allclose(back, 7, rtol=rtol)


@pytest.mark.parametrize("estimator_class", FAMILY)
@pytest.mark.filterwarnings("ignore:Every column of X is constant")
def test_constant_tables_are_fitted(quick):
    estimator = quick(2).fit(np.ones((40, 3)))
    assert np.isfinite(estimator.transform(np.ones((2, 3)))).all()
    np.testing.assert_allclose(estimator.reconstruct(np.ones((2, 3))), 1)


@pytest.mark.parametrize("estimator_class", FAMILY)
@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_units_change_no_reconstruction(quick, X, unit):
    plain = quick().fit(X).reconstruct(X)
    scaled = quick().fit(unit * X).reconstruct(unit * X)
    np.testing.assert_allclose(scaled / unit, plain, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("estimator_class", FAMILY)
@pytest.mark.parametrize("init", ["pca", "random"])
def test_more_or_all_codes_are_fitted(quick, X, init):
    for n_components in (6, None):
        estimator = quick(n_components, init=init).fit(X)
        assert np.isfinite(estimator.reconstruct(X)).all()


@pytest.mark.parametrize("estimator_class", FAMILY)
def test_sparse_and_dense_reconstructions_agree(quick, X):
    table = np.where(np.abs(X) > 0.5, X, 0)
    dense = quick().fit(table).reconstruct(table)
    compressed = sparse.csr_array(table)
    found = quick().fit(compressed).reconstruct(compressed)
    np.testing.assert_allclose(found, dense, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("estimator_class", FAMILY)
def test_column_transformer_selects_numbers(quick, pandas_frame):
    numbers = make_column_selector(dtype_include="number")
    transformer = ColumnTransformer([("codes", quick(2), numbers)])
    assert transformer.fit_transform(pandas_frame).shape == (300, 2)


@pytest.mark.parametrize("estimator_class", FAMILY)
def test_small_tables_are_cross_fitted(quick, X):
    estimator = quick(max_epochs=20).fit(X[:100])
    assert len(estimator.validation_loss_curve_) == estimator.n_epochs_ + 1
    assert estimator.best_validation_loss_ <= estimator.pca_validation_loss_
