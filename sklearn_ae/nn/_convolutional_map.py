"""Network from images to images: linear maps and convolutions beside them."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ._conv import ConvSettings, convolutional_map
from ._network import LinearPathNetwork, fill_missing


class ConvolutionalMap(LinearPathNetwork):
    r"""Linear map plus convolutions that lead straight from input to output.

    With :math:`E, e, D, d` linear and :math:`c` convolutions that keep the axes, the
    last of which has no bias and may multiply them,

    .. math:: z = E x + e, \qquad y = D z + d + c(x).

    A cell of :math:`c(x)` depends on the cells around it alone, by the same weights
    everywhere: what is learned at one place serves all others. Dependence over longer
    distances is linear. :meth:`start_at_maps` sets the last layer of :math:`c` to zero.

    Parameters
    ----------
    n_features : int
        Width of a row.

    n_components : int
        Width of the code.

    hidden_layer_sizes : sequence of int, default=()
        Not used: there are no dense layers.

    activation : str, default="relu"
        A key of `sklearn_ae.nn.ACTIVATIONS`.

    n_outputs : int
        Width of an output.

    input_shape, output_shape : sequence of int
        One to three axes of a row and of an output, in C order, and the channels last.
        The axes of an output are a multiple of a row's.

    channels : sequence of int, default=(32, 32)
        Channels of the hidden convolutions. Empty means that there is no convolution.

    kernel_size : int, default=3
        Cells along each axis that a convolution sees, odd.

    gap_columns : sequence of int, default=()
        Columns whose missing cells are flagged.

    generator : torch.Generator, default=None
        Source of the initial weights. None means torch's global generator.

    device : torch.device or str, default=None
        Where the parameters live.

    fuse : bool, default=False
        Not used: there are no dense ReLU layers to fuse.

    See Also
    --------
    Autoencoder : The network with residual paths to and from codes.
    sklearn_ae.EncoderDecoderRegressor : Trains it.

    Notes
    -----
    Shapes: input ``(n_rows, n_features)``, output ``(n_rows, n_outputs)``.

    References
    ----------
    Shi, W. et al. (2016). Real-time single image and video super-resolution using an
    efficient sub-pixel convolutional neural network. CVPR.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import ConvolutionalMap
    >>> shapes = {"input_shape": (4, 4, 1), "output_shape": (8, 8, 3)}
    >>> network = ConvolutionalMap(16, 16, n_outputs=192, **shapes)
    >>> network(torch.zeros(5, 16)).shape
    torch.Size([5, 192])
    """

    #: Arguments that replace others to build the same network without convolutions.
    linear_arguments: ClassVar[dict[str, Any]] = {"channels": (), "gap_columns": ()}

    def __init__(
        self,
        n_features: int,
        n_components: int,
        hidden_layer_sizes: Sequence[int] = (),
        activation: str = "relu",
        *,
        n_outputs: int,
        input_shape: Sequence[int],
        output_shape: Sequence[int],
        channels: Sequence[int] = (32, 32),
        kernel_size: int = 3,
        gap_columns: Sequence[int] = (),
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
        fuse: bool = False,
    ) -> None:
        options = {"generator": generator, "device": device}
        super().__init__((n_features, n_components, n_outputs), gap_columns, **options)
        self.residual_map = None
        if channels:
            settings = ConvSettings(
                input_shape, channels, kernel_size, activation, gap_columns
            )
            self.residual_map = convolutional_map(settings, output_shape, **options)

    @property
    def is_linear(self) -> bool:
        """Whether there are no convolutions."""
        return self.residual_map is None

    def encode(self, x: Tensor) -> Tensor:
        """Map rows ``(n_rows, n_features)`` to codes ``(n_rows, n_components)``."""
        return self.linear_encoder(fill_missing(x))

    def decode(self, code: Tensor) -> Tensor:
        """Map codes ``(n_rows, n_components)`` to the linear part of the outputs."""
        return self.linear_decoder(code)

    def forward(self, x: Tensor) -> Tensor:
        """Map rows ``(n_rows, n_features)`` to outputs ``(n_rows, n_outputs)``."""
        linear = super().forward(x)
        if self.residual_map is None:
            return linear
        return linear + self.residual_map(self.inputs(x))

    def record(self, x: Tensor) -> Tensor:
        """Return codes ``(n_rows, n_components)`` after a pass through all layers."""
        self(x)
        return self.encode(x)

    def _zero_residual(self, code_deviations: Tensor) -> None:
        if self.residual_map is not None:
            self.residual_map.last.weight.zero_()

    def _residual_code_layers(self) -> tuple[list[nn.Linear], list[nn.Linear]]:
        return [], []  # convolutions run beside the codes
