"""Which labelled rows judge, and which are trained on."""

from typing import NamedTuple

import numpy as np

from .._training import RandomStreams, TrainingOptions

_N_PARTS, _FEW_JUDGES, _MAX_JUDGES = 5, 100, 10_000


class LabelSplit(NamedTuple):
    """Labelled rows by what they are for.

    Attributes
    ----------
    alone : ndarray of int
        Rows that are always trained on.

    others : ndarray of int
        All other rows.

    parts : list of ndarray of int
        Those of them that judge: one part that is set aside, or all of them in several
        parts, each of which judges in turn. None without validation.
    """

    alone: np.ndarray
    others: np.ndarray
    parts: list[np.ndarray]

    def without(self, number: int) -> np.ndarray:
        """Return the rows that train where a part, if there is any, judges."""
        rows = np.sort(np.concatenate([self.alone, self.others]))
        return np.setdiff1d(rows, self.parts[number]) if self.parts else rows


def split_labelled_rows(
    options: TrainingOptions, targets, streams: RandomStreams
) -> LabelSplit:
    """Choose the labelled rows that judge, the same share of every class.

    A row that is alone in its class never judges. Where too few rows could be set
    aside to judge by, all do, part by part. Callbacks and patience watch one training,
    not several.

    Parameters
    ----------
    options : TrainingOptions
        Parameters of training.

    targets : ClassTargets or NumberTargets
        What the rows are labelled with.

    streams : RandomStreams
        Source of the split.

    Returns
    -------
    split : LabelSplit
        Without parts if the labels are few, or nothing is to be judged.
    """
    layers = targets.layers(streams.numpy("split"))
    alone = _joined([rows for rows in layers if len(rows) == 1])
    layers = [rows for rows in layers if len(rows) > 1]
    others = _joined(layers)
    if targets.are_few or not options.early_stopping:
        return LabelSplit(alone, others, [])
    fraction = options.validation_fraction
    if not options.needs_single_training and fraction * len(targets) < _FEW_JUDGES:
        # Layer after layer, so that every part has its share of each.
        parts = [others[number::_N_PARTS] for number in range(_N_PARTS)]
        return LabelSplit(alone, others, parts)
    fraction = min(fraction, _MAX_JUDGES / len(targets))
    part = _joined([rows[: _n_judges(fraction, len(rows))] for rows in layers])
    return LabelSplit(alone, others, [part])


def _n_judges(fraction: float, n_rows: int) -> int:
    return min(max(round(fraction * n_rows), 1), n_rows - 1)


def _joined(layers: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.arange(0), *layers])
