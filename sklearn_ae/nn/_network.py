"""What every network of an estimator has."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from torch import Tensor, nn


class Network(nn.Module, ABC):
    """Base of the networks that estimators train, and build again from arrays.

    A subclass takes `n_features`, `n_components`, `hidden_layer_sizes`, `activation`,
    keywords of plain values, and `generator`, `device` and `fuse`. All that it learns
    is in its state. Its name is listed in `NETWORKS`.

    See Also
    --------
    Autoencoder : The plain one.
    VariationalNetwork : The variational one.

    Notes
    -----
    Shapes: input ``(n_rows, n_features)``, output ``(n_rows, n_features)``.

    Examples
    --------
    >>> from sklearn_ae.nn import NETWORKS, Network
    >>> all(issubclass(network, Network) for network in NETWORKS.values())
    True
    """

    #: Whether it reconstructs as PCA does, once it starts at principal components.
    starts_as_pca: ClassVar[bool] = True
    #: Whether training blurs its inputs.
    takes_noise: ClassVar[bool] = True
    #: Whether codes are in the units of rows.
    codes_have_units: bool = True
    #: Arguments of the same network without residual paths.
    linear_arguments: ClassVar[dict[str, Any]] = {
        "hidden_layer_sizes": (),
        "gap_columns": (),
    }

    def __init__(self) -> None:
        super().__init__()

    @property
    @abstractmethod
    def is_linear(self) -> bool:
        """Whether there are no residual paths."""

    @abstractmethod
    def encode(self, x: Tensor) -> Tensor:
        """Map rows ``(n_rows, n_features)`` to codes ``(n_rows, n_components)``."""

    @abstractmethod
    def decode(self, code: Tensor) -> Tensor:
        """Map codes ``(n_rows, n_components)`` to rows ``(n_rows, n_features)``."""

    def forward(self, x: Tensor) -> Tensor:
        """Map rows ``(n_rows, n_features)`` to reconstructions of the same shape."""
        return self.decode(self.encode(x))

    def record(self, x: Tensor) -> Tensor:
        """Return codes ``(n_rows, n_components)`` after a pass through all layers."""
        code = self.encode(x)
        self.decode(code)
        return code

    def settle(self) -> None:
        """Prepare for weights that stay as they are."""
        return

    def check(self) -> None:
        """Raise where weights are numbers that can't be computed with.

        Raises
        ------
        ValueError
            If a subclass says so.
        """
        return

    def loss_unit(self, share: float) -> float:
        """Return the size of the loss where a share of the variance is unexplained.

        Parameters
        ----------
        share : float
            What is unexplained, over the variance.

        Returns
        -------
        unit : float
            The share, as of a squared error, unless a subclass says otherwise.
        """
        return share

    def residual_deviation(self, loss: float) -> float:
        """Return the root mean square of what is unexplained at a loss.

        Parameters
        ----------
        loss : float
            Mean loss of the rows.

        Returns
        -------
        deviation : float
            The root of the loss, unless a subclass says otherwise.
        """
        return loss**0.5

    @abstractmethod
    def learning_rate_scales(self, residual_scale: float) -> dict[str, float]:
        """Return the step size of each parameter, relative to the learning rate.

        Parameters
        ----------
        residual_scale : float
            Root mean square of what the start leaves, at most 1.

        Returns
        -------
        scales : dict of str to float
            From a parameter's name to its factor.
        """

    @abstractmethod
    def start_at_components(
        self,
        components: Tensor,
        code_deviations: Tensor,
        noise_deviation: float = 0.0,
    ) -> None:
        """Make the network equal to its linear model.

        Parameters
        ----------
        components : Tensor of shape (n_start, n_features)
            Orthonormal rows, PCA's ``components_``. Codes beyond them start at zero.

        code_deviations : Tensor of shape (n_start,)
            Standard deviation of each code.

        noise_deviation : float, default=0.0
            Standard deviation of what the components leave, in each direction.
        """

    def turn_codes(self, rotation: Tensor, mean: Tensor, inverse: Tensor) -> None:
        """Replace every code z by ``rotation @ (z - mean)``, exactly.

        Parameters
        ----------
        rotation : Tensor of shape (n_components, n_components)
            The new axes.

        mean : Tensor of shape (n_components,)
            What is taken from the codes first.

        inverse : Tensor of shape (n_components, n_components)
            The map back.

        Raises
        ------
        NotImplementedError
            If codes of the network can't be turned.
        """
        raise NotImplementedError("The codes of this network can't be turned.")
