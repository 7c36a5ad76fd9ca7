"""Real tables as read from their files."""

import functools
import os
import pickle
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

FOLDER = os.environ.get("SKLEARN_AE_DATA")
pytestmark = pytest.mark.skipif(
    FOLDER is None, reason="SKLEARN_AE_DATA names no folder of data"
)

N_ROWS = 1000
TABLES = {"adult": "income", "ames": "Central_Air", "beijing_air": "station"}
LIBRARIES = ["pandas", "polars"]


@functools.cache
def read(library, table):
    """Return the rows of a file as a frame, of which nothing is changed."""
    path = Path(FOLDER) / f"{table}.csv.gz"
    if library == "polars":
        return sample(pl.read_csv(path, infer_schema_length=None))
    return sample(pd.read_csv(path))


def sample(frame):
    size = min(N_ROWS, len(frame))
    index = np.random.default_rng(0).choice(len(frame), size, replace=False)
    if isinstance(frame, pl.DataFrame):
        return frame[index.tolist()]
    return frame.iloc[index]


@pytest.fixture(scope="module", params=TABLES)
def table(request):
    return request.param


@pytest.fixture(scope="module", params=LIBRARIES)
def frame(request, table):
    return read(request.param, table)


@pytest.fixture(scope="module")
def estimator(estimator_class, frame):
    return make(estimator_class).fit(frame)


def make(estimator_class):
    return estimator_class(
        4,
        hidden_layer_sizes=(64,),
        max_epochs=3,
        handle_unknown="ignore",
        random_state=0,
    )


def dtypes(frame):
    if isinstance(frame, pl.DataFrame):
        return dict(frame.schema)
    return dict(frame.dtypes)


def holes(frame):
    if isinstance(frame, pl.DataFrame):
        return frame.select(pl.all().is_null()).to_numpy()
    return frame.isna().to_numpy()


def test_real_tables_are_encoded(estimator, frame):
    codes = estimator.transform(frame)
    assert codes.shape == (len(frame), 4)
    assert np.isfinite(codes).all()
    assert 0 < estimator.score(frame) < 1


def test_real_tables_keep_their_dtypes(estimator, frame):
    found = estimator.inverse_transform(estimator.transform(frame))
    assert type(found) is type(frame)
    assert dtypes(found) == dtypes(frame)
    assert len(found) == len(frame)


def test_gaps_of_real_tables_are_filled(estimator, frame):
    filled = estimator.impute(frame)
    assert dtypes(filled) == dtypes(frame)
    gaps = holes(frame)
    assert gaps.any()
    observed = ~gaps.all(axis=0)
    assert not holes(filled)[:, observed].any()


def test_pickles_give_the_same_bits(estimator, frame):
    loaded = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(loaded.transform(frame), estimator.transform(frame))


def test_clones_give_the_same_bits(estimator, frame):
    copied = clone(estimator).fit(frame)
    np.testing.assert_array_equal(copied.transform(frame), estimator.transform(frame))


def test_real_tables_go_through_a_search(estimator_class, frame, table):
    name = TABLES[table]
    target = np.asarray(frame[name])
    if isinstance(frame, pl.DataFrame):
        rows = frame.drop(name)
    else:
        rows = frame.drop(columns=name)
    pipeline = make_pipeline(make(estimator_class), LogisticRegression(max_iter=200))
    step = pipeline.steps[0][0]
    search = GridSearchCV(
        pipeline, {f"{step}__n_components": [2, 8]}, cv=2, error_score="raise"
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "lbfgs failed to converge")
        search.fit(rows, target)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_pandas_and_polars_agree(estimator_class, table):
    codes = [
        make(estimator_class).fit_transform(read(library, table))
        for library in LIBRARIES
    ]
    np.testing.assert_allclose(codes[0], codes[1], atol=1e-3)


def test_chunks_of_a_file_are_learned(estimator_class):
    path = Path(FOLDER) / "beijing_air.csv.gz"
    directions = pd.read_csv(path, nrows=4000)["wd"].dropna().unique()
    kinds = {"wd": pd.CategoricalDtype(directions)}
    stream = estimator_class(4, random_state=0)
    for chunk in pd.read_csv(path, chunksize=1000, nrows=4000, dtype=kinds):
        stream.partial_fit(chunk)
    assert stream.n_epochs_ == 4
    assert stream.score(chunk) > 0.3
    assert not stream.impute(chunk).isna().any(axis=None)
