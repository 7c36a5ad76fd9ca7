"""Checks of pairs, and scores of their predictions."""

import numpy as np
import pytest
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score

from sklearn_ae import EncoderDecoderRegressor
from sklearn_ae._estimators.pairs import make_pair_recipe, prepare_pairs
from sklearn_ae._fitting import PairedTables
from sklearn_ae.nn import Autoencoder, ConvolutionalMap


def ridge(**parameters):
    return EncoderDecoderRegressor(max_epochs=0, **parameters)


def with_nan(Y):
    Y = Y.copy()
    Y[3, 1] = np.nan
    return Y


@pytest.mark.parametrize(
    ("parameters", "change", "message"),
    [
        ({}, lambda X, Y: (X, with_nan(Y)), "Input y contains NaN"),
        ({}, lambda X, Y: (X, Y[:-1]), "inconsistent numbers of samples"),
        ({}, lambda X, Y: (X, None), "requires y to be passed"),
        (
            {"n_components": 5},
            lambda X, Y: (X, Y),
            r"n_components must be at most min\(n_features, n_outputs\)=4, got",
        ),
        (
            {"input_shape": (2, 2)},
            lambda X, Y: (X, Y),
            "input_shape must have as many cells as X has columns, 6, got",
        ),
        (
            {"output_shape": (2, 3)},
            lambda X, Y: (X, Y),
            "output_shape must have as many cells as y has columns, 4, got",
        ),
        (
            {"output_shape": (2, 2)},
            lambda X, Y: (X, Y.reshape(-1, 1, 4)),
            r"y must be flat or have the axes of output_shape=\(2, 2\), got axes",
        ),
        ({}, lambda X, Y: (X, Y.reshape(-1, 2, 2)), "dim 3"),
        ({"alphas": (0.0, 1.0)}, lambda X, Y: (X, Y), "alphas must be positive"),
        ({"alphas": ()}, lambda X, Y: (X, Y), "alphas must be positive"),
        ({"kernel_size": 4}, lambda X, Y: (X, Y), "kernel_size must be odd"),
        (
            {"hidden_channels": (4, 0)},
            lambda X, Y: (X, Y),
            "hidden_channels must be integers of at least 1",
        ),
    ],
)
def test_mismatches_are_refused(pairs, parameters, change, message):
    with pytest.raises(ValueError, match=message):
        ridge(**parameters).fit(*change(*pairs))


def test_overflowing_variance_of_outputs_is_refused(pairs):
    X, Y = pairs
    with pytest.raises(ValueError, match=r"variance of y .* standardize_outputs=True"):
        ridge().fit(X, Y * 1e160)
    regressor = ridge(standardize_outputs=True).fit(X, Y * 1e160)
    assert np.isfinite(regressor.predict(X)).all()


@pytest.mark.parametrize(
    ("parameters", "validation", "message"),
    [
        ({}, {"X_val": np.ones((3, 6))}, "given together, got no y_val"),
        ({}, {"y_val": np.ones((3, 4))}, "given together, got no X_val"),
        (
            {"early_stopping": False},
            {"X_val": np.ones((3, 6)), "y_val": np.ones((3, 4))},
            "X_val is only used with early_stopping=True",
        ),
        (
            {},
            {"X_val": np.ones((3, 6)), "y_val": np.ones((2, 4))},
            "inconsistent numbers of samples",
        ),
        (
            {},
            {"X_val": np.ones((3, 6)), "y_val": np.ones((3, 2))},
            "y_val must have as many columns as y, 4, got 2",
        ),
    ],
)
def test_mismatched_validation_pairs_are_refused(
    pairs, parameters, validation, message
):
    with pytest.raises(ValueError, match=message):
        ridge(**parameters).fit(*pairs, **validation)


# Scores


SHAPES = {"input_shape": (4, 4), "output_shape": (8, 8)}


def test_scores_do_not_depend_on_axes(pictures):
    small, large = pictures
    flat = [part.reshape(300, -1) for part in pictures]
    for pair in (pictures, flat):
        regressor = ridge(**SHAPES).fit(*pair)
        scores = [
            regressor.score(x, y) for x in (small, flat[0]) for y in (large, flat[1])
        ]
        expected = r2_score(flat[1], regressor.predict(small).reshape(300, -1))
        assert scores == [pytest.approx(expected)] * 4


def test_pictures_are_cross_validated(pictures):
    scores = cross_val_score(ridge(**SHAPES), *pictures, cv=2)
    assert (scores > 0.5).all()


def test_outputs_with_other_axes_are_refused(pictures):
    small, large = pictures
    regressor = ridge(**SHAPES).fit(small, large)
    with pytest.raises(ValueError, match="y must be flat or have the axes"):
        regressor.score(small, large.reshape(300, 4, 16))


# Recipes


def make_recipe(**parameters):
    return make_pair_recipe(EncoderDecoderRegressor(**parameters))


def test_shapes_of_pictures_mean_convolutions():
    recipe = make_recipe(**SHAPES, hidden_channels=5)
    assert recipe.network_class is ConvolutionalMap
    assert recipe.arguments({"n_features": 16}) == {
        "n_features": 16,
        "input_shape": (4, 4, 1),
        "output_shape": (8, 8, 1),
        "channels": (5,),
        "kernel_size": 3,
    }


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"input_shape": (4, 4)},
        {"output_shape": (8, 8)},
        {"input_shape": (2, 8), "output_shape": (8, 8)},
        SHAPES | {"n_components": 3},
    ],
)
def test_other_pairs_have_dense_layers(parameters):
    recipe = make_recipe(**parameters)
    assert recipe.network_class is Autoencoder
    assert recipe.arguments({"n_features": 16}) == {"n_features": 16}


def test_kernels_are_no_wider_than_pictures():
    recipe = make_recipe(**SHAPES, kernel_size=99)
    assert recipe.arguments({})["kernel_size"] == 7


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, True),
        ({"input_shape": (4, 4)}, False),
        ({"input_shape": (4, 4), "standardize_inputs": True}, True),
        ({"standardize_inputs": False}, False),
    ],
)
def test_auto_standardizes_tables_alone(parameters, expected):
    assert make_recipe(**parameters).standardize is expected


def test_prepared_pairs_are_a_regression(pairs, fit_table):
    X, Y = pairs
    estimator = EncoderDecoderRegressor(2, alphas=(2.0,), random_state=0)
    columns = fit_table(X).codec.schema
    tables = PairedTables(X, Y)
    recipe, problem, _, saved = prepare_pairs(estimator, columns, tables, None, None)
    assert (recipe.n_components, recipe.random_state) == (2, 0)
    assert problem.start_name == "ridge"
    assert saved is None
