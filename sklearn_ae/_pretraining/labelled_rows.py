"""Row sources of labelled rows, alone or with unlabelled ones."""

import torch
from torch import Tensor

from .._training import RowSource
from ..nn import Corruption


class LabelledRows:
    """Rows and their targets.

    Parameters
    ----------
    rows : RowSource
        The rows.

    targets : Tensor of shape (n_rows,) or (n_rows, n_outputs)
        Their targets.

    noise : Corruption, default=None
        In ``train()``; changes the rows that are taken.
    """

    def __init__(
        self, rows: RowSource, targets: Tensor, noise: Corruption | None = None
    ) -> None:
        self._rows, self._targets, self._noise = rows, targets, noise

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rows `index` and their targets."""
        rows, _ = self._rows.take(index)
        rows = rows if self._noise is None else self._noise(rows)
        return rows, self._targets[index].to(rows.device)


class PartlyLabelledRows:
    """Noisy rows and their targets, and after them rows without targets.

    Rows without targets are drawn anew for every batch. They come twice, first noisy
    and then clean, as :func:`class_loss` takes them.

    Parameters
    ----------
    labelled : LabelledRows
        The rows with targets.

    others : RowSource
        The rows without targets.

    noise : Corruption
        In ``train()``; changes the rows without targets.

    n_drawn : int
        How many of them come with a batch.

    generator : torch.Generator
        Draws them.
    """

    def __init__(
        self,
        labelled: LabelledRows,
        others: RowSource,
        noise: Corruption,
        n_drawn: int,
        generator: torch.Generator,
    ) -> None:
        self._labelled, self._others, self._noise = labelled, others, noise
        self._n_drawn, self._generator = n_drawn, generator

    def __len__(self) -> int:
        return len(self._labelled)

    def take(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rows `index`, others after them, and the targets of the first."""
        rows, targets = self._labelled.take(index)
        drawn = torch.randint(
            len(self._others), (self._n_drawn,), generator=self._generator
        )
        clean, _ = self._others.take(drawn)
        return torch.cat([rows, self._noise(clean), clean]), targets
