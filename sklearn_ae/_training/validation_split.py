"""Split of rows into training and validation rows."""

import math

import torch
from torch import Tensor

from .random import RandomStreams
from .rows import RowSource

_MIN_VALIDATION_ROWS, _MAX_VALIDATION_ROWS = 50, 10_000
_FEW_ROWS, _N_PARTS = 500, 5


def split_rows_for_validation(
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
        Numbers of rows.
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
