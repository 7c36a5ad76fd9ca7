"""Recipes of EncoderDecoderRegressor, from its parameters."""

import pytest

from sklearn_ae import EncoderDecoderRegressor
from sklearn_ae._estimators.pair_recipe import make_pair_recipe, prepare_pairs
from sklearn_ae._fitting import PairedTables
from sklearn_ae.nn import Autoencoder, ConvolutionalMap

SHAPES = {"input_shape": (4, 4), "output_shape": (8, 8)}


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
