"""The bound of the likelihood that the variational network maximizes."""

import torch
from torch import Tensor

from ._losses import Pair
from ._variational_network import VariationalNetwork


class NegativeELBO:
    r"""Objective of :class:`VariationalNetwork`: minus its bound of the likelihood.

    .. math::

        \frac{1}{m} \left( \mathrm{E} [-\log p(x | z)] + \beta \, \mathrm{KL}
        \left( q(z | x) \, \| \, p(z) \right) \right)

    over draws of :math:`z = \mu + \sigma \epsilon` from the posterior :math:`q`. What
    the linear path of the decoder makes of :math:`\sigma \epsilon` has an expectation
    in closed form; it stands in the place of what was drawn (a control variate). In
    ``eval()`` draws are always the same, and each is taken with its mirror image: for a
    linear decoder the bound is exact.

    Parameters
    ----------
    n_cells : float
        Number of cells in a row, :math:`m`: the bound is in nats a cell.

    beta : float, default=1.0
        Weight of the divergence.

    generator : torch.Generator, default=None
        Source of the draws, on the CPU. None means torch's global generator.

    See Also
    --------
    VariationalNetwork : What it is the objective of.

    Notes
    -----
    It is called with a network and a batch, rows ``(n_rows, n_features)`` as the
    network sees them and as they should come back, and gives a loss ``(n_rows,)``.

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
        errors = _DrawnErrors(module, posterior, target, observed)
        if module.training:
            beta = self.beta * self.warmth
            error = errors.of(posterior.normal(self._generator))
        else:
            beta = self.beta
            normal = posterior.normal(torch.Generator().manual_seed(0))
            error = (errors.of(normal) + errors.of(-normal)) / 2
        distortion = module.distortion(error, observed.sum(dim=1))
        return (distortion + beta * posterior.kl().sum(dim=1)) / self.n_cells


class _DrawnErrors:
    """Squared errors of rows that are decoded from draws of their codes."""

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
        self._linear = self._left(module.linear_decode(posterior.mean))

    def of(self, normal: Tensor) -> Tensor:
        """Return unbiased estimates of the expected errors, ``(n_rows,)``."""
        code = self._posterior.codes(normal)
        left = self._left(self._module.decode(code))
        moved = (code - self._posterior.mean) @ self._loadings.T
        moved = torch.where(self._observed, moved, 0.0)
        drawn = (moved * (moved - 2 * self._linear)).sum(dim=1)
        return left.square().sum(dim=1) - drawn + self._expected

    def _left(self, decoded: Tensor) -> Tensor:
        return torch.where(self._observed, self._target - decoded, 0.0)
