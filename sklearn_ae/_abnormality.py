"""How abnormal rows are: what is surprising about cells, residuals and codes."""

from typing import NamedTuple

import numpy as np

from ._surprise import ColumnSurprise, fit_surprise, surprises
from ._views import View, categorical, views

_MOST_ROWS, _MOST_CELLS = 20_000, 10_000_000


class Parts(NamedTuple):
    """What a row's abnormality is made of, each of shape (n_rows, n_features).

    Attributes
    ----------
    cells, residuals : ndarray
        Surprise of a cell and of its residual, NaN where missing.

    codes : ndarray of shape (n_rows, n_components)
        Surprise of the codes.
    """

    cells: np.ndarray
    residuals: np.ndarray
    codes: np.ndarray


class Abnormality:
    r"""The surprise of all that a fitted transformer tells of a row, summed.

    .. math:: a(x) = \sum_j s_j(x_j) + \sum_j t_j(x_j - x'_j) + w \sum_k u_k(z_k),

    each term minus the logarithm of the share of training rows that are as extreme,
    see :class:`ColumnSurprise`. A missing cell has no part: its mean at training stands
    for it, so that gaps make a row neither normal nor abnormal. Codes that outnumber
    the columns weigh as much as these, :math:`w = \min(1, d / k)`.

    Parameters
    ----------
    cells, residuals, codes : list of ColumnSurprise or None
        What is surprising in each column.

    ties : ndarray of shape (n_components, n_features)
        Squared correlations of codes with cells, which share codes' terms out.
    """

    def __init__(self, cells, residuals, codes, ties: np.ndarray) -> None:
        self.cells, self.residuals, self.codes = cells, residuals, codes
        self.ties = ties

    def parts(self, view: View) -> Parts:
        """Return the surprise of cells, residuals and codes of some rows."""
        weight = min(1, len(self.cells) / len(self.codes))
        return Parts(
            surprises(self.cells, view.cells),
            surprises(self.residuals, view.residuals),
            weight * surprises(self.codes, view.codes),
        )

    def of(self, estimator, X) -> np.ndarray:
        """Return how abnormal each row is."""
        totals = [self._total(self.parts(view)) for view in views(estimator, X)]
        return np.concatenate(totals)

    def shares(self, estimator, X) -> np.ndarray:
        """Return each column's share of that, ``(n_samples, n_features)``."""
        return np.concatenate(
            [self._shared_out(self.parts(view)) for view in views(estimator, X)]
        )

    def _total(self, parts: Parts) -> np.ndarray:
        total = parts.codes.sum(axis=1)
        for columns, surprise in (
            (self.cells, parts.cells),
            (self.residuals, parts.residuals),
        ):
            total += np.where(np.isnan(surprise), _means(columns), surprise).sum(axis=1)
        return total

    def _shared_out(self, parts: Parts) -> np.ndarray:
        """Return shares that sum to 1 a row, in which codes' terms are spread.

        A code's term goes to the columns by its squared correlation with them times how
        surprising their own cell is.
        """
        observed = (~np.isnan(parts.cells)).astype(np.float64)
        own = np.nan_to_num(parts.cells)
        shares = own + np.nan_to_num(parts.residuals)
        for code, tie in zip(parts.codes.T, self.ties, strict=True):
            shares += code[:, None] * _normalized(tie * own, tie * observed)
        return _normalized(shares, observed)


def _normalized(weights: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """Return weights as shares of a row; of the fallback, or equal, where all are 0."""
    for other in (fallback, np.ones_like(weights)):
        weights = np.where(weights.sum(axis=1, keepdims=True) > 0, weights, other)
    return weights / weights.sum(axis=1, keepdims=True)


def _means(columns: list) -> np.ndarray:
    return np.array([0.0 if column is None else column.mean for column in columns])


def fit_abnormality(estimator, X, n_samples: int) -> Abnormality:
    """Learn what is surprising from the training rows of a fitted transformer.

    At most 20,000 rows, evenly spaced, are looked at.

    Parameters
    ----------
    estimator : estimator
        A fitted transformer with `inverse_transform`.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Training rows.

    n_samples : int
        Their number.
    """
    n_rows = min(_MOST_ROWS, max(1_000, _MOST_CELLS // estimator.n_features_in_))
    step = -(-n_samples // n_rows)
    kept = [_thinned(view, step) for view in views(estimator, X)]
    cells, residuals, codes = (np.concatenate(part) for part in zip(*kept, strict=True))
    levels = set(categorical(estimator))
    sides = [position not in levels for position in range(cells.shape[1])]
    return Abnormality(
        _columns(cells, sides),
        _columns(residuals, sides),
        _columns(codes, [True] * codes.shape[1]),
        _ties(cells, codes),
    )


def _thinned(view: View, step: int) -> tuple[np.ndarray, ...]:
    """Return those rows of a view whose number among all divides by `step`."""
    first = -view.rows.start % step
    return view.cells[first::step], view.residuals[first::step], view.codes[first::step]


def _columns(numbers: np.ndarray, sides: list[bool]) -> list[ColumnSurprise | None]:
    return [
        fit_surprise(column, two_sided=two_sided)
        for column, two_sided in zip(numbers.T, sides, strict=True)
    ]


def _ties(cells: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return squared correlations of codes with cells; missing ones are at the mean."""
    cells, codes = (_standard(np.array(part, np.float64)) for part in (cells, codes))
    return np.square(codes.T @ cells / len(cells))


def _standard(numbers: np.ndarray) -> np.ndarray:
    """Return columns of mean 0 and deviation 1, or 0 where they don't vary."""
    known = ~np.isnan(numbers)
    count = np.maximum(known.sum(axis=0), 1)
    unit = np.abs(np.where(known, numbers, 0)).max(axis=0)
    numbers = np.where(known, numbers / np.where(unit > 0, unit, 1), 0)
    numbers = np.where(known, numbers - numbers.sum(axis=0) / count, 0)
    deviation = np.sqrt(np.square(numbers).mean(axis=0))
    return numbers / np.where(deviation > 1e-12, deviation, np.inf)
