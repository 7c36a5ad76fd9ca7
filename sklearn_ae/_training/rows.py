"""Row sources: what hands encoded rows to the network, batch by batch."""

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
_PIECE_ROWS = 16
EVALUATION_ROWS = 1_024  # rows a batch where nothing is learned


class RowSource(Protocol):
    """Rows that can be taken by number, as float32 on the training device."""

    def __len__(self) -> int: ...

    def take(self, index: Tensor) -> Pair:
        """Return the rows `index` as inputs and as targets.

        Both have the shape ``(len(index), n_features)``.
        """
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

    def take(self, index: Tensor) -> Pair:
        """Return the rows `index`."""
        rows = self._rows.index_select(0, index.to(self._rows.device))
        return rows, rows


class ChosenRows:
    """Some of the rows of a source.

    Parameters
    ----------
    rows : RowSource
        The source.

    index : Tensor of int of shape (n_rows,)
        Which of its rows.
    """

    def __init__(self, rows: RowSource, index: Tensor) -> None:
        self._rows, self._index = rows, index

    def __len__(self) -> int:
        return len(self._index)

    def take(self, index: Tensor) -> Pair:
        """Return the rows `index` of those chosen."""
        return self._rows.take(self._index[index])


class PairedRows:
    """Rows of one source as inputs, those of another as targets.

    Parameters
    ----------
    rows, targets : RowSource
        Of the same number of rows.
    """

    def __init__(self, rows: RowSource, targets: RowSource) -> None:
        self.rows, self._targets = rows, targets

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: Tensor) -> Pair:
        """Return the rows `index` of both."""
        return self.rows.take(index)[0], self._targets.take(index)[1]


class BaseCorruptedRows(ABC):
    """Rows whose inputs are corrupted, and whose targets are clean.

    Parameters
    ----------
    rows : RowSource
        The clean rows.

    corruption : Corruption
        In ``train()``.
    """

    def __init__(self, rows: RowSource, corruption: Corruption) -> None:
        self._rows, self._corruption = rows, corruption

    def __len__(self) -> int:
        return len(self._rows)

    @abstractmethod
    def take(self, index: Tensor) -> Pair:
        """Return the rows `index`, corrupted and clean."""


class CorruptedRows(BaseCorruptedRows):
    """Rows whose inputs are corrupted afresh whenever they are taken."""

    def take(self, index: Tensor) -> Pair:
        """Return the rows `index`, corrupted and clean."""
        _, clean = self._rows.take(index)
        return self._corruption(clean), clean


class FixedCorruptedRows(BaseCorruptedRows):
    """Rows whose inputs are corrupted alike whenever the same batch is taken.

    The corruption's generator is theirs alone. Where its level is a range, pieces of a
    batch go evenly through it.
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
    """Yield all rows once, in their order, in batches for evaluation."""
    for start in range(0, len(rows), EVALUATION_ROWS):
        yield rows.take(torch.arange(start, min(start + EVALUATION_ROWS, len(rows))))


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
        self._ahead = torch.arange(0)  # numbers of rows
        self._before: Tensor | None = None  # what the generator drew the pass from
        self.epoch_rows = (
            len(index) if generator is None else min(len(index), EPOCH_ROWS)
        )

    def __iter__(self) -> Iterator[Pair]:
        left = self.epoch_rows
        while left:
            size = min(self._batch_size, left)
            if len(self._ahead) < size:
                self._ahead = self._with_next_pass(self._ahead)
            batch, self._ahead = self._ahead[:size], self._ahead[size:]
            left -= size
            yield self._rows.take(batch)

    def __len__(self) -> int:
        return math.ceil(self.epoch_rows / self._batch_size)

    def _with_next_pass(self, ahead: Tensor) -> Tensor:
        if self._generator is None:
            return self._index
        self._before = self._generator.get_state()
        order = torch.randperm(len(self._index), generator=self._generator)
        rows = self._index[order]
        return torch.cat([ahead, rows]) if len(ahead) else rows

    def state(self) -> dict[str, Any]:
        """Return where the order of rows stands between two epochs."""
        if not len(self._ahead):
            return {"n_ahead": 0}
        return {"n_ahead": len(self._ahead), "before": self._before.numpy()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where :meth:`state` was taken, the generator standing there, too.

        Parameters
        ----------
        state : dict
            What :meth:`state` returned.
        """
        self._ahead, n_ahead = torch.arange(0), state["n_ahead"]
        if n_ahead:
            self._generator.set_state(torch.from_numpy(state["before"]))
            self._ahead = self._with_next_pass(self._ahead)[-n_ahead:]
