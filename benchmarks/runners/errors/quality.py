"""Held-out squared error over PCA's, seconds of a fit, and scores of the codes."""

import numpy as np
import pandas as pd

from sklearn_ae import AutoencoderTransformer

from ...data.datasets import BUNDLED, PAIRS, load_rows, split
from ...timing import timed
from .. import probes
from ..peers import BASELINE, LONGER, OURS, PEERS, PCABaseline, makers

SEEDS = (0, 1, 2)
KEYS = ["data", "n_components"]
WORSE = 1.001
MODELS = (OURS, LONGER, BASELINE, *PEERS, probes.UNTRAINED, probes.RAW)
SETS = {name: (standardized, counts) for name, standardized, counts in PAIRS}
# In a short run: a bundled set's middle number of components.
SHORT = {name: (SETS[name][1][len(SETS[name][1]) // 2],) for name in BUNDLED}


def squared_error(model, X):
    """Return the total squared error of a model's reconstructions, in float64."""
    return float(np.sum((model.reconstruct(X).astype(np.float64) - X) ** 2))


def warm_up(models=MODELS):
    """Fit every model once, so that no first one pays for what torch loads late."""
    X = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    for make in makers(len(X), models).values():
        make(2, 0).fit(X).transform(X)


def run(folder, name, seeds=SEEDS, counts=None, models=MODELS):
    """Return one row a number of components, seed and model of one data set.

    Models of one split and number of components are measured one after another.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    name : str
        The data set, as in `SETS`.

    seeds : sequence of int
        Seeds of the split and of the models.

    counts : sequence of int, default=None
        Numbers of components, by default those of `SETS`.

    models : sequence of str
        What to measure, of `MODELS`; PCA is measured in any case.

    Returns
    -------
    results : DataFrame
        With columns data, n_components, seed, model, ratio (of held-out squared error
        to PCA's), seconds (of the fit), transform seconds (of the held-out rows),
        best_epoch, and the scores of `probes` where the set has a target.
    """
    rows = load_rows(name, folder)
    if rows is None:
        return pd.DataFrame()
    standardized, all_counts = SETS[name]
    warm_up(models)
    lines = []
    for seed in seeds:
        train, test = split(rows, standardized, seed)
        raw = _raw(train, test) if probes.RAW in models else {}
        for count in counts or all_counts:
            compared = dict(_compare(count, seed, train, test, models))
            for model, result in (compared | raw).items():
                line = {"data": name, "n_components": count, "seed": seed}
                lines.append(line | {"model": model} | result)
                print(*lines[-1].values(), flush=True)
    return pd.DataFrame(lines)


def _raw(train, test):
    return {probes.RAW: _scores(lambda X: X, train, test)}


def _compare(count, seed, train, test, models):
    """Yield name and result of every model; PCA comes first, the others over it."""
    baseline = None
    for name, make in ({BASELINE: PCABaseline} | makers(len(train.X), models)).items():
        model = make(count, seed)
        _, seconds = timed(model.fit, train.X)
        _, transform_seconds = timed(model.transform, test.X)
        error = squared_error(model, test.X)
        baseline = baseline or error
        result = {
            "ratio": error / baseline,
            "seconds": seconds,
            "transform seconds": transform_seconds,
            "best_epoch": getattr(model, "best_epoch_", None),
        }
        yield name, result | _scores(model.transform, train, test)
    if probes.UNTRAINED not in models:
        return
    untrained = AutoencoderTransformer(
        count, init="random", max_epochs=0, random_state=seed
    ).fit(train.X)
    yield probes.UNTRAINED, _scores(untrained.transform, train, test)


def _scores(transform, train, test):
    if train.y is None:
        return {}
    codes, codes_test = transform(train.X), transform(test.X)
    return probes.scores(codes, train.y, codes_test, test.y)


def pair_means(results):
    """Return errors over PCA's, mean over splits: a row a pair, a column a model."""
    measured = results.dropna(subset=["ratio"])
    return measured.pivot_table("ratio", KEYS, "model")


def geometric_mean(values):
    """Return the geometric mean of what is there, NaN without any."""
    return float(np.exp(np.log(values.dropna()).mean()))


def summary(results):
    """Return one row a model, ours first, then PCA and the peers."""
    means, splits = pair_means(results), results.dropna(subset=["ratio"])
    timed_splits = splits[splits["seed"].isin(timed_seeds(results))]
    lines = {}
    for model in present((OURS, LONGER, BASELINE, *PEERS), means):
        ratios, part = means[model].dropna(), splits[splits["model"] == model]
        lines[model] = {
            "pairs": len(ratios),
            "geometric mean of error over PCA's": geometric_mean(ratios),
            "ours on the same pairs": geometric_mean(means.loc[ratios.index, OURS]),
            "pairs worse than PCA": int((ratios > WORSE).sum()),
            "worst pair": ratios.max(),
            "worst split": part["ratio"].max(),
            "fit seconds": _seconds(timed_splits, model, ratios.index),
            "ours, fit seconds on the same pairs": _seconds(
                timed_splits, OURS, ratios.index
            ),
        }
    return pd.DataFrame(lines).T


def present(models, means):
    """Return the models that were measured, in their order."""
    return [model for model in models if model in means]


def timed_seeds(results):
    """Return the seeds at which every model was timed on every one of its pairs.

    Fits that were measured on a busy machine have no seconds.
    """
    measured = results.dropna(subset=["ratio"])
    fits = measured.assign(timed=measured["seconds"].notna())
    columns = [*KEYS, "model"]
    table = fits.pivot_table("timed", "seed", columns, "all", fill_value=False)
    return [int(seed) for seed in table.index[table.all(axis=1)]]


def _seconds(splits, model, pairs):
    part = splits[splits["model"] == model].set_index(KEYS)
    return part[part.index.isin(pairs)].groupby("seed")["seconds"].sum().mean()


def share_best(results):
    """Return on what share of pairs our error is at most the best peer's."""
    means = pair_means(results)
    best = means[peers_of(results)].min(axis=1)
    return float((means[OURS] <= best).mean())


def peers_of(results):
    """Return the peers that were measured."""
    return present(PEERS, pair_means(results))


def splits_without_peers(results):
    """Return data sets and seeds at which we were measured and no peer was."""
    measured = results.dropna(subset=["ratio"])
    ours = measured[measured["model"] == OURS]
    peers = measured[measured["model"].isin(PEERS)]
    pairs = [
        set(part[["data", "seed"]].itertuples(index=False, name=None))
        for part in (ours, peers)
    ]
    return sorted(pairs[0] - pairs[1])


def pair_table(results):
    """Return errors over PCA's of every pair and model, our worst split and seconds."""
    means, ours = pair_means(results), results[results["model"] == OURS]
    worst = ours.groupby(KEYS)["ratio"].max().rename(f"{OURS}: worst split")
    in_time = ours[ours["seed"].isin(timed_seeds(results))].groupby(KEYS)
    seconds = in_time["seconds"].mean().rename(f"{OURS}: fit seconds")
    models = present((OURS, *PEERS), means)
    return pd.concat([means[models], worst, seconds], axis=1).reset_index()
