"""Where partial_fit begins: at PCA of a first chunk, after fit, or where it was."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from .._tables import EncodedTable, TableCodec, TableSchema
from .._training import RandomStreams, ScheduleFreeAdamW, flatten_weights
from ..nn import NETWORKS
from .code_axes import CodeMoments, rotated_arrays, start_axes
from .fit import code_unit, fit_table, has_own_scales, scale_codes
from .fitted import FittedAutoencoder
from .networks import Design, layer_sizes, network_arguments
from .pca_start import component_limit, fit_pca_starts, resolve_n_components
from .stream_state import StreamState

_FIT_ROWS = 1_000  # that the codes of a fit count for


class StreamPosition(NamedTuple):
    """What a chunk is learned from.

    Attributes
    ----------
    stream : Stream
        What is known of the chunks so far.

    module : torch.nn.Module
        The network as it stands, on the CPU and in ``eval()``.

    codec : TableCodec
        Fixed.

    fitted : FittedAutoencoder or None
        What is published so far, which `module` equals; None for random weights.

    explained_variance : ndarray of shape (n_components,)
        Variance of each code that is published.

    losses : list of float
        Training losses so far; empty before the first chunk.

    best_epoch : int
        What is published; 0 is a start.
    """

    stream: StreamState
    module: nn.Module
    codec: TableCodec
    fitted: FittedAutoencoder | None
    explained_variance: np.ndarray
    losses: list[float]
    best_epoch: int


def begin_stream(estimator, columns: TableSchema, X) -> StreamPosition:
    """Start at PCA of a first chunk, or at random.

    Parameters
    ----------
    estimator : BaseStreamingAutoencoder
        Gives the parameters.

    columns : TableSchema
        The columns of X.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers as `columns` reads them.

    Returns
    -------
    standing : Standing
        Before any step.
    """
    layer_sizes(estimator.hidden_layer_sizes)
    from_pca = estimator.init == "pca"
    streams, seed = _streams(estimator)
    table = fit_table(estimator, columns, X)
    codec = table.codec
    n_components = resolve_n_components(
        estimator.n_components, X, codec, limited=from_pca
    )
    n_components = min(n_components, component_limit(X, codec))
    [start] = fit_pca_starts(X, table, n_components, streams.integer("start"))
    gap_columns = _gap_columns(estimator, table.layout(), table.gap_columns)
    arguments = network_arguments(estimator, start, gap_columns)
    design = Design(*estimator._build(arguments, None, 0.0, None))
    module = _network(design.network_class, arguments, streams)
    unit, fitted, axes = code_unit(estimator, codec, module), None, start_axes(start)
    if from_pca:
        start.apply_to(module)
        linear = rotated_arrays(design.linear(start), axes, np.float64)
        fitted = scale_codes(
            codec,
            design.network_class,
            design.linear_arguments,
            linear,
            axes.variance,
            unit,
            whiten=estimator.whiten,
        )
    stream = _first_stream(
        seed=seed,
        module=module,
        start_loss=None if from_pca else 1.0,
        n_cells=table.layout().n_cells,
        code_unit=unit,
        network=arguments,
        noise_unit=table.noise_unit,
        codes=_moments(axes.variance, X.shape[0]),
    )
    return StreamPosition(stream, module, codec, fitted, axes.variance * unit**2, [], 0)


def resume_after_fit(estimator) -> StreamPosition:
    """Go on from what `fit` left, where that is linear with new, silent hidden layers.

    Parameters
    ----------
    estimator : BaseStreamingAutoencoder
        Fitted.

    Returns
    -------
    standing : Standing
        Before any step of a stream.
    """
    fitted, (streams, seed) = estimator._fitted, _streams(estimator)
    codec, arguments = fitted.codec, fitted.network
    noise_unit = _noise_unit(estimator, codec)
    sizes = layer_sizes(estimator.hidden_layer_sizes)
    n_cells = float(np.count_nonzero(~codec.empty))
    module = _network(NETWORKS[fitted.kind], arguments, streams)
    module.load_state_dict(_tensors(fitted.arrays))
    unit = code_unit(estimator, codec, module)
    variance = estimator.explained_variance_ / unit**2
    if module.is_linear and sizes:
        table = EncodedTable(codec, noise_unit, (~codec.empty).astype(float), False)
        arguments = arguments | {
            "hidden_layer_sizes": sizes,
            "activation": estimator.activation,
            "gap_columns": _gap_columns(estimator, table.layout(), ()),
        }
        module = _with_layers(module, arguments, variance, streams)
    stream = _first_stream(
        seed=seed,
        module=module,
        start_loss=min(float(estimator.loss_curve_[0]), 1.0),
        n_cells=n_cells,
        code_unit=unit,
        network=arguments,
        noise_unit=noise_unit,
        codes=_moments(variance, _FIT_ROWS),
    )
    return _standing(estimator, stream, module)


def resume_stream(estimator) -> StreamPosition:
    """Go on where the last chunk ended.

    Parameters
    ----------
    estimator : BaseStreamingAutoencoder
        After `partial_fit`.

    Returns
    -------
    standing : Standing
        As it was.
    """
    fitted = estimator._fitted
    stream = estimator._stream
    module = NETWORKS[fitted.kind](
        **stream.network, generator=torch.Generator(), fuse=True
    )
    weights = torch.from_numpy(stream.steps["average"].copy())
    nn.utils.vector_to_parameters(weights, module.parameters())
    ranges = {name: fitted.arrays.get(name) for name, _ in module.named_buffers()}
    known = {name: array for name, array in ranges.items() if array is not None}
    module.load_state_dict(_tensors(known), strict=False)
    return _standing(estimator, stream, module)


def _first_stream(*, module: nn.Module, **known: Any) -> StreamState:
    """Return a stream before its first chunk and a network's first step."""
    steps = ScheduleFreeAdamW.fresh_state(flatten_weights(module))
    return StreamState(
        n_calls=0, n_rows=0, mean_loss=0.0, unit=1.0, steps=steps, **known
    )


def _standing(estimator, stream: StreamState, module: nn.Module) -> StreamPosition:
    """Return what an estimator that has published something stands at."""
    return StreamPosition(
        stream,
        module.eval(),
        estimator._fitted.codec,
        estimator._fitted,
        estimator.explained_variance_,
        estimator.loss_curve_,
        estimator.best_epoch_,
    )


def _streams(estimator) -> tuple[RandomStreams, int]:
    """Return random numbers, and the seed that makes the same ones again."""
    seed = RandomStreams(estimator.random_state).integer("stream")
    return RandomStreams(seed), seed


def _network(network_class, arguments: dict[str, Any], streams) -> nn.Module:
    module = network_class(**arguments, generator=streams.torch("weights"), fuse=True)
    return module.eval()


def _with_layers(
    linear: nn.Module, arguments: dict[str, Any], variance: np.ndarray, streams
) -> nn.Module:
    """Return a network with hidden layers that computes what a linear one does."""
    module = _network(type(linear), arguments, streams)
    encoder, decoder = linear.linear_encoder, linear.linear_decoder
    deviations = torch.from_numpy(np.sqrt(variance)).float()
    module.start_at_maps(encoder.weight, decoder.weight, deviations, decoder.bias)
    with torch.no_grad():
        module.linear_encoder.bias.copy_(encoder.bias)
    return module


def _moments(variance: np.ndarray, n_rows: int) -> CodeMoments:
    """Return the moments of centred codes that are principal."""
    scatter = np.diag(variance) * (n_rows - 1)
    return CodeMoments(n_rows, np.zeros(len(variance)), scatter)


def _gap_columns(estimator, layout, gap_columns) -> tuple[int, ...]:
    """Return the encoded columns to flag: with gaps, or given them by noise."""
    noise = estimator._corruption(layout, torch.Generator())
    of_noise = [] if noise is None else noise.gap_columns()
    return tuple(sorted({*gap_columns, *of_noise}))


def _noise_unit(estimator, codec: TableCodec) -> np.ndarray:
    """Return the noise unit that a codec was fitted with, see :class:`EncodedTable`."""
    unit = np.ones(codec.n_encoded)
    if has_own_scales(estimator, codec.columns):
        unit[codec.starts[codec.constant]] = 0.0
    for position in codec.columns.levels:
        block = codec.block(position)
        share = codec.mean[block]
        unit[block] = np.sqrt(share * (1 - share)) / codec.scale[block]
    return unit


def _tensors(arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {
        name: torch.from_numpy(array.astype(np.float32))
        for name, array in arrays.items()
    }
