"""The network: a linear path plus a residual path, in encoder and decoder."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ._conv import convolutional_paths
from ._fused import add_fused, can_fuse
from ._mlp import linear, mlp, widen
from ._network import Network
from ._precision import product_dtype


class Autoencoder(Network):
    r"""Autoencoder that contains PCA.

    With :math:`E, e, D, d` linear and :math:`g, h` hidden layers whose last layer
    has no bias,

    .. math:: z = E x + e + g(x), \qquad x' = D z + d + h(z).

    :meth:`start_at_components` silences :math:`g` and :math:`h`, and the network is
    PCA. Outside the range of the rows it was trained on, they stay bounded, see
    :class:`ActivationClamp`, and the network extrapolates linearly, as PCA does.

    A missing cell is NaN and enters as 0, the column's centre. :math:`g` is told of it
    by a flag, whose weight starts at zero, if the column is one of `gap_columns`.

    Parameters
    ----------
    n_features : int
        Width of a row.

    n_components : int
        Width of the code.

    hidden_layer_sizes : sequence of int, default=(256, 128)
        Widths of the encoder's hidden layers; the decoder has them in reverse.
        Empty means that there is no residual path. With `channels` they stand in the
        decoder alone, in reverse, before its convolutions.

    activation : str, default="relu"
        A key of `sklearn_ae.nn.ACTIVATIONS`.

    n_outputs : int, default=None
        Width of what is made of a row. None means that of a row, which it is with
        `channels`.

    input_shape : sequence of int, default=None
        One to three axes of a row, in C order, and its channels last. Only for
        `channels`.

    channels : sequence of int, default=()
        Channels of the encoder's convolutions, each of which halves every axis; the
        decoder has them in reverse. Empty means that all layers are dense.

    kernel_size : int, default=3
        Cells along each axis that a convolution sees, odd.

    gap_columns : sequence of int, default=()
        Columns whose missing cells are flagged.

    generator : torch.Generator, default=None
        Source of the initial weights. None means torch's global generator.

    device : torch.device or str, default=None
        Where the parameters live.

    fuse : bool, default=False
        Whether ReLU layers of large networks are one operation in ``train()``, where
        their products are rounded. It takes less time, and can be differentiated
        neither twice nor by ``torch.func``.

    See Also
    --------
    sklearn_ae.AutoencoderTransformer : Trains it.
    sklearn_ae.DenoisingAutoencoder : Trains it to undo corruption.
    sklearn_ae.ConvolutionalAutoencoder : Trains one with `channels`.

    Notes
    -----
    Shapes: input ``(n_rows, n_features)``, output ``(n_rows, n_outputs)``.

    References
    ----------
    Hinton, G. E. and Salakhutdinov, R. R. (2006). Reducing the dimensionality of data
    with neural networks. Science, 313(5786), 504-507.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import Autoencoder
    >>> network = Autoencoder(n_features=5, n_components=2)
    >>> network.encode(torch.zeros(3, 5)).shape
    torch.Size([3, 2])
    >>> network(torch.zeros(3, 5)).shape
    torch.Size([3, 5])
    """

    #: Arguments of the same network without residual paths.
    linear_arguments: ClassVar[dict[str, Any]] = {
        "hidden_layer_sizes": (),
        "channels": (),
        "gap_columns": (),
    }

    def __init__(
        self,
        n_features: int,
        n_components: int,
        hidden_layer_sizes: Sequence[int] = (256, 128),
        activation: str = "relu",
        *,
        n_outputs: int | None = None,
        input_shape: Sequence[int] | None = None,
        channels: Sequence[int] = (),
        kernel_size: int = 3,
        gap_columns: Sequence[int] = (),
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
        fuse: bool = False,
    ) -> None:
        super().__init__()
        self._fuse = fuse
        make = {"generator": generator, "device": device}
        widths = n_features, n_components, n_outputs or n_features
        self.linear_encoder = linear(*widths[:2], **make)
        self.linear_decoder = linear(*widths[1:], **make)
        # Not a weight: it stays out of the state, and off the meta device.
        gaps = torch.tensor(gap_columns, dtype=torch.long)
        self.register_buffer("_gap_columns", gaps, persistent=False)
        paths = None, None
        if channels:
            shared = (n_features, n_components, hidden_layer_sizes, activation)
            paths = convolutional_paths(
                *shared, input_shape, channels, kernel_size, gap_columns, **make
            )
        elif hidden_layer_sizes:
            shared = (widths, hidden_layer_sizes, activation)
            paths = _dense_paths(*shared, len(gap_columns), make)
        self.residual_encoder, self.residual_decoder = paths
        n_weights = sum(weights.numel() for weights in self.parameters())
        # Of convolutions over three short axes torch's gradients in bfloat16 are wrong.
        self._n_weights = 0 if channels else n_weights

    @property
    def is_linear(self) -> bool:
        """Whether there are no residual paths."""
        return self.residual_encoder is None

    def encode(self, x: Tensor) -> Tensor:
        """Map rows ``(n_rows, n_features)`` to codes ``(n_rows, n_components)``."""
        code = self.linear_encoder(filled(x))
        if self.residual_encoder is None:
            return code
        return self.plus_residual(code, self.residual_encoder, self.inputs(x))

    def decode(self, code: Tensor) -> Tensor:
        """Map codes ``(n_rows, n_components)`` to rows ``(n_rows, n_features)``."""
        reconstruction = self.linear_decoder(code)
        if self.residual_decoder is None:
            return reconstruction
        return self.plus_residual(reconstruction, self.residual_decoder, code)

    def plus_residual(self, base: Tensor, path: nn.Sequential, x: Tensor) -> Tensor:
        """Add hidden layers of `x`, in ``train()`` with products that may be rounded.

        What they add is of the size of what PCA leaves, and so is its rounding.

        Parameters
        ----------
        base : Tensor of shape (n_rows, n_outputs)
            What to add to.

        path : torch.nn.Sequential
            Hidden layers, the last of them without bias.

        x : Tensor of shape (n_rows, n_inputs)
            What its first layer sees.

        Returns
        -------
        output : Tensor of shape (n_rows, n_outputs)
            The sum.
        """
        if not self.training:
            return base + path(x)
        dtype = product_dtype(self._n_weights, x)
        if dtype == x.dtype:
            return base + path(x)
        if self._fuse and can_fuse(path):
            return add_fused(base, path, x, dtype)
        # Steps change weights in place: a cache of their casts would hold old ones for
        # as long as a caller's own context is open.
        with torch.autocast("cpu", dtype, cache_enabled=False):
            return base + path(x)

    def inputs(self, x: Tensor) -> Tensor:
        """Map rows ``(n_rows, n_features)`` to cells and flags of missing ones."""
        cells = filled(x)
        if not len(self._gap_columns):
            return cells
        flags = x.index_select(1, self._gap_columns).isnan().to(x.dtype)
        return torch.cat([cells, flags], dim=1)

    def learning_rate_scales(self, residual_scale: float) -> dict[str, float]:
        """Return the step size of each parameter, relative to the learning rate.

        What is added to a reconstruction is of the size of what the start leaves
        unexplained. So the layers that write to codes and reconstructions step in
        that unit: at the plain rate, Adam's first steps would undo a start that
        explains nearly everything.

        Parameters
        ----------
        residual_scale : float
            Root mean square of what the start leaves, at most 1.

        Returns
        -------
        scales : dict of str to float
            From a parameter's name to its factor.
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
        components : Tensor of shape (n_components, n_features)
            Orthonormal rows, PCA's ``components_``. Codes beyond them start at zero.

        code_deviations : Tensor of shape (n_components,)
            Standard deviation of each code. The decoder's first hidden layer is
            divided by it, so that it starts with inputs of unit scale.

        noise_deviation : float, default=0.0
            Standard deviation of what the components leave, in each direction. This
            network has no use for it.
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
            From codes to what is made of them.

        code_deviations : Tensor of shape (n_start,)
            Standard deviation of each code, as in :meth:`start_at_components`.

        intercept : Tensor of shape (n_outputs,) or float, default=0.0
            What the decoder adds.
        """
        n_components = len(encoder)
        self.linear_encoder.weight.zero_()
        self.linear_decoder.weight.zero_()
        self.linear_encoder.weight[:n_components] = encoder
        self.linear_decoder.weight[:, :n_components] = decoder
        self.linear_encoder.bias.zero_()
        self.linear_decoder.bias[:] = intercept
        if self.residual_encoder is None:
            return
        self.residual_encoder.last.weight.zero_()
        self.residual_decoder.last.weight.zero_()
        reader = self.residual_decoder.hidden0.weight
        reader[:, :n_components].div_(unit_scale(code_deviations))

    @torch.no_grad()
    def turn_codes(self, rotation: Tensor, mean: Tensor, inverse: Tensor) -> None:
        """Replace every code z by ``rotation @ (z - mean)``, exactly.

        The reconstruction stays as it is: both maps fold into layers that are
        linear in z.

        Parameters
        ----------
        rotation : Tensor of shape (n_components, n_components)
            The new axes.

        mean : Tensor of shape (n_components,)
            What is taken from the codes first.

        inverse : Tensor of shape (n_components, n_components)
            The map back.
        """
        encoder, decoder = self.linear_encoder, self.linear_decoder
        encoder.weight.copy_(rotation @ encoder.weight)
        encoder.bias.copy_(rotation @ (encoder.bias - mean))
        readers = [decoder]
        if self.residual_encoder is not None:
            last = self.residual_encoder.last
            last.weight.copy_(rotation @ last.weight)
            readers.append(self.residual_decoder.hidden0)
        for layer in readers:
            layer.bias.add_(layer.weight @ mean)
            layer.weight.copy_(layer.weight @ inverse)


def unit_scale(deviations: Tensor) -> Tensor:
    """Return what to divide codes by: none that only rounding moves is blown up."""
    largest = deviations.max()
    moves = deviations > 10 * torch.finfo(torch.float32).eps * largest
    return torch.where(moves, deviations, largest if largest > 0 else 1.0)


def filled(x: Tensor) -> Tensor:
    """Return rows with missing cells at the centre."""
    return x.nan_to_num(nan=0.0, posinf=math.inf, neginf=-math.inf)


def _dense_paths(
    widths, hidden_layer_sizes, activation, n_flags, make
) -> tuple[nn.Sequential, nn.Sequential]:
    n_features, n_components, n_outputs = widths
    encoder = mlp(n_features, hidden_layer_sizes, n_components, activation, **make)
    widen(encoder.hidden0, n_flags)
    sizes = hidden_layer_sizes[::-1]
    return encoder, mlp(n_components, sizes, n_outputs, activation, **make)


def _writes_output(name: str) -> bool:
    return name.startswith("linear_") or ".last." in name
