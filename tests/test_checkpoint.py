"""Fits that are cut off, and go on from their checkpoint."""

import errno
import os
import pickle
import shutil

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback

from sklearn_ae import (
    AutoencoderTransformer,
    DenoisingAutoencoder,
    InvalidFileError,
    SparseAutoencoder,
    VariationalAutoencoder,
    _archive,
    _checkpoint,
    _identity,
    _rows,
)

SMALL = {
    "hidden_layer_sizes": (8,),
    "learning_rate": 0.02,
    "batch_size": 32,
    "max_epochs": 4,
    "validation_fraction": 0.2,  # of 300 rows: enough to judge by
    "random_state": 0,
}


def small(kind=AutoencoderTransformer, **parameters):
    return kind(2, **(SMALL | parameters))


class PowerFailureError(Exception):
    """What cuts a fit off."""


@pytest.fixture
def fail_after(monkeypatch):
    """Let the power fail when a number of files have been written."""

    def fail(n_files):
        left = [n_files]

        def write(path, data):
            _archive.write_file(path, data)
            left[0] -= 1
            if left[0] == 0:
                raise PowerFailureError

        monkeypatch.setattr(_checkpoint, "write_file", write)

    return fail


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fit.checkpoint"


@pytest.fixture
def cut_off(fail_after, path, X):
    """Write the checkpoint of a fit that was cut off after two epochs."""

    def cut(*data, **parameters):
        fail_after(3)
        with pytest.raises(PowerFailureError):
            small(**parameters).fit(*(data or (X,)), checkpoint=path)
        fail_after(-1)
        return path.read_bytes()

    return cut


@pytest.fixture
def in_pieces(fail_after, path):
    """Fit while the power fails over and over, every other epoch at least."""

    def fit(make, *data, **more):
        for n_pieces in range(1, 100):
            fail_after(3)
            try:
                return make().fit(*data, checkpoint=path, **more), n_pieces
            except PowerFailureError:
                continue
        raise AssertionError("The fit never came to an end.")

    return fit


def bits(estimator):
    return {name: pickle.dumps(value) for name, value in vars(estimator).items()}


def test_a_fit_goes_on_where_it_was_cut_off(quick, in_pieces, X):
    def make():
        return quick(validation_fraction=0.2)

    fitted, n_pieces = in_pieces(make, X)
    assert n_pieces == 3
    assert fitted.n_epochs_ == 4
    assert bits(fitted) == bits(make().fit(X))


def test_cross_fitting_goes_on_where_it_was_cut_off(quick, in_pieces, X):
    fitted, n_pieces = in_pieces(lambda: quick(max_epochs=2), X)
    assert n_pieces > 7  # of five twins with two epochs' ends and an outcome each
    assert bits(fitted) == bits(quick(max_epochs=2).fit(X))


WAYS = {
    "random start": (AutoencoderTransformer, {"init": "random"}),
    "no validation": (AutoencoderTransformer, {"early_stopping": False}),
    "atoms": (SparseAutoencoder, {"early_stopping": False}),
    "a range of noise": (DenoisingAutoencoder, {"noise_level": (0.0, 0.4)}),
    "masking": (DenoisingAutoencoder, {"noise": "masking"}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("epoch_rows", [2**16, 100])
def test_ways_of_training_go_on(in_pieces, monkeypatch, X, way, epoch_rows):
    monkeypatch.setattr(_rows, "EPOCH_ROWS", epoch_rows)
    kind, parameters = WAYS[way]
    fitted, _ = in_pieces(lambda: small(kind, **parameters), X)
    assert bits(fitted) == bits(small(kind, **parameters).fit(X))


def holed(X):
    return np.where(X > 2, np.nan, X)


def mixed(X):
    colours = np.array(["red", "blue"])[(X[:, 0] > 0).astype(int)]
    return pd.DataFrame(holed(X)).assign(colour=colours).rename(columns=str)


CONTAINERS = {
    "gaps": holed,
    "sparse": lambda X: sparse.csr_array(np.where(X > 0, X, 0)),
    "frame": mixed,
    "float32": lambda X: np.asfortranarray(X, dtype=np.float32),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_all_kinds_of_rows_go_on(in_pieces, X, name):
    rows, judged = (CONTAINERS[name](part) for part in (X[:200], X[200:]))
    fitted, n_pieces = in_pieces(small, rows, X_val=judged)
    assert n_pieces == 3
    assert bits(fitted) == bits(small().fit(rows, X_val=judged))


ENDS = {
    "patience": lambda X: X,
    "no gain": lambda X: np.random.default_rng(0).normal(size=X.shape),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_fit_in_pieces_ends_where_it_would_have_ended(in_pieces, X, end):
    def make():
        patience = 2 if end == "patience" else None
        return small(max_epochs=40, learning_rate=0.5, n_iter_no_change=patience)

    rows = ENDS[end](X)
    fitted, _ = in_pieces(make, rows)
    assert 2 < fitted.n_epochs_ < 40
    assert bits(fitted) == bits(make().fit(rows))


@pytest.mark.parametrize("parameters", [{}, {"validation_fraction": 0.1}])
def test_a_checkpoint_of_a_whole_fit_gives_it_again(path, X, monkeypatch, parameters):
    whole = small(**parameters).fit(X, checkpoint=path)
    monkeypatch.setattr(_checkpoint.Checkpoint, "save", None)  # no epoch is run
    again = small(**parameters).fit(X, checkpoint=path)
    assert bits(again) == bits(whole)


def test_a_checkpoint_changes_no_bit_of_a_fit(path, X):
    assert bits(small().fit(X, checkpoint=path)) == bits(small().fit(X))


def test_training_goes_on_after_ctrl_c(path, X, press_ctrl_c, monkeypatch):
    def write(path, data):
        _archive.write_file(path, data)
        if len(_archive.unpacked("checkpoint", data)["trainings"]):
            press_ctrl_c()

    monkeypatch.setattr(_checkpoint, "write_file", write)
    estimator = small()
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X, checkpoint=path)
    assert estimator.n_epochs_ == 1
    monkeypatch.undo()
    estimator.fit(X, checkpoint=path)
    assert bits(estimator) == bits(small().fit(X))


@pytest.mark.parametrize("kind", ["None", "instance"])
def test_a_seed_that_was_drawn_is_kept(fail_after, path, X, kind):
    def seeded():
        np.random.seed(0)  # noqa: NPY002
        return None if kind == "None" else np.random.RandomState(0)

    whole = small(random_state=seeded()).fit(X)
    estimator = small(random_state=seeded())
    fail_after(3)
    with pytest.raises(PowerFailureError):
        estimator.fit(X, checkpoint=path)
    fail_after(-1)
    estimator.fit(X, checkpoint=path)
    assert estimator.loss_curve_ == whole.loss_curve_


@pytest.mark.parametrize("name", ["learning_rate", "random_state", "activation"])
def test_other_parameters_are_refused_by_name(cut_off, path, X, name):
    other = {"learning_rate": 0.01, "random_state": None, "activation": "tanh"}[name]
    before = cut_off()
    was = getattr(small(), name)
    message = f"a fit with {name}={other!r}, got one with {name}={was!r}; remove"
    with pytest.raises(ValueError, match=message) as caught:
        small(**{name: other}).fit(X, checkpoint=path)
    assert not isinstance(caught.value, InvalidFileError)
    assert path.read_bytes() == before


def test_other_classes_are_refused_by_name(cut_off, path, X):
    cut_off()
    with pytest.raises(ValueError, match=r"class=.*Variational.*class=.*Transformer"):
        small(VariationalAutoencoder).fit(X, checkpoint=path)


def test_other_versions_are_refused_by_name(cut_off, path, X, monkeypatch):
    cut_off()
    monkeypatch.setitem(_identity._VERSIONS, "torch", "99.0")
    with pytest.raises(ValueError, match=r"with torch=99\.0, got one with torch=\d"):
        small().fit(X, checkpoint=path)


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
    before = cut_off()
    with pytest.raises(ValueError, match="the same X, got one with another X;"):
        small().fit(CHANGES[change](X), checkpoint=path)
    assert path.read_bytes() == before


def test_other_validation_rows_are_refused_by_name(cut_off, path, X):
    cut_off()
    with pytest.raises(ValueError, match="the same X_val, got"):
        small().fit(X, checkpoint=path, X_val=X[:50])


def test_what_changes_no_bit_may_differ(cut_off, path, X):
    cut_off()
    fitted = small(verbose=1, device="cpu").fit(X.tolist(), checkpoint=str(path))
    assert fitted.loss_curve_ == small().fit(X).loss_curve_


def test_rows_of_a_file_are_the_same_rows(cut_off, path, tmp_path, X):
    cut_off()
    file = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", X.dtype, X.shape)
    file[:] = X
    fitted = small().fit(np.load(tmp_path / "X.npy", mmap_mode="r"), checkpoint=path)
    assert fitted.loss_curve_ == small().fit(X).loss_curve_


FOREIGN = {
    "empty": b"",
    "mine": b"Dear diary",
    "another kind": _archive.packed("model", {"weights": np.ones(3)}),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_files_that_are_no_checkpoints_are_left_alone(path, X, name):
    path.write_bytes(FOREIGN[name])
    with pytest.raises(InvalidFileError, match=r"checkpoint must be a new file or one"):
        small().fit(X, checkpoint=path)
    assert path.read_bytes() == FOREIGN[name]


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:-9] + b"x" + b[-8:]])
def test_damaged_checkpoints_are_refused(cut_off, path, X, damage):
    path.write_bytes(damage(cut_off()))
    with pytest.raises(InvalidFileError, match="checkpoint must"):
        small().fit(X, checkpoint=path)


@pytest.mark.parametrize("name", [".", "missing/file", "pipe"])
def test_paths_of_no_file_are_refused_before_training(tmp_path, X, name):
    os.mkfifo(tmp_path / "pipe")
    estimator = small()
    with pytest.raises(ValueError, match=r"^checkpoint must be the path of a file in"):
        estimator.fit(X, checkpoint=tmp_path / name)
    assert not hasattr(estimator, "n_features_in_")


@pytest.mark.parametrize("checkpoint", [True, 3, ["fit"]])
def test_what_is_no_path_is_refused(X, checkpoint):
    with pytest.raises(TypeError, match=r"^checkpoint must be the path of a file, got"):
        small().fit(X, checkpoint=checkpoint)


def test_callbacks_are_refused_beside_a_checkpoint(path, X):
    with pytest.raises(ValueError, match=r"^callbacks must be None with a checkpoint"):
        small(callbacks=[Callback()]).fit(X, checkpoint=path)
    assert small(callbacks=[]).fit(X, checkpoint=path).n_epochs_ == 4


def test_a_full_disk_raises_and_keeps_what_was_written(cut_off, path, X, monkeypatch):
    before = cut_off()

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    estimator = small()
    with pytest.raises(OSError, match="No space left"):
        estimator.fit(X, checkpoint=path)
    with pytest.raises(NotFittedError):
        estimator.transform(X)
    assert os.listdir(path.parent) == [path.name]
    assert path.read_bytes() == before


def test_nothing_is_written_unasked(tmp_path, X, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_checkpoint, "write_file", None)
    small().fit(X)
    assert os.listdir(tmp_path) == []


def test_nothing_is_written_of_a_fit_that_can_not_begin(path, X):
    with pytest.raises(ValueError, match="n_components"):
        AutoencoderTransformer(7).fit(X, checkpoint=path)
    assert not path.exists()


def test_one_file_is_written_and_stays(path, X):
    small().fit(X, checkpoint=path)
    assert os.listdir(path.parent) == [path.name]


def test_a_checkpoint_may_be_moved(cut_off, path, tmp_path, X):
    cut_off()
    moved = tmp_path / "moved"
    shutil.move(path, moved)
    assert bits(small().fit(X, checkpoint=moved)) == bits(small().fit(X))


def test_a_pipeline_hands_a_checkpoint_on(path, X):
    pipeline = make_pipeline(StandardScaler(), small())
    pipeline.fit(X, autoencodertransformer__checkpoint=path)
    assert path.exists()


def test_a_checkpoint_is_not_requested_unless_asked_for(path, X):
    with config_context(enable_metadata_routing=True):
        with pytest.raises(UnsetMetadataPassedError, match="checkpoint"):
            make_pipeline(small()).fit(X, checkpoint=path)
        asked = small().set_fit_request(checkpoint=True)
        make_pipeline(asked).fit(X, checkpoint=path)
    assert path.exists()
