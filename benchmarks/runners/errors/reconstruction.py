"""Reconstruction of mixed tables from few codes, against PCA of the encoded matrix."""

import numpy as np
import pandas as pd

from sklearn_ae import AutoencoderTransformer

from ...data.datasets import MAX_TABLE_ROWS, MIXED, table_splits
from ...data.encoding import EncodedMatrix, filled, with_missing
from ...timing import timed
from ..peers import OURS, PCABaseline
from .quality import SEEDS

COUNTS = (4, 8, 16)
PCA, FREQUENT = "PCA", "most frequent"


def run_reconstruction(
    folder, seeds=SEEDS, names=MIXED, counts=COUNTS, max_rows=MAX_TABLE_ROWS
):
    """Return one row a table, number of components, seed and model.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    seeds : sequence of int
        Seeds of the split and of the models.

    names : sequence of str
        Tables, as in `MIXED`.

    counts : sequence of int
        Numbers of components.

    max_rows : int
        Larger tables are cut to it.

    Returns
    -------
    results : DataFrame
        With columns data, n_components, seed, model, ratio, accuracy, seconds,
        best_epoch. The ratio is that of held-out squared errors over the observed
        cells of the encoded matrix; the accuracy is of categories, the mean over
        columns, with missing as a level.
    """
    rows = []
    for name, seed, train, test in table_splits(folder, names, seeds, max_rows):
        matrix = EncodedMatrix(train)
        for count in counts:
            for model, result in _compare(matrix, count, seed, train, test):
                row = {"data": name, "n_components": count, "seed": seed}
                rows.append(row | {"model": model} | result)
                print(*rows[-1].values(), flush=True)
    return pd.DataFrame(rows)


def _compare(matrix, count, seed, train, test):
    encoded = matrix.encode(test)
    pca = PCABaseline(count, seed).fit(filled(matrix.encode(train)))
    reconstruction = pca.reconstruct(filled(encoded))
    baseline = np.nansum((reconstruction - encoded) ** 2)
    levels = matrix.decode_categories(reconstruction)
    yield PCA, {"ratio": 1.0, "accuracy": category_accuracy(levels, test)}

    names = list(matrix.indicators)
    modes = {name: with_missing(train[name]).mode()[0] for name in names}
    frequent = pd.DataFrame(modes, index=test.index)
    yield FREQUENT, {"accuracy": category_accuracy(frequent, test)}

    ours = AutoencoderTransformer(count, random_state=seed)
    _, seconds = timed(ours.fit, train)
    error = (1 - ours.score(test)) * np.nansum(encoded**2)
    result = {
        "ratio": error / baseline,
        "accuracy": category_accuracy(ours.reconstruct(test)[names], test),
        "seconds": seconds,
    }
    yield OURS, result | {"best_epoch": ours.best_epoch_}


def category_accuracy(guesses, frame):
    """Return the share of right categories, missing being one, mean over columns."""
    shares = [
        np.mean(with_missing(guesses[name]).array == with_missing(frame[name]).array)
        for name in guesses
    ]
    return float(np.mean(shares))


def summary(results):
    """Return one row a table and number of components, the last over all of them."""
    keys = ["data", "n_components"]
    ours = results[results["model"] == OURS].groupby(keys)
    accuracy = results.pivot_table("accuracy", keys, "model")
    lines = pd.DataFrame(
        {
            "error over PCA's": ours["ratio"].mean(),
            "worst split": ours["ratio"].max(),
            "fit seconds": ours["seconds"].mean(),
            "categories right": accuracy[OURS],
            "PCA's": accuracy[PCA],
            "most frequent's": accuracy[FREQUENT],
        }
    )
    return lines.reset_index()


def geometric_mean(results):
    """Return the geometric mean of errors over PCA's, each the mean over splits."""
    ours = results[results["model"] == OURS]
    means = ours.groupby(["data", "n_components"])["ratio"].mean()
    return float(np.exp(np.log(means).mean()))
