"""Heads: networks from codes to class scores or numbers."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ._mlp import linear, mlp


class Head(nn.Module):
    r"""Linear model of codes, and hidden layers beside it.

    With codes :math:`z`, their mean :math:`m` and scale :math:`s`,

    .. math:: f(z) = W u + b + h(u), \qquad u = (z - m) / s.

    The last layer of :math:`h` starts at zero, so the head equals its linear model
    until it is trained. Outside the range of its training rows :math:`h` stays bounded,
    see :class:`ActivationClamp`.

    Parameters
    ----------
    n_components : int
        Width of the code.

    n_outputs : int
        Number of scores, or of numbers to predict.

    hidden_layer_sizes : sequence of int, default=(64,)
        Widths of the layers of :math:`h`. Empty means that there are none.

    activation : str, default="relu"
        A key of `sklearn_ae.nn.ACTIVATIONS`.

    generator : torch.Generator, default=None
        Source of the initial weights. None means torch's global generator.

    device : torch.device or str, default=None
        Where the parameters live.

    See Also
    --------
    HeadedNetwork : An encoder and a head.
    sklearn_ae.PretrainedClassifier : Trains it.
    sklearn_ae.PretrainedRegressor : Trains it.

    Notes
    -----
    Shapes: input ``(n_rows, n_components)``, output ``(n_rows, n_outputs)``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import Head
    >>> Head(n_components=2, n_outputs=3)(torch.zeros(5, 2)).shape
    torch.Size([5, 3])
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self,
        n_components: int,
        n_outputs: int,
        hidden_layer_sizes: Sequence[int] = (64,),
        activation: str = "relu",
        *,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        options = {"generator": generator, "device": device}
        place = {"device": device, "dtype": torch.float32}
        self.register_buffer("mean", torch.zeros(n_components, **place))
        self.register_buffer("scale", torch.ones(n_components, **place))
        self.linear = linear(n_components, n_outputs, **options)
        self.residual = None
        if hidden_layer_sizes:
            sizes = tuple(hidden_layer_sizes)
            self.residual = mlp(n_components, sizes, n_outputs, activation, **options)
            nn.init.zeros_(self.residual.last.weight)

    def forward(self, code: Tensor) -> Tensor:
        """Map codes ``(n_rows, n_components)`` to scores ``(n_rows, n_outputs)``."""
        unit = (code - self.mean) / self.scale
        scores = self.linear(unit)
        return scores if self.residual is None else scores + self.residual(unit)

    def check(self) -> None:
        """Raise unless the head can compute with its weights.

        Raises
        ------
        ValueError
            If a scale of codes is not positive.
        """
        if not (self.scale > 0).all():
            raise ValueError(
                "Scales of codes must be positive, got them from "
                f"{self.scale.min().item()}."
            )

    @torch.no_grad()
    def start_at(
        self, mean: Tensor, scale: Tensor, weight: Tensor, bias: Tensor
    ) -> None:
        """Make the head equal to a linear model.

        Parameters
        ----------
        mean, scale : Tensor of shape (n_components,)
            Codes are centred by the mean, then divided by the scale.

        weight : Tensor of shape (n_outputs, n_components)
            Coefficients of the linear model.

        bias : Tensor of shape (n_outputs,)
            Its intercepts.
        """
        self.mean.copy_(mean)
        self.scale.copy_(scale)
        self.linear.weight.copy_(weight)
        self.linear.bias.copy_(bias)


class HeadedNetwork(nn.Module):
    """An encoder with a head on its codes.

    Parameters
    ----------
    encoder : Network
        Maps rows to codes.

    head : Head
        Maps codes to scores.

    code_unit : Tensor of shape (n_components,)
        Codes are multiplied by it before the head.

    See Also
    --------
    Head : Its last part.

    Notes
    -----
    Shapes: input ``(n_rows, n_features)``, output ``(n_rows, n_outputs)``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import Autoencoder, Head, HeadedNetwork
    >>> network = HeadedNetwork(Autoencoder(4, 2), Head(2, 3), torch.ones(2))
    >>> network(torch.zeros(5, 4)).shape
    torch.Size([5, 3])
    """

    code_unit: Tensor

    def __init__(self, encoder: nn.Module, head: Head, code_unit: Tensor) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head
        self.register_buffer("code_unit", code_unit)

    def forward(self, x: Tensor) -> Tensor:
        """Map rows ``(n_rows, n_features)`` to scores ``(n_rows, n_outputs)``."""
        return self.head(self.encoder.encode(x) * self.code_unit)
