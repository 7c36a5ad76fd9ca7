"""Two-sample test of drawn rows and held-out rows, by nearest neighbours.

If both samples have the same density, half of a row's neighbours are of its own sample,
up to chance [1]_, [2]_.

References
----------
.. [1] Schilling, M. F. (1986). Multivariate two-sample tests based on nearest
   neighbors. Journal of the American Statistical Association, 81(395), 799-806.

.. [2] Henze, N. (1988). A multivariate two-sample test based on the number of nearest
   neighbor type coincidences. Annals of Statistics, 16(2), 772-783.
"""

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_random_state

from sklearn_ae import VariationalAutoencoder

from ...data.datasets import load_rows, split, table_splits

N_NEIGHBORS = 5
MAX_ROWS, MAX_TABLE_ROWS = 2_000, 20_000
N_GAUSSIANS, RIDGE = 10, 1e-3
# (whether StandardScaler comes first, numbers of components); tables are encoded
SETS = {"digits": (False, (8, 16)), "dry_bean": (True, (4,)), "adult": (None, (8,))}
OURS, NORMAL = "VariationalAutoencoder", 'VariationalAutoencoder(prior="normal")'
PROBABILISTIC, GAUSSIANS = "probabilistic PCA", "GaussianMixture of PCA's codes"
TRAINING = "training rows"
MODELS = (OURS, NORMAL, PROBABILISTIC, GAUSSIANS, TRAINING)
SHARE = "share of own neighbours"


def two_sample(real, drawn, seed=0, max_rows=MAX_ROWS):
    """Return the share of neighbours of the own kind: of all rows, and of each kind.

    Parameters
    ----------
    real, drawn : ndarray of shape (n_samples, n_features)
        Rows in the units that distances are measured in. As many of both are taken, at
        most `max_rows`.

    seed : int
        Determines which.

    max_rows : int
        Most rows of a kind.

    Returns
    -------
    shares : dict
        With keys share of own neighbours, of real rows, of drawn rows.
    """
    rng = np.random.default_rng(seed)
    n_rows = min(len(real), len(drawn), max_rows)
    kinds = [X[rng.permutation(len(X))[:n_rows]] for X in (real, drawn)]
    is_drawn = np.repeat([False, True], n_rows)
    search = NearestNeighbors(n_neighbors=N_NEIGHBORS).fit(np.vstack(kinds))
    own = is_drawn[search.kneighbors(return_distance=False)] == is_drawn[:, None]
    return {
        SHARE: own.mean(),
        "of real rows": own[~is_drawn].mean(),
        "of drawn rows": own[is_drawn].mean(),
    }


def run(folder, name, seeds=(0,)):
    """Return one row a number of components, seed and model of one data set.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    name : str
        The data set, as in `SETS`.

    seeds : sequence of int
        Seeds of the split and of the models.

    Returns
    -------
    results : DataFrame
        With columns data, n_components, seed, model and those of `two_sample`.
    """
    lines = []
    for seed, train, test in _splits(folder, name, seeds):
        for count in SETS[name][1]:
            for model, shares in compare(train, test, count, seed).items():
                line = {"data": name, "n_components": count, "seed": seed}
                lines.append(line | {"model": model} | shares)
                print(*lines[-1].values(), flush=True)
    return pd.DataFrame(lines)


def _splits(folder, name, seeds):
    standardized, _ = SETS[name]
    if standardized is None:
        for _, *parts in table_splits(folder, (name,), seeds, MAX_TABLE_ROWS):
            yield parts
        return
    rows = load_rows(name, folder)
    for seed in seeds if rows is not None else ():
        yield seed, *(part.X for part in split(rows, standardized, seed))


def compare(train, test, count, seed, **parameters):
    """Return `two_sample` of held-out rows and each model's, in encoded units.

    The encoding is the same for all: that of VariationalAutoencoder, which also draws
    categories from what PCA's codes decode to.
    """
    ours = VariationalAutoencoder(count, random_state=seed, **parameters).fit(train)
    normal = VariationalAutoencoder(
        count, prior="normal", random_state=seed, **parameters
    ).fit(train)
    encoding, n_rows = Encoding(ours), len(test)
    encoded = encoding.encode(train)
    drawn = {
        OURS: encoding.encode(ours.sample(n_rows, random_state=seed)),
        NORMAL: encoding.encode(normal.sample(n_rows, random_state=seed)),
        **peers(encoding, encoded, count, n_rows, seed),
        TRAINING: encoded,
    }
    real = encoding.encode(test)
    return {model: two_sample(real, rows) for model, rows in drawn.items()}


class Encoding:
    """The encoded columns of a fitted autoencoder, and rows drawn in them."""

    def __init__(self, autoencoder):
        self.codec = autoencoder._fitted.codec

    def encode(self, X):
        """Return encoded rows, with the centre where a cell is missing."""
        numbers = self.codec.schema.read(X, "ignore")
        return np.nan_to_num(self.codec.encode(numbers).astype(np.float64))

    def draw(self, expected, deviation, generator):
        """Return encoded rows around expected ones, with categories drawn too."""
        return np.nan_to_num(
            self.codec.encode(self.codec.draw(expected, deviation, generator))
        )


def peers(encoding, encoded, count, n_rows, seed):
    """Return rows drawn from PCA with normal codes, and with a mixture of Gaussians."""
    pca = PCA(count, svd_solver="full").fit(encoded)
    deviation = np.sqrt(pca.noise_variance_)
    generator = check_random_state(seed)
    # Noise adds to the variance of codes what is taken from it here.
    variance = pca.explained_variance_
    spread = np.sqrt(variance - pca.noise_variance_)
    shrunk = pca.transform(encoded) * spread / np.sqrt(variance)
    mixture = GaussianMixture(N_GAUSSIANS, reg_covar=RIDGE, random_state=seed)
    mixture.fit(shrunk)
    codes = {
        PROBABILISTIC: spread * generator.standard_normal((n_rows, count)),
        GAUSSIANS: mixture.sample(n_rows)[0],
    }
    return {
        model: encoding.draw(pca.inverse_transform(z), deviation, generator)
        for model, z in codes.items()
    }


def summary(results):
    """Return one row a data set and number of components, one column a model."""
    keys = ["data", "n_components"]
    table = results.pivot_table(SHARE, keys, "model")
    return table[[model for model in MODELS if model in table]].reset_index()
