"""Scores of 5 nearest neighbours and of a linear model that are fitted to codes."""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .peers import BASELINE, KERNEL, OURS, PEERS

MAX_TRAIN, MAX_TEST = 5_000, 2_000
NEIGHBOURS, LINEAR = "neighbours score", "linear score"
RAW, UNTRAINED = "raw columns", "untrained"
MODELS = (OURS, BASELINE, RAW, UNTRAINED, *PEERS)
# Classes count alike in training and in the score, however rare they are.
CLASSIFIERS = {
    NEIGHBOURS: KNeighborsClassifier,
    LINEAR: lambda: make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=1000, class_weight="balanced")
    ),
}
REGRESSORS = {
    NEIGHBOURS: KNeighborsRegressor,
    LINEAR: lambda: make_pipeline(StandardScaler(), Ridge()),
}


def scores(codes, y, codes_test, y_test):
    """Return balanced accuracy of classes, or R2 of numbers, on held-out codes.

    Training and test rows come in random order; the leading ones are taken.
    """
    train = codes[:MAX_TRAIN], y[:MAX_TRAIN]
    test, truth = codes_test[:MAX_TEST], y_test[:MAX_TEST]
    if y.dtype.kind == "f":
        return {"target": "numbers"} | {
            name: make().fit(*train).score(test, truth)
            for name, make in REGRESSORS.items()
        }
    return {"target": "classes"} | {
        name: recall(make().fit(*train).predict(test), truth)
        for name, make in CLASSIFIERS.items()
    }


def recall(guesses, truth):
    """Return the mean over the classes there are of the share found."""
    classes = np.unique(truth)
    return float(np.mean([np.mean(guesses[truth == c] == c) for c in classes]))


def summary(results):
    """Return one row a model: mean scores over pairs, by probe and kind of target.

    KernelPCA, which is not fitted to large sets, is left out.
    """
    scored = results.dropna(subset=["target"])
    scored = scored[scored["model"] != KERNEL]
    means = scored.pivot_table([NEIGHBOURS, LINEAR], "model", "target")
    means.columns = [f"{name}, {target}" for name, target in means.columns]
    return means.reindex([m for m in MODELS if m in means.index]).reset_index()


def pair_table(results, score):
    """Return the mean over splits of a score: a row a pair, a column a model."""
    scored = results.dropna(subset=["target"])
    means = scored.pivot_table(score, ["data", "n_components"], "model")
    kinds = scored.groupby(["data", "n_components"])["target"].first()
    models = [model for model in MODELS if model in means]
    return pd.concat([kinds, means[models]], axis=1).reset_index()
