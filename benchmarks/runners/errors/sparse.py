"""Overcomplete sparse codes, against dictionary learning and PCA."""

import time
import warnings

import pandas as pd
from sklearn.decomposition import MiniBatchDictionaryLearning

from sklearn_ae import SparseAutoencoder

from ...data.datasets import load_rows, split
from ...timing import timed
from .. import peers
from .quality import squared_error, warm_up

K = 10
ATOMS_A_COLUMN = 4
SETS = ("digits", "photographs", "fashion_mnist")
PCA, OURS, PEER = "PCA", "SparseAutoencoder", "MiniBatchDictionaryLearning"
# Penalties of dictionary learning to choose the best of, for it, on held-out rows.
ALPHAS = {"fashion_mnist": (5,)}
ALL_ALPHAS = (0.5, 1, 2)
MAX_SECONDS = 240
# Rows that orthogonal matching pursuit codes where it takes long.
MAX_PURSUED = {"fashion_mnist": 300}


class TimeIsUpError(Exception):
    """A fit has taken long enough."""


class DictionaryLearning(peers.Scaled):
    """scikit-learn's dictionary learning, ended after some seconds.

    Codes are made by orthogonal matching pursuit with `k` atoms.
    """

    def __init__(self, n_components, k, alpha, seed, max_seconds=MAX_SECONDS):
        self.max_seconds = max_seconds
        self.model = MiniBatchDictionaryLearning(
            n_components,
            alpha=alpha,
            transform_algorithm="omp",
            transform_n_nonzero_coefs=k,
            callback=self._look,
            random_state=seed,
        )

    def _fit(self, X):
        self.end = time.perf_counter() + self.max_seconds
        self.in_time = True
        try:
            self.model.fit(X)
        except TimeIsUpError:
            self.in_time = False
            self.model.components_ = self.atoms

    def _look(self, state):
        if time.perf_counter() > self.end:
            self.atoms = state["dictionary"].copy()
            raise TimeIsUpError

    def _codes(self, X):
        # Matching pursuit says so where fewer atoms are enough for a row.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return self.model.transform(X)

    def _reconstruct(self, X):
        return self._codes(X) @ self.model.components_


def run(folder, name, seeds=(0,), alphas=None):
    """Return one row a seed and model of one data set.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    name : str
        The data set, as in `SETS`.

    seeds : sequence of int
        Seeds of the split and of the models.

    alphas : sequence of float, default=None
        Penalties of dictionary learning, each a model of its own; by default those of
        `ALPHAS`.

    Returns
    -------
    results : DataFrame
        With columns data, n_components, k, seed, model, alpha, ratio (of held-out
        squared error to that of PCA with k components, on the same rows), seconds (of
        the fit), in time (whether it ended by itself), microseconds a row (of
        transform), rows transformed and dead components.
    """
    rows = load_rows(name, folder)
    if rows is None:
        return pd.DataFrame()
    warm_up((peers.OURS,))
    lines = []
    for seed in seeds:
        train, test = (part.X for part in split(rows, standardized=False, seed=seed))
        for result in _compare(name, train, test, seed, alphas):
            line = {"data": name, "n_components": ATOMS_A_COLUMN * train.shape[1]}
            lines.append(line | {"k": K, "seed": seed} | result)
            print(*lines[-1].values(), flush=True)
    return pd.DataFrame(lines)


def _compare(name, train, test, seed, alphas):
    n_components = ATOMS_A_COLUMN * train.shape[1]
    pca, seconds = timed(peers.PCABaseline(K, seed).fit, train)
    yield {"model": PCA} | _result(pca, pca, test) | {"seconds": seconds}

    ours = SparseAutoencoder(n_components, k=K, random_state=seed)
    _, seconds = timed(ours.fit, train)
    result = {"seconds": seconds, "dead components": ours.n_dead_components_}
    yield {"model": OURS} | _result(ours, pca, test) | result

    for alpha in alphas or ALPHAS.get(name, ALL_ALPHAS):
        peer = DictionaryLearning(n_components, K, alpha, seed)
        _, seconds = timed(peer.fit, train)
        result = {"alpha": alpha, "seconds": seconds, "in time": peer.in_time}
        pursued = test[: MAX_PURSUED.get(name)]
        yield {"model": PEER} | _result(peer, pca, pursued) | result


def _result(model, pca, X):
    _, seconds = timed(model.transform, X)
    return {
        "ratio": squared_error(model, X) / squared_error(pca, X),
        "microseconds a row": 1e6 * seconds / len(X),
        "rows transformed": len(X),
    }


def best(results):
    """Return the rows of all models, of dictionary learning those of the best alpha."""
    order = results.sort_values("ratio", kind="stable")
    kept = order.drop_duplicates(["data", "seed", "model"])
    return kept.sort_index()


def summary(results):
    """Return one row a data set and model, the mean over splits."""
    kept = best(results)
    kept = kept[kept["model"] != PCA]
    keys = ["data", "n_components", "k", "model"]
    shown = ["alpha", "ratio", "seconds", "microseconds a row", "dead components"]
    means = kept.groupby(keys, sort=False)[shown].mean().reset_index()
    names = {"ratio": "error over PCA's", "seconds": "fit seconds"}
    return means.rename(columns=names)


def out_of_time(results):
    """Return the data sets on which dictionary learning was ended early."""
    kept = best(results)
    ended = kept["in time"].eq(False)
    return list(dict.fromkeys(kept.loc[ended, "data"]))
