"""What the package is compared with."""

import itertools
import math
import warnings

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer
from skorch import NeuralNet
from skorch.callbacks import EarlyStopping
from torch import nn


class PCABaseline:
    """scikit-learn's PCA, in float64."""

    def __init__(self, n_components, seed):
        self.pca = PCA(n_components, random_state=seed)

    def fit(self, X):
        self.pca.fit(X.astype(np.float64))
        return self

    def reconstruct(self, X):
        return self.pca.inverse_transform(self.pca.transform(X.astype(np.float64)))


class PlainNetwork(nn.Module):
    """The usual autoencoder: 256-128-k and back, ReLU."""

    def __init__(self, n_features, n_components):
        super().__init__()
        widths = [n_features, 256, 128, n_components]
        self.encoder, self.decoder = _stack(widths), _stack(widths[::-1])

    def forward(self, x):
        return self.decoder(self.encoder(x))


def _stack(widths):
    layers = []
    for n_inputs, n_outputs in itertools.pairwise(widths):
        layers += [nn.Linear(n_inputs, n_outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class PlainSkorchAutoencoder:
    """That network as a skorch user would train it, the input centred and scaled."""

    def __init__(self, n_components, seed):
        self.n_components, self.seed = n_components, seed

    def fit(self, X):
        torch.manual_seed(self.seed)
        self.mean = X.mean(axis=0)
        self.scale = math.sqrt(np.mean((X - self.mean) ** 2))
        rows = self._encode(X)
        self.net = NeuralNet(
            PlainNetwork,
            nn.MSELoss,
            module__n_features=X.shape[1],
            module__n_components=self.n_components,
            optimizer=torch.optim.Adam,
            lr=1e-3,
            batch_size=128,
            max_epochs=100,
            iterator_train__shuffle=True,
            callbacks=[EarlyStopping(patience=5, load_best=True, sink=_nowhere)],
            verbose=0,
        )
        self.net.fit(rows, rows)
        return self

    def reconstruct(self, X):
        return self.net.predict(self._encode(X)) * self.scale + self.mean

    def _encode(self, X):
        return ((X - self.mean) / self.scale).astype(np.float32)


def _nowhere(text):
    pass


class IterativeBaseline:
    """scikit-learn's IterativeImputer on an encoded matrix, for its numeric columns.

    Parameters
    ----------
    numeric : array of int
        The numeric columns of the matrix.

    with_categories : bool
        Whether the other columns, 0 where not observed, predict along.

    removed : float
        Share of the numeric cells to take away before the fit, so that it sees rows
        like those to impute.

    seed : int
        Seed of the cells and of the imputer.
    """

    def __init__(self, numeric, with_categories, removed, seed):
        self.numeric, self.with_categories = numeric, with_categories
        self.removed, self.seed = removed, seed
        # Only columns with gaps at fit are modelled then, so not the indicators.
        self.imputer = IterativeImputer(
            skip_complete=with_categories, random_state=seed
        )

    def fit(self, matrix):
        rng = np.random.default_rng(self.seed)
        numbers = matrix[:, self.numeric].copy()
        numbers[rng.random(numbers.shape) < self.removed] = np.nan
        if self.with_categories:
            complete = np.flatnonzero(~np.isnan(numbers).any(axis=0))
            numbers[rng.integers(len(numbers), size=len(complete)), complete] = np.nan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.imputer.fit(self._predictors(matrix, numbers))
        return self

    def impute(self, matrix):
        """Return the numeric columns without gaps."""
        rows = self._predictors(matrix, matrix[:, self.numeric])
        return self.imputer.transform(rows)[:, : len(self.numeric)]

    def _predictors(self, matrix, numbers):
        if not self.with_categories:
            return numbers
        others = np.delete(matrix, self.numeric, axis=1)
        return np.hstack([numbers, np.nan_to_num(others)])
