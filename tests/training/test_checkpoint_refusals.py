"""Checkpoints that are refused, and files that are left alone."""

import errno
import os

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback

from _cases import SMALL, make_small
from sklearn_ae import (
    EncoderDecoderRegressor,
    InvalidFileError,
    VariationalAutoencoder,
)
from sklearn_ae._persistence import archive, fingerprint

AT = ("training", "progress")


@pytest.mark.parametrize("name", ["learning_rate", "random_state", "activation"])
def test_other_parameters_are_refused_by_name(cut_off, path, X, name):
    other = {"learning_rate": 0.01, "random_state": None, "activation": "tanh"}[name]
    was = getattr(make_small(), name)
    message = f"a fit with {name}={other!r}, got one with {name}={was!r}; remove"
    with pytest.raises(ValueError, match=message) as caught:
        make_small(**{name: other}).fit(X, checkpoint=path)
    assert not isinstance(caught.value, InvalidFileError)
    assert path.read_bytes() == cut_off


def test_other_classes_are_refused_by_name(cut_off, path, X):
    with pytest.raises(ValueError, match=r"class=.*Variational.*class=.*Transformer"):
        make_small(VariationalAutoencoder).fit(X, checkpoint=path)


def test_other_versions_are_refused_by_name(cut_off, path, X, monkeypatch):
    monkeypatch.setitem(fingerprint._VERSIONS, "torch", "99.0")
    with pytest.raises(ValueError, match=r"with torch=99\.0, got one with torch=\d"):
        make_small().fit(X, checkpoint=path)


def nudged(X):
    return X + np.where(np.arange(X.size).reshape(X.shape) == 7, 1e-15, 0)


CHANGES = {
    "a bit": nudged,
    "order": lambda X: X[::-1],
    "dtype": lambda X: X.astype(np.float32),
    "fewer": lambda X: X[:-1],
    "sparse": sparse.csr_array,
    "names": lambda X: pd.DataFrame(X).rename(columns=str),
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_rows_are_refused_by_name(cut_off, path, X, change):
    with pytest.raises(ValueError, match="the same X, got one with another X;"):
        make_small().fit(CHANGES[change](X), checkpoint=path)
    assert path.read_bytes() == cut_off


@pytest.mark.parametrize("name", ["y", "y_val"])
def test_other_outputs_are_refused_by_name(path, pairs, name):
    X, Y = pairs
    rows = {"X": X, "y": Y, "X_val": X, "y_val": Y}
    regressor = EncoderDecoderRegressor(**SMALL | {"max_epochs": 0})
    regressor.fit(**rows, checkpoint=path)
    with pytest.raises(ValueError, match=f"the same {name}, got one with another"):
        regressor.fit(**rows | {name: Y + 1}, checkpoint=path)


def test_errors_name_other_validation_rows(cut_off, path, X):
    with pytest.raises(ValueError, match="the same X_val, got"):
        make_small().fit(X, checkpoint=path, X_val=X[:50])


FOREIGN = {
    "empty": b"",
    "mine": b"Dear diary",
    "another kind": archive.to_bytes("model", {"weights": np.ones(3)}),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_files_are_left_alone(path, X, name):
    path.write_bytes(FOREIGN[name])
    with pytest.raises(InvalidFileError, match=r"checkpoint must be a new file or one"):
        make_small().fit(X, checkpoint=path)
    assert path.read_bytes() == FOREIGN[name]


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:-9] + b"x" + b[-8:]])
def test_damaged_checkpoints_are_refused(cut_off, path, X, damage):
    path.write_bytes(damage(cut_off))
    with pytest.raises(InvalidFileError, match="checkpoint must"):
        make_small().fit(X, checkpoint=path)


# Where in a file of the right digest something wrong is put, in place of what it holds.
WRONG = [
    ((), [3]),
    (("seed",), -1),
    (("data", "X"), np.zeros(0)),
    (("training",), None),
    (("training",), {"progress": {}}),
    ((*AT, "steps", "n_steps"), 3),
    ((*AT, "steps", "weights"), np.ones(1, dtype=np.float32)),
    ((*AT, "steps", "exp_avg_sq"), "x"),
    ((*AT, "switches", "", "training"), "yes"),
    ((*AT, "batches"), {"n_ahead": 2}),
    ((*AT, "best_epoch", "epoch"), 3),
    ((*AT, "best_epoch", "row_losses"), np.ones(2, dtype=np.float32)),
    ((*AT, "epochs", 1), {"train_loss": float("nan"), "valid_loss": 1.0}),
]


def put(tree, place, value):
    """Return a tree with another value at a place."""
    if not place:
        return value
    key, *rest = place
    changed = list(tree) if isinstance(tree, list) else dict(tree)
    changed[key] = put(tree[key], rest, value)
    return changed


@pytest.mark.parametrize(("place", "value"), WRONG)
def test_what_no_fit_wrote_is_refused(cut_off, path, X, place, value):
    wrong = put(archive.from_bytes("checkpoint", cut_off), place, value)
    path.write_bytes(archive.to_bytes("checkpoint", wrong))
    refused = ValueError if place[:1] == ("data",) else InvalidFileError
    estimator = make_small()
    with pytest.raises(refused, match=r"^checkpoint must "):
        estimator.fit(X, checkpoint=path)
    assert not hasattr(estimator, "n_features_in_")


@pytest.mark.parametrize("name", [".", "missing/file", "pipe"])
def test_bad_paths_are_refused_before_training(tmp_path, X, name):
    os.mkfifo(tmp_path / "pipe")
    estimator = make_small()
    with pytest.raises(ValueError, match=r"^checkpoint must be the path of a file in"):
        estimator.fit(X, checkpoint=tmp_path / name)
    assert not hasattr(estimator, "n_features_in_")


@pytest.mark.parametrize("checkpoint", [True, 3, ["fit"]])
def test_what_is_no_path_is_refused(X, checkpoint):
    with pytest.raises(TypeError, match=r"^checkpoint must be the path of a file, got"):
        make_small().fit(X, checkpoint=checkpoint)


def test_callbacks_are_refused_beside_a_checkpoint(path, X):
    with pytest.raises(ValueError, match=r"^callbacks must be None with a checkpoint"):
        make_small(callbacks=[Callback()]).fit(X, checkpoint=path)
    assert make_small(callbacks=[]).fit(X, checkpoint=path).n_epochs_ == 4


def test_full_disks_keep_the_checkpoint(cut_off, path, X, monkeypatch):

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    estimator = make_small()
    with pytest.raises(OSError, match="No space left"):
        estimator.fit(X, checkpoint=path)
    with pytest.raises(NotFittedError):
        estimator.transform(X)
    assert os.listdir(path.parent) == [path.name]
    assert path.read_bytes() == cut_off
