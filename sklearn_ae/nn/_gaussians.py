"""Gaussian posterior and Gaussian mixture prior of codes."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

LOG_TWO_PI = math.log(2 * math.pi)
_SUM_TOLERANCE = 1e-3


class Posterior(NamedTuple):
    """Gaussian posterior of the codes of rows, in which codes are independent.

    Attributes
    ----------
    mean, log_variance : Tensor of shape (n_rows, n_components)
        Means and logarithms of variances.
    """

    mean: Tensor
    log_variance: Tensor

    def normal(self, generator: torch.Generator | None) -> Tensor:
        """Draw a standard normal number for each code, on the CPU."""
        mean = self.mean
        draws = torch.randn(mean.shape, generator=generator, dtype=mean.dtype)
        return draws.to(mean.device)

    def codes(self, normal: Tensor) -> Tensor:
        """Map standard normal numbers to codes of the same shape."""
        return self.mean + (self.log_variance / 2).exp() * normal

    def kl(self) -> Tensor:
        r"""Return the divergence of each code from a standard normal, in nats.

        .. math:: \frac{1}{2} (\mu^2 + \sigma^2 - \log \sigma^2 - 1)
        """
        log_variance = self.log_variance
        return 0.5 * (self.mean.square() + log_variance.exp() - log_variance - 1)


class GaussianMixturePrior(nn.Module):
    r"""Mixture of Gaussians over codes.

    .. math:: p(z) = \sum_m w_m N(z; \mu_m, L_m L_m^T)

    Parameters
    ----------
    n_components : int
        Width of a code.

    n_prior_components : int, default=1
        Number of Gaussians, all of them standard normal until the prior is set.

    device : torch.device or str, default=None
        Where the parameters live.

    Notes
    -----
    Shapes: input ``(n_rows, n_components)``, output ``(n_rows, n_components)``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._gaussians import GaussianMixturePrior
    >>> prior = GaussianMixturePrior(2)
    >>> prior.log_density(torch.zeros(1, 2))
    tensor([-1.8379])
    """

    def __init__(
        self,
        n_components: int,
        n_prior_components: int = 1,
        *,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        shape = n_prior_components, n_components
        place = {"device": device, "dtype": torch.float32}
        weights = torch.full(shape[:1], 1 / n_prior_components, **place)
        # On "meta" torch.eye would load sympy.
        factors = torch.zeros((*shape, n_components), **place)
        factors.diagonal(dim1=1, dim2=2).fill_(1.0)
        self.register_buffer("weights", weights)
        self.register_buffer("means", torch.zeros(shape, **place))
        self.register_buffer("factors", factors)

    def set(self, weights: Tensor, means: Tensor, factors: Tensor) -> None:
        """Set the mixture, whose number of Gaussians may be another.

        Parameters
        ----------
        weights : Tensor of shape (n_prior_components,)
            Positive, with a sum of 1.

        means : Tensor of shape (n_prior_components, n_components)
            Means of the Gaussians.

        factors : Tensor of shape (n_prior_components, n_components, n_components)
            Cholesky factors of the covariances.
        """
        self.weights, self.means, self.factors = (
            value.to(self.means) for value in (weights, means, factors)
        )

    def check(self) -> None:
        """Raise ValueError unless the buffers are weights and Cholesky factors."""
        is_one = abs(self.weights.sum() - 1) < _SUM_TOLERANCE
        diagonal = self.factors.diagonal(dim1=1, dim2=2)
        is_lower = torch.equal(self.factors, self.factors.tril())
        positive = (self.weights > 0).all() and (diagonal > 0).all()
        if not (is_one and is_lower and positive):
            raise ValueError(
                "A prior must have positive weights that sum to 1, and lower triangles "
                "with positive diagonals."
            )

    def log_density(self, code: Tensor) -> Tensor:
        """Return the log-density of codes, which are the last axis."""
        centred = code.flatten(0, -2) - self.means[:, None]
        normal = torch.linalg.solve_triangular(
            self.factors, centred.transpose(1, 2), upper=False
        )
        logarithm = self.weights.log() - self.factors.diagonal(
            dim1=1, dim2=2
        ).log().sum(dim=1)
        density = logarithm[:, None] - 0.5 * (normal.square() + LOG_TWO_PI).sum(dim=1)
        return density.logsumexp(dim=0).reshape(code.shape[:-1])

    def draw(self, uniform: Tensor, normal: Tensor) -> Tensor:
        """Map random numbers to codes that are distributed like the prior.

        Parameters
        ----------
        uniform : Tensor of shape (n_rows,)
            Uniform numbers from 0 to 1, which choose Gaussians.

        normal : Tensor of shape (n_rows, n_components)
            Standard normal numbers.

        Returns
        -------
        code : Tensor of shape (n_rows, n_components)
            The codes.
        """
        chosen = torch.searchsorted(self.weights.cumsum(0), uniform.contiguous())
        chosen = chosen.clamp(max=len(self.weights) - 1)
        step = self.factors[chosen] @ normal[:, :, None]
        return self.means[chosen] + step.squeeze(2)

    @torch.no_grad()
    def turn(self, rotation: Tensor) -> None:
        """Turn the prior as codes are turned by an orthogonal matrix."""
        self.means.copy_(self.means @ rotation.T)
        covariance = rotation @ self.factors @ self.factors.mT @ rotation.T
        self.factors.copy_(torch.linalg.cholesky(covariance))
