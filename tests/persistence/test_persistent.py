"""Files and pickles of all estimators: what goes in comes out, and nothing else."""

import importlib
import pickle
import pickletools

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from skorch.callbacks import EpochScoring

import sklearn_ae
from sklearn_ae import (
    AutoencoderTransformer,
    CodeCompressor,
    PretrainedClassifier,
    load,
)
from sklearn_ae._persistence import persistent
from sklearn_ae._persistence.persistent import saved_classes

CLASSES = sorted(saved_classes())
NAMES = ["plain", "pandas", "polars", "levels", "denoising", "convolutional", "topk"]
NAMES += ["kl", "l1", "variational", "compressor", "bounded", "detector", "classifier"]
NAMES += ["regressor", "pairs", "maps", "stream"]
NUMPY = {"dtype", "ndarray", "_reconstruct", "_frombuffer", "scalar"}


@pytest.fixture(params=NAMES)
def case(request, saveable):
    """Every kind of fitted estimator, and the table it was fitted to."""
    return saveable[request.param]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "estimator.ae"


@pytest.fixture
def plain(saveable):
    return saveable["plain"][0]


def test_every_public_estimator_is_here(saveable):
    assert sorted({type(estimator).__name__ for estimator, _ in saveable.values()}) == (
        CLASSES
    )
    assert set(NAMES) == set(saveable)


def test_loaded_estimators_give_the_same_bits(case, path, assert_same):
    estimator, X = case
    estimator.save(path)
    loaded = load(path)
    assert_same(estimator, loaded, X)
    assert vars(loaded).keys() == vars(estimator).keys()
    assert repr(loaded) == repr(estimator)


def test_loaded_estimators_save_same_files(case, tmp_path):
    case[0].save(tmp_path / "one")
    load(tmp_path / "one").save(tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_pickles_give_the_same_bits(case, assert_same):
    estimator, X = case
    assert_same(estimator, pickle.loads(pickle.dumps(estimator)), X)


def test_memory_maps_give_the_same_bits(case, path, assert_same):
    estimator, X = case
    joblib.dump(estimator, path)
    loaded = joblib.load(path, mmap_mode="r")
    assert_same(estimator, loaded, X)
    arrays = [value for value in vars(loaded).values() if isinstance(value, np.ndarray)]
    assert all(array.flags.owndata and array.flags.writeable for array in arrays)


def test_pickles_import_only_class_and_numpy(case, pickled_names):
    estimator, _ = case
    held = [getattr(estimator, name, None) for name in ("estimator", "estimator_")]
    held += [getattr(one, "estimator", None) for one in held]
    classes = {type(one) for one in [estimator, *held] if one is not None}
    own = {(kind.__module__.split(".")[0], kind.__name__) for kind in classes}
    others = pickled_names(estimator) - own
    assert {package for package, _ in others} <= {"numpy"}
    assert {name for _, name in others} <= NUMPY


def test_pickles_name_no_file(case):
    operations = pickletools.genops(pickle.dumps(case[0]))
    texts = {argument for _, argument, _ in operations if isinstance(argument, str)}
    modules = {text for text in texts if text.split(".")[0] == "sklearn_ae"}
    assert modules == {"sklearn_ae"}


@pytest.mark.parametrize("module", [sklearn_ae, sklearn_ae.nn])
def test_classes_lie_where_users_import_them(module):
    classes = {
        name: getattr(module, name)
        for name in module.__all__
        if isinstance(getattr(module, name), type)
    }
    paths = {name: (kind.__module__, kind.__name__) for name, kind in classes.items()}
    assert paths == {name: (module.__name__, name) for name in classes}
    for kind in classes.values():
        assert pickle.loads(pickle.dumps(kind)) is kind


def learned_bytes(value):
    """Return the size of what was learned: arrays, and text of columns."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, dict):
        return sum(map(learned_bytes, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(learned_bytes, value))
    if hasattr(value, "__getstate__") and isinstance(
        value, persistent.PersistenceMixin
    ):
        return learned_bytes(value.__getstate__())
    return 0


def test_pickles_are_little_larger_than_weights(case):
    estimator, _ = case
    limit = 1.2 * (learned_bytes(estimator) + 16 * 1024)
    assert len(pickle.dumps(estimator)) <= limit


def test_pickles_of_wide_tables_stay_small(quick, estimator_class):
    X = np.random.default_rng(0).normal(size=(20, 2_000))
    estimator = quick(2, max_epochs=0).fit(X)
    n_weights = sum(array.size for array in estimator._fitted.arrays.values())
    codec = 8 * (len(estimator.mean_) + len(estimator.scale_))
    codec += sum(map(len, estimator._fitted.codec.schema.names))
    limit = 1.2 * (8 * n_weights + codec + 16 * 1024)
    assert len(pickle.dumps(estimator)) <= limit


def test_another_version_is_told(plain, path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(persistent, "__version__", "0.0.1")
        made = pickle.dumps(plain)
        plain.save(path)
    advice = r"0\.0\.1, and .* reads it\. Fit again if results differ\."
    with pytest.warns(UserWarning, match=advice) as told:
        pickle.loads(made)
    with pytest.warns(UserWarning, match=r"0\.0\.1"):
        load(path)
    assert told[0].filename == __file__


def test_devices_are_saved_by_name(plain):
    other = pickle.loads(
        pickle.dumps(clone(plain).set_params(device=torch.device("cpu")))
    )
    assert other.device == "cpu"


@pytest.mark.parametrize("name", CLASSES)
def test_unfitted_estimators_are_not_saved(name, path):
    with pytest.raises(NotFittedError):
        getattr(sklearn_ae, name)().save(path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("callbacks", [EpochScoring(lambda *_: 0.0)]),
        ("random_state", np.random.RandomState(0)),
        ("hidden_layer_sizes", range(3)),
    ],
)
def test_errors_name_parameters_not_plain(plain, path, name, value):
    odd = pickle.loads(pickle.dumps(plain)).set_params(**{name: value})
    with pytest.raises(TypeError, match=name):
        odd.save(path)
    assert not path.exists()


def test_errors_name_parameters_out_of_range(plain, path):
    odd = pickle.loads(pickle.dumps(plain)).set_params(batch_size=-1)
    with pytest.raises(ValueError, match="batch_size"):
        odd.save(path)


@pytest.mark.parametrize("frozen", [False, True])
def test_errors_name_foreign_estimators(tables, path, frozen):
    X = tables["numbers"]
    held = FrozenEstimator(PCA(2).fit(X)) if frozen else PCA(2)
    with pytest.raises(TypeError, match=r"estimator_? must be .* got PCA"):
        CodeCompressor(held).fit(X).save(path)


class Holder(BaseEstimator):
    """Somebody's, with a parameter and nothing else, as those that are frozen."""

    def __init__(self, estimator):
        self.estimator = estimator


def test_only_frozen_estimators_count_as_frozen(plain):
    noted = FrozenEstimator(plain)
    noted.note = "mine"
    for held in (Holder(plain), noted):
        with pytest.raises(TypeError, match=f"got {type(held).__name__};"):
            persistent._to_tree(held, "estimator")


class Own(AutoencoderTransformer):
    """A class that a user made."""


class Fake(AutoencoderTransformer):
    """A class of one of our names."""


Fake.__name__ = "AutoencoderTransformer"


@pytest.mark.parametrize("kind", [Own, Fake])
def test_classes_of_users_are_refused(plain, path, kind):
    own = kind(2, max_epochs=0).fit(np.eye(4))
    with pytest.raises(TypeError, match=f"{kind.__name__} must be an estimator of skl"):
        own.save(path)


def test_errors_name_unknown_attributes(plain, path):
    odd = pickle.loads(pickle.dumps(plain))
    odd.note = "mine"
    message = r"'note' must be in the schema of AutoencoderTransformer to be saved\."
    with pytest.raises(TypeError, match=message):
        odd.save(path)


def test_frozen_estimators_stay_frozen(saveable, path):
    saveable["bounded"][0].save(path)
    loaded = load(path)
    assert type(loaded.estimator) is type(loaded.estimator_) is FrozenEstimator


def test_numbers_of_numpy_are_parameters(saveable, path):
    estimator, _ = saveable["compressor"]
    estimator.save(path)
    assert type(load(path).n_bits) is np.int64


def test_loaded_wrappers_can_be_fitted_again(saveable, path):
    estimator, X = saveable["compressor"]
    estimator.save(path)
    again = load(path).fit(X)
    np.testing.assert_array_equal(again.steps_, estimator.steps_)


def test_classifiers_on_foreign_codes_are_pickled(tables):
    X, y = tables["numbers"], np.arange(60) % 2
    classifier = PretrainedClassifier(PCA(2), max_epochs=1, random_state=0).fit(X, y)
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))


def test_loading_imports_only_frame_libraries(saveable, path, monkeypatch):
    saveable["polars"][0].save(path)
    imported = []
    take = importlib.import_module

    def note(name, *others):
        imported.append(name)
        return take(name, *others)

    monkeypatch.setattr(importlib, "import_module", note)
    load(path)
    assert set(imported) <= {"polars"}
