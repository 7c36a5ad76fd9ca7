"""partial_fit: the loss of a chunk, one pass over it, and the axes of codes."""

import math
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn

from .._tables import EncodedTable, TableCodec
from .._training import (
    EVALUATION_ROWS,
    Batches,
    CorruptedRows,
    Objective,
    RandomStreams,
    RowSource,
    TrainingState,
    check_convergence,
    row_losses,
    train_one_pass,
)
from ..nn import extending_ranges, observed_reconstruction_loss, reconstruction_loss
from .code_axes import CodeMoments, gather_code_moments, rotated_arrays
from .data import make_row_source
from .fit import NEGLIGIBLE_SHARE, FitResult, code_units
from .fitted import FittedAutoencoder
from .recipe import Recipe
from .stream_start import Published, StreamPosition
from .stream_state import StreamState

_ROWS_PER_CODE, _CODE_ROWS = 10, 4_096  # that the axes of codes look back on


class _Chunk(NamedTuple):
    """Rows of a call, and what to minimize over them."""

    rows: RowSource
    objective: Objective


def fit_chunk(recipe: Recipe, position: StreamPosition, X) -> FitResult:
    """Learn from one chunk of rows.

    Parameters
    ----------
    recipe : Recipe
        What to fit, and how.

    position : StreamPosition
        Where the stream stands before this chunk.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers as the columns of the codec read them.

    Returns
    -------
    result : FitResult
        Nothing of it is assigned to an estimator.
    """
    chunk = _make_chunk(recipe, position, X)
    module = position.module.to(recipe.training.device)
    losses = _losses(module, chunk)
    before = losses.mean().item()
    stream = _after_losses(position.stream, losses)
    published = position.published
    curve = published.losses or [before]
    if stream.unit < NEGLIGIBLE_SHARE:
        return _result(published._replace(losses=[*curve, before]), stream)
    settings = recipe.training.settings(
        module,
        learning_rate_scales=module.learning_rate_scales(math.sqrt(stream.unit)),
        max_epochs=1,
        loss_unit=stream.unit,
    )
    with extending_ranges(module):
        done = train_one_pass(
            module,
            chunk.objective,
            chunk.rows,
            settings,
            stream.steps,
            _generator(stream, "batches"),
        )
        codes = gather_code_moments(module, chunk.rows)
    check_convergence(done, before, settings)
    if published.losses:
        codes = _down_weighted(position.stream).merged(codes)
    stream = stream._replace(steps=done.steps, codes=codes)
    curve = [*curve, done.loss]
    fitted, variance = _fold(recipe, position.codec, module, stream)
    return _result(Published(fitted, variance, curve, len(curve) - 1), stream)


def _make_chunk(recipe: Recipe, position: StreamPosition, X) -> _Chunk:
    codec, stream = position.codec, position.stream
    rows = make_row_source(X, codec, recipe.training.device)
    known = (~codec.empty).astype(float)
    layout = EncodedTable(codec, stream.noise_unit, known, False).layout()
    noise = recipe.noise(layout, _generator(stream, "noise"))
    if noise is not None:
        rows = CorruptedRows(rows, noise)
    cells = X.data if sparse.issparse(X) else X
    gaps = codec.empty.any() or np.isnan(cells).any()
    loss = observed_reconstruction_loss if gaps else reconstruction_loss
    objective = recipe.objective(
        partial(loss, n_cells=stream.n_cells),
        stream.n_cells,
        _generator(stream, "objective"),
    )
    return _Chunk(rows, objective)


def _generator(stream: StreamState, name: str) -> torch.Generator:
    """Return the generator that a chunk draws from."""
    return RandomStreams(stream.seed).torch(f"{name} {stream.n_calls}")


def _losses(module: nn.Module, chunk: _Chunk) -> Tensor:
    """Return the loss of each row as the network stands."""
    index = torch.arange(len(chunk.rows))
    batches = Batches(chunk.rows, index, EVALUATION_ROWS)
    losses = row_losses(module, chunk.objective, batches)
    if not losses.isfinite().all():
        raise ValueError(
            "The loss of every row must be finite before it is learned from, got "
            f"{losses.max().item()}; is X in the units of the first chunk?"
        )
    return losses


def _after_losses(stream: StreamState, losses: Tensor) -> StreamState:
    """Return a stream that has seen the losses of a chunk's rows.

    The unit of losses is that of the start, as in `fit`, or where later rows are worse
    than the first chunk's, which may be few, that of the mean row. No row counts more
    than one of which nothing is explained, so that a wild one changes little.
    """
    loss, n_rows = losses.clamp(max=1.0).mean().item(), stream.n_rows + len(losses)
    start = loss if stream.start_loss is None else stream.start_loss
    mean = stream.mean_loss + (loss - stream.mean_loss) * len(losses) / n_rows
    unit = max(start, mean)
    squares = stream.steps["squares"]
    if unit >= NEGLIGIBLE_SHARE:
        squares = (squares * (stream.unit / unit) ** 2).astype(squares.dtype)
    return stream._replace(
        n_calls=stream.n_calls + 1,
        n_rows=n_rows,
        start_loss=start,
        mean_loss=mean,
        unit=unit,
        steps=stream.steps | {"squares": squares},
    )


def _down_weighted(stream: StreamState) -> CodeMoments:
    """Return the moments of codes so far, with the weight of fewer rows.

    The network has changed since the first rows, so the last fifth of the rows counts,
    as in the average of weights.
    """
    codes = stream.codes
    fewest = _ROWS_PER_CODE * len(codes.mean)
    n_rows = min(codes.n_rows, max(stream.n_rows // 5, fewest), _CODE_ROWS)
    return CodeMoments(n_rows, codes.mean, codes.covariance * (n_rows - 1))


def _fold(
    recipe: Recipe, codec: TableCodec, module: nn.Module, stream: StreamState
) -> tuple[FittedAutoencoder, np.ndarray]:
    """Return the trained network with principal codes, and the variance of these."""
    axes, unit = stream.codes.principal_axes(), stream.code_unit
    fitted = FittedAutoencoder(
        codec,
        type(module).__name__,
        stream.network,
        rotated_arrays(module, axes, np.float32),
        code_units(axes.variance, unit, whiten=recipe.whiten),
    )
    return fitted, axes.variance * unit**2


def _result(published: Published, stream: StreamState) -> FitResult:
    state = TrainingState(
        weights={}, best_epoch=published.best_epoch, losses=published.losses
    )
    return FitResult(
        fitted=published.fitted,
        explained_variance=published.explained_variance,
        state=state,
        start_loss=None,
        attributes={"_stream": stream},
    )
