"""Fits that are cut off, and go on from their checkpoint."""

import os
import pickle
import shutil

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from _cases import SMALL, make_small
from sklearn_ae import (
    AutoencoderTransformer,
    DenoisingAutoencoder,
    EncoderDecoderRegressor,
    SparseAutoencoder,
)
from sklearn_ae._persistence import archive
from sklearn_ae._training import checkpoint
from sklearn_ae._training import rows as row_sources


def bits(estimator):
    return {name: pickle.dumps(value) for name, value in vars(estimator).items()}


def test_interrupted_fits_resume(quick, in_pieces, X):
    def make():
        return quick(validation_fraction=0.2)

    fitted, n_pieces = in_pieces(make, X)
    assert n_pieces == 3
    assert fitted.n_epochs_ == 4
    assert bits(fitted) == bits(make().fit(X))


def test_cross_fitting_starts_anew(quick, fail_after, path, X):
    def make():
        return quick(max_epochs=2, validation_fraction=0.1)

    fail_after(1)
    with pytest.raises(RuntimeError, match="power"):
        make().fit(X, checkpoint=path)
    fail_after(-1)
    assert bits(make().fit(X, checkpoint=path)) == bits(make().fit(X))


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
    monkeypatch.setattr(row_sources, "EPOCH_ROWS", epoch_rows)
    kind, parameters = WAYS[way]
    fitted, _ = in_pieces(lambda: make_small(kind, **parameters), X)
    assert bits(fitted) == bits(make_small(kind, **parameters).fit(X))


def holed(X):
    return np.where(X > 2, np.nan, X)


def mixed(X):
    colours = np.array(["red", "blue"])[(X[:, 0] > 0).astype(int)]
    return pd.DataFrame(holed(X)).assign(colour=colours).rename(columns=str)


CONTAINERS = {
    "gaps": holed,
    "sparse": lambda X: sparse.csr_array(np.where(X > 0, X, 0)),
    "frame": mixed,
    "names that are dates": lambda X: pd.DataFrame(
        X, columns=pd.date_range("2000", periods=6)
    ),
    "long doubles": lambda X: X.astype(np.longdouble),
    "float32": lambda X: np.asfortranarray(X, dtype=np.float32),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_all_kinds_of_rows_go_on(in_pieces, X, name):
    rows, judged = (CONTAINERS[name](part) for part in (X[:200], X[200:]))
    fitted, n_pieces = in_pieces(make_small, rows, X_val=judged)
    assert n_pieces == 3
    assert bits(fitted) == bits(make_small().fit(rows, X_val=judged))


def test_pairs_go_on(in_pieces, pairs):
    def make():
        return EncoderDecoderRegressor(**SMALL)

    fitted, n_pieces = in_pieces(make, *pairs)
    assert n_pieces == 3
    assert bits(fitted) == bits(make().fit(*pairs))


def test_fits_of_pictures_resume(in_pieces, pictures):
    X, Y = (part[:80] for part in pictures)
    judged = {"X_val": pictures[0][80:], "y_val": pictures[1][80:]}

    def make():
        shapes = {"input_shape": (4, 4), "output_shape": (8, 8)}
        return EncoderDecoderRegressor(**SMALL, **shapes, hidden_channels=(4,))

    fitted, n_pieces = in_pieces(make, X, Y, **judged)
    assert n_pieces == 3
    assert bits(fitted) == bits(make().fit(X, Y, **judged))


ENDS = {
    "patience": lambda X: X,
    "no gain": lambda X: np.random.default_rng(0).normal(size=X.shape),
}


@pytest.mark.parametrize("end", ENDS)
def test_fits_in_pieces_end_alike(in_pieces, X, end):
    def make():
        patience = 2 if end == "patience" else None
        return make_small(max_epochs=40, learning_rate=0.5, n_iter_no_change=patience)

    rows = ENDS[end](X)
    fitted, _ = in_pieces(make, rows)
    assert 2 < fitted.n_epochs_ < 40
    assert bits(fitted) == bits(make().fit(rows))


WHOLE = [
    {},
    {"validation_fraction": 0.1},
    {"n_iter_no_change": 2, "learning_rate": 0.5, "max_epochs": 40},
]


@pytest.mark.parametrize("parameters", WHOLE)
def test_checkpoints_of_whole_fits_repeat_them(path, X, monkeypatch, parameters):
    whole = make_small(**parameters).fit(X, checkpoint=path)
    monkeypatch.setattr(checkpoint.Checkpoint, "save", None)  # no epoch is run
    again = make_small(**parameters).fit(X, checkpoint=path)
    assert bits(again) == bits(whole)


def test_checkpoints_change_no_bit(path, X):
    assert bits(make_small().fit(X, checkpoint=path)) == bits(make_small().fit(X))


def test_training_goes_on_after_ctrl_c(path, X, press_ctrl_c, monkeypatch):
    def write(path, data):
        archive.write_file(path, data)
        if len(archive.from_bytes("checkpoint", data)["training"]):
            press_ctrl_c()

    monkeypatch.setattr(checkpoint, "write_file", write)
    estimator = make_small()
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X, checkpoint=path)
    assert estimator.n_epochs_ == 1
    monkeypatch.undo()
    estimator.fit(X, checkpoint=path)
    assert bits(estimator) == bits(make_small().fit(X))


@pytest.mark.parametrize("kind", ["None", "instance"])
def test_drawn_seeds_are_kept(fail_after, path, X, kind):
    def with_seeds():
        np.random.seed(0)  # noqa: NPY002
        return None if kind == "None" else np.random.RandomState(0)

    whole = make_small(random_state=with_seeds()).fit(X)
    estimator = make_small(random_state=with_seeds())
    fail_after(3)
    with pytest.raises(RuntimeError, match="power"):
        estimator.fit(X, checkpoint=path)
    fail_after(-1)
    estimator.fit(X, checkpoint=path)
    assert estimator.loss_curve_ == whole.loss_curve_


def test_what_changes_no_bit_may_differ(cut_off, path, X):
    fitted = make_small(verbose=1, device="cpu").fit(X.tolist(), checkpoint=str(path))
    assert fitted.loss_curve_ == make_small().fit(X).loss_curve_


def test_memory_mapped_rows_resume(cut_off, path, tmp_path, X):
    file = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", X.dtype, X.shape)
    file[:] = X
    fitted = make_small().fit(
        np.load(tmp_path / "X.npy", mmap_mode="r"), checkpoint=path
    )
    assert fitted.loss_curve_ == make_small().fit(X).loss_curve_


def test_nothing_is_written_unasked(tmp_path, X, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checkpoint, "write_file", None)
    make_small().fit(X)
    assert os.listdir(tmp_path) == []


def test_fits_that_fail_write_nothing(path, X):
    with pytest.raises(ValueError, match="n_components"):
        AutoencoderTransformer(7).fit(X, checkpoint=path)
    assert not path.exists()


def test_one_file_is_written_and_stays(path, X):
    make_small().fit(X, checkpoint=path)
    assert os.listdir(path.parent) == [path.name]


def test_a_checkpoint_may_be_moved(cut_off, path, tmp_path, X):
    moved = tmp_path / "moved"
    shutil.move(path, moved)
    assert bits(make_small().fit(X, checkpoint=moved)) == bits(make_small().fit(X))


def test_a_pipeline_hands_a_checkpoint_on(path, X):
    pipeline = make_pipeline(StandardScaler(), make_small())
    pipeline.fit(X, autoencodertransformer__checkpoint=path)
    assert path.exists()


def test_checkpoint_metadata_is_not_requested(path, X):
    with config_context(enable_metadata_routing=True):
        with pytest.raises(UnsetMetadataPassedError, match="checkpoint"):
            make_pipeline(make_small()).fit(X, checkpoint=path)
        asked = make_small().set_fit_request(checkpoint=True)
        make_pipeline(asked).fit(X, checkpoint=path)
    assert path.exists()
