"""Training data: rows of tables as training sees them."""

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
    """Rows of a fit, and the loss of their reconstruction.

    Attributes
    ----------
    clean : RowSource
        All rows as they are.

    split : RowSplit
        The same rows as training sees them, and validation rows.

    code_rows : RowSource
        The rows whose codes are described after training.

    validation_given : bool
        Whether validation rows were given, and are not rows of the fit.

    loss : callable
        Reconstruction loss of (module, batch).

    n_cells : float
        Mean number of observed cells in a row, a category being one.

    gap_columns : tuple of int
        Encoded columns whose missing cells are flagged.

    complete : bool
        Whether inputs are without gaps and noise.

    layout : Layout or None, default=None
        Of the encoded rows, for noise that shrinks with the loss. None means no such
        noise.
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
        """Whether training inputs are other rows than the clean ones."""
        return self.split.rows is not self.clean


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
