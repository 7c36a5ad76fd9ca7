"""skops' files: the published names are all that must be trusted."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skops.io import dumps, get_untrusted_types, loads

from sklearn_ae import SKOPS_TRUSTED, InvalidFileError
from sklearn_ae._persistence.persistent import saved_classes

NAMES = ["plain", "pandas", "polars", "levels", "denoising", "convolutional", "topk"]
NAMES += ["variational", "compressor", "bounded", "detector", "classifier"]
NAMES += ["regressor", "pairs", "maps", "stream"]


@pytest.mark.parametrize("name", NAMES)
def test_estimators_load_with_published_names(saveable, name, assert_same):
    estimator, X = saveable[name]
    assert_same(estimator, loads(dumps(estimator), trusted=SKOPS_TRUSTED), X)


def test_the_published_names_are_public():
    assert set(SKOPS_TRUSTED) == {f"sklearn_ae.{name}" for name in saved_classes()}


def test_skops_asks_for_the_published_names(saveable):
    untrusted = [
        get_untrusted_types(data=dumps(estimator)) for estimator, _ in saveable.values()
    ]
    assert sorted(set().union(*untrusted)) == sorted(SKOPS_TRUSTED)


@pytest.mark.parametrize("name", ["plain", "compressor", "regressor", "detector"])
def test_pipelines_come_back(saveable, name):
    estimator, X = saveable[name][0], saveable["plain"][1]
    steps = StandardScaler(), PCA(3)
    pipeline = make_pipeline(*steps, type(estimator)(**estimator.get_params(False)))
    pipeline.fit(X, X[:, 3])
    data = dumps(pipeline)
    assert set(get_untrusted_types(data=data)) <= set(SKOPS_TRUSTED)
    loaded = loads(data, trusted=SKOPS_TRUSTED)
    reduced, again = (one[:-1].transform(X) for one in (pipeline, loaded))
    np.testing.assert_array_equal(again, reduced)
    method = {"plain": "transform", "compressor": "compress"}.get(name, "predict")
    first, second = (getattr(one[-1], method)(reduced) for one in (pipeline, loaded))
    np.testing.assert_array_equal(second, first)


def test_wrong_states_are_refused(saveable, monkeypatch):
    kind = type(saveable["plain"][0])
    state = saveable["plain"][0].__getstate__() | {"explained_variance_": np.ones(9)}
    with monkeypatch.context() as patch:
        patch.setattr(kind, "__getstate__", lambda self: state)
        data = dumps(saveable["plain"][0])
    with pytest.raises(InvalidFileError, match="explained_variance_"):
        loads(data, trusted=SKOPS_TRUSTED)
