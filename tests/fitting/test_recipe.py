from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest
import torch

from sklearn_ae._tables.schema_inference import infer_schema


@pytest.fixture
def schema(mixed):
    names = [str(name) for name in mixed.columns]
    return infer_schema(mixed, names, "from_dtype", None)[0]


def test_recipes_are_frozen(make_recipe):
    recipe = make_recipe()
    for field in fields(recipe):
        with pytest.raises(FrozenInstanceError):
            setattr(recipe, field.name, None)


def test_replace_changes_a_copy(make_recipe):
    recipe = make_recipe()
    changed = replace(recipe, whiten=True)
    assert (recipe.whiten, changed.whiten) == (False, True)
    assert changed.training is recipe.training


@pytest.mark.parametrize(("init", "expected"), [("pca", True), ("random", False)])
def test_init_says_where_training_starts(make_recipe, init, expected):
    assert make_recipe(init=init).starts_at_pca is expected


@pytest.mark.parametrize("standardize", [True, False])
def test_standardize_scales_columns(make_recipe, schema, fit_table, standardize):
    recipe = make_recipe(standardize=standardize)
    numeric = fit_table(np.ones((3, 2))).codec.schema
    assert recipe.scales_columns(schema) is standardize
    assert recipe.scales_columns(numeric) is standardize


def test_auto_scales_columns_beside_categories(make_recipe, schema, fit_table):
    numeric = fit_table(np.ones((3, 2))).codec.schema
    assert make_recipe().scales_columns(schema)
    assert not make_recipe().scales_columns(numeric)


def test_common_arguments_hold_sizes(make_recipe):
    assert make_recipe().common_arguments(6, 2, (1, 3)) == {
        "n_features": 6,
        "n_components": 2,
        "hidden_layer_sizes": (8,),
        "activation": "relu",
        "gap_columns": (1, 3),
    }


def test_default_functions_change_nothing(make_recipe):
    recipe, common, generator = make_recipe(), {"n_features": 6}, torch.Generator()
    module = torch.nn.Linear(2, 1)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    assert recipe.arguments(common) is common
    assert recipe.objective(torch.dist, 6.0, generator) is torch.dist
    assert recipe.noise(None, generator) is None
    assert recipe.prepare(module, None, generator) is None
    assert recipe.finish(module, None, generator) == {}
    assert recipe.describe(None, None) == {}
    assert all(torch.equal(module.state_dict()[name], before[name]) for name in before)
