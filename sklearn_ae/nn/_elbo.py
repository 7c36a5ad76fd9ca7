"""Evidence lower bound (ELBO), the objective of the variational network."""

import torch
from torch import Tensor

from ._losses import Pair
from ._variational_network import VariationalNetwork


class NegativeELBO:
    r"""Objective of :class:`VariationalNetwork`: minus the evidence lower bound.

    .. math::

        \frac{1}{m} \left( \mathrm{E} [-\log p(x | z)] + \beta \, \mathrm{KL}
        \left( q(z | x) \, \| \, p(z) \right) \right)

    over draws of :math:`z = \mu + \sigma \epsilon` from the posterior :math:`q`. The
    linear path of the decoder has an expected error in closed form, which replaces the
    drawn one (a control variate). In ``eval()`` the draws are always the same, and each
    is taken with its mirror image. For a linear decoder the bound is exact.

    Parameters
    ----------
    n_cells : float
        Number of cells in a row, :math:`m`. The bound is in nats a cell.

    beta : float, default=1.0
        Weight of the divergence, in ``train()`` times the attribute `warmth`, which is
        1 unless a schedule sets it.

    generator : torch.Generator, default=None
        Source of the draws, on the CPU. None means torch's global generator.

    See Also
    --------
    VariationalNetwork : The network it trains.

    Notes
    -----
    It is called with a network and a batch, which has rows ``(n_rows, n_features)`` as
    inputs and as targets, and returns a loss ``(n_rows,)``.

    References
    ----------
    Kingma, D. P. and Welling, M. (2014). Auto-encoding variational Bayes. ICLR.

    Higgins, I. et al. (2017). beta-VAE: learning basic visual concepts with a
    constrained variational framework. ICLR.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import NegativeELBO, VariationalNetwork
    >>> network, rows = VariationalNetwork(3, 2), torch.ones(4, 3)
    >>> NegativeELBO(n_cells=3)(network, (rows, rows)).shape
    torch.Size([4])
    """

    def __init__(
        self,
        n_cells: float,
        beta: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> None:
        self.n_cells, self.beta, self._generator = n_cells, beta, generator
        self.warmth = 1.0

    def __call__(self, module: VariationalNetwork, batch: Pair) -> Tensor:
        """Return minus the bound of each row, ``(n_rows,)``."""
        x, target = batch
        observed = ~target.isnan()
        posterior = module.posterior(x)
        errors = _ExpectedErrors(module, posterior, target, observed)
        if module.training:
            beta = self.beta * self.warmth
            error = errors.estimate(posterior.normal(self._generator))
        else:
            beta = self.beta
            normal = posterior.normal(torch.Generator().manual_seed(0))
            error = (errors.estimate(normal) + errors.estimate(-normal)) / 2
        distortion = module.distortion(error, observed.sum(dim=1))
        return (distortion + beta * posterior.kl().sum(dim=1)) / self.n_cells


class _ExpectedErrors:
    """Estimates of the expected squared errors of rows, from draws of their codes."""

    def __init__(self, module, posterior, target, observed) -> None:
        self._module, self._posterior = module, posterior
        self._target, self._observed = target, observed
        self._loadings = module.loadings
        squares = self._loadings.square()
        if observed.all():
            squares = squares.sum(dim=0)
        else:
            squares = observed.to(squares.dtype) @ squares
        self._expected = (posterior.log_variance.exp() * squares).sum(dim=1)
        self._linear_residual = self._residual(module.linear_decode(posterior.mean))

    def estimate(self, normal: Tensor) -> Tensor:
        """Return unbiased estimates ``(n_rows,)`` from standard normal numbers."""
        code = self._posterior.codes(normal)
        residual = self._residual(self._module.decode(code))
        step = (code - self._posterior.mean) @ self._loadings.T
        step = torch.where(self._observed, step, 0.0)
        drawn = (step * (step - 2 * self._linear_residual)).sum(dim=1)
        return residual.square().sum(dim=1) - drawn + self._expected

    def _residual(self, decoded: Tensor) -> Tensor:
        return torch.where(self._observed, self._target - decoded, 0.0)
