"""Frames of pandas: names, indices and dtypes that only pandas has."""

import numpy as np
import pandas as pd
import pytest

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._tables.pandas import PandasContainer, numbers_frame

N = 40
PANDAS = PandasContainer()
INDEX = pd.Index(np.arange(N) * 2 + 5, name="house")


def numbers(n_columns):
    return np.random.default_rng(0).normal(size=(N, n_columns))


@pytest.mark.parametrize(
    "names",
    [range(3), [10, 2, 7], ["a", "b", "c"], [("a", 1), ("a", 2), ("b", 1)]],
    ids=str,
)
def test_names_of_pandas_columns_come_back(names):
    frame = pd.DataFrame(numbers(3), columns=pd.Index(names))
    estimator = AutoencoderTransformer(2, hidden_layer_sizes=8, max_epochs=0).fit(frame)
    for found in (estimator.reconstruct(frame), estimator.impute(frame)):
        assert list(found.columns) == list(frame.columns)


def test_read_only_frames_can_be_filled():
    values = numbers(3)
    values[2, 1] = np.nan
    values.flags.writeable = False
    frame = pd.DataFrame(values, columns=list("abc"), copy=False)
    filled = (
        AutoencoderTransformer(2, hidden_layer_sizes=8, max_epochs=0)
        .fit(frame)
        .impute(frame)
    )
    assert not filled.isna().any(axis=None)
    assert np.isnan(values[2, 1])


def test_rows_take_the_index_of_codes():
    cells = {"x": np.linspace(-1, 1, N), "column": ["b", "a", "c", "a"] * 10}
    frame = pd.DataFrame(cells, index=INDEX)
    estimator = AutoencoderTransformer(
        1, hidden_layer_sizes=8, max_epochs=0
    ).set_output(transform="pandas")
    rows = estimator.inverse_transform(estimator.fit_transform(frame))
    pd.testing.assert_index_equal(rows.index, frame.index)


OTHERS = {
    "mixed": [1, "two"],
    "mixed with gaps": [None, "two", 3.5],
    "booleans and strings": [True, "two"],
    "numbers and strings": ["1", 2.0],
}


@pytest.mark.parametrize("name", OTHERS)
def test_mixed_objects_are_refused_by_column(name):
    cells = (OTHERS[name] * N)[:N]
    frame = pd.DataFrame({"column": pd.Series(cells, dtype=object)})
    message = r"uniformly strings or numbers.*\(column 'column'\)"
    with pytest.raises(TypeError, match=message):
        AutoencoderTransformer(1).fit(frame)


@pytest.mark.parametrize("holds", ["boolean", "integer", "floating"])
def test_object_columns_keep_types_of_cells(holds):
    types = {"boolean": bool, "integer": int, "floating": float}
    spec = {"dtype": "object", "holds": holds}
    made = PANDAS.number_column(np.array([1.0, np.nan]), spec)
    assert type(made[0]) is types[holds]
    assert made[1] is None


def test_unlisted_categories_are_appended():
    column = pd.Series(pd.Categorical(["b", "a"], ["b", "a"]))
    spec = PANDAS.dtype_spec(column)
    made = PANDAS.category_column(np.array([0, 1, -1]), ["z", "b"], spec)
    assert made.cat.categories.tolist() == ["b", "a", "z"]
    assert made.tolist()[:2] == ["z", "b"]
    assert made.isna().tolist() == [False, False, True]


def test_categories_of_other_types_are_refused():
    column = pd.Series(pd.interval_range(0, 2)).astype("category").cat.categories
    with pytest.raises(TypeError, match="strings first"):
        PANDAS.factorize(pd.Series(pd.Categorical(column)))


@pytest.mark.parametrize("like", [pd.DataFrame(index=[7, 9]), np.ones((2, 2)), None])
def test_frames_of_numbers_take_an_index(like):
    frame = numbers_frame(["a", "b"], np.eye(2), like)
    index = [7, 9] if isinstance(like, pd.DataFrame) else [0, 1]
    pd.testing.assert_frame_equal(
        frame, pd.DataFrame(np.eye(2), index=index, columns=["a", "b"])
    )
