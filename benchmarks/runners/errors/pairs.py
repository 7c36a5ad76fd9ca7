"""Multi-output regression: pictures to pictures, and tables."""

import warnings

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.cross_decomposition import CCA, PLSRegression
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ae import EncoderDecoderRegressor

from ...data import photographs
from ...data.datasets import load_pairs
from ...timing import timed
from .. import patches

TABLES = {"nir_soil": (0, 1, 2, 3, 4), "gas_turbine": (0,)}
SETS = (*photographs.TASKS, *TABLES)
N_PATCHES, N_HELD_OUT = (2_000, 20_000), 6_000
MAX_ROWS, WIDTHS, MAX_EPOCHS = 10_000, (256, 128), 40
RIDGE, OURS, FLAT = "RidgeCV", "EncoderDecoderRegressor", "without shapes"
LONGER = f"{OURS}, {MAX_EPOCHS} epochs"
MLP, CUBIC, WHOLE_CUBIC = "MLPRegressor", "bicubic, patch", "bicubic"
PATCHES, WHOLE = "patches", "whole pictures"
RATIO = "error over ridge's"


def run(folder, name):
    """Return one row a model, and number of rows or split, of one task.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    name : str
        The task or the data set, as in `SETS`.

    Returns
    -------
    results : DataFrame
        With columns data, scope, n_train, seed, model, error over ridge's (of held-out
        squared errors), PSNR (of pictures), seconds and best_epoch.
    """
    found = (
        run_photographs(name) if name in photographs.TASKS else _tables(folder, name)
    )
    lines = []
    for result in found:
        lines.append({"data": name} | result)
        print(*lines[-1].values(), flush=True)
    return pd.DataFrame(lines)


def run_photographs(
    name,
    n_patches=N_PATCHES,
    n_held_out=N_HELD_OUT,
    whole=(RIDGE, OURS, LONGER, FLAT, MLP),
    **parameters,
):
    """Yield results of patches, and with the most of them of whole pictures."""
    target, degrade, factor = photographs.TASKS[name]
    left, right = photographs.halves(target)
    rng = np.random.default_rng(0)
    inputs = [degrade(picture, rng) for picture in right]
    places = photographs.corners(right, n_held_out, 1, step=photographs.FACTOR)
    smaller = places // (1, factor, factor)
    test = (
        photographs.cut(inputs, smaller, photographs.SIDE // factor),
        photographs.cut(right, places),
    )
    for n_train in n_patches:
        Y = photographs.cut(left, photographs.corners(left, n_train, 0))
        X = degrade(Y, rng)
        models = _picture_models(X, Y, parameters)
        line = {"scope": PATCHES, "n_train": n_train, "seed": 0}
        for result in compare(models, (X, Y), test):
            yield line | result | {"PSNR": patches.decibels(result["error"])}
    if factor > 1:
        yield from _cubic(inputs, right, test, places, line)
    models = {model: models[model] for model in whole}
    for result in _whole(models, inputs, right, factor):
        yield line | {"scope": WHOLE} | result


def _picture_models(X, Y, parameters):
    """Return models to fit, by name."""
    longer = {"max_epochs": MAX_EPOCHS} | parameters
    return {
        RIDGE: patches.Ridge(),
        OURS: patches.ours(X, Y, **parameters),
        LONGER: patches.ours(X, Y, **longer),
        FLAT: Flat(EncoderDecoderRegressor(random_state=0, **parameters)),
        MLP: Flat(_mlp(0)),
    }


class Flat:
    """A regressor of flattened pictures."""

    def __init__(self, model):
        self.model = model

    def fit(self, X, Y):
        self.axes = Y.shape[1:]
        self.model.fit(X.reshape(len(X), -1), Y.reshape(len(Y), -1))
        self.best_epoch_ = getattr(self.model, "best_epoch_", None)
        return self

    def predict(self, X):
        outputs = self.model.predict(X.reshape(len(X), -1))
        return outputs.reshape(len(X), *self.axes)


def compare(models, train, test):
    """Yield the held-out error of each model, the first of which is ridge regression.

    Outputs are in the units of their columns.
    """
    baseline = None
    for name, model in models.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            _, seconds = timed(model.fit, *train)
        error = np.mean(np.square(model.predict(test[0]) - test[1]))
        baseline = baseline or error
        yield {
            "model": name,
            "error": error,
            RATIO: error / baseline,
            "seconds": seconds,
            "best_epoch": getattr(model, "best_epoch_", None),
        }


def _cubic(inputs, right, test, places, line):
    """Yield the errors of bicubic interpolation, of patches and at their places."""
    large = [photographs.enlarged(picture) for picture in inputs]
    made = {
        CUBIC: np.stack([photographs.enlarged(patch) for patch in test[0]]),
        WHOLE_CUBIC: photographs.cut(large, places),
    }
    for name, outputs in made.items():
        yield line | _errors(name, [outputs], [test[1]])
    yield line | {"scope": WHOLE} | _errors(WHOLE_CUBIC, large, right)


def _whole(models, inputs, right, factor):
    """Yield the errors of whole pictures made of overlapping patches."""
    for name, model in models.items():
        made = [patches.assembled(model, picture, factor) for picture in inputs]
        yield _errors(name, made, right)


def _errors(name, made, truth):
    pairs = zip(made, truth, strict=True)
    squares = np.concatenate([np.square(a - b).ravel() for a, b in pairs])
    error = np.mean(squares)
    return {"model": name, "error": error, "PSNR": patches.decibels(error)}


def _tables(folder, name):
    """Yield results of a table, on several splits where it is small."""
    found = load_pairs(name, folder)
    if found is None:
        return
    for seed in TABLES[name]:
        order = np.random.default_rng(seed).permutation(len(found[0]))[:MAX_ROWS]
        n_train = 3 * len(order) // 4
        train, test = (
            [part[chosen] for part in found]
            for chosen in (order[:n_train], order[n_train:])
        )
        line = {"scope": "table", "n_train": n_train, "seed": seed}
        for result in compare_table(train, test, seed):
            yield line | result


def compare_table(train, test, seed, **parameters):
    """Yield results of tables, whose outputs count alike."""
    scaler = StandardScaler().fit(train[1])
    train, test = ((X, scaler.transform(Y)) for X, Y in (train, test))
    n_outputs, n_most = train[1].shape[1], min(20, *train[0].shape)
    ranks = [k for k in (1, 2, 3, 5, 8, 12, 16, 20) if k <= n_most]
    models = {
        RIDGE: make_pipeline(StandardScaler(), RidgeCV(patches.ALPHAS)),
        OURS: EncoderDecoderRegressor(random_state=seed, **parameters),
        MLP: _mlp(seed),
        "PLSRegression": _search(PLSRegression(), ranks),
        "CCA": _search(CCA(max_iter=2_000), [k for k in ranks if k <= n_outputs]),
    }
    yield from compare(models, train, test)


def _search(model, ranks):
    """Return a model of linear codes with the number that cross-validation likes."""
    grid = {"n_components": ranks}
    return GridSearchCV(model, grid, scoring="neg_mean_squared_error")


def _mlp(seed):
    """Return scikit-learn's network of the same widths, on standardized columns."""
    parameters = {"hidden_layer_sizes": WIDTHS, "early_stopping": True}
    model = MLPRegressor(**parameters, random_state=seed)
    inner = make_pipeline(StandardScaler(), model)
    scaler = StandardScaler()
    return TransformedTargetRegressor(inner, transformer=scaler, check_inverse=False)


def summary(results):
    """Return one row a task, number of rows and model, the mean over splits."""
    keys = ["data", "scope", "n_train", "model"]
    kept = results.assign(**{RATIO: _ratios(results)})
    kept = kept.reindex(columns=[*keys, RATIO, "PSNR", "seconds"])
    means = kept.groupby(keys, sort=False).mean()
    return means.reset_index().rename(
        columns={"n_train": "training rows", "seconds": "fit seconds"}
    )


def _ratios(results):
    """Return errors over those of ridge regression on the same rows."""
    keys = ["data", "scope", "n_train", "seed"]
    ridge = results[results["model"] == RIDGE].set_index(keys)["error"]
    return (
        results["error"].to_numpy()
        / ridge.loc[pd.MultiIndex.from_frame(results[keys])].to_numpy()
    )
