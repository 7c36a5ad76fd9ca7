"""How surprising numbers are, by the numbers that their column held at training."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from .._persistence import Array, Nested, Number, OrNone, StateMixin

_MOST_KNOTS = 257
_TAIL_SHARE = 0.1
# Bounds of how heavy tails may be. The lower lets surprise grow by a logarithm, so that
# no cell, however far off, hides what all the others say.
_LEAST_SHAPE, _MOST_SHAPE = 0.1, 0.9
# Numbers closer than this part of a unit are one number that was rounded.
_SLACK = 1e-5
# So are those closer than this part of their usual size.
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Tail:
    """How the largest numbers of a column are spread: a generalized Pareto law.

    It is fitted to what lies beyond a threshold, by probability-weighted moments
    (Hosking and Wallis 1987), with no larger a scale than their median asks for, and
    lets surprise grow beyond the training rows.

    Parameters
    ----------
    threshold : float
        Where the tail begins.

    surprise : float
        Negative logarithm of the share of the training rows beyond it.

    scale, shape : float
        Of the law, both positive.
    """

    _schema: ClassVar[dict] = {
        "threshold": Number(),
        "surprise": Number(),
        "scale": Number("> 0"),
        "shape": Number("> 0"),
    }

    threshold: float
    surprise: float
    scale: float
    shape: float

    def beyond(self, numbers: np.ndarray) -> np.ndarray:
        """Return the surprise at numbers beyond the threshold."""
        with np.errstate(over="ignore"):
            excess = np.minimum((numbers - self.threshold) / self.scale, 1e300)
        return self.surprise + np.log1p(self.shape * excess) / self.shape


def fit_tail(numbers: np.ndarray, slack: float, unit: float) -> Tail:
    """Learn the tail of sorted numbers; those closer than `slack` are equal."""
    n = len(numbers)
    threshold = numbers[n - 1 - int(_TAIL_SHARE * n)] + slack
    excess = numbers[np.searchsorted(numbers, threshold, side="right") :] - threshold
    if len(excess) == 0:
        return Tail(float(threshold), float(np.log(n + 1)), unit, _LEAST_SHAPE)
    mean = excess.mean()
    weight = 1 - (np.arange(len(excess)) + 0.65) / len(excess)
    rest = mean - 2 * np.mean(weight * excess)
    shape = 2 - mean / rest if rest > 0 else _LEAST_SHAPE
    shape = float(np.clip(shape, _LEAST_SHAPE, _MOST_SHAPE))
    # Unlike Hosking and Wallis (1987): one number far off rules the mean.
    of_median = np.median(excess) * shape / (2**shape - 1)
    scale = max(min(mean * (1 - shape), of_median), slack)
    return Tail(float(threshold), float(np.log(n / len(excess))), float(scale), shape)


@dataclass(frozen=True, eq=False)
class ColumnTails(StateMixin):
    """How surprising a number is, by one column's training numbers.

    Of a number x, it is minus the logarithm of the share of training numbers that are
    at least as extreme, ``-log(2 min(P(X <= x), P(X >= x)))``: 0 at the median and
    1 on average, in units that no scale or skewness of the column changes.

    Parameters
    ----------
    knots, at_most, at_least : ndarray of shape (n_knots,)
        Training numbers, and the shares of all that are at most and at least these.

    lower, upper : Tail or None
        Of the smallest numbers, negated, and of the largest. Without `lower` only
        large numbers surprise.

    weight : float
        What surprise is multiplied by.

    mean : float
        Mean over the training numbers.
    """

    _schema: ClassVar[dict] = {
        "knots": Array(("n_knots",), sets="n_knots"),
        "at_most": Array(("n_knots",), "> 0", "<= 1"),
        "at_least": Array(("n_knots",), "> 0", "<= 1"),
        "lower": OrNone(Nested(Tail)),
        "upper": Nested(Tail),
        "weight": Number(">= 0", "<= 1"),
        "mean": Number(),
    }

    knots: np.ndarray
    at_most: np.ndarray
    at_least: np.ndarray
    lower: Tail | None
    upper: Tail
    weight: float
    mean: float = 0.0

    def _check_state(self) -> None:
        if not len(self.knots) or (self.knots[1:] < self.knots[:-1]).any():
            raise ValueError(f"Knots must be in order, got {len(self.knots)} others.")

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """Return the surprise of each number, which is not NaN."""
        high = self._side(numbers, self.at_least, self.upper)
        if self.lower is None:
            return self.weight * high
        low = self._side(-numbers, self.at_most, self.lower)
        return self.weight * np.maximum(np.maximum(low, high) - np.log(2), 0)

    def _side(self, numbers, shares, tail: Tail) -> np.ndarray:
        where = numbers if tail is self.upper else -numbers
        surprise = -np.log(np.interp(where, self.knots, shares))
        far = numbers > tail.threshold
        surprise[far] = tail.beyond(numbers[far])
        return surprise


def fit_column_tails(
    numbers: np.ndarray,
    unit: float,
    *,
    two_sided: bool = True,
    weight: float = 1.0,
    rounding: float = 0.0,
) -> ColumnTails | None:
    """Learn what is surprising in a column.

    Parameters
    ----------
    numbers : ndarray of shape (n_rows,)
        Training numbers, NaN where missing.

    unit : float
        Positive size of what the numbers come from: they are rounded at a part of it.

    two_sided : bool, default=True
        Whether small numbers surprise, too.

    weight : float, default=1.0
        What surprise is multiplied by.

    rounding : float, default=0.0
        Numbers closer than this are one that was rounded, whatever the unit.

    Returns
    -------
    surprise : ColumnTails or None
        None where all are missing.
    """
    ordered = np.sort(numbers[~np.isnan(numbers)].astype(np.float64))
    if not len(ordered):
        return None
    slack = max(_SLACK * unit, rounding, _ROUNDING * np.median(np.abs(ordered)))
    starts, stops = _equal(ordered, slack)
    # Either end of those that count as equal has the shares of all of them.
    knots = np.column_stack([ordered[starts], ordered[stops - 1]]).ravel()
    at_most = np.repeat(stops / len(ordered), 2)
    at_least = np.repeat(1 - starts / len(ordered), 2)
    upper = fit_tail(ordered, slack, unit)
    lower = fit_tail(-ordered[::-1], slack, unit) if two_sided else None
    fitted = ColumnTails(knots, at_most, at_least, lower, upper, weight)
    return replace(fitted, mean=float(fitted.of(ordered).mean()))


def _equal(ordered: np.ndarray, slack: float) -> tuple[np.ndarray, np.ndarray]:
    """Return where some groups of equal numbers start and stop."""
    groups = np.round((ordered - np.median(ordered)) / slack)
    starts = np.flatnonzero(np.diff(groups, prepend=-np.inf))
    stops = np.append(starts[1:], len(ordered))
    if len(starts) > _MOST_KNOTS:
        rows = np.linspace(1, len(ordered), _MOST_KNOTS)
        chosen = np.unique(np.searchsorted(stops, rows))
        starts, stops = starts[chosen], stops[chosen]
    return starts, stops


def negative_log_tails(columns: list, numbers: np.ndarray) -> np.ndarray:
    """Return the surprise of cells by their columns, NaN where there is none.

    Parameters
    ----------
    columns : list of ColumnTails or None
        One a column.

    numbers : ndarray of shape (n_rows, n_columns)
        NaN where missing.
    """
    result = np.full(numbers.shape, np.nan)
    for position, column in enumerate(columns):
        cells = numbers[:, position].astype(np.float64)
        known = ~np.isnan(cells)
        if column is not None:
            result[known, position] = column.of(cells[known])
    return result
