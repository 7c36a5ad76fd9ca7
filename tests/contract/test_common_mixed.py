"""Pipelines, searches and other uses of every estimator, with mixed tables."""

import io
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer


@pytest.fixture
def target(cells):
    return np.array([colour == "red" for colour in cells["colour"]]).astype(int)


@pytest.fixture(params=["start", "trained"])
def fitted_to_mixed(request, estimator_class, quick, mixed, once):
    max_epochs = 0 if request.param == "start" else 4
    key = estimator_class, "mixed", type(mixed), max_epochs
    return once(key, lambda: quick(max_epochs=max_epochs).fit(mixed))


def outputs(estimator, frame):
    codes = estimator.transform(frame)
    tables = [
        estimator.inverse_transform(codes),
        estimator.reconstruct(frame),
        estimator.impute(frame),
    ]
    errors = estimator.feature_reconstruction_error(frame)
    return [codes.tobytes(), errors.tobytes(), *map(str, tables)]


# Copies


def test_copies_give_the_same_outputs(fitted_to_mixed, mixed, copied):
    assert outputs(copied(fitted_to_mixed), mixed) == outputs(fitted_to_mixed, mixed)


def test_pickles_hold_plain_values(fitted_to_mixed, pickled_names):
    names = pickled_names(fitted_to_mixed)
    own = {name for package, name in names if package == "sklearn_ae"}
    assert {package for package, _ in names} <= {"numpy", "sklearn_ae"}
    assert own == {type(fitted_to_mixed).__name__}


def test_pickles_hold_no_training_data(quick, mixed):
    many = (
        mixed[list(range(300)) * 20]
        if isinstance(mixed, pl.DataFrame)
        else (mixed.iloc[list(range(300)) * 20])
    )
    small, large = (
        quick(max_epochs=1, early_stopping=False).fit(rows) for rows in (mixed, many)
    )
    assert abs(len(pickle.dumps(large)) - len(pickle.dumps(small))) < 100


def test_transform_caches_nothing(fitted_to_mixed, mixed):
    before = pickle.dumps(vars(fitted_to_mixed))
    outputs(fitted_to_mixed, mixed)
    fitted_to_mixed.score(mixed)
    assert pickle.dumps(vars(fitted_to_mixed)) == before


STATE_DAMAGE = {
    "columns": lambda columns: columns | {"columns": {}},
    "names": lambda columns: columns | {"names": columns["names"][:-1]},
    "container": lambda columns: columns | {"container": "os"},
    "frame names": lambda columns: columns | {"frame_names": ()},
    "more": lambda columns: columns | {"more": 1},
}


@pytest.mark.parametrize("damage", STATE_DAMAGE)
def test_damaged_columns_are_refused(fitted_to_mixed, damage):
    fitted = fitted_to_mixed._fitted
    state = fitted.__getstate__()
    columns = STATE_DAMAGE[damage](state["codec"]["schema"])
    state["codec"] = state["codec"] | {"schema": columns}
    with pytest.raises(ValueError, match=r"state|columns"):
        type(fitted).__new__(type(fitted)).__setstate__(state)


# Purity


def test_threads_give_the_same_frames(fitted_to_mixed, mixed):
    expected = outputs(fitted_to_mixed, mixed)
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda _: outputs(fitted_to_mixed, mixed), range(16))
        assert all(output == expected for output in found)


def rows_of(frame, index):
    return frame[index] if isinstance(frame, pl.DataFrame) else frame.iloc[index]


@pytest.mark.parametrize("method", ["transform", "feature_reconstruction_error"])
def test_rows_do_not_depend_on_neighbours(fitted_to_mixed, mixed, method):
    call = getattr(fitted_to_mixed, method)
    whole = call(mixed)
    order = np.random.default_rng(0).permutation(300).tolist()
    close = {"rtol": 1e-7, "atol": 1e-7 * np.nanmax(np.abs(whole))}
    np.testing.assert_allclose(call(rows_of(mixed, order)), whole[order], **close)
    alone = [call(rows_of(mixed, [i])) for i in range(40)]
    np.testing.assert_allclose(np.concatenate(alone), whole[:40], **close)


def test_frames_do_not_depend_on_neighbours(fitted_to_mixed, mixed):
    for method in ("reconstruct", "impute"):
        call = getattr(fitted_to_mixed, method)
        assert str(call(rows_of(mixed, [7, 3]))) == str(rows_of(call(mixed), [7, 3]))


def test_same_seed_gives_the_same_bits(quick, mixed):
    first, second = (quick().fit(mixed) for _ in range(2))
    assert outputs(first, mixed) == outputs(second, mixed)


def test_clones_fit_to_the_same_bits(fitted_to_mixed, mixed):
    copied = clone(fitted_to_mixed)
    assert not hasattr(copied, "n_components_")
    assert outputs(copied.fit(mixed), mixed) == outputs(fitted_to_mixed, mixed)


def test_refits_on_other_columns_start_fresh(quick, mixed, X):
    refitted = quick().fit(mixed).fit(X)
    np.testing.assert_array_equal(refitted.transform(X), quick().fit_transform(X))
    assert isinstance(refitted.reconstruct(X), np.ndarray)
    again = refitted.fit(mixed)
    assert outputs(again, mixed) == outputs(quick().fit(mixed), mixed)


# Input


CSV = """area,rooms,colour,sold
51.5,2,red,True
,3,blue,False
80.25,4,,True
33.0,1,red,False
61.0,2,green,True
45.5,,blue,False
72.0,3,red,True
"""


def test_pandas_and_polars_read_csv_alike(quick):
    frames = pd.read_csv(io.StringIO(CSV)), pl.read_csv(io.StringIO(CSV))
    codes = [quick().fit_transform(frame) for frame in frames]
    np.testing.assert_array_equal(codes[0], codes[1])


@pytest.mark.parametrize(
    "read",
    [
        lambda: pd.read_csv(io.StringIO(CSV)),
        lambda: pd.read_csv(io.StringIO(CSV), dtype_backend="pyarrow"),
        lambda: pd.read_csv(io.StringIO(CSV), dtype_backend="numpy_nullable"),
        lambda: pd.read_csv(io.StringIO(CSV), dtype={"colour": "category"}),
        lambda: pd.read_csv(io.StringIO(CSV), dtype={"colour": object}),
        lambda: pl.read_csv(io.StringIO(CSV)),
    ],
    ids=["plain", "pyarrow", "nullable", "category", "object", "polars"],
)
def test_all_dtypes_of_csv_agree(quick, read):
    expected = quick().fit_transform(pd.read_csv(io.StringIO(CSV)))
    np.testing.assert_allclose(quick().fit_transform(read()), expected, atol=1e-5)


def test_either_library_takes_the_other(quick, cells):
    frames = pd.DataFrame(cells), pl.DataFrame(cells)
    for fitted_on, other in (frames, frames[::-1]):
        estimator = quick().fit(fitted_on)
        np.testing.assert_array_equal(
            estimator.transform(other), estimator.transform(fitted_on)
        )
        assert type(estimator.reconstruct(other)) is type(fitted_on)
        assert type(estimator.impute(other)) is type(other)


# What it is part of


LIBRARIES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}


@pytest.mark.parametrize("library", LIBRARIES)
def test_set_output_decides_the_container(quick, mixed, library):
    estimator = quick().set_output(transform=library)
    codes = estimator.fit_transform(mixed)
    name = type(estimator).__name__.lower()
    assert isinstance(codes, LIBRARIES[library])
    assert list(codes.columns) == [f"{name}0", f"{name}1"]
    assert list(codes.columns) == estimator.get_feature_names_out().tolist()
    assert type(estimator.reconstruct(mixed)) is type(mixed)
    assert type(estimator.inverse_transform(codes)) is type(mixed)


@pytest.mark.extended
def test_grid_search_over_a_pipeline(quick, mixed, target):
    pipeline = make_pipeline(quick(handle_unknown="ignore"), LogisticRegression())
    step = pipeline.steps[0][0]
    search = GridSearchCV(
        pipeline,
        {f"{step}__n_components": [1, 3], f"{step}__max_categories": [3, 64]},
        n_jobs=2,
        cv=2,
        error_score="raise",
    ).fit(mixed, target)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_score_ > 0.7


def test_folds_can_hold_unseen_categories(quick, pandas_frame):
    frame = pandas_frame.assign(colour=[f"c{i // 3}" for i in range(300)])
    with pytest.warns(UserWarning, match="column 'colour'"):
        scores = cross_val_score(quick(), frame, cv=3)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("names", [["colour", "length"], "colours and sizes"], ids=str)
def test_column_transformer_gives_it_some_columns(quick, mixed, names):
    names = names if isinstance(names, list) else ["colour", "size"]
    columns = ColumnTransformer([("codes", quick(1), names)], remainder="drop")
    expected = quick(1).fit_transform(mixed[names])
    np.testing.assert_array_equal(columns.fit_transform(mixed), expected)
    np.testing.assert_array_equal(columns.transform(mixed), expected)


def test_validation_rows_go_through_a_pipeline(quick, pandas_frame):
    train, test = pandas_frame[:200], pandas_frame[200:]
    expected = quick().fit(train, X_val=test).validation_loss_curve_
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline = Pipeline(
            [
                ("as it is", FunctionTransformer()),
                ("codes", quick().set_fit_request(X_val=True)),
            ],
            transform_input=["X_val"],
        ).fit(train, X_val=test)
    assert pipeline[-1].validation_loss_curve_ == expected


def test_frames_are_taken_without_a_warning(quick, mixed):
    estimator = quick().fit(mixed, X_val=mixed)
    outputs(estimator, mixed)
    assert estimator.score(mixed) <= 1
    assert list(estimator.feature_names_in_) == list(mixed.columns)
    assert estimator.n_features_in_ == 6
