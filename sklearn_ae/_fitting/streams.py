"""Streams of chunks: their state, and where partial_fit starts or resumes."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from .._persistence import (
    Array,
    Context,
    Count,
    DictOf,
    Nested,
    NetworkArguments,
    Number,
    Rule,
)
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


class UpperTriangle(Rule):
    """Rule of the upper triangle of a symmetric matrix, row by row."""

    def read(self, value: Any, name: str, context: Context) -> np.ndarray:
        """Return the matrix, of shape (n_components, n_components)."""
        n = context["n_components"]
        upper = Array((n * (n + 1) // 2,)).read(value, name, context)
        matrix = np.zeros((n, n))
        matrix[np.triu_indices(n)] = upper
        return matrix + np.triu(matrix, 1).T

    def write(self, value: np.ndarray) -> np.ndarray:
        """Return the triangle."""
        return value[np.triu_indices(len(value))]


_STEPS = {
    "n_steps": Count(),
    "average": Array(("n_weights",)),
    "ahead": Array(("n_weights",)),
    "squares": Array(("n_weights",), ">= 0"),
}
_CODES = {
    "n_rows": Count("> 1"),
    "mean": Array(("n_components",)),
    "scatter": UpperTriangle(),
}


class StreamState(NamedTuple):
    """State of a stream of chunks.

    Attributes
    ----------
    seed : int
        Seed of all random numbers.

    n_calls, n_rows : int
        Numbers of chunks and of rows so far.

    start_loss : float or None
        Mean loss at the start, with a row's loss limited to 1: of the first chunk, or
        of the fit before it; 1 for a random start. None before the first chunk of a
        start at PCA.

    mean_loss : float
        Mean of the same loss over all rows so far, each before its chunk was learned.

    unit : float
        Loss by which losses are divided for `steps`.

    n_cells : float
        Number of cells in a row.

    code_unit : float
        Factor from the network's codes to the codes that are returned, without
        whitening.

    network : dict
        Arguments of the network in training, plain values.

    noise_unit : ndarray of shape (n_encoded,)
        As in :class:`EncodedTable`.

    steps : dict
        State of the optimizer, see :class:`ScheduleFreeAdamW`.

    codes : CodeMoments
        Moments of the network's codes, before rotation to principal axes.
    """

    seed: int
    n_calls: int
    n_rows: int
    start_loss: float | None
    mean_loss: float
    unit: float
    n_cells: float
    code_unit: float
    network: dict[str, Any]
    noise_unit: np.ndarray
    steps: dict[str, Any]
    codes: CodeMoments

    # Without ClassVar, which a NamedTuple takes for a field.
    _schema = {  # noqa: RUF012
        "seed": Count(),
        "n_calls": Count(),
        "n_rows": Count(),
        "start_loss": Number(),
        "mean_loss": Number(),
        "unit": Number(">= 0"),
        "n_cells": Number("> 0"),
        "code_unit": Number("> 0"),
        "network": NetworkArguments(),
        "noise_unit": Array(("n_features",)),
        "steps": DictOf(_STEPS),
        "codes": Nested(CodeMoments, _CODES),
    }


_FIT_ROWS = 1_000  # the weight of the codes of a fit, in rows


class Published(NamedTuple):
    """Fitted attributes of an estimator that a stream continues.

    Attributes
    ----------
    fitted : FittedAutoencoder or None
        Fitted state; None before the first chunk of a random start.

    explained_variance : ndarray of shape (n_components,)
        Variance of each code.

    losses : list of float
        Training losses so far; empty before the first chunk.

    best_epoch : int
        Epoch of the published weights; 0 is the start.
    """

    fitted: FittedAutoencoder | None
    explained_variance: np.ndarray
    losses: list[float]
    best_epoch: int


class StreamPosition(NamedTuple):
    """Position of a stream between two chunks.

    Attributes
    ----------
    stream : StreamState
        State after the chunks so far.

    module : torch.nn.Module
        The network, on the CPU and in ``eval()`` mode.

    codec : TableCodec
        Codec of the first chunk, or of the fit before it.

    published : Published
        Fitted attributes; their network computes the same as `module`.
    """

    stream: StreamState
    module: nn.Module
    codec: TableCodec
    published: Published


def begin_stream(recipe: Recipe, columns: TableSchema, X) -> StreamPosition:
    """Start from PCA of a first chunk, or from random weights.

    Parameters
    ----------
    recipe : Recipe
        Recipe of the stream.

    columns : TableSchema
        Schema of X.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers as `columns` reads them.

    Returns
    -------
    position : StreamPosition
        Position before the first step.
    """
    streams, seed = _seeded_streams(recipe)
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
            rotated_arrays(design.build_linear(start), axes, np.float64),
            code_units(axes.variance, unit, whiten=recipe.whiten),
        )
    stream = _initial_state(
        module,
        seed=seed,
        start_loss=None if recipe.starts_at_pca else 1.0,
        n_cells=table.layout().n_cells,
        code_unit=unit,
        network=design.arguments,
        noise_unit=table.noise_unit,
        codes=CodeMoments.uncorrelated(axes.variance, X.shape[0]),
    )
    published = Published(fitted, axes.variance * unit**2, [], 0)
    return StreamPosition(stream, module, codec, published)


def resume_after_fit(recipe: Recipe, published: Published) -> StreamPosition:
    """Continue after `fit`.

    A linear network gets new hidden layers, which add nothing before the first step.

    Parameters
    ----------
    recipe : Recipe
        Recipe of the stream.

    published : Published
        Fitted attributes.

    Returns
    -------
    position : StreamPosition
        Position before the first step.
    """
    fitted, (streams, seed) = published.fitted, _seeded_streams(recipe)
    codec, arguments = fitted.codec, fitted.network
    noise_unit = codec.noise_unit(standardized=recipe.scales_columns(codec.schema))
    module = _build_network(fitted.kind, arguments, streams.torch("weights"), recipe)
    module.load_state_dict(_to_tensors(fitted.arrays))
    unit = code_unit(recipe, codec, module)
    variance = published.explained_variance / unit**2
    if module.is_linear and recipe.hidden_layer_sizes:
        table = EncodedTable(codec, noise_unit, (~codec.empty).astype(float), False)
        arguments = arguments | {
            "hidden_layer_sizes": recipe.hidden_layer_sizes,
            "activation": recipe.activation,
            "gap_columns": _gap_columns(recipe, table.layout(), ()),
        }
        generator = streams.torch("weights")
        deeper = _build_network(fitted.kind, arguments, generator, recipe)
        module = _start_at_linear(deeper, module, variance)
    stream = _initial_state(
        module,
        seed=seed,
        start_loss=min(float(published.losses[0]), 1.0),
        n_cells=float(np.count_nonzero(~codec.empty)),
        code_unit=unit,
        network=arguments,
        noise_unit=noise_unit,
        codes=CodeMoments.uncorrelated(variance, _FIT_ROWS),
    )
    return StreamPosition(stream, module.eval(), codec, published)


def resume_stream(
    recipe: Recipe, published: Published, stream: StreamState
) -> StreamPosition:
    """Continue after the last chunk.

    Parameters
    ----------
    recipe : Recipe
        Recipe of the stream.

    published : Published
        Fitted attributes.

    stream : StreamState
        State of the stream.

    Returns
    -------
    position : StreamPosition
        Position after the last chunk.
    """
    fitted = published.fitted
    module = _build_network(fitted.kind, stream.network, torch.Generator(), recipe)
    weights = torch.from_numpy(stream.steps["average"].copy())
    nn.utils.vector_to_parameters(weights, module.parameters())
    ranges = {name: fitted.arrays.get(name) for name, _ in module.named_buffers()}
    recorded = {name: array for name, array in ranges.items() if array is not None}
    module.load_state_dict(_to_tensors(recorded), strict=False)
    return StreamPosition(stream, module.eval(), fitted.codec, published)


def _initial_state(module: nn.Module, **others: Any) -> StreamState:
    """Return the state of a stream before the network's first step."""
    steps = ScheduleFreeAdamW.initial_state(flatten_weights(module))
    return StreamState(
        n_calls=0, n_rows=0, mean_loss=0.0, unit=1.0, steps=steps, **others
    )


def _seeded_streams(recipe: Recipe) -> tuple[RandomStreams, int]:
    """Return random streams, and the seed from which to make them again."""
    seed = RandomStreams(recipe.random_state).integer("stream")
    return RandomStreams(seed), seed


def _build_network(
    kind: str, arguments: dict[str, Any], generator: torch.Generator, recipe: Recipe
) -> nn.Module:
    design = Design(NETWORKS[kind], arguments, None, recipe.fuse)
    return design.build(generator).eval()


def _start_at_linear(
    module: nn.Module, linear: nn.Module, variance: np.ndarray
) -> nn.Module:
    """Set a network with hidden layers to the outputs of a linear one."""
    encoder, decoder = linear.linear_encoder, linear.linear_decoder
    deviations = torch.from_numpy(np.sqrt(variance)).float()
    module.start_at_maps(encoder.weight, decoder.weight, deviations, decoder.bias)
    with torch.no_grad():
        module.linear_encoder.bias.copy_(encoder.bias)
    return module


def _gap_columns(recipe: Recipe, layout, gap_columns) -> tuple[int, ...]:
    """Return the encoded columns with missing cells, in the table or by noise."""
    noise = recipe.noise(layout, torch.Generator())
    masked_columns = [] if noise is None else noise.gap_columns()
    return tuple(sorted({*gap_columns, *masked_columns}))


def _to_tensors(arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {
        name: torch.from_numpy(array.astype(np.float32))
        for name, array in arrays.items()
    }
