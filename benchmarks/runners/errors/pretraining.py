"""Few labels: PretrainedClassifier and PretrainedRegressor, against other models."""

from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from sklearn_ae import (
    DenoisingAutoencoder,
    PretrainedClassifier,
    PretrainedRegressor,
)

from ...data.datasets import MAX_ROWS, load_rows, load_with_target
from ...data.encoding import EncodedMatrix, filled
from ...timing import timed

SHARES, N_DRAWS, SEED = (0.01, 0.05, 0.2), 5, 0
SHORT = (0.05,), 2  # shares, draws
OURS, FROZEN = "ours", "ours, start"
PCA_CODES, NETWORK, SELF = "PCA codes, linear", "network from scratch", "self-training"
RAW, TREES = "raw columns, linear", "gradient boosting"
MAX_SELF_SHARE, MAX_SELF_COLUMNS = 0.05, 120
MAX_TREE_COLUMNS = 120
PEERS = (NETWORK, PCA_CODES, SELF)


class Task(NamedTuple):
    """A data set's target, the number of codes, and whether columns are scaled."""

    target: str
    n_components: int
    standardized: bool = True
    classes: bool = True


# Codes for classes: half the encoded columns, at most 64.
SETS = {
    "digits": Task("y", 32, standardized=False),
    "dry_bean": Task("y", 8),
    "adult": Task("income", 54),
    "fashion_mnist": Task("y", 64, standardized=False),
    "protein_casp": Task("y", 8, classes=False),
    "gas_turbine": Task("y", 8, classes=False),
}


class Data(NamedTuple):
    """Rows to learn from and held-out rows, as tables and as encoded matrices."""

    tables: tuple
    raw: tuple
    scaled: tuple
    targets: tuple


def run(folder, name, shares=SHARES, n_draws=N_DRAWS):
    """Return one row a share of labels, draw and model of one data set.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    name : str
        The data set, as in `SETS`.

    shares : sequence of float
        Shares of the training rows that are labelled.

    n_draws : int
        Number of draws of the labelled rows.

    Returns
    -------
    results : DataFrame
        With columns data, n_components, share, labels, draw, model, score (accuracy of
        classes, R2 of numbers, on held-out rows), seconds and best_epoch.
    """
    task, found = SETS[name], _load(name, folder)
    if found is None:
        return pd.DataFrame()
    return compare(name, task, *found, shares, n_draws)


def compare(name, task, X, y, shares, n_draws, **parameters):
    """Return the rows of :func:`run`; `parameters` are our networks'."""
    data = _split(task, X, y)
    encoder = DenoisingAutoencoder(
        task.n_components, standardize=task.standardized, random_state=SEED
    )
    encoder.set_params(**parameters).fit(data.tables[0])
    models = _models(task, FrozenEstimator(encoder), parameters)
    pca = PCA(task.n_components, random_state=SEED).fit(data.raw[0])
    codes = [pca.transform(rows) for rows in data.raw]
    scaler = StandardScaler().fit(codes[0])
    codes = [scaler.transform(rows) for rows in codes]
    lines = []
    for share in shares:
        for draw in range(n_draws):
            index = _drawn(task, data.targets[0], share, draw)
            line = {"data": name, "n_components": task.n_components, "share": share}
            line |= {"labels": len(index), "draw": draw}
            for model, result in _results(task, models, data, codes, index, share):
                lines.append(line | {"model": model} | result)
                print(*lines[-1].values(), flush=True)
    return pd.DataFrame(lines)


def _models(task, encoder, parameters):
    epochs = {"max_epochs": parameters.get("max_epochs", "auto")}
    if task.classes:
        return {
            OURS: partial(PretrainedClassifier, encoder, **epochs),
            FROZEN: partial(PretrainedClassifier, encoder, max_epochs=0),
            "linear": lambda **_: LogisticRegression(max_iter=1000),
            NETWORK: MLPClassifier,
            TREES: HistGradientBoostingClassifier,
        }
    return {
        OURS: partial(PretrainedRegressor, encoder, **epochs),
        FROZEN: partial(PretrainedRegressor, encoder, max_epochs=0),
        "linear": lambda **_: RidgeCV(np.logspace(-3, 4, 15)),
        NETWORK: MLPRegressor,
        TREES: HistGradientBoostingRegressor,
    }


def _results(task, models, data, codes, index, share):
    """Yield (model, result) of one draw of labelled rows."""
    y, y_test = data.targets
    partly = np.full(len(y), -1 if task.classes else np.nan)
    partly = partly.astype(y.dtype) if task.classes else partly
    partly[index] = y[index]
    seed = {"random_state": SEED}
    for model in (OURS, FROZEN):
        fitted, seconds = timed(models[model](**seed).fit, data.tables[0], partly)
        score = fitted.score(data.tables[1], y_test)
        result = {"seconds": seconds, "best_epoch": fitted.best_epoch_}
        yield model, {"score": score} | result
    rows = {PCA_CODES: codes, RAW: data.scaled, NETWORK: data.scaled}
    if data.raw[0].shape[1] <= MAX_TREE_COLUMNS:
        rows[TREES] = data.raw
    for model, (X, X_test) in rows.items():
        made = models.get(model, models["linear"])(**seed)
        _, seconds = timed(made.fit, X[index], y[index])
        yield model, {"score": made.score(X_test, y_test), "seconds": seconds}
    if task.classes and share <= MAX_SELF_SHARE:
        X, X_test = _few_columns(data.scaled)
        made = SelfTrainingClassifier(models["linear"]())
        _, seconds = timed(made.fit, X, partly)
        yield SELF, {"score": made.score(X_test, y_test), "seconds": seconds}


def _few_columns(rows):
    """Return rows, of many columns their first principal components."""
    if rows[0].shape[1] <= MAX_SELF_COLUMNS:
        return rows
    pca = PCA(MAX_SELF_COLUMNS, random_state=SEED).fit(rows[0])
    return [pca.transform(part) for part in rows]


def _load(name, folder):
    task = SETS[name]
    if name == "adult":
        X, y = load_with_target(name, task.target, folder, MAX_ROWS)
        return None if X is None else (X, y)
    rows = load_rows(name, folder)
    if rows is None:
        return None
    return pd.DataFrame(rows.X).rename(columns=str), rows.y


def _split(task, X, y):
    if task.classes:
        y = np.unique(y, return_inverse=True)[1]
    parts = train_test_split(
        np.arange(len(X)),
        test_size=0.25,
        random_state=SEED,
        stratify=y if task.classes else None,
    )
    tables = [X.iloc[part] for part in parts]
    matrix = EncodedMatrix(tables[0])
    scaled = [filled(matrix.encode(table)) for table in tables]
    raw = scaled
    if not task.standardized:
        raw = [table.to_numpy(np.float64) for table in tables]
    targets = [np.asarray(y)[part] for part in parts]
    return Data(tables, raw, scaled, targets)


def _drawn(task, y, share, draw):
    """Return the labelled rows, classes in about their shares."""
    n_labels = round(share * len(y))
    if task.classes:
        n_labels = max(n_labels, len(np.unique(y)))
    index, _ = train_test_split(
        np.arange(len(y)),
        train_size=n_labels,
        random_state=draw,
        stratify=y if task.classes else None,
    )
    return index


def summary(results):
    """Return one row a set and share, the mean over draws, and who is ahead."""
    keys = ["data", "n_components", "share", "labels"]
    shown = [OURS, FROZEN, *PEERS, RAW, TREES]
    means = results.pivot_table("score", keys, "model", sort=False)
    means = means.reindex(columns=[name for name in shown if name in means])
    peers = means[[name for name in PEERS if name in means]].max(axis=1)
    ahead = (means[OURS] > peers).map({True: "yes", False: "no"})
    return means.assign(ahead=ahead).reset_index()


def n_ahead(results):
    """Return for each peer on how many sets and shares ours is ahead, and of how many.

    Returns
    -------
    counts : dict of str to tuple of two int
        By peer.
    """
    lines = summary(results)
    counts = {}
    for name in PEERS:
        if name in lines:
            there = lines[lines[name].notna()]
            counts[name] = int((there[OURS] > there[name]).sum()), len(there)
    return counts
