"""The prior of a variational network, fitted to the codes of its training rows."""

import warnings
from collections.abc import Iterator

import numpy as np
import torch
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from ._rows import EVALUATION_ROWS, RowSource
from .nn import VariationalNetwork

_MOST_ROWS, _HELD_OUT = 10_000, 0.2
_FEWEST_ROWS = 100
_NUMBERS = (1, 2, 4, 8, 16, 32)
_LEAST_VARIANCE = 1e-3


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
