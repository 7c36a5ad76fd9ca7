"""Which rows a fit trains on, which judge it, and by what loss."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from .._tables import EncodedTable, TableCodec, row_chunks
from .._training import (
    CorruptedRows,
    FixedCorruptedRows,
    Objective,
    Pair,
    RandomStreams,
    RowSource,
    TensorRows,
    split_rows_for_validation,
)
from ..nn import observed_reconstruction_loss, reconstruction_loss

_MOST_BYTES = 2**28  # of encoded rows in memory


class TableRows:
    """Rows of a table, made dense and encoded when they are taken.

    They need no memory but the table's own, which may be a file's.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_rows, n_features)
        The rows as they came.

    codec : TableCodec
        Encodes them.

    device : torch.device
        Where taken rows go.
    """

    def __init__(self, X, codec: TableCodec, device: torch.device) -> None:
        self._X, self._codec, self._device = X, codec, device

    def __len__(self) -> int:
        return self._X.shape[0]

    def take(self, index: Tensor) -> Pair:
        """Return the rows `index`, encoded."""
        encoded = self._codec.encode(self._X[index.numpy()], np.float32)
        rows = torch.from_numpy(encoded).to(self._device)
        return rows, rows


def make_row_source(X, codec: TableCodec, device: torch.device) -> RowSource:
    """Return the row source that fits X, dense or CSR.

    Dense rows are encoded once if that takes little memory. They are the same to the
    bit either way.
    """
    if sparse.issparse(X) or 4 * len(X) * codec.n_encoded > _MOST_BYTES:
        return TableRows(X, codec, device)
    rows = torch.empty((len(X), codec.n_encoded), dtype=torch.float32)
    for chunk in row_chunks(*rows.shape):
        rows[chunk] = torch.from_numpy(codec.encode(X[chunk], np.float32))
    return TensorRows(rows.to(device))


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


def prepare_training_data(
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
    rows = clean = make_row_source(X, table.codec, device)
    judged = rows if X_val is None else make_row_source(X_val, table.codec, device)
    index, parts = split_rows_for_validation(estimator, rows, judged, streams)
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


class PairedTables(NamedTuple):
    """Rows and what belongs to them.

    Attributes
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers of a table.

    Y : ndarray of shape (n_samples, n_outputs)
        Outputs, finite.
    """

    X: Any
    Y: np.ndarray
