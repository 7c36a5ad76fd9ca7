"""Held-out squared error over PCA's, and the fit time against a plain autoencoder's."""

import time
from functools import partial

import numpy as np
import pandas as pd

from sklearn_ae import AutoencoderTransformer

from .datasets import PAIRS, load, split
from .peers import PCABaseline, PlainSkorchAutoencoder

SEEDS = (0, 1, 2)
OURS, PLAIN = "sklearn_ae", "plain skorch"


def ours(n_components, seed):
    """Return the package's estimator with its defaults."""
    return AutoencoderTransformer(n_components, random_state=seed)


def squared_error(model, X):
    """Return the total squared error of a model's reconstructions, in float64."""
    return float(np.sum((model.reconstruct(X).astype(np.float64) - X) ** 2))


def measure(make, train, test):
    """Return held-out squared error, seconds to fit, and the fitted model."""
    started = time.perf_counter()
    model = make().fit(train)
    seconds = time.perf_counter() - started
    return squared_error(model, test), seconds, model


def run(folder, seeds=SEEDS, pairs=PAIRS):
    """Return one row a pair, seed and model; the plain autoencoder at the first seed.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    seeds : sequence of int
        Seeds of the split and of the models.

    pairs : list of tuple
        As `PAIRS`.

    Returns
    -------
    results : DataFrame
        With columns data, n_components, seed, model, ratio, seconds, best_epoch.
    """
    rows = []
    for name, standardized, counts in pairs:
        X = load(name, folder)
        if X is None:
            print(f"{name}: not found, skipped")
            continue
        for seed in seeds:
            train, test = split(X, standardized, seed)
            for count in counts:
                makers = {OURS: partial(ours, count, seed)}
                if seed == seeds[0]:
                    makers[PLAIN] = partial(PlainSkorchAutoencoder, count, seed)
                for model, result in _compare(makers, count, seed, train, test):
                    row = {"data": name, "n_components": count, "seed": seed}
                    rows.append(row | {"model": model} | result)
                    print(*rows[-1].values(), flush=True)
    return pd.DataFrame(rows)


def _compare(makers, count, seed, train, test):
    baseline, _, _ = measure(partial(PCABaseline, count, seed), train, test)
    for name, make in makers.items():
        error, seconds, model = measure(make, train, test)
        yield (
            name,
            {
                "ratio": error / baseline,
                "seconds": seconds,
                "best_epoch": getattr(model, "best_epoch_", None),
            },
        )


def summary(results):
    """Return one row a model: geometric mean, worst mean, worst split, fit seconds."""
    lines = {}
    first = results["seed"].min()
    for model, part in results.groupby("model"):
        means = part.groupby(["data", "n_components"])["ratio"].mean()
        lines[model] = {
            "pairs": len(means),
            "geometric mean of error over PCA's": float(np.exp(np.log(means).mean())),
            "pairs worse than PCA": int((means > 1.001).sum()),
            "worst pair": means.max(),
            "worst split": part["ratio"].max(),
            "fit seconds, all pairs": part.loc[part["seed"] == first, "seconds"].sum(),
        }
    return pd.DataFrame(lines).T
