"""Stacks of convolutions over the axes of a row; 2-d tensors outside."""

import math
from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import nn

from ._activation_range import ActivationClamp
from ._mlp import ACTIVATIONS, fill, hidden_layers, linear, undrawn
from ._reshape import Flatten, PixelShuffle, ToGrid

CONVOLUTIONS: dict[int, type[nn.Module]] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_STRIDE = 2


def convolution(
    n_axes: int,
    n_inputs: int,
    n_outputs: int,
    kernel_size: int,
    *,
    stride: int = 1,
    bias: bool = True,
    generator: torch.Generator | None = None,
    device: torch.device | str | None = None,
) -> nn.Module:
    """Build a convolution whose weights come from `generator`.

    An axis of n cells becomes one of ``ceil(n / stride)``. With
    ``kernel_size=2 * n - 1`` every cell of the result sees all of them. Weight and
    bias are uniform, of variance ``1 / (n_inputs * kernel_size**n_axes)``.

    Parameters
    ----------
    n_axes : int
        Number of axes, from 1 to 3.

    n_inputs, n_outputs : int
        Channels of the input and of the output.

    kernel_size : int
        Cells along each axis that a cell of the output sees, odd.

    stride : int, default=1
        Step from one cell of the output to the next.

    bias : bool, default=True
        Whether the layer adds a bias.

    generator : torch.Generator, default=None
        Source of the weights. None means torch's global generator.

    device : torch.device or str, default=None
        Where the parameters live. On ``"meta"`` nothing is drawn.

    Returns
    -------
    layer : torch.nn.Conv1d, torch.nn.Conv2d or torch.nn.Conv3d
        The filled layer.

    Notes
    -----
    Shapes: input ``(n_rows, n_inputs, *axes)``, output ``(n_rows, n_outputs, *axes)``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._conv import convolution
    >>> layer = convolution(2, 1, 8, 3, stride=2)
    >>> layer(torch.zeros(1, 1, 7, 9)).shape
    torch.Size([1, 8, 4, 5])
    """
    layer = undrawn(
        CONVOLUTIONS[n_axes],
        n_inputs,
        n_outputs,
        kernel_size,
        stride=stride,
        padding=kernel_size // 2,
        bias=bias,
    )
    bound = math.sqrt(3 / (n_inputs * kernel_size**n_axes))
    return fill(layer, bound, generator, device)


def convolutional_encoder(
    input_shape: Sequence[int],
    channels: Sequence[int],
    kernel_size: int,
    n_outputs: int,
    activation: str = "relu",
    *,
    gap_columns: Sequence[int] = (),
    generator: torch.Generator | None = None,
    device: torch.device | str | None = None,
) -> nn.Sequential:
    """Build convolutions, each of which halves every axis, and a last linear layer.

    The layers are named as in :func:`mlp`; the last one has no bias. There are no dense
    layers before it: they learn rows by heart.

    Parameters
    ----------
    input_shape : sequence of int
        One to three axes of a row, in C order, and its channels last.

    channels : sequence of int
        Channels of each convolution, at least one.

    kernel_size : int
        As in :func:`convolution`.

    n_outputs : int
        Width of the output.

    activation : str, default="relu"
        A key of `ACTIVATIONS`.

    gap_columns : sequence of int, default=()
        Cells with flags, which follow a row's cells. Their weights are zero.

    generator, device
        As in :func:`convolution`.

    Returns
    -------
    layers : torch.nn.Sequential
        Maps ``(n_rows, n_cells + n_flags)`` to ``(n_rows, n_outputs)``.

    Examples
    --------
    >>> from sklearn_ae.nn._conv import convolutional_encoder
    >>> stack = convolutional_encoder((7, 9, 1), (8,), 3, 2)
    >>> [name for name, _ in stack.named_children()]
    ['fold', 'hidden0', 'range0', 'activation0', 'unfold', 'last']
    """
    make = {"generator": generator, "device": device}
    *axes, width = input_shape
    layers = OrderedDict(fold=ToGrid(input_shape, gap_columns))
    for position, size in enumerate(channels):
        layers[f"hidden{position}"] = convolution(
            len(axes), width, size, kernel_size, stride=_STRIDE, **make
        )
        layers[f"range{position}"] = ActivationClamp(size, dim=1, device=device)
        layers[f"activation{position}"] = ACTIVATIONS[activation]()
        width = size
    if len(gap_columns):
        _widen(layers["hidden0"])
    layers["unfold"] = Flatten()
    n_units = width * math.prod(_halved(axes, len(channels))[-1])
    layers["last"] = linear(n_units, n_outputs, bias=False, **make)
    return nn.Sequential(layers)


def convolutional_decoder(
    n_inputs: int,
    hidden_layer_sizes: Sequence[int],
    channels: Sequence[int],
    kernel_size: int,
    input_shape: Sequence[int],
    activation: str = "relu",
    *,
    generator: torch.Generator | None = None,
    device: torch.device | str | None = None,
) -> nn.Sequential:
    """Build dense layers, then convolutions, each of which doubles every axis.

    The layers are named as in :func:`mlp`; the last convolution has no bias.

    Parameters
    ----------
    n_inputs : int
        Width of the input.

    hidden_layer_sizes : sequence of int
        Widths of the dense layers before the one that makes the first channels.

    channels : sequence of int
        Channels that each convolution sees, at least one.

    kernel_size : int
        As in :func:`convolution`, on the axes before they are doubled.

    input_shape : sequence of int
        One to three axes of a row of the output, in C order, and its channels last.

    activation, generator, device
        As in :func:`convolutional_encoder`.

    Returns
    -------
    layers : torch.nn.Sequential
        Maps ``(n_rows, n_inputs)`` to ``(n_rows, n_cells)``.

    Examples
    --------
    >>> from sklearn_ae.nn._conv import convolutional_decoder
    >>> stack = convolutional_decoder(2, (), (8,), 3, (7, 9, 1))
    >>> [name for name, _ in stack.named_children()]
    ['hidden0', 'range0', 'activation0', 'fold', 'last', 'spread1', 'unfold']
    """
    make = {"generator": generator, "device": device}
    *axes, n_channels = input_shape
    smallest, *larger = _halved(axes, len(channels))[::-1]
    n_units = channels[0] * math.prod(smallest)
    sizes = [*hidden_layer_sizes, n_units]
    layers = hidden_layers(n_inputs, sizes, activation, **make)
    layers["fold"] = ToGrid((*smallest, channels[0]))
    widths = zip(channels, [*channels[1:], n_channels], larger, strict=True)
    first = len(hidden_layer_sizes) + 1
    for position, (width, size, axes) in enumerate(widths, first):
        ends = position == first + len(channels) - 1
        name = "last" if ends else f"hidden{position}"
        layers[name] = convolution(
            len(axes),
            width,
            size * _STRIDE ** len(axes),
            kernel_size,
            bias=not ends,
            **make,
        )
        layers[f"spread{position}"] = PixelShuffle(axes, _STRIDE)
        if not ends:
            layers[f"range{position}"] = ActivationClamp(size, dim=1, device=device)
            layers[f"activation{position}"] = ACTIVATIONS[activation]()
    layers["unfold"] = Flatten()
    return nn.Sequential(layers)


def convolutional_map(
    input_shape: Sequence[int],
    output_shape: Sequence[int],
    channels: Sequence[int],
    kernel_size: int,
    activation: str = "relu",
    *,
    gap_columns: Sequence[int] = (),
    generator: torch.Generator | None = None,
    device: torch.device | str | None = None,
) -> nn.Sequential:
    """Build convolutions that keep every axis, the last of which may multiply it.

    The layers are named as in :func:`mlp`; the last convolution has no bias.

    Parameters
    ----------
    input_shape, output_shape : sequence of int
        One to three axes of a row, in C order, and its channels last. The axes of the
        output are a multiple of the input's, see :func:`cells_per_cell`.

    channels : sequence of int
        Channels of each hidden convolution, at least one.

    kernel_size : int
        As in :func:`convolution`.

    activation, gap_columns, generator, device
        As in :func:`convolutional_encoder`.

    Returns
    -------
    layers : torch.nn.Sequential
        Maps ``(n_rows, n_cells + n_flags)`` to ``(n_rows, n_output_cells)``.

    Raises
    ------
    ValueError
        If the axes of the output are no multiple of the input's.

    Examples
    --------
    >>> from sklearn_ae.nn._conv import convolutional_map
    >>> stack = convolutional_map((4, 4, 1), (8, 8, 3), (8,), 3)
    >>> [name for name, _ in stack.named_children()]
    ['fold', 'hidden0', 'range0', 'activation0', 'last', 'spread', 'unfold']
    """
    factor = cells_per_cell(input_shape, output_shape)
    if factor is None:
        raise ValueError(
            "The axes of output_shape must be a multiple of those of input_shape, got "
            f"{tuple(output_shape)} and {tuple(input_shape)}."
        )
    make = {"generator": generator, "device": device}
    n_axes, width = len(input_shape) - 1, input_shape[-1]
    layers = OrderedDict(fold=ToGrid(input_shape, gap_columns))
    for position, size in enumerate(channels):
        name = f"hidden{position}"
        layers[name] = convolution(n_axes, width, size, kernel_size, **make)
        layers[f"range{position}"] = ActivationClamp(size, dim=1, device=device)
        layers[f"activation{position}"] = ACTIVATIONS[activation]()
        width = size
    if len(gap_columns):
        _widen(layers["hidden0"])
    size = output_shape[-1] * factor**n_axes
    layers["last"] = convolution(n_axes, width, size, kernel_size, bias=False, **make)
    layers["spread"] = PixelShuffle(output_shape[:-1], factor)
    layers["unfold"] = Flatten()
    return nn.Sequential(layers)


def cells_per_cell(
    input_shape: Sequence[int], output_shape: Sequence[int]
) -> int | None:
    """Return how many cells along each axis of the output one of the input becomes.

    Parameters
    ----------
    input_shape, output_shape : sequence of int
        One to three axes each, and the channels last, which do not count.

    Returns
    -------
    factor : int or None
        None if there is no such number. The last cell may become fewer.

    See Also
    --------
    ConvolutionalMap : Needs such a number.

    Examples
    --------
    >>> from sklearn_ae.nn import cells_per_cell
    >>> cells_per_cell((4, 4, 1), (8, 7, 3))
    2
    """
    factor = math.ceil(output_shape[0] / input_shape[0])
    smaller = tuple(math.ceil(size / factor) for size in output_shape[:-1])
    return factor if smaller == tuple(input_shape[:-1]) else None


def convolutional_paths(
    n_features: int,
    n_components: int,
    hidden_layer_sizes: Sequence[int],
    activation: str,
    input_shape: Sequence[int] | None,
    channels: Sequence[int],
    kernel_size: int,
    gap_columns: Sequence[int],
    **make,
) -> tuple[nn.Sequential, nn.Sequential]:
    """Build the residual paths of :class:`Autoencoder`, which has these arguments."""
    if input_shape is None or math.prod(input_shape) != n_features:
        raise ValueError(
            f"input_shape must have as many cells as n_features={n_features}, got "
            f"input_shape={input_shape}."
        )
    inwards = (input_shape, channels, kernel_size, n_components, activation)
    encoder = convolutional_encoder(*inwards, gap_columns=gap_columns, **make)
    outwards = (hidden_layer_sizes[::-1], channels[::-1], kernel_size, input_shape)
    return encoder, convolutional_decoder(n_components, *outwards, activation, **make)


def _halved(axes: Sequence[int], n_times: int) -> list[tuple[int, ...]]:
    """Return axes as they are, halved once, and so on, each time rounded up."""
    sizes = [tuple(axes)]
    for _ in range(n_times):
        sizes.append(tuple(math.ceil(size / _STRIDE) for size in sizes[-1]))
    return sizes


def _widen(layer: nn.Module) -> None:
    """Give a convolution as many channels more, whose weights are zero."""
    weight = layer.weight.detach()
    layer.weight = nn.Parameter(torch.cat([weight, torch.zeros_like(weight)], dim=1))
    layer.in_channels *= 2
