"""The network of pictures from pictures: a linear map, and convolutions beside it."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from ._autoencoder import Autoencoder
from ._conv import convolutional_map


class ConvolutionalMap(Autoencoder):
    r"""Linear map plus convolutions that lead straight from input to output.

    With :math:`E, e, D, d` linear and :math:`c` convolutions that keep the axes, the
    last of which has no bias and may multiply them,

    .. math:: z = E x + e, \qquad y = D z + d + c(x).

    A cell of :math:`c(x)` sees those around it alone, and the same weights make all of
    them: what is learned of one place serves all others. What is global is linear.
    :meth:`start_at_maps` silences :math:`c`.

    Parameters
    ----------
    n_features : int
        Width of a row.

    n_components : int
        Width of the code.

    hidden_layer_sizes : sequence of int, default=()
        Has no use here.

    activation : str, default="relu"
        A key of `sklearn_ae.nn.ACTIVATIONS`.

    n_outputs : int
        Width of what is made of a row.

    input_shape, output_shape : sequence of int
        One to three axes of a row and of what is made of it, in C order, and its
        channels last. Those of the latter are a multiple of the former's.

    channels : sequence of int, default=(32, 32)
        Channels of the hidden convolutions. Empty means that there are none at all.

    kernel_size : int, default=3
        Cells along each axis that a convolution sees, odd.

    gap_columns : sequence of int, default=()
        Columns whose missing cells are flagged.

    generator : torch.Generator, default=None
        Source of the initial weights. None means torch's global generator.

    device : torch.device or str, default=None
        Where the parameters live.

    fuse : bool, default=False
        Has no use here.

    See Also
    --------
    Autoencoder : The network it adds to.
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

    #: Arguments of the same network without convolutions.
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
        make = {"generator": generator, "device": device}
        sizes = {"n_outputs": n_outputs, "gap_columns": gap_columns}
        super().__init__(n_features, n_components, (), **sizes, **make)
        self.residual_map = None
        if channels:
            self.residual_map = convolutional_map(
                input_shape,
                output_shape,
                channels,
                kernel_size,
                activation,
                gap_columns=gap_columns,
                **make,
            )

    @property
    def is_linear(self) -> bool:
        """Whether there are no convolutions."""
        return self.residual_map is None

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
            Standard deviation of each code. Has no use here.

        intercept : Tensor of shape (n_outputs,) or float, default=0.0
            What the decoder adds.
        """
        super().start_at_maps(encoder, decoder, code_deviations, intercept)
        if self.residual_map is not None:
            self.residual_map.last.weight.zero_()
