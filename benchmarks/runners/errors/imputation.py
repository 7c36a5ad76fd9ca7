"""Errors of imputed cells, against IterativeImputer and the most frequent category."""

import numpy as np
import pandas as pd

from sklearn_ae import DenoisingAutoencoder

from ...data.datasets import MAX_TABLE_ROWS, MIXED, table_splits
from ...data.encoding import EncodedMatrix
from ...timing import timed
from ..imputers import IterativeBaseline
from ..peers import OURS
from .quality import SEEDS

COUNTS = {"adult": 16, "ames": 16, "beijing_air": 16}
REMOVED = 0.2
CENTRE = "mean, most frequent"
ITERATIVE = "IterativeImputer"
# Whether categories predict along, share of the cells taken away before the fit, of
# numbers and categories, so that it sees rows like those to impute.
IMPUTERS = {
    ITERATIVE: (False, 0.0),
    f"{ITERATIVE}, gaps": (False, REMOVED),
    f"{ITERATIVE}, one-hot": (True, 0.0),
    f"{ITERATIVE}, one-hot, gaps": (True, REMOVED),
}


def run_imputation(
    folder, seeds=SEEDS, names=MIXED, counts=None, max_rows=MAX_TABLE_ROWS
):
    """Return one row a table, seed and model: errors on held-out cells taken away.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    seeds : sequence of int
        Seeds of the split, of the cells taken away and of the models.

    names : sequence of str
        Tables, as in `MIXED`.

    counts : dict, default=None
        Number of components of each table, by default `COUNTS`.

    max_rows : int
        Larger tables are cut to it.

    Returns
    -------
    results : DataFrame
        With columns data, seed, model, n_components, error, accuracy, seconds. The
        error is the mean square over numeric cells, in deviations of their columns;
        the accuracy is the share of right categories; seconds are those of the fit.
    """
    rows = []
    for name, seed, train, test in table_splits(folder, names, seeds, max_rows):
        task = Task(train, test, seed)
        count = (counts or COUNTS)[name]
        for model, result in _compare(task, count):
            rows.append({"data": name, "seed": seed, "model": model} | result)
            print(*rows[-1].values(), flush=True)
    return pd.DataFrame(rows)


def cells(frame, share, seed):
    """Return where to take a share of the observed cells away."""
    chance = np.random.default_rng(seed).random(frame.shape)
    return (chance < share) & frame.notna().to_numpy()


class Task:
    """Training rows, held-out rows with cells taken away, and how to score guesses."""

    def __init__(self, train, test, seed):
        self.train, self.test, self.seed = train, test, seed
        self.removed = cells(test, REMOVED, seed)
        self.gaps = test.mask(self.removed)
        self.matrix = EncodedMatrix(train)
        names = list(self.matrix.numbers)
        self.numeric = np.concatenate([np.r_[self.matrix.slices[n]] for n in names])
        self._wanted = self.removed[:, test.columns.get_indexer(names)]
        self._truth = self.matrix.encode(test)[:, self.numeric]

    def rows_to_fit(self, share):
        """Return the encoded training rows, a share of their cells taken away."""
        away = cells(self.train, share, (self.seed, 1))
        return self.matrix.encode(self.train.mask(away))

    def error(self, guesses):
        """Return the mean squared error of encoded numeric columns."""
        return float(np.mean((guesses - self._truth)[self._wanted] ** 2))

    def accuracy(self, guesses):
        """Return the share of right categories in a frame."""
        names = list(self.matrix.indicators)
        wanted = self.removed[:, self.test.columns.get_indexer(names)]
        right = guesses[names].to_numpy(object) == self.test[names].to_numpy(object)
        return float(np.mean(right[wanted]))


def _compare(task, count):
    ours = DenoisingAutoencoder(
        count, noise="masking", noise_level=REMOVED, random_state=task.seed
    )
    _, seconds = timed(ours.fit, task.train)
    imputed = ours.impute(task.gaps)
    result = {
        "n_components": count,
        "error": task.error(task.matrix.encode(imputed)[:, task.numeric]),
        "accuracy": task.accuracy(imputed),
        "seconds": seconds,
    }
    yield OURS, result | {"best_epoch": ours.best_epoch_}

    modes = {name: column.mode()[0] for name, column in task.train.items()}
    frequent = pd.DataFrame(modes, index=task.test.index)
    centre = np.zeros((len(task.test), len(task.numeric)))
    yield (
        CENTRE,
        {"error": task.error(centre), "accuracy": task.accuracy(frequent)},
    )

    gaps = task.matrix.encode(task.gaps)
    for name, (with_categories, share) in IMPUTERS.items():
        imputer = IterativeBaseline(task.numeric, with_categories, task.seed)
        _, seconds = timed(imputer.fit, task.rows_to_fit(share))
        yield name, {"error": task.error(imputer.impute(gaps)), "seconds": seconds}


def summary(results):
    """Return one row a table: errors, the ratio of ours to each, and accuracies."""
    error = results.pivot_table("error", "data", "model")
    by_split = results.pivot_table("error", ["data", "seed"], "model")
    ratios = by_split.rdiv(by_split[OURS], axis=0).groupby("data").mean()
    accuracy = results.pivot_table("accuracy", "data", "model")
    best = error[list(IMPUTERS)].idxmin(axis=1)
    ours = results[results["model"] == OURS].groupby("data")
    lines = {
        "n_components": ours["n_components"].first(),
        "squared error": error[OURS],
        f"over {ITERATIVE}'s": ratios[ITERATIVE],
        "over its best variant's": [ratios.at[name, best[name]] for name in best.index],
        "best variant": best.str.removeprefix(f"{ITERATIVE}, "),
        "fit seconds": ours["seconds"].mean(),
        "categories right": accuracy[OURS],
        "most frequent's": accuracy[CENTRE],
    }
    return pd.DataFrame(lines).reset_index()
