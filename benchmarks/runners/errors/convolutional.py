"""Held-out error of ConvolutionalAutoencoder over AutoencoderTransformer's."""

from typing import NamedTuple

import pandas as pd

from sklearn_ae import ConvolutionalAutoencoder

from ...data.datasets import load_rows, split
from ...timing import timed
from .. import peers
from .quality import squared_error, warm_up

ERROR = "error over AutoencoderTransformer's"
DENSE, OURS = "AutoencoderTransformer", "ConvolutionalAutoencoder"


class Axes(NamedTuple):
    """A data set's axes, how many codes it is given, and the seeds."""

    shape: tuple
    n_components: int
    seeds: tuple = (0,)
    channels_last: bool | str = "auto"

    def make(self, seed, **parameters):
        """Return the estimator of these axes."""
        return ConvolutionalAutoencoder(
            self.n_components,
            input_shape=self.shape,
            channels_last=self.channels_last,
            random_state=seed,
            **parameters,
        )


SETS = {
    "fashion_mnist": Axes((28, 28), 32),
    "coil20": Axes((32, 32), 32),
    # Few rows, and errors that differ much from split to split.
    "nir_soil": Axes((700,), 16, seeds=(0, 1, 2)),
    "moving_disc": Axes((8, 12, 12), 32, channels_last=False),
    "digits": Axes((8, 8), 8),
}


def run(folder, name):
    """Return one row a seed and model of one data set.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    name : str
        The data set, as in `SETS`.

    Returns
    -------
    results : DataFrame
        With columns data, axes, n_components, seed, model, ratio (of held-out squared
        error to AutoencoderTransformer's), error over PCA's, seconds and best_epoch.
    """
    rows, axes = load_rows(name, folder), SETS[name]
    if rows is None:
        return pd.DataFrame()
    warm_up((peers.OURS,))
    lines = []
    for seed in axes.seeds:
        train, test = (part.X for part in split(rows, standardized=False, seed=seed))
        shape = "x".join(map(str, axes.shape))
        line = {"data": name, "axes": shape, "n_components": axes.n_components}
        for result in compare(train, test, axes, seed):
            lines.append(line | {"seed": seed} | result)
            print(*lines[-1].values(), flush=True)
    return pd.DataFrame(lines)


def compare(train, test, axes, seed, **parameters):
    """Yield results of the dense autoencoder, then of ours over it."""
    pca = peers.PCABaseline(axes.n_components, seed).fit(train)
    models = {
        DENSE: peers.ours(axes.n_components, seed).set_params(**parameters),
        OURS: axes.make(seed, **parameters),
    }
    pca_error, baseline = squared_error(pca, test), None
    for name, model in models.items():
        _, seconds = timed(model.fit, train)
        error = squared_error(model, test)
        baseline = baseline or error
        yield {
            "model": name,
            "ratio": error / baseline,
            "error over PCA's": error / pca_error,
            "seconds": seconds,
            "best_epoch": model.best_epoch_,
        }


def summary(results):
    """Return one row a data set, the mean over splits."""
    keys = ["data", "axes", "n_components"]
    ours, theirs = (results[results["model"] == name] for name in (OURS, DENSE))
    ratios = ours.groupby(keys)["ratio"]
    columns = {
        ERROR: ratios.mean(),
        "worst split": ratios.max(),
        "error over PCA's": ours.groupby(keys)["error over PCA's"].mean(),
        "fit seconds": ours.groupby(keys)["seconds"].mean(),
        f"{DENSE}'s": theirs.groupby(keys)["seconds"].mean(),
    }
    return pd.DataFrame(columns).reset_index()
