"""Row sources: what hands encoded rows to the network, batch by batch."""

import math
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from scipy import sparse
from torch import Tensor
from torch.utils.data import IterableDataset

from ._tables import NumericCodec, row_chunks

EPOCH_ROWS = 65_536
EVALUATION_ROWS = 1_024  # rows a batch where nothing is learned


class RowSource(Protocol):
    """Rows that can be taken by number, as float32 on the training device."""

    def __len__(self) -> int: ...

    def take(self, index: Tensor) -> Tensor:
        """Return the rows `index`, of shape ``(len(index), n_features)``."""
        ...


class TensorRows:
    """Encoded rows that lie on the device as one tensor.

    Parameters
    ----------
    rows : Tensor of shape (n_rows, n_features)
        The encoded rows.
    """

    def __init__(self, rows: Tensor) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, index: Tensor) -> Tensor:
        """Return the rows `index`."""
        return self._rows.index_select(0, index.to(self._rows.device))


class SparseRows:
    """CSR rows, made dense and encoded when they are taken.

    Parameters
    ----------
    X : CSR matrix of shape (n_rows, n_features)
        The rows as they came.

    codec : NumericCodec
        Encodes them.

    device : torch.device
        Where taken rows go.
    """

    def __init__(
        self, X: sparse.csr_array, codec: NumericCodec, device: torch.device
    ) -> None:
        self._X, self._codec, self._device = X, codec, device

    def __len__(self) -> int:
        return self._X.shape[0]

    def take(self, index: Tensor) -> Tensor:
        """Return the rows `index`, encoded."""
        rows = self._codec.encode(self._X[index.numpy()], np.float32)
        return torch.from_numpy(rows).to(self._device)


def row_source(X, codec: NumericCodec, device: torch.device) -> RowSource:
    """Return the row source that fits X, dense or CSR."""
    if sparse.issparse(X):
        return SparseRows(X, codec, device)
    rows = torch.empty(X.shape, dtype=torch.float32)
    for chunk in row_chunks(*X.shape):
        rows[chunk] = torch.from_numpy(codec.encode(X[chunk], np.float32))
    return TensorRows(rows.to(device))


class Batches(IterableDataset):
    """Batches of rows for one epoch after another.

    A pass goes through all rows in a new order; an epoch is one pass or `EPOCH_ROWS`
    rows, whichever is less, and the next one goes on where it stopped.

    Parameters
    ----------
    rows : RowSource
        Where the rows come from.

    index : Tensor of shape (n_rows,)
        Which of its rows.

    batch_size : int
        Rows a batch; the last one of an epoch may be smaller, none is dropped.

    generator : torch.Generator, default=None
        Source of the order. None means the order of `index`, in full.
    """

    def __init__(
        self,
        rows: RowSource,
        index: Tensor,
        batch_size: int,
        generator: torch.Generator | None = None,
    ) -> None:
        self._rows, self._index, self._batch_size = rows, index, batch_size
        self._generator = generator
        self._ahead = index[:0]
        self.epoch_rows = (
            len(index) if generator is None else min(len(index), EPOCH_ROWS)
        )

    def __iter__(self) -> Iterator[Tensor]:
        left = self.epoch_rows
        while left:
            size = min(self._batch_size, left)
            if len(self._ahead) < size:
                self._ahead = torch.cat([self._ahead, self._order()])
            batch, self._ahead = self._ahead[:size], self._ahead[size:]
            left -= size
            yield self._rows.take(batch)

    def __len__(self) -> int:
        return math.ceil(self.epoch_rows / self._batch_size)

    def _order(self) -> Tensor:
        if self._generator is None:
            return self._index
        order = torch.randperm(len(self._index), generator=self._generator)
        return self._index[order]
