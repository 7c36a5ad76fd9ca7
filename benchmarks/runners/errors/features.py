"""Scores of linear models on raw columns with codes, and on raw columns alone."""

from functools import partial

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import StandardScaler

from sklearn_ae import DenoisingAutoencoder

from ...data.datasets import MAX_ROWS, load_with_target
from ...data.encoding import EncodedMatrix, filled
from ...timing import timed
from ..peers import OURS, PCABaseline

N_FOLDS, SEED = 5, 0
KEYS = ["data", "n_components"]
RAW, UNTRAINED, PCA = "raw columns", "untrained codes", "PCA codes"


def logistic_regression():
    return LogisticRegression(max_iter=1000)


def ridge():
    return RidgeCV(np.logspace(-2, 4, 13))


# name: target, what is done to it, linear model, number of components
SETS = {
    "adult": ("income", np.asarray, logistic_regression, 8),
    "ames": ("SalePrice", np.log, ridge, 8),
    "beijing_air": ("PM2.5", np.asarray, ridge, 8),
    "dry_bean": ("y", np.asarray, logistic_regression, 4),
    "protein_casp": ("y", np.asarray, ridge, 4),
    "gas_turbine": ("y", np.asarray, ridge, 4),
}


def run_features(folder, names=tuple(SETS), max_rows=MAX_ROWS, n_folds=N_FOLDS):
    """Return one row a set, fold and features: the score of a linear model on them.

    Codes are learned from a fold's training rows and standardized; they come beside
    the raw columns, encoded. Untrained codes are those of the same network before any
    step, from random weights.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    names : sequence of str
        Sets, as in `SETS`.

    max_rows : int
        Larger sets are cut to it.

    n_folds : int
        Number of folds.

    Returns
    -------
    results : DataFrame
        With columns data, n_components, fold, features, score, log_loss, seconds. The
        score is the accuracy of classes, R2 of a number; seconds are those to learn
        the codes.
    """
    rows = []
    for name in names:
        target, change, model, count = SETS[name]
        frame, y = load_with_target(name, target, folder, max_rows)
        if frame is None:
            print(f"{name}: not found, skipped")
            continue
        for result in _fold_scores(frame, change(y), model, count, n_folds):
            rows.append({"data": name, "n_components": count} | result)
            print(*rows[-1].values(), flush=True)
    return pd.DataFrame(rows)


def _fold_scores(frame, y, model, count, n_folds):
    for fold, (train, test) in enumerate(_folds(model, n_folds).split(frame, y)):
        parts = frame.iloc[train], frame.iloc[test]
        for features, (X, X_test), seconds in _features(*parts, count):
            result = _score(model(), X, y[train], X_test, y[test])
            key = {"fold": fold, "features": features}
            yield key | result | {"seconds": seconds}


def _folds(model, n_folds):
    kind = StratifiedKFold if is_classifier(model()) else KFold
    return kind(n_folds, shuffle=True, random_state=SEED)


def _features(train, test, count):
    """Yield name, training and test features, and the seconds their codes took."""
    matrix = EncodedMatrix(train)
    raw = [filled(matrix.encode(rows)) for rows in (train, test)]
    yield RAW, raw, 0.0
    denoising = partial(
        DenoisingAutoencoder,
        count,
        noise="swap",
        noise_level=0.15,
        standardize=True,
        random_state=SEED,
    )
    pca = PCABaseline(min(count, *raw[0].shape), SEED).pca
    learners = {
        OURS: (denoising(), (train, test)),
        UNTRAINED: (denoising(init="random", max_epochs=0), (train, test)),
        PCA: (pca, raw),
    }
    for name, (learner, tables) in learners.items():
        _, seconds = timed(learner.fit, tables[0])
        codes = [learner.transform(rows) for rows in tables]
        scaler = StandardScaler().fit(codes[0])
        columns = [
            np.hstack([rows, scaler.transform(code)])
            for rows, code in zip(raw, codes, strict=True)
        ]
        yield name, columns, seconds


def _score(model, X, y, X_test, y_test):
    model.fit(X, y)
    loss = np.nan
    if is_classifier(model):
        loss = log_loss(y_test, model.predict_proba(X_test), labels=model.classes_)
    return {"score": model.score(X_test, y_test), "log_loss": loss}


def summary(results):
    """Return one row a set: mean scores, and whether ours is ahead of all others."""
    means = results.pivot_table("score", KEYS, "features")
    lines = means[[RAW, UNTRAINED, PCA, OURS]]
    ahead = lines[OURS] > lines.drop(columns=OURS).max(axis=1)
    lines = lines.assign(ahead=ahead.map({True: "yes", False: "no"}))
    return lines.rename(columns={OURS: f"{OURS} codes"}).reset_index()


def n_ahead(results):
    """Return on how many sets ours is ahead of all others."""
    return int((summary(results)["ahead"] == "yes").sum())
