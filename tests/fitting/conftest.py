from dataclasses import fields, replace

import pytest
import torch

from sklearn_ae._fitting.recipe import Recipe
from sklearn_ae._training.settings import TrainingOptions

TRAINING = TrainingOptions(
    learning_rate=0.02,
    batch_size=32,
    max_epochs=4,
    weight_decay=0.0,
    early_stopping=True,
    validation_fraction=0.2,
    n_iter_no_change=None,
    callbacks=(),
    device=torch.device("cpu"),
)
RECIPE = Recipe(
    training=TRAINING,
    random_state=0,
    n_components=2,
    hidden_layer_sizes=(8,),
    activation="relu",
)
OPTIONS = {field.name for field in fields(TrainingOptions)}


@pytest.fixture(scope="session")
def make_recipe():
    """Make the recipe of a small fit, with some parameters or options changed."""

    def make(**changes):
        options = {name: changes.pop(name) for name in OPTIONS & changes.keys()}
        return replace(RECIPE, training=replace(TRAINING, **options), **changes)

    return make
