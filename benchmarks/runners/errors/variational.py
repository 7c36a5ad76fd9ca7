"""Held-out log-likelihood of VariationalAutoencoder, minus probabilistic PCA's."""

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from sklearn_ae import VariationalAutoencoder

from ...data.datasets import load_rows, split
from ...timing import timed
from .. import peers
from .quality import SETS, warm_up

MAX_SCORED = 2_000
# From here on PCA's covariance is not made whole.
MANY_COLUMNS = 1_000
# Nats from which a code tells something.
ACTIVE = 0.01
ASKED_MEDIAN, ASKED_WORST = 0.1, -0.01
OURS_SCORE, PCA_SCORE = "score a column", "PCA's score a column"
GAIN = "gain a column"


def run(folder, name, seeds=(0,), counts=None):
    """Return one row a number of components and seed of one data set.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    name : str
        The data set, as in `quality.SETS`.

    seeds : sequence of int
        Seeds of the split and of the model.

    counts : sequence of int, default=None
        Numbers of components, by default those of `quality.SETS`.

    Returns
    -------
    results : DataFrame
        With columns data, n_components, seed, score a column, PCA's score a column,
        gain a column (all in nats, of at most `MAX_SCORED` held-out rows, in the units
        of the rows the models are given), seconds and PCA's seconds (of the fit),
        best_epoch, and active codes (those whose divergence is at least `ACTIVE`).
    """
    rows = load_rows(name, folder)
    if rows is None:
        return pd.DataFrame()
    standardized, all_counts = SETS[name]
    warm_up((peers.OURS,))
    lines = []
    for seed in seeds:
        train, test = (part.X for part in split(rows, standardized, seed))
        for count in counts or all_counts:
            line = {"data": name, "n_components": count, "seed": seed}
            lines.append(line | compare(train, test[:MAX_SCORED], count, seed))
            print(*lines[-1].values(), flush=True)
    return pd.DataFrame(lines)


def compare(train, test, count, seed, **parameters):
    """Return scores, seconds and the rest of one fit beside PCA's."""
    n_columns, test = train.shape[1], test.astype(np.float64)
    solver = "full" if n_columns < MANY_COLUMNS else "auto"
    pca = PCA(count, svd_solver=solver, random_state=seed)
    _, pca_seconds = timed(pca.fit, train.astype(np.float64))
    ours = VariationalAutoencoder(count, random_state=seed, **parameters)
    _, seconds = timed(ours.fit, train)
    baseline, score = pca.score(test) / n_columns, ours.score(test) / n_columns
    return {
        OURS_SCORE: score,
        PCA_SCORE: baseline,
        GAIN: score - baseline,
        "seconds": seconds,
        "PCA's seconds": pca_seconds,
        "best_epoch": ours.best_epoch_,
        "active codes": int(np.sum(ours.kl_per_component_ >= ACTIVE)),
    }


def summary(results):
    """Return one row a pair of data set and number of components."""
    keys = ["data", "n_components"]
    shown = [GAIN, OURS_SCORE, PCA_SCORE, "seconds", "best_epoch", "active codes"]
    means = results.groupby(keys)[shown].mean().reset_index()
    return means.rename(columns={"seconds": "fit seconds"})
