"""Training data: row sources of tables, and the loss of reconstructions."""

from typing import Any, NamedTuple

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from .._tables import TableCodec, row_chunks
from .._training import Objective, Pair, RowSource, RowSplit, TensorRows
from ..nn import Layout

_MOST_BYTES = 2**28  # of encoded rows in memory


class TrainingData(NamedTuple):
    """Rows of a fit, and the loss of their reconstructions.

    Attributes
    ----------
    clean : RowSource
        All rows, without noise.

    split : RowSplit
        Training rows, with noise if there is any, and validation rows.

    code_rows : RowSource
        Rows from whose codes the axes are found after training.

    validation_given : bool
        Whether the user gave the validation rows.

    loss : callable
        Reconstruction loss: a function of (module, batch).

    n_cells : float
        Mean number of observed cells per row. A category is one cell.

    gap_columns : tuple of int
        Encoded columns for whose missing cells the network has flags.

    complete : bool
        Whether inputs have neither missing cells nor noise.

    layout : Layout or None, default=None
        Layout of the encoded rows, for noise that shrinks with the loss. None means no
        such noise.
    """

    clean: RowSource
    split: RowSplit
    code_rows: RowSource
    validation_given: bool
    loss: Objective
    n_cells: float
    gap_columns: tuple[int, ...]
    complete: bool
    layout: Layout | None = None

    @property
    def is_corrupted(self) -> bool:
        """Whether training inputs have noise."""
        return self.split.rows is not self.clean


class TableRows:
    """Rows of a table that are encoded on demand.

    They need no memory beside the table's, which may be memory-mapped.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_rows, n_features)
        Numbers of the table.

    codec : TableCodec
        Codec of the table.

    device : torch.device
        Device of the encoded rows.
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
    """Return a row source of X, dense or CSR.

    Dense rows are encoded once if that takes little memory. The bits do not depend on
    it.
    """
    if sparse.issparse(X) or 4 * len(X) * codec.n_encoded > _MOST_BYTES:
        return TableRows(X, codec, device)
    rows = torch.empty((len(X), codec.n_encoded), dtype=torch.float32)
    for chunk in row_chunks(*rows.shape):
        rows[chunk] = torch.from_numpy(codec.encode(X[chunk], np.float32))
    return TensorRows(rows.to(device))


class PairedTables(NamedTuple):
    """Inputs and outputs, row by row.

    Attributes
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Inputs: numbers of a table.

    Y : ndarray of shape (n_samples, n_outputs)
        Outputs, finite.
    """

    X: Any
    Y: np.ndarray
