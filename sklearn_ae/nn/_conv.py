"""Stacks of convolutions over the axes of a row; 2-d tensors outside."""

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from ._activation_range import ActivationClamp
from ._mlp import ACTIVATIONS, draw_weights, hidden_layers, linear, on_meta
from ._reshape import Flatten, PixelShuffle, ToGrid

CONVOLUTIONS: dict[int, type[nn.Module]] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_STRIDE = 2


class ConvSettings(NamedTuple):
    """Settings that the convolutions of a network share.

    Attributes
    ----------
    input_shape : sequence of int or None
        One to three axes of a row, in C order, and its channels last.

    channels : sequence of int
        Channels of each hidden convolution, at least one.

    kernel_size : int
        As in :func:`convolution`.

    activation : str
        A key of `ACTIVATIONS`.

    gap_columns : sequence of int
        Cells with flags, which follow a row's cells.
    """

    input_shape: Sequence[int] | None
    channels: Sequence[int]
    kernel_size: int
    activation: str = "relu"
    gap_columns: Sequence[int] = ()


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
        With its weights.

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
    layer = on_meta(
        CONVOLUTIONS[n_axes],
        n_inputs,
        n_outputs,
        kernel_size,
        stride=stride,
        padding=kernel_size // 2,
        bias=bias,
    )
    bound = math.sqrt(3 / (n_inputs * kernel_size**n_axes))
    return draw_weights(layer, bound, generator, device)


def convolutional_paths(
    n_features: int,
    n_components: int,
    hidden_layer_sizes: Sequence[int],
    settings: ConvSettings,
    **options,
) -> tuple[nn.Sequential, nn.Sequential]:
    """Build the residual paths of :class:`Autoencoder`, which has these arguments."""
    input_shape = settings.input_shape
    if input_shape is None or math.prod(input_shape) != n_features:
        raise ValueError(
            f"input_shape must have as many cells as n_features={n_features}, got "
            f"input_shape={input_shape}."
        )
    encoder = convolutional_encoder(settings, n_components, **options)
    sizes = hidden_layer_sizes[::-1]
    return encoder, convolutional_decoder(n_components, sizes, settings, **options)


def convolutional_encoder(
    settings: ConvSettings,
    n_outputs: int,
    *,
    generator: torch.Generator | None = None,
    device: torch.device | str | None = None,
) -> nn.Sequential:
    """Build convolutions, each of which halves every axis, and a last linear layer.

    The layers are named as in :func:`mlp`; the last one has no bias. There are no dense
    layers before it: they overfit.

    Parameters
    ----------
    settings : ConvSettings
        Of the convolutions.

    n_outputs : int
        Width of the output.

    generator, device
        As in :func:`convolution`.

    Returns
    -------
    layers : torch.nn.Sequential
        Maps ``(n_rows, n_cells + n_flags)`` to ``(n_rows, n_outputs)``.

    Examples
    --------
    >>> from sklearn_ae.nn._conv import ConvSettings, convolutional_encoder
    >>> stack = convolutional_encoder(ConvSettings((7, 9, 1), (8,), 3), 2)
    >>> [name for name, _ in stack.named_children()]
    ['fold', 'hidden0', 'range0', 'activation0', 'unfold', 'last']
    """
    options = {"generator": generator, "device": device}
    *axes, _ = settings.input_shape
    layers = _hidden_convolutions(settings, _STRIDE, **options)
    layers["unfold"] = Flatten()
    smallest = _halved(axes, len(settings.channels))[-1]
    n_units = settings.channels[-1] * math.prod(smallest)
    layers["last"] = linear(n_units, n_outputs, bias=False, **options)
    return nn.Sequential(layers)


def convolutional_decoder(
    n_inputs: int,
    hidden_layer_sizes: Sequence[int],
    settings: ConvSettings,
    *,
    generator: torch.Generator | None = None,
    device: torch.device | str | None = None,
) -> nn.Sequential:
    """Build dense layers, then convolutions, each of which doubles every axis.

    The convolutions are those of :func:`convolutional_encoder` in reverse. The layers
    are named as in :func:`mlp`; the last convolution has no bias.

    Parameters
    ----------
    n_inputs : int
        Width of the input.

    hidden_layer_sizes : sequence of int
        Widths of the dense layers before the one that makes the first channels.

    settings : ConvSettings
        Of the encoder's convolutions. Flags are not decoded.

    generator, device
        As in :func:`convolution`.

    Returns
    -------
    layers : torch.nn.Sequential
        Maps ``(n_rows, n_inputs)`` to ``(n_rows, n_cells)``.

    Examples
    --------
    >>> from sklearn_ae.nn._conv import ConvSettings, convolutional_decoder
    >>> stack = convolutional_decoder(2, (), ConvSettings((7, 9, 1), (8,), 3))
    >>> [name for name, _ in stack.named_children()]
    ['hidden0', 'range0', 'activation0', 'fold', 'last', 'spread1', 'unfold']
    """
    options = {"generator": generator, "device": device}
    *axes, n_channels = settings.input_shape
    channels = settings.channels[::-1]
    smallest, *larger = _halved(axes, len(channels))[::-1]
    sizes = [*hidden_layer_sizes, channels[0] * math.prod(smallest)]
    layers = hidden_layers(n_inputs, sizes, settings.activation, **options)
    layers["fold"] = ToGrid((*smallest, channels[0]))
    widths = zip(channels, [*channels[1:], n_channels], larger, strict=True)
    for position, (width, size, axes) in enumerate(widths, len(sizes)):
        is_last = position == len(sizes) + len(channels) - 1
        name = "last" if is_last else f"hidden{position}"
        layers[name] = convolution(
            len(axes),
            width,
            size * _STRIDE ** len(axes),
            settings.kernel_size,
            bias=not is_last,
            **options,
        )
        layers[f"spread{position}"] = PixelShuffle(axes, _STRIDE)
        if not is_last:
            layers |= _after_convolution(position, size, settings, device)
    layers["unfold"] = Flatten()
    return nn.Sequential(layers)


def convolutional_map(
    settings: ConvSettings,
    output_shape: Sequence[int],
    *,
    generator: torch.Generator | None = None,
    device: torch.device | str | None = None,
) -> nn.Sequential:
    """Build convolutions that keep every axis, the last of which may multiply it.

    The layers are named as in :func:`mlp`; the last convolution has no bias.

    Parameters
    ----------
    settings : ConvSettings
        Of the convolutions.

    output_shape : sequence of int
        One to three axes of an output, in C order, and its channels last. The axes are
        a multiple of a row's, see :func:`cells_per_cell`.

    generator, device
        As in :func:`convolution`.

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
    >>> from sklearn_ae.nn._conv import ConvSettings, convolutional_map
    >>> stack = convolutional_map(ConvSettings((4, 4, 1), (8,), 3), (8, 8, 3))
    >>> [name for name, _ in stack.named_children()]
    ['fold', 'hidden0', 'range0', 'activation0', 'last', 'spread', 'unfold']
    """
    input_shape, channels = settings.input_shape, settings.channels
    factor = cells_per_cell(input_shape, output_shape)
    if factor is None:
        raise ValueError(
            "The axes of output_shape must be a multiple of those of input_shape, got "
            f"{tuple(output_shape)} and {tuple(input_shape)}."
        )
    options = {"generator": generator, "device": device}
    layers = _hidden_convolutions(settings, 1, **options)
    n_axes = len(input_shape) - 1
    size = output_shape[-1] * factor**n_axes
    layers["last"] = convolution(
        n_axes, channels[-1], size, settings.kernel_size, bias=False, **options
    )
    layers["spread"] = PixelShuffle(output_shape[:-1], factor)
    layers["unfold"] = Flatten()
    return nn.Sequential(layers)


def cells_per_cell(
    input_shape: Sequence[int], output_shape: Sequence[int]
) -> int | None:
    """Return the number of output cells per input cell, along each axis.

    Parameters
    ----------
    input_shape, output_shape : sequence of int
        One to three axes each, and the channels last, which are not compared.

    Returns
    -------
    factor : int or None
        The same for all axes, or None if there is no such number. The last input cell
        of an axis may have fewer output cells.

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


def _hidden_convolutions(
    settings: ConvSettings, stride: int, **options
) -> OrderedDict[str, nn.Module]:
    """Build the hidden convolutions of rows, with zero weights for their flags."""
    *axes, width = settings.input_shape
    layers = OrderedDict(fold=ToGrid(settings.input_shape, settings.gap_columns))
    for position, size in enumerate(settings.channels):
        layers[f"hidden{position}"] = convolution(
            len(axes), width, size, settings.kernel_size, stride=stride, **options
        )
        layers |= _after_convolution(position, size, settings, options["device"])
        width = size
    if len(settings.gap_columns):
        _double_inputs(layers["hidden0"])
    return layers


def _after_convolution(position, size, settings, device) -> dict[str, nn.Module]:
    """Build what follows a hidden convolution."""
    return {
        f"range{position}": ActivationClamp(size, dim=1, device=device),
        f"activation{position}": ACTIVATIONS[settings.activation](),
    }


def _halved(axes: Sequence[int], n_times: int) -> list[tuple[int, ...]]:
    """Return axes as they are, halved once, and so on, each time rounded up."""
    sizes = [tuple(axes)]
    for _ in range(n_times):
        sizes.append(tuple(math.ceil(size / _STRIDE) for size in sizes[-1]))
    return sizes


def _double_inputs(layer: nn.Module) -> None:
    """Double the input channels of a convolution; the new weights are zero."""
    weight = layer.weight.detach()
    layer.weight = nn.Parameter(torch.cat([weight, torch.zeros_like(weight)], dim=1))
    layer.in_channels *= 2
