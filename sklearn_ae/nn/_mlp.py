"""Dense layers whose weights come from a generator, and activations."""

import math
from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import nn

from ._activation_range import ActivationClamp

#: Activations by name.
ACTIVATIONS: dict[str, type[nn.Module]] = {
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "logistic": nn.Sigmoid,
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}


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
        With its weights.

    Examples
    --------
    >>> from sklearn_ae.nn._mlp import linear
    >>> linear(4, 2)
    Linear(in_features=4, out_features=2, bias=True)
    """
    layer = on_meta(nn.Linear, n_inputs, n_outputs, bias=bias)
    return draw_weights(layer, 1 / math.sqrt(n_inputs), generator, device)


def on_meta(kind: type[nn.Module], *arguments, **options) -> nn.Module:
    """Build a torch layer on ``"meta"``, where it draws no weights.

    Parameters
    ----------
    kind : type
        Class of the layer.

    *arguments, **options
        Arguments of its constructor other than device and dtype.

    Returns
    -------
    layer : torch.nn.Module
        For :func:`draw_weights`.

    Examples
    --------
    >>> from torch import nn
    >>> from sklearn_ae.nn._mlp import on_meta
    >>> on_meta(nn.Linear, 4, 2).weight.device
    device(type='meta')
    """
    # Older torch loads sympy to draw on "meta", and skip_init the compiler.
    no_draw = {"reset_parameters": lambda self: None}
    layer = type(kind.__name__, (kind,), no_draw)(
        *arguments, **options, device="meta", dtype=torch.float32
    )
    layer.__class__ = kind
    return layer


def draw_weights(
    layer: nn.Module,
    bound: float,
    generator: torch.Generator | None,
    device: torch.device | str | None,
) -> nn.Module:
    """Draw the weights of a layer on ``"meta"``, uniform in ``(-bound, bound)``.

    Parameters
    ----------
    layer : torch.nn.Module
        Changed in place.

    bound : float
        Largest weight.

    generator, device
        As in :func:`linear`.

    Returns
    -------
    layer : torch.nn.Module
        The given one, on `device`.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._mlp import draw_weights
    >>> layer = draw_weights(torch.nn.Linear(1, 1, device="meta"), 0.0, None, "cpu")
    >>> abs(layer.weight.item())
    0.0
    """
    device = torch.device(device or "cpu")
    if device.type == "meta":
        return layer
    for name, parameter in list(layer.named_parameters()):
        weights = torch.empty(parameter.shape, dtype=torch.float32, device=device)
        weights.uniform_(-bound, bound, generator=generator)
        setattr(layer, name, nn.Parameter(weights))
    return layer


def widen(layer: nn.Linear, n_more: int) -> None:
    """Append inputs to a layer; their weights are zero.

    Parameters
    ----------
    layer : torch.nn.Linear
        Changed in place.

    n_more : int
        Number of inputs to add.

    Examples
    --------
    >>> from sklearn_ae.nn._mlp import linear, widen
    >>> layer = linear(4, 2)
    >>> widen(layer, 1)
    >>> layer
    Linear(in_features=5, out_features=2, bias=True)
    """
    layer.weight = nn.Parameter(nn.functional.pad(layer.weight.detach(), (0, n_more)))
    layer.in_features += n_more


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
    :class:`ActivationClamp` and its activation, the last one ``last``. It has no bias,
    so the stack returns zeros once its weights are zero.

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
    options = {"generator": generator, "device": device}
    layers = hidden_layers(n_inputs, hidden_layer_sizes, activation, **options)
    width = [n_inputs, *hidden_layer_sizes][-1]
    layers["last"] = linear(width, n_outputs, bias=False, **options)
    return nn.Sequential(layers)


def hidden_layers(
    n_inputs: int,
    hidden_layer_sizes: Sequence[int],
    activation: str = "relu",
    *,
    generator: torch.Generator | None = None,
    device: torch.device | str | None = None,
) -> OrderedDict[str, nn.Module]:
    """Build the hidden layers of :func:`mlp`, by name.

    Parameters
    ----------
    n_inputs, hidden_layer_sizes, activation, generator, device
        As in :func:`mlp`.

    Returns
    -------
    layers : OrderedDict of str to torch.nn.Module
        In their order.

    Examples
    --------
    >>> from sklearn_ae.nn._mlp import hidden_layers
    >>> list(hidden_layers(4, (8,)))
    ['hidden0', 'range0', 'activation0']
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    width = n_inputs
    for position, size in enumerate(hidden_layer_sizes):
        layers[f"hidden{position}"] = linear(
            width, size, generator=generator, device=device
        )
        layers[f"range{position}"] = ActivationClamp(size, device=device)
        layers[f"activation{position}"] = ACTIVATIONS[activation]()
        width = size
    return layers
