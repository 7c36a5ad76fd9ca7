"""Which rows a fit trains on, which judge it, and by what loss."""

import math
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from ._moments import row_chunks
from ._random import RandomStreams
from ._rows import CorruptedRows, FixedCorruptedRows, RowSource, row_source
from ._tables import EncodedTable
from ._training import Objective
from .nn import observed_reconstruction_loss, reconstruction_loss

_MIN_VALIDATION_ROWS, _MAX_VALIDATION_ROWS = 50, 10_000
_FEW_ROWS, _N_PARTS = 500, 5


class TrainingData(NamedTuple):
    """What training sees, and what judges it.

    Attributes
    ----------
    clean, rows : RowSource
        All rows as they are, and as training sees them.

    index : Tensor
        The training rows.

    judged : RowSource
        Where validation rows come from.

    judged_apart : bool
        Whether these are other rows than those of the fit.

    parts : tuple of Tensor
        The validation rows: one part that is set aside, or where there are too few rows
        for that, all rows in several parts, each of which is validation rows in turn.

    loss : callable
        Reconstruction loss of (module, batch).

    n_cells : float
        Mean number of observed cells in a row, a category being one.

    gap_columns : tuple of int
        Encoded columns whose missing cells are flagged.

    complete : bool
        Whether inputs are without gaps and noise.
    """

    clean: RowSource
    rows: RowSource
    index: Tensor
    judged: RowSource
    judged_apart: bool
    parts: tuple[Tensor, ...]
    loss: Objective
    n_cells: float
    gap_columns: tuple[int, ...]
    complete: bool


def prepare_rows(
    estimator,
    table: EncodedTable,
    X,
    X_val,
    device: torch.device,
    streams: RandomStreams,
) -> TrainingData:
    """Set validation rows apart, corrupt inputs, and choose the loss.

    Parameters
    ----------
    estimator : BaseAutoencoder
        Gives the parameters, and its variant's noise.

    table : EncodedTable
        Fitted on X.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Training rows, before the codec.

    X_val : {ndarray, CSR matrix} or None
        Validation rows. None means some of X.

    device : torch.device
        Where rows go.

    streams : RandomStreams
        Source of the split and of the noise.

    Returns
    -------
    data : TrainingData
        Row sources and numbers of rows.
    """
    layout = table.layout()
    rows = clean = row_source(X, table.codec, device)
    judged = rows if X_val is None else row_source(X_val, table.codec, device)
    index, parts = choose_rows(estimator, rows, judged, streams)
    gap_columns = set(table.gap_columns)
    noise = estimator._corruption(layout, streams.torch("noise"))
    if noise is not None:
        gap_columns |= set(noise.gap_columns())
        rows = CorruptedRows(clean, noise)
        fixed = estimator._corruption(layout, streams.torch("validation noise"))
        judged = FixedCorruptedRows(judged, fixed)
    has_gaps = table.has_gaps or _has_gaps(X_val)
    loss = observed_reconstruction_loss if has_gaps else reconstruction_loss
    return TrainingData(
        clean=clean,
        rows=rows,
        index=index,
        judged=judged,
        judged_apart=X_val is not None,
        parts=parts,
        loss=partial(loss, n_cells=layout.n_cells),
        n_cells=layout.n_cells,
        gap_columns=tuple(sorted(gap_columns)),
        complete=not has_gaps and noise is None,
    )


def _has_gaps(X_val) -> bool:
    """Tell whether validation rows have gaps; raise if they are nothing else."""
    if X_val is None:
        return False
    cells = X_val.data[:, None] if sparse.issparse(X_val) else X_val
    n_missing = sum(
        np.count_nonzero(np.isnan(cells[chunk])) for chunk in row_chunks(*cells.shape)
    )
    if n_missing == np.prod(X_val.shape):
        raise ValueError("X_val must hold at least one cell that is not missing.")
    return n_missing > 0


def choose_rows(
    estimator, rows: RowSource, judged: RowSource, streams: RandomStreams
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return the training rows and the parts of validation rows.

    Where too few rows could be set aside to judge by, all are both, part by part.
    Callbacks and patience watch one training, not several.

    Parameters
    ----------
    estimator : object
        Gives the parameters of training.

    rows : RowSource
        Training rows.

    judged : RowSource
        Validation rows; `rows` where none are given.

    streams : RandomStreams
        Source of the split.

    Returns
    -------
    index, parts : Tensor, tuple of Tensor
        As in :class:`TrainingData`.
    """
    if not estimator.early_stopping:
        return torch.arange(len(rows)), ()
    if judged is not rows:
        return torch.arange(len(rows)), (torch.arange(len(judged)),)
    return _split_rows(estimator, len(rows), streams)


def _split_rows(
    estimator, n_rows: int, streams: RandomStreams
) -> tuple[Tensor, tuple[Tensor, ...]]:
    order = torch.from_numpy(streams.numpy("split").permutation(n_rows))
    watched = estimator.callbacks or estimator.n_iter_no_change is not None
    few = 2 * _N_PARTS <= n_rows < _FEW_ROWS
    noisy = estimator.validation_fraction * n_rows < _MIN_VALIDATION_ROWS
    if few and noisy and not watched:
        return order, order.tensor_split(_N_PARTS)
    n_judged = _n_validation_rows(estimator.validation_fraction, n_rows)
    return order[n_judged:], (order[:n_judged],)


def _n_validation_rows(fraction: float, n_rows: int) -> int:
    """Return the share of the rows, within bounds that make a fair judge of them."""
    fewest = min(_MIN_VALIDATION_ROWS, n_rows // 4)
    n_judged = max(math.ceil(fraction * n_rows), fewest)
    return min(n_judged, _MAX_VALIDATION_ROWS, n_rows - 1)
