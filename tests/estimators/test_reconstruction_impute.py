"""Missing cells are replaced, and nothing else."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars import testing as polars_testing
from scipy import sparse


@pytest.fixture(params=["start", "trained"])
def fit(request, quick):
    max_epochs = 0 if request.param == "start" else 4
    return lambda X, **parameters: quick(3, max_epochs=max_epochs, **parameters).fit(X)


def is_polars(frame):
    return isinstance(frame, pl.DataFrame)


def holes(frame):
    if is_polars(frame):
        return frame.select(pl.all().is_null()).to_numpy()
    return frame.isna().to_numpy()


def assert_frame_equal(found, expected):
    if is_polars(expected):
        polars_testing.assert_frame_equal(found, expected)
    else:
        pd.testing.assert_frame_equal(found, expected)


def with_holes_put_back(filled, frame):
    if is_polars(frame):
        where = holes(frame)
        return filled.with_columns(
            pl.when(pl.Series(~where[:, i])).then(pl.col(name)).alias(name)
            for i, name in enumerate(frame.columns)
        )
    return filled.mask(holes(frame))


def test_frames_are_filled(fit, mixed):
    assert holes(mixed).any(axis=0).sum() == 2
    assert not holes(fit(mixed).impute(mixed)).any()


def test_only_missing_cells_of_frames_change(fit, mixed):
    filled = fit(mixed).impute(mixed)
    expected = with_holes_put_back(mixed, mixed)  # older pandas fill them with NaN
    assert_frame_equal(with_holes_put_back(filled, mixed), expected)


def test_missing_frame_cells_become_reconstructions(fit, mixed):
    estimator = fit(mixed)
    filled, whole = estimator.impute(mixed), estimator.reconstruct(mixed)
    where = holes(mixed)[:, 0]
    np.testing.assert_allclose(
        np.asarray(filled["length"])[where], np.asarray(whole["length"])[where]
    )


def test_missing_categories_become_levels(fit, mixed):
    filled = fit(mixed).impute(mixed)
    assert set(filled["colour"]) == {"red", "green", "blue", "grey"}


def test_mostly_missing_categories_become_levels(fit, pandas_frame):
    rare = pandas_frame["colour"].where(pandas_frame.index % 10 == 0)
    frame = pandas_frame.assign(colour=rare)
    assert fit(frame).impute(frame)["colour"].notna().all()


def test_newly_missing_categories_are_filled(fit, pandas_frame):
    estimator = fit(pandas_frame)
    size = pandas_frame["size"].where(pandas_frame.index > 9)
    filled = estimator.impute(pandas_frame.assign(size=size))
    assert filled["size"].dtype == pandas_frame["size"].dtype
    assert filled["size"].notna().all()
    pd.testing.assert_series_equal(filled["size"][10:], pandas_frame["size"][10:])


@pytest.mark.parametrize("method", ["impute", "reconstruct", "transform"])
def test_input_frames_are_not_changed(fit, mixed, method):
    before = mixed.clone() if is_polars(mixed) else mixed.copy(deep=True)
    getattr(fit(mixed), method)(mixed)
    assert_frame_equal(mixed, before)


@pytest.mark.parametrize("index", ["names", "repeated", "dates", "levels"])
def test_index_is_kept(fit, pandas_frame, index):
    made = {
        "names": pd.Index([f"r{i}" for i in range(300)], name="row"),
        "repeated": pd.Index([7] * 300),
        "dates": pd.date_range("2020-01-01", periods=300),
        "levels": pd.MultiIndex.from_product([range(30), range(10)]),
    }[index]
    frame = pandas_frame.set_axis(made)
    filled = fit(frame).impute(frame)
    pd.testing.assert_index_equal(filled.index, made)
    assert_frame_equal(
        filled.reset_index(drop=True), fit(pandas_frame).impute(pandas_frame)
    )


def test_integers_with_new_gaps_stay_exact(fit, pandas_frame):
    estimator = fit(pandas_frame)
    count = pandas_frame["count"].astype("Int64").where(pandas_frame.index > 9)
    filled = estimator.impute(pandas_frame.assign(count=count))["count"]
    assert filled.dtype == "Int64"
    assert filled.notna().all()
    assert (filled[10:] == pandas_frame["count"][10:]).all()


def test_frames_of_numbers_are_filled(fit, gappy):
    frame = pd.DataFrame(gappy, columns=list("abcdef"))
    filled = fit(frame).impute(frame)
    assert not filled.isna().any(axis=None)
    pd.testing.assert_frame_equal(filled.where(frame.notna()), frame)


# Arrays


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_are_filled_in_their_dtype(fit, gappy, dtype):
    X = gappy.astype(dtype)
    estimator = fit(X)
    filled = estimator.impute(X)
    assert isinstance(filled, np.ndarray)
    assert filled.dtype == dtype
    missing = np.isnan(X)
    np.testing.assert_array_equal(filled[~missing], X[~missing])
    np.testing.assert_array_equal(filled[missing], estimator.reconstruct(X)[missing])


def test_arrays_without_gaps_are_copied(fit, X):
    filled = fit(X).impute(X)
    np.testing.assert_array_equal(filled, X)
    filled[:] = 0


@pytest.mark.parametrize("dtype", [int, bool, np.uint8])
def test_arrays_without_nan_keep_their_values(fit, X, dtype):
    rows = np.maximum(10 * X, 0).astype(dtype)
    np.testing.assert_array_equal(fit(rows).impute(rows), rows)


def test_marked_categories_in_arrays_are_filled(fit, gappy):
    X = gappy.copy()
    X[:, 2] = np.where(
        np.isnan(X[:, 2]), np.nan, np.digitize(X[:, 2], [-0.5, 0.5]) * 10
    )
    filled = fit(X, categorical_features=[2]).impute(X)
    assert set(filled[:, 2]) == {0, 10, 20}
    known = ~np.isnan(X)
    np.testing.assert_array_equal(filled[known], X[known])


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csr_matrix])
def test_explicit_sparse_gaps_are_filled(fit, gappy, container):
    rows = container(np.where(np.abs(gappy) < 0.5, 0, gappy))
    before = rows.copy()
    estimator = fit(rows)
    filled = estimator.impute(rows)
    assert sparse.issparse(filled)
    assert filled.nnz == rows.nnz
    np.testing.assert_allclose(
        filled.toarray(), estimator.impute(rows.toarray()), rtol=1e-6, atol=1e-8
    )
    assert ((rows != before).toarray() == np.isnan(rows.toarray())).all()


# Columns that were never observed


@pytest.mark.parametrize("dtype", ["float64", "float32", "object", "Int64", "boolean"])
def test_empty_columns_stay_missing(fit, pandas_frame, dtype):
    frame = pandas_frame.assign(empty=pd.Series([None] * 300, dtype=dtype))
    estimator = fit(frame)
    for found in (
        estimator.impute(frame),
        estimator.reconstruct(frame),
        estimator.inverse_transform(estimator.transform(frame)),
    ):
        assert found["empty"].isna().all()
        assert found["empty"].dtype == frame["empty"].dtype


@pytest.mark.parametrize("dtype", ["str", "string", "category"])
def test_empty_categorical_columns_stay_missing(fit, pandas_frame, dtype):
    frame = pandas_frame.assign(empty=pd.Series([None] * 300, dtype=dtype))
    estimator = fit(frame)
    for found in (estimator.impute(frame), estimator.reconstruct(frame)):
        assert found["empty"].isna().all()
        assert found["empty"].dtype == frame["empty"].dtype


@pytest.mark.parametrize("dtype", [pl.Null, pl.Float64, pl.String, pl.Int8, pl.Boolean])
def test_empty_polars_columns_stay_missing(fit, cells, dtype):
    empty = pl.Series("empty", [None] * 300, dtype=dtype)
    frame = pl.DataFrame(cells).with_columns(empty)
    estimator = fit(frame)
    for found in (estimator.impute(frame), estimator.reconstruct(frame)):
        assert found["empty"].null_count() == 300
        assert found["empty"].dtype == dtype


def test_empty_array_columns_stay_missing(fit, gappy):
    X = gappy.copy()
    X[:, 3] = np.nan
    estimator = fit(X)
    assert np.isnan(estimator.impute(X)[:, 3]).all()
    assert np.isnan(estimator.reconstruct(X)[:, 3]).all()
    assert not np.isnan(np.delete(estimator.impute(X), 3, axis=1)).any()


def test_columns_empty_in_fit_are_ignored(fit, pandas_frame):
    estimator = fit(pandas_frame.assign(empty=np.nan))
    rows = pandas_frame.assign(empty=5.0)
    error = estimator.feature_reconstruction_error(rows)
    assert np.isnan(error[:, 6]).all()
    np.testing.assert_array_equal(
        estimator.transform(rows),
        estimator.transform(pandas_frame.assign(empty=np.nan)),
    )


LATER = {
    "pandas objects": (pd.DataFrame, pd.Series([None] * 300, dtype=object)),
    "pandas floats": (pd.DataFrame, pd.Series([np.nan] * 300)),
    "polars Null": (pl.DataFrame, pl.Series([None] * 300)),
}


@pytest.mark.parametrize("name", LATER)
def test_columns_empty_in_fit_accept_categories(fit, cells, name):
    make, empty = LATER[name]
    estimator = fit(make(cells | {"empty": empty}))
    rows = make(cells | {"empty": ["x", "y"] * 150})
    expected = estimator.transform(make(cells | {"empty": empty}))
    np.testing.assert_array_equal(estimator.transform(rows), expected)
