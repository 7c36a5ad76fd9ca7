"""The way of a chunk through partial_fit: its loss, one pass, the codes' axes."""

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
    TrainingSettings,
    TrainingState,
    resolve_device,
    row_losses,
    train_one_pass,
)
from ..nn import extending_ranges, observed_reconstruction_loss, reconstruction_loss
from .code_axes import CodeMoments, gather_code_moments, rotated_arrays
from .data import make_row_source
from .fit import FitResult, scale_codes
from .fitted import FittedAutoencoder
from .stream_start import StreamPosition
from .stream_state import StreamState

_NOTHING_LEFT = 1e-10  # share of the variance
_ROWS_PER_CODE, _CODE_ROWS = 10, 4_096  # that the axes of codes look back on


class _Chunk(NamedTuple):
    """The rows of a call, and what to minimize over them."""

    rows: RowSource
    objective: Objective
    device: torch.device


def learn_chunk(estimator, standing: StreamPosition, X) -> FitResult:
    """Learn from one chunk of rows by an estimator's parameters.

    Parameters
    ----------
    estimator : BaseStreamingAutoencoder
        Gives the parameters, which stay as they are.

    standing : Standing
        Where the chunks before it led.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers as the columns of the codec read them.

    Returns
    -------
    learned : Learned
        Nothing of it is assigned to the estimator.
    """
    chunk = _chunk(estimator, standing, X)
    module = standing.module.to(chunk.device)
    losses = _losses(module, chunk)
    before = losses.mean().item()
    stream = _after_losses(standing.stream, losses)
    curve = standing.losses or [before]
    if stream.unit < _NOTHING_LEFT:
        return _learned(
            standing.fitted,
            standing.explained_variance,
            stream,
            [*curve, before],
            standing.best_epoch,
        )
    with extending_ranges(module):
        done = train_one_pass(
            module,
            chunk.objective,
            chunk.rows,
            _settings(estimator, module, stream.unit, chunk.device),
            stream.steps,
            before,
            _generator(stream, "batches"),
        )
        codes = gather_code_moments(module, chunk.rows)
    if standing.losses:
        codes = _faded(standing.stream).merged(codes)
    stream = stream._replace(steps=done.steps, codes=codes)
    curve = [*curve, done.loss]
    fitted, variance = _publish(estimator, standing.codec, module, stream)
    return _learned(fitted, variance, stream, curve, len(curve) - 1)


def _chunk(estimator, standing: StreamPosition, X) -> _Chunk:
    codec, stream = standing.codec, standing.stream
    device = resolve_device(estimator.device)
    rows = make_row_source(X, codec, device)
    known = (~codec.empty).astype(float)
    layout = EncodedTable(codec, stream.noise_unit, known, False).layout()
    noise = estimator._corruption(layout, _generator(stream, "noise"))
    if noise is not None:
        rows = CorruptedRows(rows, noise)
    cells = X.data if sparse.issparse(X) else X
    gaps = codec.empty.any() or np.isnan(cells).any()
    loss = observed_reconstruction_loss if gaps else reconstruction_loss
    _, _, objective = estimator._build(
        stream.network,
        partial(loss, n_cells=stream.n_cells),
        stream.n_cells,
        _generator(stream, "objective"),
    )
    return _Chunk(rows, objective, device)


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
    if unit >= _NOTHING_LEFT:
        squares = (squares * (stream.unit / unit) ** 2).astype(squares.dtype)
    return stream._replace(
        n_calls=stream.n_calls + 1,
        n_rows=n_rows,
        start_loss=start,
        mean_loss=mean,
        unit=unit,
        steps=stream.steps | {"squares": squares},
    )


def _settings(estimator, module, unit: float, device) -> TrainingSettings:
    return TrainingSettings(
        learning_rate=estimator.learning_rate,
        learning_rate_scales=module.learning_rate_scales(math.sqrt(unit)),
        batch_size=estimator.batch_size,
        max_epochs=1,
        weight_decay=estimator.weight_decay,
        loss_unit=unit,
        device=device,
    )


def _faded(stream: StreamState) -> CodeMoments:
    """Return the moments of codes so far, those of a network long gone counting less.

    As in the average of weights, it is the last fifth of the rows that counts.
    """
    codes = stream.codes
    fewest = _ROWS_PER_CODE * len(codes.mean)
    n_rows = min(codes.n_rows, max(stream.n_rows // 5, fewest), _CODE_ROWS)
    return CodeMoments(n_rows, codes.mean, codes.covariance * (n_rows - 1))


def _publish(
    estimator, codec: TableCodec, module: nn.Module, stream: StreamState
) -> tuple[FittedAutoencoder, np.ndarray]:
    """Fold the trained network's weights into one whose codes are principal."""
    axes = stream.codes.principal_axes()
    fitted = scale_codes(
        codec,
        type(module),
        stream.network,
        rotated_arrays(module, axes, np.float32),
        axes.variance,
        stream.code_unit,
        whiten=estimator.whiten,
    )
    return fitted, axes.variance * stream.code_unit**2


def _learned(
    fitted, variance, stream: StreamState, losses, best_epoch: int
) -> FitResult:
    return FitResult(
        fitted=fitted,
        explained_variance=variance,
        state=TrainingState(weights={}, best_epoch=best_epoch, losses=losses),
        pca_validation_loss=None,
        more={"_stream": stream},
    )
