"""Split of labelled rows into training and validation rows."""

from typing import NamedTuple

import numpy as np

from .._training import RandomStreams, TrainingOptions

_N_PARTS, _FEWEST_VALIDATION, _MOST_VALIDATION = 5, 100, 10_000


class LabelSplit(NamedTuple):
    """Labelled rows, split into training and validation rows.

    Attributes
    ----------
    always_train : ndarray of int
        Rows that are never validation rows.

    others : ndarray of int
        All other rows.

    parts : list of ndarray of int
        Validation rows among the others: one part, or several parts that are validation
        rows in turn and contain all others. Empty without validation.
    """

    always_train: np.ndarray
    others: np.ndarray
    parts: list[np.ndarray]

    def without(self, number: int) -> np.ndarray:
        """Return the training rows if the part with this number validates."""
        rows = np.sort(np.concatenate([self.always_train, self.others]))
        return np.setdiff1d(rows, self.parts[number]) if self.parts else rows


def split_labelled_rows(
    options: TrainingOptions, targets, streams: RandomStreams
) -> LabelSplit:
    """Choose the validation rows, the same share of every class.

    A row that is the only one of its class is always a training row. If the share would
    be too few rows, all rows validate, part by part. Callbacks and patience need a
    single training.

    Parameters
    ----------
    options : TrainingOptions
        Options of training.

    targets : ClassTargets or NumberTargets
        Targets of the labelled rows.

    streams : RandomStreams
        Source of the split.

    Returns
    -------
    split : LabelSplit
        Without parts if there are few labels or no early stopping.
    """
    layers = targets.layers(streams.numpy("split"))
    always_train = _concatenate([rows for rows in layers if len(rows) == 1])
    layers = [rows for rows in layers if len(rows) > 1]
    others = _concatenate(layers)
    if targets.are_few or not options.early_stopping:
        return LabelSplit(always_train, others, [])
    fraction = options.validation_fraction
    few = fraction * len(targets) < _FEWEST_VALIDATION
    if few and not options.needs_single_training:
        # Every fifth row of the concatenated layers: a fifth of each layer.
        parts = [others[number::_N_PARTS] for number in range(_N_PARTS)]
        return LabelSplit(always_train, others, parts)
    fraction = min(fraction, _MOST_VALIDATION / len(targets))
    part = _concatenate([rows[: _n_validation(fraction, len(rows))] for rows in layers])
    return LabelSplit(always_train, others, [part])


def _n_validation(fraction: float, n_rows: int) -> int:
    return min(max(round(fraction * n_rows), 1), n_rows - 1)


def _concatenate(layers: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.arange(0), *layers])
