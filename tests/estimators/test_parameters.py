"""Parameters that several estimators share."""

import dataclasses
import math

import pytest

from sklearn_ae._estimators.parameters import (
    CategoryParameters,
    CodeParameters,
    LayerParameters,
    ScaleParameters,
    TrainingParameters,
)

GROUPS = [
    CategoryParameters,
    CodeParameters,
    LayerParameters,
    ScaleParameters,
    TrainingParameters,
]


@pytest.mark.parametrize("group", GROUPS)
def test_groups_constrain_all_their_parameters(group):
    names = {field.name for field in dataclasses.fields(group)}
    assert group._parameter_constraints.keys() == names


def test_training_options_hold_the_parameters():
    parameters = {
        "learning_rate": 0.1,
        "batch_size": 7,
        "max_epochs": 3,
        "weight_decay": 0.5,
        "early_stopping": False,
        "validation_fraction": 0.3,
        "n_iter_no_change": 2,
        "verbose": 1,
    }
    options = TrainingParameters(**parameters, device="cpu")._training_options()
    assert {name: getattr(options, name) for name in parameters} == parameters
    assert options.callbacks == ()
    assert options.device.type == "cpu"


def test_callbacks_must_be_those_of_skorch():
    with pytest.raises(ValueError, match="callbacks must hold skorch callbacks"):
        TrainingParameters(callbacks=[print])._training_options()


BAD_PARAMETERS = [
    ("n_components", 0),
    ("n_components", -1),
    ("n_components", 0.0),
    ("n_components", 1.0),
    ("n_components", 1.5),
    ("n_components", "mle"),
    ("hidden_layer_sizes", 0),
    ("hidden_layer_sizes", (8, 0)),
    ("hidden_layer_sizes", (8, 2.5)),
    ("hidden_layer_sizes", ("8",)),
    ("hidden_layer_sizes", [[8, 4], [2, 1]]),
    ("activation", "softmax"),
    ("init", "xavier"),
    ("whiten", "yes"),
    ("standardize", "yes"),
    ("categorical_features", "colour"),
    ("categorical_features", 3),
    ("max_categories", 1),
    ("max_categories", 2.5),
    ("handle_unknown", "raise"),
    ("learning_rate", 0),
    ("learning_rate", math.nan),
    ("learning_rate", math.inf),
    ("batch_size", 0),
    ("max_epochs", -1),
    ("max_epochs", "many"),
    ("weight_decay", -1.0),
    ("validation_fraction", 1.0),
    ("n_iter_no_change", 0),
    ("device", 0.5),
    ("random_state", "seed"),
]


@pytest.mark.parametrize(("name", "value"), BAD_PARAMETERS)
def test_errors_name_bad_parameters(quick, X, name, value):
    with pytest.raises(ValueError, match=name):
        quick().set_params(**{name: value}).fit(X)


def test_an_unknown_device_is_refused(quick, X):
    with pytest.raises((ValueError, RuntimeError), match="device"):
        quick(device="abacus").fit(X)
