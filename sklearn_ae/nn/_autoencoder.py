"""Autoencoder network: linear maps and residual paths."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ._conv import ConvSettings, convolutional_paths
from ._fused import add_fused, can_fuse
from ._mlp import mlp, widen
from ._network import LinearPathNetwork, fill_missing, safe_deviations
from ._precision import product_dtype


class Autoencoder(LinearPathNetwork):
    r"""Autoencoder that contains PCA.

    With :math:`E, e, D, d` linear and :math:`g, h` hidden layers whose last layer
    has no bias,

    .. math:: z = E x + e + g(x), \qquad x' = D z + d + h(z).

    :meth:`start_at_components` sets the last layers of :math:`g` and :math:`h` to zero,
    and the network is PCA. Outside the range of its training rows, :math:`g` and
    :math:`h` stay bounded, see :class:`ActivationClamp`, and the network extrapolates
    linearly, as PCA does.

    A missing cell is NaN and enters as 0, the column's centre. If its column is one of
    `gap_columns`, :math:`g` sees a flag beside it, whose weights start at zero.

    Parameters
    ----------
    n_features : int
        Width of a row.

    n_components : int
        Width of the code.

    hidden_layer_sizes : sequence of int, default=(256, 128)
        Widths of the encoder's hidden layers; the decoder has them in reverse.
        Empty means that there is no residual path. With `channels` only the decoder has
        them, before its convolutions.

    activation : str, default="relu"
        A key of `sklearn_ae.nn.ACTIVATIONS`.

    n_outputs : int, default=None
        Width of an output. None means `n_features`, which it must be with `channels`.

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
        Whether a stack of ReLU layers is one operation where training rounds products:
        in large networks, on processors that multiply bfloat16. It takes less time, but
        gradients can't be differentiated again, nor computed by ``torch.func``. A loss
        that does so, such as a contractive penalty, raises RuntimeError; it needs
        False.

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

    #: Arguments that replace others to build the same network without residual paths.
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
        options = {"generator": generator, "device": device}
        widths = n_features, n_components, n_outputs or n_features
        super().__init__(widths, gap_columns, **options)
        self._fuse = fuse
        paths = None, None
        if channels:
            settings = ConvSettings(
                input_shape, channels, kernel_size, activation, gap_columns
            )
            paths = convolutional_paths(
                n_features, n_components, hidden_layer_sizes, settings, **options
            )
        elif hidden_layer_sizes:
            paths = _dense_paths(
                widths, hidden_layer_sizes, activation, len(gap_columns), options
            )
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
        code = self.linear_encoder(fill_missing(x))
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
        """Add the output of hidden layers, with rounded products where that pays.

        Products are rounded in ``train()`` alone. A path adds numbers of the size of
        PCA's residuals, and its rounding errors are small beside those.

        Parameters
        ----------
        base : Tensor of shape (n_rows, n_outputs)
            Added to the path's output.

        path : torch.nn.Sequential
            Hidden layers, the last of them without bias.

        x : Tensor of shape (n_rows, n_inputs)
            Input of the path.

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
        # Steps change weights in place: a cache of their casts would keep old ones for
        # as long as a caller's own context is open.
        with torch.autocast("cpu", dtype, cache_enabled=False):
            return base + path(x)

    def _zero_residual(self, code_deviations: Tensor) -> None:
        if self.is_linear:
            return
        self.residual_encoder.last.weight.zero_()
        self.residual_decoder.last.weight.zero_()
        weight = self.residual_decoder.hidden0.weight
        weight[:, : len(code_deviations)].div_(safe_deviations(code_deviations))

    def _residual_code_layers(self) -> tuple[list[nn.Linear], list[nn.Linear]]:
        if self.is_linear:
            return [], []
        return [self.residual_encoder.last], [self.residual_decoder.hidden0]


def _dense_paths(
    widths, hidden_layer_sizes, activation, n_flags, options
) -> tuple[nn.Sequential, nn.Sequential]:
    n_features, n_components, n_outputs = widths
    encoder = mlp(n_features, hidden_layer_sizes, n_components, activation, **options)
    widen(encoder.hidden0, n_flags)
    sizes = hidden_layer_sizes[::-1]
    return encoder, mlp(n_components, sizes, n_outputs, activation, **options)
