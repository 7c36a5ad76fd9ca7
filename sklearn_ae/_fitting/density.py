"""The density of rows that a fitted variational network stands for."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from .._tables import float_dtype, row_chunks
from .._training import EVALUATION_ROWS, RowSource, iterate_rows
from ..nn import VariationalNetwork
from .fitted import FittedAutoencoder

_MOST_ROWS, _HELD_OUT = 10_000, 0.2
_FEWEST_ROWS = 100
_NUMBERS = (1, 2, 4, 8, 16, 32)
_LEAST_VARIANCE = 1e-3


def describe_density(fitted: FittedAutoencoder, rows: RowSource) -> dict[str, Any]:
    """Return fitted attributes of a variational network, by name."""
    network = fitted.module()
    return {
        "kl_per_component_": kl_per_component(network, rows),
        "noise_variance_": network.noise_variance,
    }


@torch.no_grad()
def kl_per_component(network: VariationalNetwork, rows: RowSource) -> np.ndarray:
    """Return the mean divergence of each code from the prior of training, in nats."""
    total = sum(
        network.posterior(clean.cpu()).kl().double().sum(dim=0)
        for _, clean in iterate_rows(rows)
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
    unit = np.broadcast_to(np.log(codec.error_unit), codec.n_encoded)
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


@torch.no_grad()
def fit_prior(
    network: VariationalNetwork, rows: RowSource, generator: torch.Generator
) -> int:
    """Set the prior of a trained network to what codes are distributed like.

    Mixtures of 1, 2, 4 and so on Gaussians are fitted to codes drawn from the
    posteriors of the rows, as long as each explains held-out rows better than the last.
    The standard normal distribution stays if none does better.

    Parameters
    ----------
    network : VariationalNetwork
        Its prior changes.

    rows : RowSource
        Training rows.

    generator : torch.Generator
        Source of the draws, and of where mixtures begin.

    Returns
    -------
    n_prior_components : int
        Number of Gaussians.
    """
    codes = _draw_codes(network, rows, generator)
    if len(codes) < _FEWEST_ROWS:
        return 1
    held_out, seen = np.split(codes, [int(_HELD_OUT * len(codes))])
    best, highest = None, float(norm.logpdf(held_out).sum(axis=1).mean())
    for mixture in _mixtures(seen, generator):
        density = mixture.score(held_out)
        if best is not None and density <= highest:
            break
        if density > highest:
            best, highest = mixture, density
    if best is None:
        return 1
    factors = np.linalg.cholesky(best.covariances_)
    network.prior.set(*map(torch.from_numpy, (best.weights_, best.means_, factors)))
    return best.n_components


def _draw_codes(network, rows, generator) -> np.ndarray:
    """Draw a code for each of some rows, in a random order of rows."""
    order = torch.randperm(len(rows), generator=generator)[:_MOST_ROWS]
    codes = []
    for index in order.split(EVALUATION_ROWS):
        posterior = network.posterior(rows.take(index)[1])
        codes.append(posterior.codes(posterior.normal(generator)))
    return torch.cat(codes).double().cpu().numpy()


def _mixtures(codes: np.ndarray, generator) -> Iterator[GaussianMixture]:
    """Fit mixtures of twice as many Gaussians each."""
    for n_gaussians in _NUMBERS:
        seed = int(torch.randint(2**31, (), generator=generator))
        mixture = GaussianMixture(
            n_gaussians, reg_covar=_LEAST_VARIANCE, random_state=seed
        )
        with warnings.catch_warnings():
            # One that still improves is judged like any other.
            warnings.simplefilter("ignore", ConvergenceWarning)
            yield mixture.fit(codes)
