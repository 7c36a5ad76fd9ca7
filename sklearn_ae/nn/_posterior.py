"""What rows tell of their codes."""

from typing import NamedTuple

import torch
from torch import Tensor


class Posterior(NamedTuple):
    """What rows tell of their codes: a Gaussian, in which codes are independent.

    Attributes
    ----------
    mean, log_variance : Tensor of shape (n_rows, n_components)
        Its parameters.
    """

    mean: Tensor
    log_variance: Tensor

    def normal(self, generator: torch.Generator | None) -> Tensor:
        """Draw standard normal numbers on the CPU, as many as there are codes."""
        mean = self.mean
        draws = torch.randn(mean.shape, generator=generator, dtype=mean.dtype)
        return draws.to(mean.device)

    def codes(self, normal: Tensor) -> Tensor:
        """Turn standard normal numbers into codes, of the same shape."""
        return self.mean + (self.log_variance / 2).exp() * normal

    def kl(self) -> Tensor:
        r"""Return the divergence of each code from the prior, in nats.

        .. math:: \frac{1}{2} (\mu^2 + \sigma^2 - \log \sigma^2 - 1)
        """
        log_variance = self.log_variance
        return 0.5 * (self.mean.square() + log_variance.exp() - log_variance - 1)
