"""Row sources of labelled rows, without and with unlabelled rows."""

import torch
from torch import Tensor

from .._training import RowSource
from ..nn import Corruption


class LabelledRows:
    """Rows and their targets.

    Parameters
    ----------
    rows : RowSource
        Labelled rows.

    targets : Tensor of shape (n_rows,) or (n_rows, n_outputs)
        Targets of the rows.

    noise : Corruption, default=None
        Noise in ``train()`` that is added to rows when they are taken.
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
    """Noisy rows and their targets, followed by unlabelled rows.

    Unlabelled rows are drawn anew for every batch. Each batch has them twice, first
    with noise and then without, as :func:`class_loss` takes them.

    Parameters
    ----------
    labelled : LabelledRows
        Labelled rows.

    unlabelled : RowSource
        Unlabelled rows.

    noise : Corruption
        Noise in ``train()`` that is added to unlabelled rows.

    n_drawn : int
        Number of unlabelled rows in a batch.

    generator : torch.Generator
        Source of the draws.
    """

    def __init__(
        self,
        labelled: LabelledRows,
        unlabelled: RowSource,
        noise: Corruption,
        n_drawn: int,
        generator: torch.Generator,
    ) -> None:
        self._labelled, self._unlabelled = labelled, unlabelled
        self._noise = noise
        self._n_drawn, self._generator = n_drawn, generator

    def __len__(self) -> int:
        return len(self._labelled)

    def take(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return rows and targets of `index`, with unlabelled rows after the rows."""
        rows, targets = self._labelled.take(index)
        drawn = torch.randint(
            len(self._unlabelled), (self._n_drawn,), generator=self._generator
        )
        clean, _ = self._unlabelled.take(drawn)
        return torch.cat([rows, self._noise(clean), clean]), targets
