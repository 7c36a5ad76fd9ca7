"""Fit of one chunk of a stream: its loss, one pass over it, and axes of codes."""

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
from .streams import Published, StreamPosition, StreamState

# Earlier rows count as at least 10 per code, and at most 4,096, in the axes of codes.
_MIN_ROWS_PER_CODE, _MAX_CODE_ROWS = 10, 4_096


class _Chunk(NamedTuple):
    """Rows of a chunk, and their objective."""

    rows: RowSource
    objective: Objective


def fit_chunk(recipe: Recipe, position: StreamPosition, X) -> FitResult:
    """Train in one pass over a chunk of rows.

    Parameters
    ----------
    recipe : Recipe
        Network, objective and training options.

    position : StreamPosition
        Position of the stream before this chunk.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers of the chunk, as the codec's schema reads them.

    Returns
    -------
    result : FitResult
        The result, for an estimator to assign.
    """
    chunk = _make_chunk(recipe, position, X)
    module = position.module.to(recipe.training.device)
    losses = _row_losses(module, chunk)
    before = losses.mean().item()
    stream = _update_losses(position.stream, losses)
    published = position.published
    curve = published.losses or [before]
    if stream.unit < NEGLIGIBLE_SHARE:
        return _make_result(published._replace(losses=[*curve, before]), stream)
    settings = recipe.training.settings(
        module,
        learning_rate_scales=module.learning_rate_scales(math.sqrt(stream.unit)),
        max_epochs=1,
        loss_unit=stream.unit,
    )
    with extending_ranges(module):
        trained = train_one_pass(
            module,
            chunk.objective,
            chunk.rows,
            settings,
            stream.steps,
            _generator(stream, "batches"),
        )
        codes = gather_code_moments(module, chunk.rows)
    check_convergence(trained, before, settings)
    if published.losses:
        codes = _down_weight_codes(position.stream).merge(codes)
    stream = stream._replace(steps=trained.steps, codes=codes)
    curve = [*curve, trained.loss]
    fitted, variance = _rotate_codes(recipe, position.codec, module, stream)
    return _make_result(Published(fitted, variance, curve, len(curve) - 1), stream)


def _make_chunk(recipe: Recipe, position: StreamPosition, X) -> _Chunk:
    codec, stream = position.codec, position.stream
    rows = make_row_source(X, codec, recipe.training.device)
    observed = (~codec.empty).astype(float)
    layout = EncodedTable(codec, stream.noise_unit, observed, False).layout()
    noise = recipe.noise(layout, _generator(stream, "noise"))
    if noise is not None:
        rows = CorruptedRows(rows, noise)
    cells = X.data if sparse.issparse(X) else X
    has_gaps = codec.empty.any() or np.isnan(cells).any()
    loss = observed_reconstruction_loss if has_gaps else reconstruction_loss
    objective = recipe.objective(
        partial(loss, n_cells=stream.n_cells),
        stream.n_cells,
        _generator(stream, "objective"),
    )
    return _Chunk(rows, objective)


def _generator(stream: StreamState, name: str) -> torch.Generator:
    """Return the random generator of this chunk."""
    return RandomStreams(stream.seed).torch(f"{name} {stream.n_calls}")


def _row_losses(module: nn.Module, chunk: _Chunk) -> Tensor:
    """Return the loss of each row before training."""
    index = torch.arange(len(chunk.rows))
    batches = Batches(chunk.rows, index, EVALUATION_ROWS)
    losses = row_losses(module, chunk.objective, batches)
    if not losses.isfinite().all():
        raise ValueError(
            "The loss of every row must be finite before training, got "
            f"{losses.max().item()}; give X in the units of the first chunk."
        )
    return losses


def _update_losses(stream: StreamState, losses: Tensor) -> StreamState:
    """Return a stream with the losses of a chunk's rows added.

    The unit of losses is the start's loss, as in `fit`, or the mean loss of all rows if
    that is larger: the first chunk may be small. Losses are clipped at 1, that of a row
    of which nothing is explained, so that outliers change little.
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


def _down_weight_codes(stream: StreamState) -> CodeMoments:
    """Return the moments of earlier codes, with the weight of fewer rows.

    The network has changed since the first rows, so the codes count as a fifth of the
    rows, as in the average of weights.
    """
    codes = stream.codes
    fewest = _MIN_ROWS_PER_CODE * len(codes.mean)
    n_rows = min(codes.n_rows, max(stream.n_rows // 5, fewest), _MAX_CODE_ROWS)
    return CodeMoments(n_rows, codes.mean, codes.covariance * (n_rows - 1))


def _rotate_codes(
    recipe: Recipe, codec: TableCodec, module: nn.Module, stream: StreamState
) -> tuple[FittedAutoencoder, np.ndarray]:
    """Return the trained network with principal codes, and their variance."""
    axes, unit = stream.codes.principal_axes(), stream.code_unit
    fitted = FittedAutoencoder(
        codec,
        type(module).__name__,
        stream.network,
        rotated_arrays(module, axes, np.float32),
        code_units(axes.variance, unit, whiten=recipe.whiten),
    )
    return fitted, axes.variance * unit**2


def _make_result(published: Published, stream: StreamState) -> FitResult:
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
