"""Held-out error against seconds of a fit, from separate fits at several budgets."""

import math

import numpy as np
import pandas as pd

from ...data.datasets import load_rows, split
from ...timing import timed
from ..peers import BASELINE, MLP, OURS, PEERS, PYOD, SKORCH, PCABaseline, makers
from .quality import SETS as PAIR_SETS
from .quality import squared_error, warm_up

SEED = 0
SETS = {
    "dry_bean": 4,
    "gas_turbine": 4,
    "cover": 5,
    "digits": 8,
    "coil20": 8,
    "fashion_mnist": 8,
}
# Shares of the epochs that a model takes when it decides by itself.
SHARES = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)
SHORT_SHARES = (1 / 16, 1 / 4)
# PyOD never stops by itself: what it does by default is half of the last budget.
PYOD_EPOCHS, SHORT_PYOD_EPOCHS = (1, 2, 5, 10, 20), (2, 5, 10)
# Where fits take long, peers have the budgets of a short run.
LONG = ("fashion_mnist",)
NEVER = math.inf


def run(folder, name, shares=SHARES):
    """Return one row a model and budget of one data set.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    name : str
        The data set, as in `SETS`.

    shares : sequence of float
        Budgets, as shares of the epochs of a fit with defaults.

    Returns
    -------
    results : DataFrame
        With columns data, n_components, seed, model, epochs (NaN without any), seconds,
        ratio (of held-out squared error to PCA's).
    """
    rows = load_rows(name, folder)
    if rows is None:
        return pd.DataFrame()
    warm_up()
    train, test = split(rows, PAIR_SETS[name][0], SEED)
    lines = []
    peer_shares = SHORT_SHARES if name in LONG else shares
    for result in _measured(SETS[name], train.X, test.X, shares, peer_shares):
        line = {"data": name, "n_components": SETS[name], "seed": SEED}
        lines.append(line | result)
        print(*lines[-1].values(), flush=True)
    return pd.DataFrame(lines)


def _measured(count, train, test, shares, peer_shares):
    baseline = None
    for name, make in (
        {BASELINE: PCABaseline} | makers(len(train), (OURS, *PEERS))
    ).items():
        chosen = shares if name == OURS else peer_shares
        for model, seconds in _fits(name, make, count, train, chosen):
            error = squared_error(model, test)
            baseline = baseline or error
            epochs = getattr(model, "n_epochs_", np.nan)
            result = {"model": name, "epochs": epochs, "seconds": seconds}
            yield result | {"ratio": error / baseline}


def _fits(name, make, count, train, shares):
    """Yield fitted models and seconds: with defaults, then at smaller budgets."""
    if name == PYOD:
        budgets = PYOD_EPOCHS if shares == SHARES else SHORT_PYOD_EPOCHS
        for epochs in budgets:
            yield timed(make(count, SEED, epochs).fit, train)
        return
    model, seconds = timed(make(count, SEED).fit, train)
    yield model, seconds
    full = getattr(model, "n_epochs_", 0)
    if not full:
        return
    budgets = {max(1, round(share * full)) for share in shares}
    if name == SKORCH:
        # The same fit without its patience.
        budgets.add(model.best_epoch_)
    for epochs in sorted(budgets - {full}):
        yield timed(make(count, SEED, epochs).fit, train)


def seconds_to(error, curve):
    """Return the seconds at which a model first is at or below an error.

    Between neighbouring budgets, seconds and errors lie on a line between logarithms.

    Parameters
    ----------
    error : float
        What is to be reached.

    curve : DataFrame
        Columns seconds and ratio, one row a budget.
    """
    curve = curve.sort_values("seconds")
    seconds, ratios = curve["seconds"].to_numpy(), curve["ratio"].to_numpy()
    reached = np.flatnonzero(ratios <= error)
    if not len(reached):
        return NEVER
    after = reached[0]
    if after == 0:
        return float(seconds[0])
    between = slice(after - 1, after + 1)
    # np.interp wants rising errors.
    logarithm = np.interp(
        np.log(error), np.log(ratios[between])[::-1], np.log(seconds[between])[::-1]
    )
    return float(np.exp(logarithm))


def speed_table(results):
    """Return one row a set: seconds to plain skorch's error over those of its fit.

    Plain skorch is itself among the models: it reaches that error before its fit ends.
    """
    lines = []
    for (name, count), part in results.groupby(["data", "n_components"]):
        curves = dict(tuple(part.groupby("model")))
        target = final(curves[SKORCH])
        line = {
            "data": name,
            "n_components": count,
            f"{SKORCH}'s error over PCA's": target["ratio"],
            f"{SKORCH}'s fit seconds": target["seconds"],
        }
        for model in (OURS, *PEERS):
            if model in curves:
                reached = seconds_to(target["ratio"], curves[model])
                line[model] = reached / target["seconds"]
        lines.append(line)
    return pd.DataFrame(lines)


def final(curve):
    """Return the row of the longest fit."""
    return curve.loc[curve["epochs"].idxmax()]


def medians(results):
    """Return each model's median over sets of the column of `speed_table`."""
    table = speed_table(results)
    return {
        model: table[model].median()
        for model in (OURS, SKORCH, MLP, PYOD)
        if model in table and table[model].notna().all()
    }
