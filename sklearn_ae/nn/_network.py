"""Base classes of the networks that estimators train."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ._mlp import linear


class Network(nn.Module, ABC):
    """Base of the networks that estimators train and rebuild from arrays.

    A subclass takes `n_features`, `n_components`, `hidden_layer_sizes`, `activation`,
    keywords with plain values, and `generator`, `device` and `fuse`. All that it learns
    is in its ``state_dict``. Its name is listed in `NETWORKS`.

    See Also
    --------
    Autoencoder : The network of most estimators.
    VariationalNetwork : The network of variational autoencoders.

    Notes
    -----
    Shapes: input ``(n_rows, n_features)``, output ``(n_rows, n_features)``, or
    ``(n_rows, n_outputs)`` if the outputs are other columns.

    Examples
    --------
    >>> from sklearn_ae.nn import NETWORKS, Network
    >>> all(issubclass(network, Network) for network in NETWORKS.values())
    True
    """

    #: Whether reconstructions are PCA's after `start_at_components`.
    starts_as_pca: ClassVar[bool] = True
    #: Whether uniform noise may be added to the inputs in training.
    takes_noise: ClassVar[bool] = True
    #: Whether codes are in the units of rows.
    codes_have_units: bool = True
    #: Arguments that replace others to build the same network without residual paths.
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
        """Compute in advance what depends on the weights alone.

        Call it in ``eval()``, once the weights no longer change.
        """
        return

    def check(self) -> None:
        """Raise unless the network can compute with its weights.

        Raises
        ------
        ValueError
            If a weight has a value that a subclass excludes.
        """
        return

    def loss_unit(self, share: float) -> float:
        """Return the size of the loss at a share of unexplained variance.

        Parameters
        ----------
        share : float
            Unexplained variance over the variance.

        Returns
        -------
        unit : float
            By default the share, as for a squared error.
        """
        return share

    def residual_deviation(self, loss: float) -> float:
        """Return the root mean square of the residuals at a loss.

        Parameters
        ----------
        loss : float
            Mean loss of the rows.

        Returns
        -------
        deviation : float
            By default the root of the loss, as for a squared error.
        """
        return loss**0.5

    @abstractmethod
    def learning_rate_scales(self, residual_scale: float) -> dict[str, float]:
        """Return the learning rate of each parameter, as a factor.

        Parameters
        ----------
        residual_scale : float
            Root mean square of the residuals at the start, at most 1.

        Returns
        -------
        scales : dict of str to float
            Factors of the learning rate, by the names of parameters.
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
            Standard deviation of the residuals, in each direction.
        """

    def start_at_maps(
        self,
        encoder: Tensor,
        decoder: Tensor,
        code_deviations: Tensor,
        intercept: Tensor | float = 0.0,
    ) -> None:
        """Make the network equal to two linear maps, one after the other.

        Parameters
        ----------
        encoder : Tensor of shape (n_start, n_features)
            From rows to codes. Codes beyond them start at zero.

        decoder : Tensor of shape (n_outputs, n_start)
            From codes to outputs.

        code_deviations : Tensor of shape (n_start,)
            Standard deviation of each code.

        intercept : Tensor of shape (n_outputs,) or float, default=0.0
            Bias of the decoder.

        Raises
        ------
        NotImplementedError
            If the network has no such start.
        """
        raise NotImplementedError("This network can't start at two linear maps.")

    def turn_codes(self, rotation: Tensor, mean: Tensor, inverse: Tensor) -> None:
        """Replace every code z by ``rotation @ (z - mean)``, exactly.

        Parameters
        ----------
        rotation : Tensor of shape (n_components, n_components)
            The new axes.

        mean : Tensor of shape (n_components,)
            Subtracted from the codes first.

        inverse : Tensor of shape (n_components, n_components)
            Inverse of `rotation`.

        Raises
        ------
        NotImplementedError
            If codes of the network can't be turned.
        """
        raise NotImplementedError("The codes of this network can't be turned.")

    @property
    def loadings(self) -> Tensor:
        """Matrix of the decoder's linear path, ``(n_outputs, n_components)``."""
        raise NotImplementedError("The decoder of this network has no linear path.")


class LinearPathNetwork(Network):
    r"""Base of networks with linear maps that residual paths are added to.

    With :math:`E, e, D, d` linear,

    .. math:: z = E x + e + \dots, \qquad x' = D z + d + \dots

    The last layer of a residual path has no bias, so the path adds nothing while the
    weights of that layer are zero.

    Parameters
    ----------
    widths : tuple of three ints
        Width of a row, of a code and of an output.

    gap_columns : sequence of int
        Columns whose missing cells are flagged.

    generator, device
        As in :class:`Autoencoder`.
    """

    #: From rows to codes.
    linear_encoder: nn.Linear
    #: From codes to outputs.
    linear_decoder: nn.Linear

    def __init__(
        self,
        widths: tuple[int, int, int],
        gap_columns: Sequence[int],
        *,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        options = {"generator": generator, "device": device}
        self.linear_encoder = linear(*widths[:2], **options)
        self.linear_decoder = linear(*widths[1:], **options)
        # Not a weight: it stays out of the state, and off the meta device.
        gaps = torch.tensor(gap_columns, dtype=torch.long)
        self.register_buffer("_gap_columns", gaps, persistent=False)

    @abstractmethod
    def _zero_residual(self, code_deviations: Tensor) -> None:
        """Make residual paths add nothing, and read codes of these deviations."""

    @abstractmethod
    def _residual_code_layers(self) -> tuple[list[nn.Linear], list[nn.Linear]]:
        """Return the layers of residual paths that write codes and that read them."""

    def inputs(self, x: Tensor) -> Tensor:
        """Map rows ``(n_rows, n_features)`` to cells and flags of missing ones."""
        cells = fill_missing(x)
        if not len(self._gap_columns):
            return cells
        flags = x.index_select(1, self._gap_columns).isnan().to(x.dtype)
        return torch.cat([cells, flags], dim=1)

    @property
    def loadings(self) -> Tensor:
        """Matrix of the decoder's linear path, ``(n_outputs, n_components)``."""
        return self.linear_decoder.weight

    def learning_rate_scales(self, residual_scale: float) -> dict[str, float]:
        """Return the learning rate of each parameter, as a factor.

        The layers that write codes and reconstructions take steps of the size of the
        residuals. At the plain rate, Adam's first steps would undo a start that
        explains nearly everything.

        Parameters
        ----------
        residual_scale : float
            Root mean square of the residuals at the start, at most 1.

        Returns
        -------
        scales : dict of str to float
            Factors of the learning rate, by the names of parameters.
        """
        return {
            name: residual_scale if _writes_output(name) else 1.0
            for name, _ in self.named_parameters()
        }

    @torch.no_grad()
    def start_at_components(
        self,
        components: Tensor,
        code_deviations: Tensor,
        noise_deviation: float = 0.0,
    ) -> None:
        """Make the network equal to PCA.

        Parameters
        ----------
        components : Tensor of shape (n_start, n_features)
            Orthonormal rows, PCA's ``components_``. Codes beyond them start at zero.

        code_deviations : Tensor of shape (n_start,)
            Standard deviation of each code. The first hidden layer that reads codes is
            divided by it, so that it starts with inputs of unit scale.

        noise_deviation : float, default=0.0
            Standard deviation of the residuals, in each direction. Not used here.
        """
        self.start_at_maps(components, components.T, code_deviations)

    @torch.no_grad()
    def start_at_maps(
        self,
        encoder: Tensor,
        decoder: Tensor,
        code_deviations: Tensor,
        intercept: Tensor | float = 0.0,
    ) -> None:
        """Make the network equal to two linear maps, one after the other.

        Parameters
        ----------
        encoder : Tensor of shape (n_start, n_features)
            From rows to codes. Codes beyond them start at zero.

        decoder : Tensor of shape (n_outputs, n_start)
            From codes to outputs.

        code_deviations : Tensor of shape (n_start,)
            Standard deviation of each code, as in :meth:`start_at_components`.

        intercept : Tensor of shape (n_outputs,) or float, default=0.0
            Bias of the decoder.
        """
        n_start = len(encoder)
        self.linear_encoder.weight.zero_()
        self.linear_decoder.weight.zero_()
        self.linear_encoder.weight[:n_start] = encoder
        self.linear_decoder.weight[:, :n_start] = decoder
        self.linear_encoder.bias.zero_()
        self.linear_decoder.bias[:] = intercept
        self._zero_residual(code_deviations)

    @torch.no_grad()
    def turn_codes(self, rotation: Tensor, mean: Tensor, inverse: Tensor) -> None:
        """Replace every code z by ``rotation @ (z - mean)``, exactly.

        Reconstructions stay the same: both maps are folded into layers that are linear
        in z.

        Parameters
        ----------
        rotation : Tensor of shape (n_components, n_components)
            The new axes.

        mean : Tensor of shape (n_components,)
            Subtracted from the codes first.

        inverse : Tensor of shape (n_components, n_components)
            Inverse of `rotation`.
        """
        writers, readers = self._residual_code_layers()
        for layer in (self.linear_encoder, *writers):
            layer.weight.copy_(rotation @ layer.weight)
        bias = self.linear_encoder.bias
        bias.copy_(rotation @ (bias - mean))
        for layer in (self.linear_decoder, *readers):
            layer.bias.add_(layer.weight @ mean)
            layer.weight.copy_(layer.weight @ inverse)


def fill_missing(x: Tensor) -> Tensor:
    """Return rows with 0, the centre of a column, in missing cells."""
    return x.nan_to_num(nan=0.0, posinf=math.inf, neginf=-math.inf)


def safe_deviations(deviations: Tensor) -> Tensor:
    """Replace deviations that are rounding alone by the largest, to divide by them."""
    largest = deviations.max()
    moves = deviations > 10 * torch.finfo(torch.float32).eps * largest
    return torch.where(moves, deviations, largest if largest > 0 else 1.0)


def _writes_output(name: str) -> bool:
    return name.startswith("linear_") or ".last." in name
