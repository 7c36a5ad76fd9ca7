"""Split of rows into training and validation rows."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from .random import RandomStreams
from .rows import RowSource
from .settings import TrainingOptions

_MIN_VALIDATION_ROWS, _MAX_VALIDATION_ROWS = 50, 10_000
_FEW_ROWS, _N_PARTS = 500, 5


class RowSplit(NamedTuple):
    """Rows that a network is trained on, and rows that judge it.

    Attributes
    ----------
    rows : RowSource
        Where training rows come from.

    judged : RowSource
        Where validation rows come from.

    index : Tensor of int
        Which of `rows` one network is trained on.

    parts : tuple of Tensor of int
        Validation rows. One part is judged by a network that is trained on `index`. Of
        several parts, the folds of cross-fitting, each is judged by a network that is
        trained on the others. Without a part nothing is judged.

    always_train : Tensor of int
        Further rows that all networks of cross-fitting are trained on.
    """

    rows: RowSource
    judged: RowSource
    index: Tensor
    parts: tuple[Tensor, ...]
    always_train: Tensor = torch.arange(0)


def split_rows(
    options: TrainingOptions, rows: RowSource, judged: RowSource, streams: RandomStreams
) -> RowSplit:
    """Choose training rows and validation rows.

    Tables with few rows are cross-fitted: every row is a training row and, fold by
    fold, a validation row. Callbacks and patience watch one training, so with them
    there is one part.

    Parameters
    ----------
    options : TrainingOptions
        Parameters of training.

    rows : RowSource
        All rows of a fit.

    judged : RowSource
        Validation rows; `rows` where none are given.

    streams : RandomStreams
        Source of the split.

    Returns
    -------
    split : RowSplit
        Without parts if ``early_stopping=False``.
    """
    everything = torch.arange(len(rows))
    if not options.early_stopping:
        return RowSplit(rows, judged, everything, ())
    if judged is not rows:
        return RowSplit(rows, judged, everything, (torch.arange(len(judged)),))
    return RowSplit(rows, judged, *_split(options, len(rows), streams))


def _split(
    options: TrainingOptions, n_rows: int, streams: RandomStreams
) -> tuple[Tensor, tuple[Tensor, ...]]:
    order = torch.from_numpy(streams.numpy("split").permutation(n_rows))
    few = 2 * _N_PARTS <= n_rows < _FEW_ROWS
    noisy = options.validation_fraction * n_rows < _MIN_VALIDATION_ROWS
    if few and noisy and not options.watches_one_training:
        return order, order.tensor_split(_N_PARTS)
    n_judged = _n_validation_rows(options.validation_fraction, n_rows)
    return order[n_judged:], (order[:n_judged],)


def _n_validation_rows(fraction: float, n_rows: int) -> int:
    """Return the share of the rows, within bounds that make a fair judge of them."""
    fewest = min(_MIN_VALIDATION_ROWS, n_rows // 4)
    n_judged = max(math.ceil(fraction * n_rows), fewest)
    return min(n_judged, _MAX_VALIDATION_ROWS, n_rows - 1)
