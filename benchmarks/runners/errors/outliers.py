"""Outlier detection in training rows and in new rows, against other detectors."""

from importlib.util import find_spec

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.preprocessing import StandardScaler

from sklearn_ae import AutoencoderTransformer, ReconstructionOutlierDetector

from ...data.datasets import Rows, load_rows
from ...timing import timed

# The sets on which means are taken: they come with labels of outliers.
LABELLED = ("cover", "shuttle", "satimage2", "mammography")
SETS = (*LABELLED, "fashion_mnist", "dry_bean", "breast_cancer")
CONTAMINATED, NOVELTY = MODES = ("contaminated", "novelty")
SHARE, MAX_NORMAL = 0.05, 4_000
N_NEIGHBORS = 5
# A difference of ROC AUC that is worth telling.
CLEARLY = 0.01
AUC, PRECISION, DISTINCT = "ROC AUC", "average precision", "distinct scores"
OURS = "ReconstructionOutlierDetector"
UNTRAINED, OVER_PCA = f"{OURS}, untrained", f"{OURS} over PCA"


def one_class_against(rows, normal, rare):
    """Return rows of a class, and some of another that are a share of all."""
    rng = np.random.default_rng(0)
    inliers = rng.permutation(np.flatnonzero(rows.y == normal))[:MAX_NORMAL]
    n_outliers = round(len(inliers) * SHARE / (1 - SHARE))
    outliers = rng.permutation(np.flatnonzero(rows.y == rare))[:n_outliers]
    chosen = rng.permutation(np.concatenate([inliers, outliers]))
    return Rows(rows.X[chosen], rows.y[chosen] == rare)


def rarest_class(rows):
    """Return rows with their rarest class as the outliers."""
    classes, counts = np.unique(rows.y, return_counts=True)
    return Rows(rows.X, rows.y == classes[counts.argmin()])


MADE = {
    "fashion_mnist": lambda rows: one_class_against(rows, 0, 1),
    "dry_bean": rarest_class,
    "breast_cancer": lambda rows: one_class_against(rows, 1, 0),
}


def labelled(name, folder=None):
    """Return rows with a flag for outliers in the place of classes, or None."""
    rows = load_rows(name, folder)
    if rows is None:
        return None
    made = MADE.get(name)
    return made(rows) if made else Rows(rows.X, rows.y.astype(bool))


def divided(rows, mode):
    """Return training rows, rows to score and their flags, standardized."""
    X, y = rows
    train, test = X, rows
    if mode == NOVELTY:
        order = np.random.default_rng(0).permutation(len(X))
        first, second = np.array_split(order, 2)
        train, test = X[first][~y[first]], Rows(X[second], y[second])
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test.X), test.y


def _ours(train, test, seed):
    return _detected(ReconstructionOutlierDetector(random_state=seed), train, test)


def _untrained(train, test, seed):
    start = AutoencoderTransformer(max_epochs=0)
    return _detected(ReconstructionOutlierDetector(start), train, test)


def _over_pca(train, test, seed):
    return _detected(ReconstructionOutlierDetector(PCA(2)), train, test)


def _forest(train, test, seed):
    return _detected(IsolationForest(random_state=seed), train, test)


def _detected(detector, train, test):
    return -detector.fit(train).score_samples(test)


def _pca(train, test, seed):
    pca = PCA(2).fit(train)
    return np.square(test - pca.inverse_transform(pca.transform(test))).sum(axis=1)


def _local(train, test, seed):
    if test is train:
        return -LocalOutlierFactor().fit(train).negative_outlier_factor_
    return _detected(LocalOutlierFactor(novelty=True), train, test)


def _neighbors(train, test, seed):
    neighbors = NearestNeighbors(n_neighbors=N_NEIGHBORS).fit(train)
    return neighbors.kneighbors(None if test is train else test)[0][:, -1]


def _pyod_autoencoder(train, test, seed):
    from pyod.models.auto_encoder import AutoEncoder

    return AutoEncoder(random_state=seed, verbose=0).fit(train).decision_function(test)


def _pyod_vae(train, test, seed):
    from pyod.models.vae import VAE

    return VAE(random_state=seed, verbose=0).fit(train).decision_function(test)


OWN = {OURS: _ours, UNTRAINED: _untrained, OVER_PCA: _over_pca}
PEERS = {
    "IsolationForest": _forest,
    "LocalOutlierFactor": _local,
    "k nearest neighbours": _neighbors,
    "PCA reconstruction": _pca,
}
PYOD = {"PyOD AutoEncoder": _pyod_autoencoder, "PyOD VAE": _pyod_vae}
MODELS = OWN | PEERS | PYOD


def run(folder, name, seed=0, models=None):
    """Return one row a mode and model of one data set.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    name : str
        The data set, as in `SETS`.

    seed : int
        Seed of the models.

    models : sequence of str, default=None
        Those of `MODELS` to measure, by default all that are installed.

    Returns
    -------
    results : DataFrame
        With columns data, mode, seed, model, rows scored, outliers among them, ROC AUC
        and average precision of the scores, how many of these differ, and seconds (of
        fit and scores together).
    """
    rows = labelled(name, folder)
    if rows is None:
        return pd.DataFrame()
    lines = []
    for mode in MODES:
        parts = divided(rows, mode)
        parts = (parts[0], parts[0], parts[2]) if mode == CONTAMINATED else parts
        for model in models or installed():
            line = {"data": name, "mode": mode, "seed": seed, "model": model}
            lines.append(line | measure(MODELS[model], *parts, seed))
            print(*lines[-1].values(), flush=True)
    return pd.DataFrame(lines)


def installed():
    """Return the models that can be measured here; name the others."""
    if find_spec("pyod") is not None:
        return tuple(MODELS)
    print("PyOD: not installed, skipped")
    return tuple(OWN | PEERS)


def measure(score, train, test, is_outlier, seed):
    """Return what the scores of a model are worth."""
    scores, seconds = timed(score, train, test, seed)
    return {
        "rows": len(test),
        "outliers": int(is_outlier.sum()),
        AUC: roc_auc_score(is_outlier, scores),
        PRECISION: average_precision_score(is_outlier, scores),
        DISTINCT: len(np.unique(scores)),
        "seconds": seconds,
    }


def means(rows):
    """Return one row a model, the best first: means over the labelled sets.

    There is none where these sets were not there.
    """
    kept = rows[rows["data"].isin(LABELLED)]
    if kept.empty:
        return kept[["model"]]
    table = kept.pivot_table([AUC, PRECISION], "model", "mode")
    best_first = table[AUC].mean(axis=1).sort_values(ascending=False).index
    table = table.loc[best_first]
    table.columns = [f"{mode}: {figure}" for figure, mode in table.columns]
    return table.sort_index(axis=1).reset_index()


def each(rows, mode):
    """Return one row a set and model in one mode."""
    shown = ["data", "model", AUC, PRECISION, DISTINCT, "seconds"]
    return rows.loc[rows["mode"] == mode, shown]
