"""The density of rows that a fitted variational network stands for."""

import numpy as np
import torch

from ._fitted import FittedAutoencoder, float_dtype
from ._moments import row_chunks
from ._rows import RowSource, every_row
from .nn import VariationalNetwork


@torch.no_grad()
def divergences(network: VariationalNetwork, rows: RowSource) -> np.ndarray:
    """Return the mean divergence of each code from the prior of training, in nats."""
    total = sum(
        network.posterior(clean.cpu()).kl().double().sum(dim=0)
        for _, clean in every_row(rows)
    )
    return (total / len(rows)).numpy()


def log_likelihood(fitted: FittedAutoencoder, X, n_draws: int) -> np.ndarray:
    """Estimate the log-likelihood of rows.

    Parameters
    ----------
    fitted : FittedAutoencoder
        Of a variational network.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers of a table.

    n_draws : int
        Draws a row, the same whenever they are so many.

    Returns
    -------
    log_likelihood : ndarray of shape (n_samples,)
        Of the observed cells, in input units, or with categories in encoded ones.
    """
    codec, dtype = fitted.codec, float_dtype(X)
    n_components = fitted.network["n_components"]
    draws = np.random.RandomState(0).standard_normal((n_draws, n_components))
    unit = np.log(codec.scale) * (not codec.columns.levels)
    values = np.empty(X.shape[0], dtype)
    n_gaussians = fitted.network.get("n_prior_components", 1)
    widest = max(codec.n_encoded, n_gaussians * n_components)
    for chunk in row_chunks(X.shape[0], n_draws * widest):
        rows = codec.encode(X[chunk], dtype)
        likelihood = fitted.apply("log_likelihood", rows, draws.astype(dtype))
        values[chunk] = likelihood - ~np.isnan(rows) @ unit
    return values


def draw_rows(
    fitted: FittedAutoencoder,
    n_samples: int,
    deviation: float,
    generator: np.random.RandomState,
) -> np.ndarray:
    """Draw rows of a table's numbers.

    Parameters
    ----------
    fitted : FittedAutoencoder
        Of a variational network.

    n_samples : int
        Number of rows.

    deviation : float
        Of the noise, in encoded units.

    generator : RandomState
        Source of codes and of noise.

    Returns
    -------
    numbers : ndarray of shape (n_samples, n_features)
        In float64.
    """
    n_components = fitted.network["n_components"]
    numbers = np.empty((n_samples, fitted.n_features))
    for chunk in row_chunks(n_samples, fitted.codec.n_encoded):
        n_rows = chunk.stop - chunk.start
        uniform = generator.uniform(size=n_rows)
        normal = generator.standard_normal((n_rows, n_components))
        codes = fitted.apply("draw_codes", uniform, normal)
        rows = fitted.apply("decode", codes)
        numbers[chunk] = fitted.codec.draw(rows, deviation, generator)
    return numbers
