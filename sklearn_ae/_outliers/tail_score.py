"""How abnormal rows are: what is surprising about cells, residuals, axes and codes."""

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
# Of an axis, as a part of that of all columns.
_LEAST_VARIANCE = 1e-7
# Of the largest column, in rounding units of the dtype.
_ROUNDED = 4


class PrincipalAxes(NamedTuple):
    """Principal axes of standardized cells: the linear view of a table.

    Attributes
    ----------
    mean, unit : ndarray of shape (n_features,)
        Centre and deviation of each column.

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

    def standard(self, cells: np.ndarray) -> np.ndarray:
        """Return standardized cells, missing ones at the mean."""
        return np.nan_to_num((cells - self.mean) / self.unit, posinf=0, neginf=0)

    def of(self, cells: np.ndarray) -> np.ndarray:
        """Return where rows lie along the axes."""
        return self.standard(cells) @ self.components.T


class Parts(NamedTuple):
    """What a row's abnormality is made of.

    Attributes
    ----------
    cells, residuals, reconstructions : ndarray of shape (n_rows, n_features)
        Surprise of a cell, of its residual and of its reconstruction, NaN where
        missing.

    directions : ndarray of shape (n_rows, n_axes + n_components)
        Weighted surprise of the principal axes and of the codes.
    """

    cells: np.ndarray
    residuals: np.ndarray
    reconstructions: np.ndarray
    directions: np.ndarray


class TailScore(StateMixin):
    r"""The surprise of all that a fitted transformer tells of a row, summed.

    .. math:: a(x) = \sum_j s_j(x_j) + \sum_j t_j(x_j - x'_j)
        + \sum_l v_l(a_l^\top x) + w \sum_k u_k(z_k) + w' \sum_j r_j(x'_j),

    over cells, residuals, principal axes of the standardized columns, codes and what
    they are decoded to, each term minus the logarithm of the share of training rows
    that are as extreme, see :class:`ColumnTails`. A missing cell has no part: its
    mean at training stands for it, so that gaps make a row neither normal nor abnormal.
    Codes have half the weight, as what they say is in part what the leading axes say,
    and all together no more than half that of the columns, :math:`w = \min(1, d / k) /
    2`. Reconstructions, which have no more to say than the codes have, weigh like these
    however many columns there are: :math:`w' = \min(1 / 2, 2 k / d)`.

    Parameters
    ----------
    axes : PrincipalAxes
        The linear view.

    cells, residuals, reconstructions, directions : list of ColumnTails or None
        What is surprising in each column, weighted.

    loadings_squared : ndarray of shape (n_directions, n_features)
        Squared correlations of directions with cells, which share their terms out.
    """

    _schema: ClassVar[dict] = {
        "cells": ListOf(OrNone(Nested(ColumnTails)), sets="n_columns"),
        "residuals": ListOf(OrNone(Nested(ColumnTails)), "== n_columns"),
        "reconstructions": ListOf(OrNone(Nested(ColumnTails)), "== n_columns"),
        "axes": Nested(PrincipalAxes),
        # Of the axes first, then of the codes.
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

    def parts(self, view: RowStatistics) -> Parts:
        """Return the weighted surprise of all there is about some rows."""
        directions = np.hstack([self.axes.of(view.cells), view.codes])
        return Parts(
            negative_log_tails(self.cells, view.cells),
            negative_log_tails(self.residuals, view.residuals),
            negative_log_tails(self.reconstructions, view.reconstructions),
            negative_log_tails(self.directions, directions),
        )

    def of(self, estimator, X) -> np.ndarray:
        """Return how abnormal each row is."""
        totals = [
            self._total(self.parts(view))
            for view in iterate_row_statistics(estimator, X)
        ]
        return np.concatenate(totals)

    def shares(self, estimator, X) -> np.ndarray:
        """Return each column's share of that, ``(n_samples, n_features)``."""
        shares = np.empty((*X.shape[:1], len(self.cells)))
        n_done = 0
        for view in iterate_row_statistics(estimator, X):
            part = self._shared_out(self.parts(view))
            shares[n_done : n_done + len(part)] = part
            n_done += len(part)
        return shares

    def _total(self, parts: Parts) -> np.ndarray:
        columns = self.cells, self.residuals, self.reconstructions
        total = parts.directions.sum(axis=1)
        for learned, surprise in zip(columns, parts[:3], strict=True):
            total += _filled_sum(learned, surprise)
        return total

    def _shared_out(self, parts: Parts) -> np.ndarray:
        """Return shares that sum to 1 a row, in which directions' terms are spread.

        A direction's term goes to the columns by its squared correlation with them
        times how surprising their own cell is.
        """
        observed = (~np.isnan(parts.cells)).astype(np.float64)
        own = np.nan_to_num(parts.cells)
        spread = own @ self.loadings_squared.T
        rate = np.divide(
            parts.directions, spread, out=np.zeros_like(spread), where=spread > 0
        )
        shares = own * (1 + rate @ self.loadings_squared)
        shares += np.nan_to_num(parts.residuals) + np.nan_to_num(parts.reconstructions)
        return _normalized(shares, observed)


def _normalized(weights: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """Return weights as shares of a row; of the fallback, or equal, where all are 0."""
    for other in (fallback, np.ones_like(weights)):
        weights = np.where(weights.sum(axis=1, keepdims=True) > 0, weights, other)
    return weights / weights.sum(axis=1, keepdims=True)


def _filled_sum(columns: list, surprise: np.ndarray) -> np.ndarray:
    """Return sums over columns, with their means in the place of missing cells."""
    means = [0.0 if column is None else column.mean for column in columns]
    return np.where(np.isnan(surprise), means, surprise).sum(axis=1)


def fit_tail_score(estimator, X) -> TailScore:
    """Learn what is surprising from the training rows of a fitted transformer.

    At most 20,000 rows, evenly spaced, are looked at, fewer of many columns.

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
    seen = X if step == 1 else selected(X, np.arange(0, n_samples, step))
    kept = list(iterate_row_statistics(estimator, seen))
    cells, residuals, told, codes = (
        np.concatenate(part).astype(np.float64) for part in zip(*kept, strict=True)
    )
    axes, rounding, code_rounding = _fit_axes(cells), 0.0, 0.0
    own = own_autoencoder(estimator)
    if own is not None:
        # Of sums over columns of all sizes, in the network's units.
        rounding = _ROUNDED * np.finfo(kept[0].codes.dtype).eps * axes.unit.max()
        code_rounding = rounding * own._fitted.code_unit.max()
    directions = np.hstack([axes.of(cells), codes])
    n_axes, n_codes, n_features = len(axes.components), codes.shape[1], cells.shape[1]
    levels = set(categorical(estimator))
    sides = [position not in levels for position in range(n_features)]
    spread = float(codes.std(axis=0).max())
    code_unit = spread if spread > code_rounding else 1.0
    units = [1.0] * n_axes + [code_unit] * n_codes
    weights = [1.0] * n_axes + [min(1, n_features / n_codes) / 2] * n_codes
    told_weight = min(1 / 2, 2 * n_codes / n_features)
    return TailScore(
        axes,
        _columns(cells, _spreads(cells, axes.unit), sides),
        _columns(residuals, axes.unit, sides, rounding=rounding),
        _columns(
            told, axes.unit, weights=[told_weight] * n_features, rounding=rounding
        ),
        _columns(directions, units, weights=weights),
        _loadings_squared(axes.standard(cells), directions),
    )


def _fit_axes(cells: np.ndarray) -> PrincipalAxes:
    with np.errstate(invalid="ignore"):  # of columns without a cell
        scaler = StandardScaler().fit(cells)
    mean, unit = np.nan_to_num(scaler.mean_), np.nan_to_num(scaler.scale_, nan=1.0)
    axes = PrincipalAxes(mean, unit, np.zeros((0, cells.shape[1])))
    rows = axes.standard(cells)
    n_axes = min(_MOST_AXES, *rows.shape)
    with np.errstate(divide="ignore", invalid="ignore"):  # where nothing varies
        pca = PCA(n_axes, random_state=0).fit(rows)
    varies = pca.explained_variance_ > _LEAST_VARIANCE * rows.shape[1]
    return axes._replace(components=pca.components_[varies])


def _spreads(cells: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Return units of columns, without what a few cells far off add to them."""
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
