"""Where partial_fit begins: at PCA of a first chunk, after fit, or where it was."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from .._tables import EncodedTable, TableCodec, TableSchema
from .._training import RandomStreams, ScheduleFreeAdamW, flatten_weights
from ..nn import NETWORKS
from .code_axes import CodeMoments, rotated_arrays
from .fit import code_units
from .fitted import FittedAutoencoder
from .networks import Design
from .problem import start_axes
from .recipe import Recipe
from .reconstruct_rows import RowReconstruction, code_unit
from .stream_state import StreamState

_FIT_ROWS = 1_000  # that the codes of a fit count for


class Published(NamedTuple):
    """Fitted attributes of an estimator, from which a stream goes on.

    Attributes
    ----------
    fitted : FittedAutoencoder or None
        Encodes and decodes; None before anything is published.

    explained_variance : ndarray of shape (n_components,)
        Variance of each code.

    losses : list of float
        Training losses so far; empty before the first chunk.

    best_epoch : int
        The epoch that is published; 0 is a start.
    """

    fitted: FittedAutoencoder | None
    explained_variance: np.ndarray
    losses: list[float]
    best_epoch: int


class StreamPosition(NamedTuple):
    """Where a stream stands between two chunks.

    Attributes
    ----------
    stream : StreamState
        What is known of the chunks so far.

    module : torch.nn.Module
        The network as it stands, on the CPU and in ``eval()``.

    codec : TableCodec
        Fixed by the first chunk.

    published : Published
        What the estimator has; its network equals `module`.
    """

    stream: StreamState
    module: nn.Module
    codec: TableCodec
    published: Published


def begin_stream(recipe: Recipe, columns: TableSchema, X) -> StreamPosition:
    """Start at PCA of a first chunk, or at random.

    Parameters
    ----------
    recipe : Recipe
        What to fit.

    columns : TableSchema
        The columns of X.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers as `columns` reads them.

    Returns
    -------
    standing : StreamPosition
        Before any step.
    """
    streams, seed = _streams(recipe)
    problem = RowReconstruction(recipe, columns, X)
    table, codec = problem.table, problem.codec
    [start] = problem.fit_starts([], streams.integer("start"))
    gap_columns = _gap_columns(recipe, table.layout(), table.gap_columns)
    arguments = problem.arguments(recipe, start, gap_columns)
    design = Design(
        recipe.network_class, recipe.arguments(arguments), None, recipe.fuse
    )
    module = design.build(streams.torch("weights")).eval()
    unit, fitted = problem.code_unit(recipe, module), None
    axes = start_axes(start, arguments["n_components"])
    if recipe.starts_at_pca:
        start.apply_to(module)
        fitted = FittedAutoencoder(
            codec,
            design.network_class.__name__,
            design.linear_arguments,
            rotated_arrays(design.linear(start), axes, np.float64),
            code_units(axes.variance, unit, whiten=recipe.whiten),
        )
    stream = _first_stream(
        seed=seed,
        module=module,
        start_loss=None if recipe.starts_at_pca else 1.0,
        n_cells=table.layout().n_cells,
        code_unit=unit,
        network=arguments,
        noise_unit=table.noise_unit,
        codes=_moments(axes.variance, X.shape[0]),
    )
    published = Published(fitted, axes.variance * unit**2, [], 0)
    return StreamPosition(stream, module, codec, published)


def resume_after_fit(recipe: Recipe, published: Published) -> StreamPosition:
    """Go on from what `fit` left.

    If that is linear, it gets new hidden layers that add nothing yet.

    Parameters
    ----------
    recipe : Recipe
        What to fit.

    published : Published
        Fitted attributes.

    Returns
    -------
    standing : StreamPosition
        Before any step of a stream.
    """
    fitted, (streams, seed) = published.fitted, _streams(recipe)
    codec, arguments = fitted.codec, fitted.network
    standardized = recipe.scales_columns(codec.schema)
    noise_unit = codec.noise_unit(standardized=standardized)
    n_cells = float(np.count_nonzero(~codec.empty))
    weights = streams.torch("weights")
    module = _network(fitted.kind, arguments, weights, recipe)
    module.load_state_dict(_tensors(fitted.arrays))
    unit = code_unit(recipe, codec, module)
    variance = published.explained_variance / unit**2
    if module.is_linear and recipe.hidden_layer_sizes:
        table = EncodedTable(codec, noise_unit, (~codec.empty).astype(float), False)
        arguments = arguments | {
            "hidden_layer_sizes": recipe.hidden_layer_sizes,
            "activation": recipe.activation,
            "gap_columns": _gap_columns(recipe, table.layout(), ()),
        }
        deeper = _network(fitted.kind, arguments, streams.torch("weights"), recipe)
        module = _start_at_linear(deeper, module, variance)
    stream = _first_stream(
        seed=seed,
        module=module,
        start_loss=min(float(published.losses[0]), 1.0),
        n_cells=n_cells,
        code_unit=unit,
        network=arguments,
        noise_unit=noise_unit,
        codes=_moments(variance, _FIT_ROWS),
    )
    return StreamPosition(stream, module.eval(), codec, published)


def resume_stream(
    recipe: Recipe, published: Published, stream: StreamState
) -> StreamPosition:
    """Go on where the last chunk ended.

    Parameters
    ----------
    recipe : Recipe
        What to fit.

    published : Published
        Fitted attributes.

    stream : StreamState
        State of the stream.

    Returns
    -------
    standing : StreamPosition
        As it was.
    """
    fitted = published.fitted
    module = _network(fitted.kind, stream.network, torch.Generator(), recipe)
    weights = torch.from_numpy(stream.steps["average"].copy())
    nn.utils.vector_to_parameters(weights, module.parameters())
    ranges = {name: fitted.arrays.get(name) for name, _ in module.named_buffers()}
    known = {name: array for name, array in ranges.items() if array is not None}
    module.load_state_dict(_tensors(known), strict=False)
    return StreamPosition(stream, module.eval(), fitted.codec, published)


def _first_stream(*, module: nn.Module, **known: Any) -> StreamState:
    """Return a stream before its first chunk and a network's first step."""
    steps = ScheduleFreeAdamW.initial_state(flatten_weights(module))
    return StreamState(
        n_calls=0, n_rows=0, mean_loss=0.0, unit=1.0, steps=steps, **known
    )


def _streams(recipe: Recipe) -> tuple[RandomStreams, int]:
    """Return random numbers, and the seed that makes the same ones again."""
    seed = RandomStreams(recipe.random_state).integer("stream")
    return RandomStreams(seed), seed


def _network(
    kind: str, arguments: dict[str, Any], generator: torch.Generator, recipe: Recipe
) -> nn.Module:
    return NETWORKS[kind](**arguments, generator=generator, fuse=recipe.fuse).eval()


def _start_at_linear(
    module: nn.Module, linear: nn.Module, variance: np.ndarray
) -> nn.Module:
    """Make a network with hidden layers compute what a linear one does."""
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


def _gap_columns(recipe: Recipe, layout, gap_columns) -> tuple[int, ...]:
    """Return the encoded columns to flag: with gaps, or given them by noise."""
    noise = recipe.noise(layout, torch.Generator())
    of_noise = [] if noise is None else noise.gap_columns()
    return tuple(sorted({*gap_columns, *of_noise}))


def _tensors(arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {
        name: torch.from_numpy(array.astype(np.float32))
        for name, array in arrays.items()
    }
