"""Negative log tail probabilities of numbers, by the training numbers of a column."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from .._persistence import (
    Array,
    Nested,
    Number,
    OrNone,
    StateMixin,
    shorten,
)

_MOST_KNOTS = 257
_TAIL_SHARE = 0.1
# Bounds of the shape of a tail. With a positive shape, scores grow by a logarithm only,
# so that no cell, however far off, outweighs all others.
_LEAST_SHAPE, _MOST_SHAPE = 0.1, 0.9
# Tolerance for ties, as a part of the unit.
_UNIT_TOLERANCE = 1e-5
# Tolerance for ties, as a part of the median absolute number.
_RELATIVE_TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class Tail:
    """Generalized Pareto distribution of the largest numbers of a column.

    It is fitted to the excesses over a threshold by probability-weighted moments
    (Hosking and Wallis 1987). Its scale is at most the one that their median asks for.
    It extends the negative log tail probability beyond the training numbers.

    Parameters
    ----------
    threshold : float
        Start of the tail.

    negative_log_share : float
        Negative logarithm of the share of training numbers beyond the threshold.

    scale, shape : float
        Of the distribution, both positive.
    """

    _schema: ClassVar[dict] = {
        "threshold": Number(),
        "negative_log_share": Number(),
        "scale": Number("> 0"),
        "shape": Number("> 0"),
    }

    threshold: float
    negative_log_share: float
    scale: float
    shape: float

    def beyond(self, numbers: np.ndarray) -> np.ndarray:
        """Return the negative log tail probability of numbers beyond the threshold."""
        with np.errstate(over="ignore"):
            excess = np.minimum((numbers - self.threshold) / self.scale, 1e300)
        return self.negative_log_share + np.log1p(self.shape * excess) / self.shape


def fit_tail(numbers: np.ndarray, tolerance: float, unit: float) -> Tail:
    """Fit the tail of sorted numbers; those closer than `tolerance` are ties."""
    n = len(numbers)
    threshold = numbers[n - 1 - int(_TAIL_SHARE * n)] + tolerance
    excess = numbers[np.searchsorted(numbers, threshold, side="right") :] - threshold
    if len(excess) == 0:
        return Tail(float(threshold), float(np.log(n + 1)), unit, _LEAST_SHAPE)
    mean = excess.mean()
    weight = 1 - (np.arange(len(excess)) + 0.65) / len(excess)
    difference = mean - 2 * np.mean(weight * excess)
    shape = 2 - mean / difference if difference > 0 else _LEAST_SHAPE
    shape = float(np.clip(shape, _LEAST_SHAPE, _MOST_SHAPE))
    # Unlike Hosking and Wallis (1987): one number far off determines the mean.
    median_scale = np.median(excess) * shape / (2**shape - 1)
    scale = max(min(mean * (1 - shape), median_scale), tolerance)
    return Tail(float(threshold), float(np.log(n / len(excess))), float(scale), shape)


@dataclass(frozen=True, eq=False)
class ColumnTails(StateMixin):
    """Negative log tail probability of numbers, by one column's training numbers.

    That of a number x is ``-log(2 min(P(X <= x), P(X >= x)))``, where P is the share of
    training numbers. It is 0 at the median and 1 on average, whatever the scale and the
    skewness of the column.

    Parameters
    ----------
    knots, at_most, at_least : ndarray of shape (n_knots,)
        Training numbers, and the shares of all that are at most and at least these.

    lower, upper : Tail or None
        Of the smallest numbers, negated, and of the largest. If `lower` is None, the
        probability is that of larger numbers alone, ``P(X >= x)``.

    weight : float
        Factor of the result.

    mean : float
        Mean of the result over the training numbers.
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
        """Return the weighted negative log tail probability of numbers without NaN."""
        high = self._one_sided(numbers, self.at_least, self.upper)
        if self.lower is None:
            return self.weight * high
        low = self._one_sided(-numbers, self.at_most, self.lower)
        return self.weight * np.maximum(np.maximum(low, high) - np.log(2), 0)

    def _one_sided(self, numbers, shares, tail: Tail) -> np.ndarray:
        positions = numbers if tail is self.upper else -numbers
        result = -np.log(np.interp(positions, self.knots, shares))
        far = numbers > tail.threshold
        result[far] = tail.beyond(numbers[far])
        return result


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
        Positive scale of the column. Numbers that differ by a tiny part of it are ties.

    two_sided : bool, default=True
        Whether small numbers are extreme, too.

    weight : float, default=1.0
        Factor of the result.

    rounding : float, default=0.0
        Bound of the rounding errors of numbers. Those that differ by less are ties,
        whatever the unit.

    Returns
    -------
    tails : ColumnTails or None
        None if all numbers are missing.
    """
    ordered = np.sort(numbers[~np.isnan(numbers)].astype(np.float64))
    if not len(ordered):
        return None
    tolerance = max(
        _UNIT_TOLERANCE * unit,
        rounding,
        _RELATIVE_TOLERANCE * np.median(np.abs(ordered)),
    )
    starts, stops = _tie_groups(ordered, tolerance, rounding)
    # Both ends of a tie group get its cumulative share.
    knots = np.column_stack([ordered[starts], ordered[stops - 1]]).ravel()
    at_most = np.repeat(stops / len(ordered), 2)
    at_least = np.repeat(1 - starts / len(ordered), 2)
    upper = fit_tail(ordered, tolerance, unit)
    lower = fit_tail(-ordered[::-1], tolerance, unit) if two_sided else None
    fitted = ColumnTails(knots, at_most, at_least, lower, upper, weight)
    return replace(fitted, mean=float(fitted.negative_log_tail(ordered).mean()))


def _tie_groups(
    ordered: np.ndarray, tolerance: float, rounding: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return where groups of ties start and stop; of at most 257 groups."""
    bins = np.round((ordered - np.median(ordered)) / tolerance)
    bins = _unite_equal(bins, ordered, rounding)
    starts = np.flatnonzero(np.diff(bins, prepend=-np.inf))
    stops = np.append(starts[1:], len(ordered))
    if len(starts) > _MOST_KNOTS:
        rows = np.linspace(1, len(ordered), _MOST_KNOTS)
        chosen = np.unique(np.searchsorted(stops, rows))
        starts, stops = starts[chosen], stops[chosen]
    return starts, stops


def _unite_equal(bins: np.ndarray, ordered: np.ndarray, rounding: float) -> np.ndarray:
    """Return bins of which no border parts numbers that rounding alone makes differ.

    Where it did, scores of equal rows would depend on the processor. Sorted numbers
    share a bin if the differences between neighbours are small, and that between the
    first and the last one is within the bound of rounding errors.
    """
    starts = np.flatnonzero(np.diff(ordered, prepend=-np.inf) > rounding / 2)
    sizes = np.diff(np.append(starts, len(ordered)))
    widths = ordered[starts + sizes - 1] - ordered[starts]
    united = np.repeat(np.where(widths <= rounding, bins[starts], np.nan), sizes)
    return np.where(np.isnan(united), bins, united)


def negative_log_tails(columns: list, numbers: np.ndarray) -> np.ndarray:
    """Return the negative log tail probabilities of cells by their columns.

    Parameters
    ----------
    columns : list of ColumnTails or None
        One a column.

    numbers : ndarray of shape (n_rows, n_columns)
        NaN where missing.

    Returns
    -------
    result : ndarray of shape (n_rows, n_columns)
        NaN where a cell is missing, or its column has no tails.
    """
    result = np.full(numbers.shape, np.nan)
    for position, column in enumerate(columns):
        cells = numbers[:, position].astype(np.float64)
        known = ~np.isnan(cells)
        if column is not None:
            result[known, position] = column.negative_log_tail(cells[known])
    return result
