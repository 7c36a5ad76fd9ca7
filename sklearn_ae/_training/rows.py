"""Row sources: encoded rows by number, and batches of them."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from ..nn import Corruption

Pair = tuple[Tensor, Tensor]  # inputs and targets
EPOCH_ROWS = 65_536
_PIECE_ROWS = 16  # of a validation batch, which share one level of noise
# Rows per batch without training, which bounds the memory of validation and of other
# passes over the rows of a fit. `row_chunks` of _tables bounds that of `transform`.
EVALUATION_ROWS = 1_024


class RowSource(Protocol):
    """Encoded rows by number, as float32 on the training device."""

    def __len__(self) -> int: ...

    def take(self, index: Tensor) -> Pair:
        """Return the rows `index` as inputs and as targets.

        Both have the shape ``(len(index), n_features)``.
        """
        ...


class TensorRows:
    """Encoded rows in one tensor on the device.

    Parameters
    ----------
    rows : Tensor of shape (n_rows, n_features)
        The encoded rows.
    """

    def __init__(self, rows: Tensor) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, index: Tensor) -> Pair:
        """Return the rows `index`."""
        rows = self._rows.index_select(0, index.to(self._rows.device))
        return rows, rows


class ChosenRows:
    """Selected rows of a source, numbered anew.

    Parameters
    ----------
    rows : RowSource
        The source.

    index : Tensor of int of shape (n_rows,)
        Numbers of the rows in the source.
    """

    def __init__(self, rows: RowSource, index: Tensor) -> None:
        self._rows, self._index = rows, index

    def __len__(self) -> int:
        return len(self._index)

    def take(self, index: Tensor) -> Pair:
        """Return the rows `index` of the selection."""
        return self._rows.take(self._index[index])


class PairedRows:
    """Rows of one source as inputs, and of another as targets.

    Parameters
    ----------
    rows, targets : RowSource
        Sources with the same number of rows.
    """

    def __init__(self, rows: RowSource, targets: RowSource) -> None:
        self.rows, self._targets = rows, targets

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: Tensor) -> Pair:
        """Return the rows `index` of both sources."""
        return self.rows.take(index)[0], self._targets.take(index)[1]


class BaseCorruptedRows(ABC):
    """Rows whose inputs are corrupted, and whose targets are clean.

    Parameters
    ----------
    rows : RowSource
        The clean rows.

    corruption : Corruption
        The noise, in ``train()`` mode.
    """

    def __init__(self, rows: RowSource, corruption: Corruption) -> None:
        self._rows, self._corruption = rows, corruption

    def __len__(self) -> int:
        return len(self._rows)

    @abstractmethod
    def take(self, index: Tensor) -> Pair:
        """Return the rows `index`, corrupted and clean."""


class CorruptedRows(BaseCorruptedRows):
    """Rows whose inputs get new noise each time, for training."""

    def take(self, index: Tensor) -> Pair:
        """Return the rows `index`, corrupted and clean."""
        _, clean = self._rows.take(index)
        return self._corruption(clean), clean


class FixedCorruptedRows(BaseCorruptedRows):
    """Rows whose inputs get the same noise in every epoch, for validation.

    The noise depends on the seed of its generator, which nothing else may use, and on
    the first row of the batch. If its level is a range, the pieces of a batch get
    levels that are evenly spaced in it.
    """

    def __init__(self, rows: RowSource, corruption: Corruption) -> None:
        super().__init__(rows, corruption)
        self._seed = corruption.generator.initial_seed()

    def take(self, index: Tensor) -> Pair:
        """Return the rows `index`, corrupted and clean."""
        self._corruption.generator.manual_seed(self._seed + int(index[0]))
        _, clean = self._rows.take(index)
        n_pieces = math.ceil(len(clean) / _PIECE_ROWS) if self._corruption.varies else 1
        pieces = [
            self._corruption.corrupted(piece, (number + 0.5) / n_pieces)
            for number, piece in enumerate(clean.tensor_split(n_pieces))
        ]
        return torch.cat(pieces), clean


def iterate_rows(rows: RowSource) -> Iterator[Pair]:
    """Yield all rows once, in order, in batches of `EVALUATION_ROWS`."""
    for start in range(0, len(rows), EVALUATION_ROWS):
        yield rows.take(torch.arange(start, min(start + EVALUATION_ROWS, len(rows))))


class Batches(IterableDataset):
    """Batches of rows, epoch by epoch.

    A pass goes through all rows in a new random order. An epoch is one pass or
    `EPOCH_ROWS` rows, whichever is less; the next epoch continues the pass.

    Parameters
    ----------
    rows : RowSource
        Source of the rows.

    index : Tensor of shape (n_rows,)
        Numbers of the rows in the source.

    batch_size : int
        Rows per batch. The last batch of an epoch may be smaller; no row is dropped.

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
        self._queue = torch.arange(0)  # numbers of rows that are left of the pass
        self._state_before_pass: Tensor | None = None  # the generator's
        self.epoch_rows = (
            len(index) if generator is None else min(len(index), EPOCH_ROWS)
        )

    def __iter__(self) -> Iterator[Pair]:
        n_left = self.epoch_rows
        while n_left:
            size = min(self._batch_size, n_left)
            if len(self._queue) < size:
                self._queue = self._append_pass(self._queue)
            batch, self._queue = self._queue[:size], self._queue[size:]
            n_left -= size
            yield self._rows.take(batch)

    def __len__(self) -> int:
        return math.ceil(self.epoch_rows / self._batch_size)

    def _append_pass(self, queue: Tensor) -> Tensor:
        if self._generator is None:
            return self._index
        self._state_before_pass = self._generator.get_state()
        order = torch.randperm(len(self._index), generator=self._generator)
        rows = self._index[order]
        return torch.cat([queue, rows]) if len(queue) else rows

    def state(self) -> dict[str, Any]:
        """Return the position in the order of rows, between two epochs."""
        if not len(self._queue):
            return {"n_ahead": 0}
        before = self._state_before_pass.numpy()
        return {"n_ahead": len(self._queue), "before": before}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a state; the generator must be in its state of then.

        Parameters
        ----------
        state : dict
            What :meth:`state` returned.
        """
        self._queue, n_ahead = torch.arange(0), state["n_ahead"]
        if n_ahead:
            self._generator.set_state(torch.from_numpy(state["before"]))
            self._queue = self._append_pass(self._queue)[-n_ahead:]
