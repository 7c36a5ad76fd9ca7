"""Tables at the edge of what people have, and faults that once were."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from sklearn_ae import AutoencoderTransformer, DenoisingAutoencoder
from sklearn_ae.nn import CORRUPTIONS

POLARS = {
    "booleans": pl.Series([True, False, None, True] * 5),
    "decimals": pl.Series(
        [Decimal("1.20"), None, Decimal("3.10"), Decimal("2.00")] * 5
    ),
    "small": pl.Series([1, None, 3, 4] * 5, dtype=pl.Int8),
}


@pytest.fixture
def tiny(quick):
    return lambda **parameters: quick(1, max_epochs=1, **parameters)


@pytest.mark.parametrize("name", POLARS)
def test_polars_dtypes_come_back(tiny, name):
    column = POLARS[name]
    X = pl.DataFrame({"a": column, "b": column.reverse()})
    estimator = tiny().fit(X)
    assert estimator.reconstruct(X).schema == X.schema
    filled = estimator.impute(X)
    assert filled.schema == X.schema
    assert sum(filled.null_count().row(0)) == 0


def test_polars_nulls_give_float64_codes(tiny):
    X = pl.DataFrame({"kind": ["x", "y"] * 10, "none": [None] * 20})
    assert tiny().fit(X).transform(X).dtype == np.float64


def test_all_missing_objects_are_gaps(tiny):
    cells = [1.5, None, np.nan, pd.NA, 2, 3] * 4
    X = pd.DataFrame({"a": pd.Series(cells, dtype=object), "b": range(24)})
    assert tiny().fit(X).impute(X)["a"].notna().all()


@pytest.mark.parametrize("names", [[1, 0], [7, 8]])
def test_names_need_not_be_strings(tiny, X, names):
    frame = pd.DataFrame(X[:40, :2])
    with pytest.raises(ValueError, match="must be 0, 1 as in fit, got"):
        tiny().fit(frame).transform(frame.set_axis(names, axis=1))


def test_polars_enums_gain_missing_categories(tiny):
    kinds, some = pl.Enum(["x", "y"]), pl.Enum(["x"])
    X = pl.DataFrame({"v": range(20), "k": pl.Series(["y"] * 20, dtype=kinds)})
    gaps = X.with_columns(k=pl.Series(["x", None] * 10, dtype=some))
    with pytest.warns(UserWarning, match="not seen in fit"):
        filled = tiny().fit(X).impute(gaps)
    assert filled["k"].to_list() == ["x", "y"] * 10


@pytest.mark.parametrize("kept", ["a", "c"])
def test_pandas_categories_grow_only_if_needed(tiny, kept):
    X = pd.DataFrame({"v": range(20), "k": pd.Categorical([kept] * 10 + ["b"] * 10)})
    gaps = X.assign(k=pd.Categorical([None, kept] * 10, categories=[kept]))
    filled = tiny().fit(X[:10]).impute(gaps[:10])["k"]
    assert filled.tolist() == [kept] * 10
    assert list(filled.cat.categories) == [kept]


@pytest.mark.parametrize("storage", ["python", "pyarrow"])
@pytest.mark.parametrize("missing", [np.nan, pd.NA], ids=["nan", "NA"])
def test_storage_of_strings_is_kept(tiny, storage, missing):
    dtype = pd.StringDtype(storage, na_value=missing)
    strings = pd.Series(["a", "b"] * 10, dtype=dtype)
    X = pd.DataFrame({"v": range(20), "s": strings, "c": pd.Categorical(strings)})
    back = tiny().fit(X).reconstruct(X)
    assert back["s"].dtype.storage == storage
    assert back["c"].cat.categories.dtype.storage == storage
    assert (back.dtypes == X.dtypes).all()


@pytest.mark.parametrize("fill", [0.0, np.nan])
def test_sparse_columns_of_pandas_come_back(tiny, fill):
    cells = pd.arrays.SparseArray([0.0, 1, np.nan, 2] * 5, fill_value=fill)
    X = pd.DataFrame({"a": cells, "b": pd.arrays.SparseArray([0.0, 3] * 10)})
    estimator = tiny().fit(X)
    assert (estimator.reconstruct(X).dtypes == X.dtypes).all()
    filled = estimator.impute(X)
    assert not any(filled[name].isna().any() for name in filled)


def test_dtypes_without_inverse_are_refused(tiny):
    dtype = pd.ArrowDtype(pa.decimal128(10, 2))
    price = pd.Series([Decimal("1.5"), Decimal("2.5")] * 10, dtype=dtype)
    with pytest.raises(TypeError, match=r"decimal128.*column 'price'"):
        tiny().fit(pd.DataFrame({"price": price, "size": range(20)}))


@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame, pl.DataFrame])
def test_infinity_is_no_category(tiny, make):
    X = np.array([[1.0, 2.0], [np.inf, 3.0], [1.0, 4.0]] * 5)
    with pytest.raises(ValueError, match=r"contains infinity.*column '.*0'"):
        tiny(categorical_features=[0]).fit(make(X))


def test_large_integers_are_different_categories(tiny):
    X = pl.DataFrame({"id": [2**53, 2**53 + 1, 2**53 + 2] * 6, "v": range(18)})
    estimator = tiny(categorical_features=["id"]).fit(X)
    assert estimator.mean_.shape == (4,)


def test_empty_validation_rows_are_refused(tiny, X):
    with pytest.raises(ValueError, match="X_val must hold at least one cell"):
        tiny().fit(X, X_val=np.full((4, 6), np.nan))


@pytest.mark.parametrize("make", [np.asfortranarray, pd.DataFrame, sparse.csr_array])
def test_medium_tables_have_one_component(quick, make):
    X = make(np.random.default_rng(0).normal(size=(600, 70)))
    assert quick(1, max_epochs=0).fit(X).transform(X).shape == (600, 1)


@pytest.mark.parametrize("noise", CORRUPTIONS)
@pytest.mark.parametrize("n_components", [4, None])
@pytest.mark.parametrize("table", ["low rank", "indicators"])
def test_low_rank_noise_does_not_diverge(noise, n_components, table):
    rng = np.random.default_rng(0)
    low_rank = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 8))
    X = {"low rank": low_rank, "indicators": np.eye(5)[rng.integers(0, 5, 60)]}[table]
    estimator = DenoisingAutoencoder(
        n_components, noise=noise, max_epochs=10, early_stopping=False, random_state=0
    ).fit(X)
    assert max(estimator.loss_curve_) < 2


def test_swap_needs_two_rows_a_batch(X):
    estimator = DenoisingAutoencoder(1, batch_size=1, max_epochs=0)
    with pytest.raises(ValueError, match="batch_size must be at least 2"):
        estimator.fit(X[:20])
    estimator.set_params(noise_level=0).fit(X[:20])
    estimator.set_params(noise_level=0.2, noise="masking").fit(X[:20])


def test_validation_covers_all_noise_levels(X):
    losses = [
        DenoisingAutoencoder(3, noise_level=(0.0, 1.0), max_epochs=0, random_state=seed)
        .fit(X)
        .pca_validation_loss_
        for seed in range(8)
    ]
    assert max(losses) < 3 * min(losses)


@pytest.mark.extended
@pytest.mark.parametrize("seed", range(3))
def test_mixed_tables_never_lose_to_pca(seed):
    rng = np.random.default_rng(seed)
    angle = rng.uniform(-3, 3, 600)
    X = pd.DataFrame(
        {
            "cos": np.cos(angle),
            "sin": np.sin(angle) + 0.1 * rng.normal(size=600),
            "quarter": np.array(["n", "e", "s", "w"])[
                np.digitize(angle, [-1.5, 0, 1.5])
            ],
            "noise": rng.choice(["a", "b", "c"], 600),
            "gaps": np.where(rng.uniform(size=600) < 0.2, np.nan, angle**2),
        }
    )
    scores = [
        AutoencoderTransformer(2, max_epochs=epochs, random_state=0)
        .fit(X[:450])
        .score(X[450:])
        for epochs in (0, 30)
    ]
    assert 1 - scores[1] <= 1.001 * (1 - scores[0])
