"""Network of variational autoencoders: posterior and decoder."""

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from ._autoencoder import Autoencoder
from ._gaussians import LOG_TWO_PI, GaussianMixturePrior, Posterior
from ._mlp import mlp, widen
from ._network import Network

# Bounds of the noise variance, in mean variances of a column.
_LEAST_NOISE, _MOST_NOISE = 1e-6, 1e6
# Bound of the posterior's log-variance; the standard normal prior has 0.
_LARGEST_LOG_VARIANCE = 4.0


class VariationalNetwork(Network):
    r"""Variational autoencoder that contains probabilistic PCA.

    The decoder of an :class:`Autoencoder` gives the mean of a row, which is Gaussian
    with one learned variance :math:`s^2` for all cells. Codes are standard normal. The
    encoder gives the mean of the posterior, in which codes are independent. Hidden
    layers :math:`v`, whose last layer has no bias, give its variances:

    .. math::

        z &\sim N(0, I), \qquad x \,|\, z \sim N(D z + d + h(z), s^2 I), \\
        z \,|\, x &\sim N(E x + e + g(x), \operatorname{diag} \exp(c + v(x))).

    :meth:`start_at_components` sets the last layers of :math:`g`, :math:`h` and
    :math:`v` to zero, and the posterior is the exact one of probabilistic PCA.

    Parameters
    ----------
    n_features : int
        Width of a row.

    n_components : int
        Width of the code.

    hidden_layer_sizes : sequence of int, default=(256, 128)
        Widths of the hidden layers of :math:`g` and :math:`v`; :math:`h` has them in
        reverse. Empty means that there are none.

    activation : str, default="relu"
        A key of `sklearn_ae.nn.ACTIVATIONS`.

    gap_columns : sequence of int, default=()
        Columns whose missing cells are flagged.

    generator : torch.Generator, default=None
        Source of the initial weights. None means torch's global generator.

    device : torch.device or str, default=None
        Where the parameters live.

    fuse : bool, default=False
        As in :class:`Autoencoder`.

    n_prior_components : int, default=1
        Number of Gaussians in the prior, all of them standard normal until it is set.

    See Also
    --------
    NegativeELBO : Its objective.
    sklearn_ae.VariationalAutoencoder : Trains it.

    Notes
    -----
    Shapes: input ``(n_rows, n_features)``, output ``(n_rows, n_features)``.

    References
    ----------
    Kingma, D. P. and Welling, M. (2014). Auto-encoding variational Bayes. ICLR.

    Tipping, M. E. and Bishop, C. M. (1999). Probabilistic principal component analysis.
    Journal of the Royal Statistical Society B, 61(3), 611-622.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import VariationalNetwork
    >>> network = VariationalNetwork(n_features=5, n_components=2)
    >>> network.posterior(torch.zeros(3, 5)).log_variance.shape
    torch.Size([3, 2])
    >>> network(torch.zeros(3, 5)).shape
    torch.Size([3, 5])
    """

    starts_as_pca: ClassVar[bool] = False
    codes_have_units: ClassVar[bool] = False

    def __init__(
        self,
        n_features: int,
        n_components: int,
        hidden_layer_sizes: Sequence[int] = (256, 128),
        activation: str = "relu",
        *,
        gap_columns: Sequence[int] = (),
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
        fuse: bool = False,
        n_prior_components: int = 1,
    ) -> None:
        super().__init__()
        options = {"generator": generator, "device": device}
        self.means = Autoencoder(
            n_features,
            n_components,
            hidden_layer_sizes,
            activation,
            gap_columns=gap_columns,
            fuse=fuse,
            **options,
        )
        self.residual_variance = None
        if hidden_layer_sizes:
            self.residual_variance = mlp(
                n_features, hidden_layer_sizes, n_components, activation, **options
            )
            widen(self.residual_variance.hidden0, len(gap_columns))
        place = {"device": device, "dtype": torch.float32}
        self.log_variance = nn.Parameter(torch.zeros(n_components, **place))
        self.log_noise = nn.Parameter(torch.zeros(1, **place))
        # Size of a code's unit in the units of rows: as PCA's, hidden layers see codes
        # in the latter.
        self.register_buffer("unit", torch.ones(n_components, **place))
        self.prior = GaussianMixturePrior(
            n_components, n_prior_components, device=device
        )

    @property
    def is_linear(self) -> bool:
        """Whether there are no residual paths."""
        return self.means.is_linear

    def check(self) -> None:
        """Raise unless the network can compute with its weights.

        Raises
        ------
        ValueError
            If a unit of codes is not positive, or the prior is not a mixture.
        """
        if not (self.unit > 0).all():
            raise ValueError(
                f"Units of codes must be positive, got {self.unit.min().item()}."
            )
        self.prior.check()

    def loss_unit(self, share: float) -> float:
        """Return the size of the loss at a share of unexplained variance.

        Parameters
        ----------
        share : float
            Unexplained variance over the variance.

        Returns
        -------
        unit : float
            1, as squared errors are in units of the learned noise variance.
        """
        return 1.0

    @property
    def noise_variance(self) -> float:
        """Variance of a cell given its row's code."""
        return self._log_noise().exp().item()

    def residual_deviation(self, loss: float) -> float:
        """Return the root mean square of the residuals at a loss.

        Parameters
        ----------
        loss : float
            Mean loss of the rows. Not used here.

        Returns
        -------
        deviation : float
            That of the learned noise.
        """
        return math.sqrt(self.noise_variance)

    def _log_noise(self) -> Tensor:
        return self.log_noise.clamp(math.log(_LEAST_NOISE), math.log(_MOST_NOISE))

    @property
    def loadings(self) -> Tensor:
        """Matrix of the decoder's linear path, ``(n_outputs, n_components)``."""
        return self.means.linear_decoder.weight * self.unit

    def posterior(self, x: Tensor) -> Posterior:
        """Return the posterior of the codes of rows.

        Parameters
        ----------
        x : Tensor of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        posterior : NamedTuple
            `mean` and `log_variance`, Tensors of shape ``(n_rows, n_components)``.
        """
        mean = self.encode(x)
        log_variance = self.log_variance.expand_as(mean)
        if self.residual_variance is not None:
            log_variance = self.means.plus_residual(
                log_variance, self.residual_variance, self.means.inputs(x)
            )
        return Posterior(mean, log_variance.clamp_max(_LARGEST_LOG_VARIANCE))

    def encode(self, x: Tensor) -> Tensor:
        """Map rows ``(n_rows, n_features)`` to the means of their codes."""
        return self.means.encode(x) / self.unit

    def decode(self, code: Tensor) -> Tensor:
        """Map codes ``(n_rows, n_components)`` to rows ``(n_rows, n_features)``."""
        return self.means.decode(code * self.unit)

    def linear_decode(self, code: Tensor) -> Tensor:
        """Map codes ``(n_rows, n_components)`` to rows, by the linear path alone."""
        return self.means.linear_decoder(code * self.unit)

    def forward(self, x: Tensor) -> Tensor:
        """Map rows ``(n_rows, n_features)`` to reconstructions of the same shape."""
        return self.means(x)

    def record(self, x: Tensor) -> Tensor:
        """Return codes ``(n_rows, n_components)`` after decoding them, and draws."""
        posterior = self.posterior(x)
        generator = torch.Generator().manual_seed(0)
        self.decode(posterior.codes(posterior.normal(generator)))
        self.decode(posterior.mean)
        return posterior.mean

    def learning_rate_scales(self, residual_scale: float) -> dict[str, float]:
        """Return the learning rate of each parameter, as a factor.

        Parameters
        ----------
        residual_scale : float
            Root mean square of the residuals at the start, at most 1.

        Returns
        -------
        scales : dict of str to float
            Factors of the learning rate, by the names of parameters. It is 1 for
            variances, which are logarithms.
        """
        scales = {name: 1.0 for name, _ in self.named_parameters()}
        means = self.means.learning_rate_scales(residual_scale)
        return scales | {f"means.{name}": scale for name, scale in means.items()}

    @torch.no_grad()
    def start_at_components(
        self,
        components: Tensor,
        code_deviations: Tensor,
        noise_deviation: float = 0.0,
    ) -> None:
        """Make the network equal to probabilistic PCA.

        Parameters
        ----------
        components : Tensor of shape (n_start, n_features)
            Orthonormal rows, PCA's ``components_``. Codes beyond them do not depend on
            the rows.

        code_deviations : Tensor of shape (n_start,)
            Standard deviation of each code, noise included.

        noise_deviation : float, default=0.0
            Standard deviation of the residuals, in each direction.
        """
        floor = math.sqrt(_LEAST_NOISE)
        noise = max(noise_deviation, floor)
        deviation = code_deviations.clamp_min(noise)
        signal = (deviation.square() - noise**2).sqrt()
        n_components = len(components)
        self.means.start_at_components(components, code_deviations, noise_deviation)
        unit = signal.clamp_min(noise)
        encoder = self.means.linear_encoder.weight[:n_components]
        encoder.mul_((unit * signal / deviation.square())[:, None])
        self.means.linear_decoder.weight[:, :n_components].mul_(signal / unit)
        self.unit.fill_(noise)
        self.unit[:n_components] = unit
        self.log_noise.fill_(2 * math.log(noise))
        self.log_variance.zero_()
        self.log_variance[:n_components] = 2 * (noise / deviation).log()
        if self.residual_variance is not None:
            self.residual_variance.last.weight.zero_()

    @torch.no_grad()
    def turn_codes(self, rotation: Tensor, mean: Tensor, inverse: Tensor) -> None:
        """Replace every code z by ``rotation @ (z - mean)``, exactly.

        Parameters
        ----------
        rotation : Tensor of shape (n_components, n_components)
            The new axes: the old ones in another order, or with another sign.

        mean : Tensor of shape (n_components,)
            Subtracted from the codes first. It must be zero.

        inverse : Tensor of shape (n_components, n_components)
            Inverse of `rotation`.
        """
        self.means.turn_codes(rotation, mean, inverse)
        order = rotation.abs()
        self.unit.copy_(order @ self.unit)
        self.log_variance.copy_(order @ self.log_variance)
        self.prior.turn(rotation)
        if self.residual_variance is not None:
            last = self.residual_variance.last
            last.weight.copy_(order @ last.weight)

    def draw_codes(self, uniform: Tensor, normal: Tensor) -> Tensor:
        """Map random numbers to codes that are distributed like the prior.

        Parameters
        ----------
        uniform : Tensor of shape (n_rows,)
            Uniform numbers from 0 to 1.

        normal : Tensor of shape (n_rows, n_components)
            Standard normal numbers.

        Returns
        -------
        code : Tensor of shape (n_rows, n_components)
            The codes.
        """
        return self.prior.draw(uniform, normal)

    def log_likelihood(self, x: Tensor, draws: Tensor) -> Tensor:
        r"""Return an importance-weighted estimate of each row's log-likelihood.

        .. math:: \log \frac{1}{S} \sum_s \frac{p(x | z_s) p(z_s)}{q(z_s | x)}

        Parameters
        ----------
        x : Tensor of shape (n_rows, n_features)
            Rows. The likelihood is that of their observed cells.

        draws : Tensor of shape (n_draws, n_components)
            Standard normal numbers, the same for all rows.

        Returns
        -------
        log_likelihood : Tensor of shape (n_rows,)
            In nats. Its expectation is a lower bound that rises with `n_draws`.

        References
        ----------
        Burda, Y., Grosse, R. and Salakhutdinov, R. (2016). Importance weighted
        autoencoders. ICLR.
        """
        mean, log_variance = (part[:, None] for part in self.posterior(x))
        code = mean + (log_variance / 2).exp() * draws
        decoded = self.decode(code.flatten(0, 1)).unflatten(0, code.shape[:2])
        observed = ~x.isnan()
        error = torch.where(observed[:, None], decoded - x[:, None], 0.0)
        distortion = self.distortion(
            error.square().sum(dim=2), observed.sum(dim=1, keepdim=True)
        )
        log_posterior = -0.5 * (draws.square() + log_variance + LOG_TWO_PI).sum(dim=2)
        log_weight = self.prior.log_density(code) - distortion - log_posterior
        return log_weight.logsumexp(dim=1) - math.log(len(draws))

    def distortion(self, error: Tensor, n_observed: Tensor) -> Tensor:
        """Return minus the log-likelihood of rows given their codes, in nats.

        Parameters
        ----------
        error : Tensor of shape (n_rows,)
            Sums of squared errors over a row's observed cells.

        n_observed : Tensor of shape (n_rows,)
            Numbers of observed cells.

        Returns
        -------
        distortion : Tensor of shape (n_rows,)
            With a noise variance of at least a millionth of a column's mean variance.
        """
        log_noise = self._log_noise()
        constant = n_observed * (LOG_TWO_PI + log_noise)
        return 0.5 * (constant + error * (-log_noise).exp())
