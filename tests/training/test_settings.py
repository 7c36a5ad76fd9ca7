from dataclasses import FrozenInstanceError, fields, replace

import pytest
import torch

from sklearn_ae._training.settings import (
    TrainingOptions,
    TrainingSettings,
    TrainingState,
)

OPTIONS = TrainingOptions(
    learning_rate=0.02,
    batch_size=100,
    max_epochs="auto",
    weight_decay=0.5,
    early_stopping=True,
    validation_fraction=0.1,
    n_iter_no_change=3,
    callbacks=("one",),
    device=torch.device("meta"),
    verbose=2,
)


@pytest.mark.parametrize("kind", [TrainingOptions, TrainingSettings])
def test_options_and_settings_are_frozen(kind):
    options = OPTIONS
    if kind is TrainingSettings:
        options = TrainingSettings(0.1, {}, batch_size=8, max_epochs=1)
    for field in fields(options):
        with pytest.raises(FrozenInstanceError):
            setattr(options, field.name, None)


@pytest.mark.parametrize("max_epochs", [0, 7])
def test_given_epochs_are_taken(max_epochs):
    assert replace(OPTIONS, max_epochs=max_epochs).n_epochs(10**9, 10**9) == max_epochs


@pytest.mark.parametrize(
    ("n_train", "n_epochs"),
    [(1, 70), (1_700, 70), (1_800, 70), (5_000, 25), (5_001, 25), (10**9, 2)],
)
def test_auto_bounds_epochs_and_steps(n_train, n_epochs):
    assert OPTIONS.n_epochs(n_train) == n_epochs


def test_auto_takes_the_fewest_steps():
    assert OPTIONS.n_epochs(300, fewest_steps=210) == 70
    assert OPTIONS.n_epochs(300, fewest_steps=211) == 71


@pytest.mark.parametrize(
    ("callbacks", "patience", "watched"),
    [((), None, False), (("one",), None, True), ((), 3, True)],
)
def test_callbacks_and_patience_watch_one_training(callbacks, patience, watched):
    options = replace(OPTIONS, callbacks=callbacks, n_iter_no_change=patience)
    assert options.needs_single_training == watched


def test_settings_take_options_and_device():
    settings = OPTIONS.settings(
        torch.nn.Linear(2, 1), learning_rate_scales={"weight": 0.5}, max_epochs=4
    )
    names = {"learning_rate", "batch_size", "weight_decay", "n_iter_no_change"}
    for name in names | {"callbacks", "verbose"}:
        assert getattr(settings, name) == getattr(OPTIONS, name)
    assert settings.learning_rate_scales == {"weight": 0.5}
    assert settings.max_epochs == 4
    assert settings.device == torch.device("cpu")


@pytest.mark.parametrize(
    ("judged", "best"), [([], None), ([0.75, 0.5, 0.625], 0.5)], ids=["none", "three"]
)
def test_states_become_fitted_attributes(judged, best):
    state = TrainingState({}, 1, [1.0, 0.5, 0.25], judged)
    assert state.attributes() == {
        "loss_curve_": [1.0, 0.5, 0.25],
        "validation_loss_curve_": judged or None,
        "best_epoch_": 1,
        "best_validation_loss_": best,
        "n_epochs_": 2,
    }
