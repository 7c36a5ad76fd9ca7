"""Whole files of estimators that say what can't be: they are refused, and told why."""

import re

import joblib
import numpy as np
import pytest

from sklearn_ae import InvalidFileError, load
from sklearn_ae._persistence import persistent
from sklearn_ae._persistence.archive import from_bytes, to_bytes


@pytest.fixture
def plain(saveable):
    return saveable["plain"][0]


def changed(estimator, change):
    """Load a whole file with something else in it."""
    tree = from_bytes("estimator", to_bytes("estimator", _described(estimator)))
    change(tree)
    return persistent._from_bytes(to_bytes("estimator", tree))


def _described(estimator):
    return persistent._to_tree(estimator, "estimator")


def setting(*path, value):
    """Return a change of a tree."""

    def change(tree):
        *nodes, last = path
        for node in nodes:
            tree = tree[node]
        tree[last] = value

    return change


FITTED = ("state", "_fitted")
NETWORK = (*FITTED, "network")
CODEC = (*FITTED, "codec")
COLUMNS = (*CODEC, "schema")
WRONG = {
    "class": setting("class", value="PCA"),
    "a class that is no estimator": setting("class", value="InvalidFileError"),
    "attribute": setting("state", "more", value=1),
    "parameter's type": setting("state", "batch_size", value="many"),
    "parameter's range": setting("state", "validation_fraction", value=2.0),
    "callbacks": setting("state", "callbacks", value=3),
    "features": setting(*NETWORK, "n_features", value=10**12),
    "components": setting(*NETWORK, "n_components", value=-2),
    "layers": setting(*NETWORK, "hidden_layer_sizes", value=(10**9,)),
    "many layers": setting(*NETWORK, "hidden_layer_sizes", value=(3,) * 100_000),
    "fractions": setting(*NETWORK, "hidden_layer_sizes", value=(3.0,)),
    "activation": setting(*NETWORK, "activation", value="linear"),
    "gaps": setting(*NETWORK, "gap_columns", value=(4,)),
    "names": setting(*NETWORK, "device", value="cpu"),
    "network": setting(*FITTED, "network", value=None),
    "weights": setting(*FITTED, "arrays", "linear_encoder.bias", value="none"),
    "no weights": setting(*FITTED, "arrays", value=None),
    "network's class": setting(*FITTED, "kind", value="Linear"),
    "large weights": setting(
        *FITTED, "arrays", "linear_encoder.bias", value=np.full(2, 1e300)
    ),
    "flags": setting(*CODEC, "empty", value=np.zeros(4)),
    "column": setting(*COLUMNS, "columns", value={0: {"frequent": (1,)}}),
    "names of columns": setting(*COLUMNS, "names", value=(1, 2, 3, 4)),
    "format": setting("state", "_format", value=9),
    "format of another type": setting("state", "_format", value=np.zeros(0)),
    "variances": setting("state", "explained_variance_", value=np.ones(3)),
    "losses": setting("state", "loss_curve_", value=[1.0, float("nan")]),
    "epoch": setting("state", "best_epoch_", value=9),
    "number of columns": setting("state", "n_features_in_", value=5),
    "names in": setting("state", "feature_names_in_", value=np.array(["a"], object)),
    "no fit": setting("state", value={}),
    "pairs": setting("state", value=[("n_components", 2)]),
    "output": setting("state", "_sklearn_output_config", value={"transform": "x"}),
    "more output": setting(
        "state", "_sklearn_output_config", value={"transform": "default", "fit": "x"}
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_files_of_wrong_content_are_refused(plain, what):
    with pytest.raises(InvalidFileError, match="must"):
        changed(plain, WRONG[what])


def without(name):
    """Return a change of a tree that takes an attribute away."""
    return lambda tree: tree["state"].pop(name)


def test_later_parameters_get_their_defaults(plain):
    assert changed(plain, without("weight_decay")).weight_decay == 0.0


def frozen(**more):
    """Return a change of a tree to one of a frozen estimator."""

    def change(tree):
        tree["state"] = {"estimator": dict(tree), **more}
        tree["class"] = "FrozenEstimator"

    return change


OWNER = "AutoencoderTransformer"
ENTRIES = "must have all of its entries and no others, got"
TOLD = {
    "keys": (
        setting("more", value=1),
        f"An estimator {ENTRIES} [] missing and ['more'] unknown.",
    ),
    "pairs": (
        WRONG["pairs"],
        "An estimator.state must be a dict, got [('n_components', 2)].",
    ),
    "no part": (
        without("_fitted"),
        f"{OWNER} {ENTRIES} ['_fitted'] missing and [] unknown.",
    ),
    "no attribute": (
        without("loss_curve_"),
        f"{OWNER} {ENTRIES} ['loss_curve_'] missing and [] unknown.",
    ),
    "a long one": (
        setting("state", "n_epochs_", value=100 * "x"),
        f"{OWNER}.n_epochs_ must be an integer >= 0, got '{79 * 'x'}....",
    ),
    "format": (WRONG["format"], "The format must be one of [1], got 9."),
    "attribute": (WRONG["attribute"], f"{OWNER} has no ['more']."),
    "output": (
        WRONG["output"],
        "_sklearn_output_config.transform must be one of ['default', 'pandas', "
        "'polars'], got 'x'.",
    ),
    "frozen": (frozen(), "got a FrozenEstimator"),
    "more than frozen": (
        frozen(more=1),
        f"FrozenEstimator {ENTRIES} [] missing and ['more'] unknown.",
    ),
}


@pytest.mark.parametrize("what", TOLD)
def test_errors_name_wrong_entries(plain, what):
    change, message = TOLD[what]
    with pytest.raises(InvalidFileError, match=f": {re.escape(message)}$"):
        changed(plain, change)


def test_impossible_columns_are_refused(saveable):
    spec = (*COLUMNS, "columns", 0, "dtype_spec")
    for name in ("pandas", "polars"):
        for dtype in ("read_csv", "no such dtype"):
            with pytest.raises(InvalidFileError):
                changed(saveable[name][0], setting(*spec, value={"dtype": dtype}))


def test_estimators_within_are_looked_at(saveable):
    compressor = saveable["compressor"][0]
    for name in ("estimator", "estimator_"):
        for value in ({"class": "CodeCompressor", "state": {}}, 3, None):
            if (name, value) == ("estimator", None):
                continue
            with pytest.raises(InvalidFileError):
                changed(compressor, setting("state", name, value=value))


def test_other_files_are_refused(plain, tmp_path):
    np.savez(tmp_path / "arrays.npz", np.zeros(3))
    joblib.dump(plain, tmp_path / "plain.joblib")
    (tmp_path / "empty").touch()
    (tmp_path / "checkpoint").write_bytes(to_bytes("checkpoint", {}))
    for path in tmp_path.iterdir():
        with pytest.raises(InvalidFileError):
            load(path)
    with pytest.raises(OSError, match="nothing"):
        load(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("position", "wrong"),
    [(4, {"dtype": "Int64"}), (4, {"dtype": "Enum"}), (0, {"dtype": "List"})],
)
def test_unfit_dtypes_are_refused(saveable, position, wrong):
    estimator, _ = saveable["polars"]
    path = *COLUMNS, "columns", position, "dtype_spec"
    with pytest.raises(InvalidFileError):
        changed(estimator, setting(*path, value=wrong))
