"""Density of rows under a fitted variational network: prior, likelihood, draws."""

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

_MIN_ROWS, _MAX_ROWS = 100, 10_000
_HELD_OUT_SHARE = 0.2
_N_GAUSSIANS = (1, 2, 4, 8, 16, 32)
_MIN_VARIANCE = 1e-3


def describe_density(fitted: FittedAutoencoder, rows: RowSource) -> dict[str, Any]:
    """Return fitted attributes of a variational network, by name."""
    network = fitted.module()
    return {
        "kl_per_component_": kl_per_component(network, rows),
        "noise_variance_": network.noise_variance,
    }


@torch.no_grad()
def kl_per_component(network: VariationalNetwork, rows: RowSource) -> np.ndarray:
    """Return each code's mean KL divergence from the prior of training, in nats."""
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
        Fitted state with a variational network.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers of a table.

    n_draws : int
        Number of draws per row. Calls with the same number use the same draws.

    Returns
    -------
    log_likelihood : ndarray of shape (n_samples,)
        Log-likelihood of the observed cells, in input units, or in encoded units if
        there are categories.
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
        Fitted state with a variational network.

    n_samples : int
        Number of rows.

    deviation : float
        Standard deviation of the noise, in encoded units.

    generator : RandomState
        Source of codes and of noise.

    Returns
    -------
    numbers : ndarray of shape (n_samples, n_features)
        Numbers of the table, in float64.
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
    """Fit the prior of a trained network to the distribution of its codes.

    Mixtures of 1, 2, 4 and so on Gaussians are fitted to codes drawn from the
    posteriors of the rows, as long as each has a higher likelihood on held-out rows
    than the one before. The standard normal distribution is kept if none is better.

    Parameters
    ----------
    network : VariationalNetwork
        Its prior changes.

    rows : RowSource
        Training rows.

    generator : torch.Generator
        Source of the draws, and of the mixtures' initial values.

    Returns
    -------
    n_prior_components : int
        Number of Gaussians.
    """
    codes = _draw_codes(network, rows, generator)
    if len(codes) < _MIN_ROWS:
        return 1
    held_out, train = np.split(codes, [int(_HELD_OUT_SHARE * len(codes))])
    best, highest = None, float(norm.logpdf(held_out).sum(axis=1).mean())
    for mixture in _fit_mixtures(train, generator):
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
    """Draw a code for each of at most `_MAX_ROWS` rows, in random order."""
    order = torch.randperm(len(rows), generator=generator)[:_MAX_ROWS]
    codes = []
    for index in order.split(EVALUATION_ROWS):
        posterior = network.posterior(rows.take(index)[1])
        codes.append(posterior.codes(posterior.normal(generator)))
    return torch.cat(codes).double().cpu().numpy()


def _fit_mixtures(codes: np.ndarray, generator) -> Iterator[GaussianMixture]:
    """Yield mixtures of more and more Gaussians."""
    for n_gaussians in _N_GAUSSIANS:
        seed = int(torch.randint(2**31, (), generator=generator))
        mixture = GaussianMixture(
            n_gaussians, reg_covar=_MIN_VARIANCE, random_state=seed
        )
        with warnings.catch_warnings():
            # A mixture that has not converged is compared like any other.
            warnings.simplefilter("ignore", ConvergenceWarning)
            yield mixture.fit(codes)
