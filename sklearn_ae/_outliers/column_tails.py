"""Tail probabilities of numbers under the training numbers of their column."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from .._persistence import Array, Nested, Number, OrNone, StateMixin, shorten

_MOST_KNOTS = 257
_TAIL_SHARE = 0.1
# Bounds of how heavy tails may be. With the lower one surprise grows logarithmically,
# so that no single cell outweighs all others.
_LEAST_SHAPE, _MOST_SHAPE = 0.1, 0.9
# Tolerances for ties, relative to the unit and to the median size of the numbers.
_UNIT_TOLERANCE = 1e-5
_SIZE_TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class Tail:
    """Generalized Pareto distribution of the largest numbers of a column.

    It is fitted to the excess over a threshold, by probability-weighted moments
    (Hosking and Wallis 1987), with the scale bounded by the median excess. It extends
    surprise beyond the training numbers.

    Parameters
    ----------
    threshold : float
        Where the tail begins.

    surprise : float
        Negative logarithm of the share of the training numbers beyond it.

    scale, shape : float
        Parameters of the distribution, both positive.
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


def fit_tail(numbers: np.ndarray, tolerance: float, unit: float) -> Tail:
    """Fit the tail of sorted numbers, of which those within `tolerance` are equal."""
    n = len(numbers)
    threshold = numbers[n - 1 - int(_TAIL_SHARE * n)] + tolerance
    excess = numbers[np.searchsorted(numbers, threshold, side="right") :] - threshold
    if len(excess) == 0:
        return Tail(float(threshold), float(np.log(n + 1)), unit, _LEAST_SHAPE)
    mean = excess.mean()
    weight = 1 - (np.arange(len(excess)) + 0.65) / len(excess)
    rest = mean - 2 * np.mean(weight * excess)
    shape = 2 - mean / rest if rest > 0 else _LEAST_SHAPE
    shape = float(np.clip(shape, _LEAST_SHAPE, _MOST_SHAPE))
    # Unlike Hosking and Wallis (1987), as one number far off determines the mean.
    median_scale = np.median(excess) * shape / (2**shape - 1)
    scale = max(min(mean * (1 - shape), median_scale), tolerance)
    return Tail(float(threshold), float(np.log(n / len(excess))), float(scale), shape)


@dataclass(frozen=True, eq=False)
class ColumnTails(StateMixin):
    """Surprise of numbers under the training numbers of one column.

    The surprise of x is the negative logarithm of the share of training numbers that
    are at least as extreme, ``-log(2 min(P(X <= x), P(X >= x)))``. It is 0 at the
    median and 1 on average, whatever the scale and skewness of the column.

    Parameters
    ----------
    knots, at_most, at_least : ndarray of shape (n_knots,)
        Training numbers, and the shares of all that are at most and at least these.

    lower, upper : Tail or None
        Tails of the negated smallest numbers and of the largest. Without `lower` only
        large numbers have surprise.

    weight : float
        Factor of surprise.

    mean : float
        Mean surprise of the training numbers.
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
            raise ValueError(f"Knots must be in order, got {shorten(self.knots)}.")

    def negative_log_tail(self, numbers: np.ndarray) -> np.ndarray:
        """Return the surprise of numbers without NaN."""
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
    """Fit the tails of a column.

    Parameters
    ----------
    numbers : ndarray of shape (n_rows,)
        Training numbers, NaN where missing.

    unit : float
        Positive scale of the numbers. Rounding is relative to it.

    two_sided : bool, default=True
        Whether small numbers have surprise, too.

    weight : float, default=1.0
        Factor of surprise.

    rounding : float, default=0.0
        Absolute tolerance for ties.

    Returns
    -------
    tails : ColumnTails or None
        None if all numbers are missing.
    """
    ordered = np.sort(numbers[~np.isnan(numbers)].astype(np.float64))
    if not len(ordered):
        return None
    size = np.median(np.abs(ordered))
    tolerance = max(_UNIT_TOLERANCE * unit, rounding, _SIZE_TOLERANCE * size)
    starts, stops = _tie_groups(ordered, tolerance)
    # Both ends of a tie group get its cumulative share.
    knots = np.column_stack([ordered[starts], ordered[stops - 1]]).ravel()
    at_most = np.repeat(stops / len(ordered), 2)
    at_least = np.repeat(1 - starts / len(ordered), 2)
    upper = fit_tail(ordered, tolerance, unit)
    lower = fit_tail(-ordered[::-1], tolerance, unit) if two_sided else None
    fitted = ColumnTails(knots, at_most, at_least, lower, upper, weight)
    return replace(fitted, mean=float(fitted.negative_log_tail(ordered).mean()))


def _tie_groups(ordered: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Return where groups of equal numbers start and stop, of at most 257 groups."""
    groups = np.round((ordered - np.median(ordered)) / tolerance)
    starts = np.flatnonzero(np.diff(groups, prepend=-np.inf))
    stops = np.append(starts[1:], len(ordered))
    if len(starts) > _MOST_KNOTS:
        rows = np.linspace(1, len(ordered), _MOST_KNOTS)
        chosen = np.unique(np.searchsorted(stops, rows))
        starts, stops = starts[chosen], stops[chosen]
    return starts, stops


def negative_log_tails(columns: list, numbers: np.ndarray) -> np.ndarray:
    """Return the surprise of cells, NaN where it is undefined.

    Parameters
    ----------
    columns : list of ColumnTails or None
        One for each column, None where surprise is undefined.

    numbers : ndarray of shape (n_rows, n_columns)
        NaN where missing.
    """
    result = np.full(numbers.shape, np.nan)
    for position, column in enumerate(columns):
        cells = numbers[:, position].astype(np.float64)
        known = ~np.isnan(cells)
        if column is not None:
            result[known, position] = column.negative_log_tail(cells[known])
    return result
