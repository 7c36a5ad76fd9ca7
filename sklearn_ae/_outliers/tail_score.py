"""Outlier score: summed surprise of cells, residuals, axes, codes, reconstructions."""

from typing import ClassVar, NamedTuple

import numpy as np
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from .._estimators import own_autoencoder
from .._persistence import Array, ListOf, Nested, OrNone, StateMixin
from .._sklearn import _num_samples
from .._tables import selected
from .column_tails import ColumnTails, fit_column_tails, negative_log_tails
from .row_statistics import RowStatistics, categorical, iterate_row_statistics

_MOST_ROWS, _MOST_CELLS, _MOST_AXES = 20_000, 10_000_000, 256
_LEAST_VARIANCE = 1e-7  # of an axis, relative to the total
_ROUNDING_ERRORS = 4  # of the largest column, in units of the dtype's precision


class PrincipalAxes(NamedTuple):
    """Principal axes of standardized cells.

    Attributes
    ----------
    mean, unit : ndarray of shape (n_features,)
        Mean and standard deviation of each column.

    components : ndarray of shape (n_axes, n_features)
        The axes.
    """

    mean: np.ndarray
    unit: np.ndarray
    components: np.ndarray

    # Without ClassVar, which a NamedTuple takes for a field.
    _schema = {  # noqa: RUF012
        "mean": Array(("n_columns",)),
        "unit": Array(("n_columns",), "> 0"),
        "components": Array(("n_axes", "n_columns"), sets="n_axes"),
    }

    def standardize(self, cells: np.ndarray) -> np.ndarray:
        """Return standardized cells, missing ones at the mean."""
        return np.nan_to_num((cells - self.mean) / self.unit, posinf=0, neginf=0)

    def transform(self, cells: np.ndarray) -> np.ndarray:
        """Return the coordinates of rows on the axes."""
        return self.standardize(cells) @ self.components.T


class ScoreTerms(NamedTuple):
    """Terms of the scores of some rows.

    Attributes
    ----------
    cells, residuals, reconstructions : ndarray of shape (n_rows, n_features)
        Weighted surprise of cells, their residuals and their reconstructions, NaN where
        the cell is missing.

    directions : ndarray of shape (n_rows, n_axes + n_components)
        Weighted surprise of the principal axes and of the codes.
    """

    cells: np.ndarray
    residuals: np.ndarray
    reconstructions: np.ndarray
    directions: np.ndarray


class TailScore(StateMixin):
    r"""Sum of the surprise of a row's cells and of their codes and reconstructions.

    .. math:: a(x) = \sum_j s_j(x_j) + \sum_j t_j(x_j - x'_j)
        + \sum_l v_l(a_l^\top x) + w \sum_k u_k(z_k) + w' \sum_j r_j(x'_j),

    over cells, residuals, coordinates on the principal axes of the standardized
    columns, codes and reconstructions. Each term is the negative logarithm of the share
    of training rows that are at least as extreme, see :class:`ColumnTails`. A missing
    cell has the mean surprise of its column at training, so that gaps do not change how
    abnormal a row is. Codes have half the weight, because leading axes hold part of
    the same information, and all codes together have at most half the weight of the
    columns, :math:`w = \min(1, d / k) / 2`. Reconstructions are functions of the codes,
    so their total weight grows with the number of codes, not of columns: :math:`w' =
    \min(1 / 2, 2 k / d)`.

    Parameters
    ----------
    axes : PrincipalAxes
        Axes of the cells.

    cells, residuals, reconstructions : list of ColumnTails or None
        Tails of each column; None where surprise is undefined.

    directions : list of ColumnTails
        Tails of the axes, followed by those of the codes.

    loadings_squared : ndarray of shape (n_directions, n_features)
        Squared correlations of directions with cells, by which :meth:`shares` spreads
        terms of directions over columns.
    """

    _schema: ClassVar[dict] = {
        "cells": ListOf(OrNone(Nested(ColumnTails)), sets="n_columns"),
        "residuals": ListOf(OrNone(Nested(ColumnTails)), "== n_columns"),
        "reconstructions": ListOf(OrNone(Nested(ColumnTails)), "== n_columns"),
        "axes": Nested(PrincipalAxes),
        "directions": ListOf(Nested(ColumnTails), "> n_axes", sets="n_directions"),
        "loadings_squared": Array(("n_directions", "n_columns"), ">= 0"),
    }

    def __init__(
        self, axes, cells, residuals, reconstructions, directions, loadings_squared
    ) -> None:
        self.axes, self.cells, self.residuals = axes, cells, residuals
        self.reconstructions = reconstructions
        self.directions, self.loadings_squared = directions, loadings_squared

    @property
    def n_codes(self) -> int:
        """Number of codes of a row."""
        return len(self.directions) - len(self.axes.components)

    def terms(self, statistics: RowStatistics) -> ScoreTerms:
        """Return the terms of the scores of some rows."""
        coordinates = self.axes.transform(statistics.cells)
        directions = np.hstack([coordinates, statistics.codes])
        return ScoreTerms(
            negative_log_tails(self.cells, statistics.cells),
            negative_log_tails(self.residuals, statistics.residuals),
            negative_log_tails(self.reconstructions, statistics.reconstructions),
            negative_log_tails(self.directions, directions),
        )

    def score(self, estimator, X) -> np.ndarray:
        """Return the score of each row. It is higher for more abnormal rows."""
        scores = [
            self._sum(self.terms(statistics))
            for statistics in iterate_row_statistics(estimator, X)
        ]
        return np.concatenate(scores)

    def shares(self, estimator, X) -> np.ndarray:
        """Return the share of each column in the score of each row."""
        shares = np.empty((*X.shape[:1], len(self.cells)))
        n_done = 0
        for statistics in iterate_row_statistics(estimator, X):
            part = self._column_shares(self.terms(statistics))
            shares[n_done : n_done + len(part)] = part
            n_done += len(part)
        return shares

    def _sum(self, terms: ScoreTerms) -> np.ndarray:
        columns = self.cells, self.residuals, self.reconstructions
        total = terms.directions.sum(axis=1)
        for tails, surprise in zip(columns, terms[:3], strict=True):
            total += _sum_with_means(tails, surprise)
        return total

    def _column_shares(self, terms: ScoreTerms) -> np.ndarray:
        """Return the shares of columns, which sum to 1 in each row.

        The term of a direction is spread over the columns in proportion to its squared
        correlation with a column times the surprise of the column's cell.
        """
        observed = (~np.isnan(terms.cells)).astype(np.float64)
        surprise = np.nan_to_num(terms.cells)
        total = surprise @ self.loadings_squared.T
        rate = np.divide(
            terms.directions, total, out=np.zeros_like(total), where=total > 0
        )
        shares = surprise * (1 + rate @ self.loadings_squared)
        shares += np.nan_to_num(terms.residuals) + np.nan_to_num(terms.reconstructions)
        return _normalize(shares, observed)


def _normalize(weights: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """Return weights divided by their sum in each row.

    Where the sum is 0, the fallback is used, and equal weights where that is 0, too.
    """
    for other in (fallback, np.ones_like(weights)):
        weights = np.where(weights.sum(axis=1, keepdims=True) > 0, weights, other)
    return weights / weights.sum(axis=1, keepdims=True)


def _sum_with_means(columns: list, surprise: np.ndarray) -> np.ndarray:
    """Return sums over columns, with the column's mean where a cell is missing."""
    means = [0.0 if column is None else column.mean for column in columns]
    return np.where(np.isnan(surprise), means, surprise).sum(axis=1)


def fit_tail_score(estimator, X) -> TailScore:
    """Fit a score to the training rows of a fitted transformer.

    At most 20,000 evenly spaced rows are used, and fewer if there are more than 500
    columns.

    Parameters
    ----------
    estimator : estimator
        A fitted transformer with `inverse_transform`.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Training rows.
    """
    n_samples = _num_samples(X)
    n_rows = min(_MOST_ROWS, max(1_000, _MOST_CELLS // estimator.n_features_in_))
    step = -(-n_samples // n_rows)
    rows = X if step == 1 else selected(X, np.arange(0, n_samples, step))
    chunks = list(iterate_row_statistics(estimator, rows))
    cells, residuals, reconstructions, codes = (
        np.concatenate(part).astype(np.float64) for part in zip(*chunks, strict=True)
    )
    axes, rounding, code_rounding = _fit_axes(cells), 0.0, 0.0
    own = own_autoencoder(estimator)
    if own is not None:
        # The network sums over all columns, so the largest determines rounding errors.
        precision = np.finfo(chunks[0].codes.dtype).eps
        rounding = _ROUNDING_ERRORS * precision * axes.unit.max()
        code_rounding = rounding * own._fitted.code_unit.max()
    directions = np.hstack([axes.transform(cells), codes])
    n_axes, n_codes, n_features = len(axes.components), codes.shape[1], cells.shape[1]
    levels = set(categorical(estimator))
    sides = [position not in levels for position in range(n_features)]
    spread = float(codes.std(axis=0).max())
    code_unit = spread if spread > code_rounding else 1.0
    units = [1.0] * n_axes + [code_unit] * n_codes
    weights = [1.0] * n_axes + [min(1, n_features / n_codes) / 2] * n_codes
    reconstruction_weights = [min(1 / 2, 2 * n_codes / n_features)] * n_features
    return TailScore(
        axes,
        _columns(cells, _spreads(cells, axes.unit), sides),
        _columns(residuals, axes.unit, sides, rounding=rounding),
        _columns(
            reconstructions,
            axes.unit,
            weights=reconstruction_weights,
            rounding=rounding,
        ),
        _columns(directions, units, weights=weights),
        _loadings_squared(axes.standardize(cells), directions),
    )


def _fit_axes(cells: np.ndarray) -> PrincipalAxes:
    with np.errstate(invalid="ignore"):  # of columns without a cell
        scaler = StandardScaler().fit(cells)
    mean, unit = np.nan_to_num(scaler.mean_), np.nan_to_num(scaler.scale_, nan=1.0)
    axes = PrincipalAxes(mean, unit, np.zeros((0, cells.shape[1])))
    rows = axes.standardize(cells)
    n_axes = min(_MOST_AXES, *rows.shape)
    with np.errstate(divide="ignore", invalid="ignore"):  # of constant tables
        pca = PCA(n_axes, random_state=0).fit(rows)
    varies = pca.explained_variance_ > _LEAST_VARIANCE * rows.shape[1]
    return axes._replace(components=pca.components_[varies])


def _spreads(cells: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Return the units of columns, or the ranges of 90 % of their cells if less."""
    ordered = np.sort(cells, axis=0)
    last = np.maximum(np.count_nonzero(~np.isnan(cells), axis=0) - 1, 0)
    low, high = (
        np.take_along_axis(ordered, (share * last).astype(int)[None], axis=0)[0]
        for share in (0.05, 0.95)
    )
    return np.where(high > low, np.minimum(unit, high - low), unit)


def _columns(
    numbers: np.ndarray, units, sides=None, weights=None, rounding=0.0
) -> list[ColumnTails | None]:
    sides = [True] * numbers.shape[1] if sides is None else sides
    weights = [1.0] * numbers.shape[1] if weights is None else weights
    return [
        fit_column_tails(
            column, float(unit), two_sided=two_sided, weight=weight, rounding=rounding
        )
        for column, unit, two_sided, weight in zip(
            numbers.T, units, sides, weights, strict=True
        )
    ]


def _loadings_squared(cells: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return squared correlations of directions with standardized cells."""
    scaler = StandardScaler().set_output(transform="default")
    directions = scaler.fit_transform(directions)
    return np.square(directions.T @ cells / len(cells))
