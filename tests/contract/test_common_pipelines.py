"""Pipelines, searches and other uses of every estimator in scikit-learn."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_ae import (
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
    SparseAutoencoder,
    VariationalAutoencoder,
)

# Which are PCA before any step, and whose score is a share of variance.
PRINCIPAL = [AutoencoderTransformer, ConvolutionalAutoencoder, DenoisingAutoencoder]


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return X, y


@pytest.mark.extended
@pytest.mark.parametrize(
    "estimator_class", [AutoencoderTransformer, VariationalAutoencoder]
)
def test_grid_search_in_two_processes(quick, iris):
    X, y = iris
    pipeline = make_pipeline(
        StandardScaler(), quick(), LogisticRegression(max_iter=1000)
    )
    step = pipeline.steps[1][0]
    search = GridSearchCV(
        pipeline,
        {
            f"{step}__n_components": [1, 2],
            f"{step}__hidden_layer_sizes": [(8,), (8, 4)],
            f"{step}__learning_rate": [0.01, 0.02],
        },
        n_jobs=2,
        cv=2,
        error_score="raise",
    ).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_score_ > 0.8


def explained(estimator, X, y):
    return {"explained": estimator.score(X)}


@pytest.mark.extended
@pytest.mark.parametrize("estimator_class", [AutoencoderTransformer])
def test_callbacks_watch_epochs_in_two_processes(quick, iris, capsys):
    callback = pytest.importorskip("sklearn.callback")
    pytest.importorskip("rich")
    monitor = callback.ScoringMonitor(scoring=explained)
    codes = quick(max_epochs=2, early_stopping=False).set_callbacks(monitor)
    steps = [StandardScaler(), codes, LogisticRegression(max_iter=1000)]
    search = GridSearchCV(
        Pipeline(list(zip(["scale", "codes", "classes"], steps, strict=True))),
        {"codes__n_components": [1, 2]},
        n_jobs=2,
        cv=2,
        error_score="raise",
    )
    search.set_callbacks(callback.ProgressBar(max_propagation_depth=None)).fit(*iris)
    shown = "Pipeline - fit-transform-codes | AutoencoderTransformer - fit"
    assert shown in capsys.readouterr().out
    log = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(log) == 5 * 2  # of four pipelines and the one that is kept
    assert pickle.loads(pickle.dumps(search)).best_score_ == search.best_score_


def test_folds_share_no_weights(quick, iris):
    X, _ = iris
    scores = cross_val_score(quick(), X[::2], cv=3)
    np.testing.assert_array_equal(cross_val_score(quick().fit(X), X[::2], cv=3), scores)


def test_cross_val_score_of_a_pipeline(quick, iris):
    X, y = iris
    pipeline = make_pipeline(StandardScaler(), quick(), LogisticRegression())
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.8


def test_column_transformer_gives_it_some_columns(quick, iris):
    X, _ = iris
    table = pd.DataFrame(X, columns=list("abcd")).assign(colour=["red", "blue"] * 75)
    columns = ColumnTransformer(
        [("codes", quick(), list("abcd")), ("levels", OneHotEncoder(), ["colour"])]
    )
    output = columns.fit_transform(table)
    np.testing.assert_allclose(
        output[:, :2], quick().fit_transform(table[list("abcd")])
    )
    name = type(quick()).__name__.lower()
    assert list(columns.get_feature_names_out())[:2] == [
        f"codes__{name}0",
        f"codes__{name}1",
    ]


@pytest.mark.parametrize("estimator_class", PRINCIPAL)
def test_feature_union_puts_it_beside_pca(quick, iris):
    X, _ = iris
    union = FeatureUnion([("pca", PCA(2)), ("codes", quick(max_epochs=0))])
    output = union.fit_transform(X)
    np.testing.assert_allclose(output[:, 2:], output[:, :2], atol=1e-10)


def test_pandas_output_keeps_column_names(quick, iris):
    X, _ = iris
    table = pd.DataFrame(X, columns=list("abcd"))
    pipeline = make_pipeline(StandardScaler(), quick()).set_output(transform="pandas")
    pipeline.fit(table).transform(table)
    assert list(pipeline[-1].feature_names_in_) == list("abcd")


def test_validation_rows_go_through_a_pipeline(quick, X):
    rows, rows_val = X[:200], X[200:]
    scaler = StandardScaler().fit(rows)
    expected = quick().fit(scaler.transform(rows), X_val=scaler.transform(rows_val))
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline = Pipeline(
            [
                ("scale", StandardScaler()),
                ("codes", quick().set_fit_request(X_val=True)),
            ],
            transform_input=["X_val"],
        ).fit(rows, X_val=rows_val)
    found = pipeline[-1].validation_loss_curve_
    assert found == expected.validation_loss_curve_


def test_fit_transform_takes_validation_rows(quick, X):
    codes = quick().fit_transform(X[:200], X_val=X[200:])
    expected = quick().fit(X[:200], X_val=X[200:]).transform(X[:200])
    np.testing.assert_array_equal(codes, expected)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, pd.DataFrame])
def test_all_kinds_of_validation_rows_agree(quick, X, container):
    estimator = quick().fit(X[:200], X_val=container(X[200:]))
    expected = quick().fit(X[:200], X_val=X[200:])
    assert estimator.validation_loss_curve_ == pytest.approx(
        expected.validation_loss_curve_, rel=1e-5
    )


@pytest.mark.parametrize("estimator_class", [*PRINCIPAL, SparseAutoencoder])
def test_scorers_need_no_y(quick, iris):
    X, _ = iris
    assert cross_val_score(quick(3), X, cv=3).min() > 0.5
