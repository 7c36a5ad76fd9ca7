"""Stacks of dense layers and the table of activations."""

import math
from collections import OrderedDict
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "logistic": nn.Sigmoid,
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}

_RANGE_MARGIN = 0.25


class RangeHold(nn.Module):
    """Keeps each unit near the range it had on training rows.

    Far from the training rows a hidden layer is a guess that grows with the distance.
    Held to the range it is known for, and a quarter of it on either side, it adds a
    constant there and leaves the extrapolation to what runs beside it. In ``train()``
    it is the identity and takes down the range of all rows since it was switched to;
    in ``eval()`` it holds it.

    Parameters
    ----------
    size : int
        Number of units.

    device : torch.device or str, default=None
        Where the bounds live.

    Shape
    -----
    Input ``(n_rows, size)``, output ``(n_rows, size)``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import RangeHold
    >>> hold = RangeHold(1).eval()
    >>> _ = hold.train()(torch.tensor([[0.0], [2.0]]))
    >>> hold.eval()(torch.tensor([[-1.0], [1.0], [5.0]])).flatten()
    tensor([-0.5000,  1.0000,  2.5000])
    """

    low: Tensor
    high: Tensor

    def __init__(self, size: int, *, device: torch.device | str | None = None) -> None:
        super().__init__()
        self.register_buffer("low", torch.full((size,), -math.inf, device=device))
        self.register_buffer("high", torch.full((size,), math.inf, device=device))

    def train(self, mode: bool = True) -> "RangeHold":
        """Switch mode; from ``eval()`` to ``train()`` the range is forgotten."""
        if mode and not self.training:
            self.forget()
        return super().train(mode)

    def forget(self) -> None:
        """Begin a new range."""
        self.low.fill_(math.inf)
        self.high.fill_(-math.inf)

    def forward(self, x: Tensor) -> Tensor:
        """Return `x`, in ``eval()`` with each column held."""
        if not self.training:
            margin = _RANGE_MARGIN * (self.high - self.low)
            return x.clamp(self.low - margin, self.high + margin)
        low, high = x.detach().aminmax(dim=0)
        torch.minimum(self.low, low, out=self.low)
        torch.maximum(self.high, high, out=self.high)
        return x


@torch.no_grad()
def record_ranges(module: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set the ranges of a trained module by these rows alone, and leave it in eval().

    Parameters
    ----------
    module : torch.nn.Module
        Holds any number of :class:`RangeHold`; nothing else in it is switched to
        ``train()``.

    batches : iterable of Tensor
        The rows.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import RangeHold, record_ranges
    >>> hold = RangeHold(1)
    >>> record_ranges(hold, [torch.zeros(1, 1), torch.ones(1, 1)])
    >>> hold(torch.tensor([[9.0]]))
    tensor([[1.2500]])
    """
    module.eval()
    for part in module.modules():
        if isinstance(part, RangeHold):
            part.train()
    for batch in batches:
        module(batch)
    module.eval()


def linear(
    n_inputs: int,
    n_outputs: int,
    *,
    bias: bool = True,
    generator: torch.Generator | None = None,
    device: torch.device | str | None = None,
) -> nn.Linear:
    """Build a linear layer whose weights come from `generator`.

    Weight and bias are uniform in ``(-1 / sqrt(n_inputs), 1 / sqrt(n_inputs))``,
    :class:`torch.nn.Linear`'s own start, drawn without torch's global generator.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Width of the input and of the output.

    bias : bool, default=True
        Whether the layer adds a bias.

    generator : torch.Generator, default=None
        Source of the weights. None means torch's global generator.

    device : torch.device or str, default=None
        Where the parameters live. On ``"meta"`` nothing is drawn.

    Returns
    -------
    layer : torch.nn.Linear
        The filled layer.

    Examples
    --------
    >>> from sklearn_ae.nn._mlp import linear
    >>> linear(4, 2)
    Linear(in_features=4, out_features=2, bias=True)
    """
    layer = nn.utils.skip_init(
        nn.Linear, n_inputs, n_outputs, bias=bias, device=device or "cpu"
    )
    if layer.weight.is_meta:
        return layer
    bound = 1 / math.sqrt(n_inputs)
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return layer


def mlp(
    n_inputs: int,
    hidden_layer_sizes: Sequence[int],
    n_outputs: int,
    activation: str = "relu",
    *,
    generator: torch.Generator | None = None,
    device: torch.device | str | None = None,
) -> nn.Sequential:
    """Build hidden layers and a last linear layer without bias.

    The hidden layers are named ``hidden0``, ``hidden1`` and so on, each followed by a
    :class:`RangeHold` and its activation, the last one ``last``. It has no bias, so
    that the stack adds nothing once `last` is zero.

    Parameters
    ----------
    n_inputs : int
        Width of the input.

    hidden_layer_sizes : sequence of int
        Widths of the hidden layers, at least one.

    n_outputs : int
        Width of the output.

    activation : str, default="relu"
        A key of `ACTIVATIONS`.

    generator, device
        As in :func:`linear`.

    Returns
    -------
    layers : torch.nn.Sequential
        Maps ``(n_rows, n_inputs)`` to ``(n_rows, n_outputs)``.

    Examples
    --------
    >>> from sklearn_ae.nn._mlp import mlp
    >>> [name for name, _ in mlp(4, (8,), 2).named_children()]
    ['hidden0', 'range0', 'activation0', 'last']
    """
    make = {"generator": generator, "device": device}
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    width = n_inputs
    for position, size in enumerate(hidden_layer_sizes):
        layers[f"hidden{position}"] = linear(width, size, **make)
        layers[f"range{position}"] = RangeHold(size, device=device)
        layers[f"activation{position}"] = ACTIVATIONS[activation]()
        width = size
    layers["last"] = linear(width, n_outputs, bias=False, **make)
    return nn.Sequential(layers)
