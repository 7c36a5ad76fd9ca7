"""Split of rows into training and validation rows."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from .random import RandomStreams
from .rows import RowSource
from .settings import TrainingOptions

_MIN_VALIDATION_ROWS, _MAX_VALIDATION_ROWS = 50, 10_000
_CROSS_FITTED_ROWS, _N_FOLDS = 500, 5  # tables with fewer rows are cross-fitted


class RowSplit(NamedTuple):
    """Training rows and validation rows of a fit.

    Attributes
    ----------
    rows : RowSource
        Source of the training rows.

    validation_rows : RowSource
        Source of the validation rows.

    index : Tensor of int
        Training rows, by their numbers in `rows`, if there is at most one part.

    parts : tuple of Tensor of int
        Validation rows, by their numbers in `validation_rows`. One part evaluates the
        network that is trained on `index`. Several parts are the folds of
        cross-fitting: each evaluates a network that is trained on the others. There are
        none without early stopping.

    always_train : Tensor of int
        Further rows that all networks of cross-fitting are trained on.
    """

    rows: RowSource
    validation_rows: RowSource
    index: Tensor
    parts: tuple[Tensor, ...]
    always_train: Tensor = torch.arange(0)


def split_rows(
    options: TrainingOptions,
    rows: RowSource,
    validation_rows: RowSource,
    streams: RandomStreams,
) -> RowSplit:
    """Choose training rows and validation rows.

    Small tables are cross-fitted: every row is a training row and, in one of the folds,
    a validation row. Callbacks and patience need a single training, so with them there
    is one part.

    Parameters
    ----------
    options : TrainingOptions
        Parameters of training.

    rows : RowSource
        All rows of a fit.

    validation_rows : RowSource
        The validation rows that the user gave, or `rows` if there are none.

    streams : RandomStreams
        Source of the split.

    Returns
    -------
    split : RowSplit
        Without parts if ``early_stopping=False``.
    """
    all_rows = torch.arange(len(rows))
    if not options.early_stopping:
        return RowSplit(rows, validation_rows, all_rows, ())
    if validation_rows is not rows:
        part = torch.arange(len(validation_rows))
        return RowSplit(rows, validation_rows, all_rows, (part,))
    return RowSplit(rows, rows, *_draw_split(options, len(rows), streams))


def _draw_split(
    options: TrainingOptions, n_rows: int, streams: RandomStreams
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return training rows, and validation rows by part, in random order."""
    order = torch.from_numpy(streams.numpy("split").permutation(n_rows))
    is_small = 2 * _N_FOLDS <= n_rows < _CROSS_FITTED_ROWS
    is_noisy = options.validation_fraction * n_rows < _MIN_VALIDATION_ROWS
    if is_small and is_noisy and not options.needs_single_training:
        return order, order.tensor_split(_N_FOLDS)
    n_validation = _n_validation_rows(options.validation_fraction, n_rows)
    return order[n_validation:], (order[:n_validation],)


def _n_validation_rows(fraction: float, n_rows: int) -> int:
    """Return the number of validation rows: a fraction, within bounds."""
    fewest = min(_MIN_VALIDATION_ROWS, n_rows // 4)
    n_validation = max(math.ceil(fraction * n_rows), fewest)
    return min(n_validation, _MAX_VALIDATION_ROWS, n_rows - 1)
