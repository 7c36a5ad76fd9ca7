"""Outlier scores: sums of negative log tail probabilities over all a row shows."""

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

import numpy as np
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from .._estimators import LatentModel, RowStatistics, latent_model_of
from .._persistence import Array, ListOf, Nested, OrNone, StateMixin
from .._sklearn import _num_samples
from .._tables import select_rows
from .column_tails import ColumnTails, fit_column_tails, negative_log_tails

_MOST_ROWS, _MOST_CELLS, _MOST_AXES = 20_000, 10_000_000, 256
# Least variance of an axis, as a part of that of all columns.
_LEAST_VARIANCE = 1e-7
# Bound of rounding errors of results, in machine epsilons of their dtype, and in those
# of float64, in which the start is found: three times the largest errors on tables of 2
# to 300 columns with AVX-512, AVX2 and SSE4.
_RESULT_EPSILONS, _START_EPSILONS = 16, 48


class PrincipalAxes(NamedTuple):
    """Principal axes of standardized cells.

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

    def standardize(self, cells: np.ndarray) -> np.ndarray:
        """Return standardized cells, 0 where they are missing."""
        return np.nan_to_num((cells - self.mean) / self.unit, posinf=0, neginf=0)

    def project(self, cells: np.ndarray) -> np.ndarray:
        """Return the coordinates of rows along the axes."""
        return self.standardize(cells) @ self.components.T


class ScoreTerms(NamedTuple):
    """Weighted negative log tail probabilities, whose sum is the score of a row.

    Attributes
    ----------
    cells, residuals, reconstructions : ndarray of shape (n_rows, n_features)
        Terms of the cells, of their residuals and of their reconstructions, NaN where
        a cell is missing.

    directions : ndarray of shape (n_rows, n_axes + n_components)
        Terms of the principal axes, then of the codes.
    """

    cells: np.ndarray
    residuals: np.ndarray
    reconstructions: np.ndarray
    directions: np.ndarray


class TailScore(StateMixin):
    r"""Sum of the negative log tail probabilities of a row.

    .. math:: a(x) = \sum_j s_j(x_j) + \sum_j t_j(x_j - x'_j)
        + \sum_l v_l(a_l^\top x) + w \sum_k u_k(z_k) + w' \sum_j r_j(x'_j),

    over cells, residuals, principal axes of the standardized columns, codes and
    reconstructions. Each term is minus the logarithm of the share of training rows that
    are as extreme, see :class:`ColumnTails`. A missing cell gets the mean term of its
    column at training, so that gaps make a row neither normal nor abnormal.

    Codes repeat a part of what the leading axes show. So a code has half the weight of
    an axis, and all codes together have at most half the weight of the columns,
    :math:`w = \min(1, d / k) / 2`. Reconstructions hold no more information than the
    codes, so their weight does not grow with the number of columns:
    :math:`w' = \min(1 / 2, 2 k / d)`.

    Parameters
    ----------
    axes : PrincipalAxes
        Of the cells at training.

    cells, residuals, reconstructions, directions : list of ColumnTails or None
        Weighted tails of each column.

    loadings_squared : ndarray of shape (n_directions, n_features)
        Squared correlations of directions with cells.
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
        """Return the weighted terms of the scores of some rows."""
        directions = np.hstack([self.axes.project(statistics.cells), statistics.codes])
        return ScoreTerms(
            negative_log_tails(self.cells, statistics.cells),
            negative_log_tails(self.residuals, statistics.residuals),
            negative_log_tails(self.reconstructions, statistics.reconstructions),
            negative_log_tails(self.directions, directions),
        )

    def score(self, estimator, X) -> np.ndarray:
        """Return the scores of rows: the higher, the more abnormal."""
        model = latent_model_of(estimator)
        return self._score(model.statistics(model.read(X)))

    def shares(self, estimator, X) -> np.ndarray:
        """Return each column's share of the scores, ``(n_samples, n_features)``."""
        model = latent_model_of(estimator)
        table = model.read(X)
        shares = np.empty((*X.shape[:1], len(self.cells)))
        n_done = 0
        for statistics in model.statistics(table):
            chunk = self._column_shares(self.terms(statistics))
            shares[n_done : n_done + len(chunk)] = chunk
            n_done += len(chunk)
        return shares

    def _score(self, chunks: Iterable[RowStatistics]) -> np.ndarray:
        return np.concatenate([self._sum(self.terms(chunk)) for chunk in chunks])

    def _sum(self, terms: ScoreTerms) -> np.ndarray:
        columns = self.cells, self.residuals, self.reconstructions
        total = terms.directions.sum(axis=1)
        for tails, column_terms in zip(columns, terms[:3], strict=True):
            total += _sum_with_means(tails, column_terms)
        return total

    def _column_shares(self, terms: ScoreTerms) -> np.ndarray:
        """Return shares that sum to 1 a row.

        The term of a direction is distributed over the columns, in proportion to its
        squared correlation with a column times the term of the row's own cell there.
        """
        observed = (~np.isnan(terms.cells)).astype(np.float64)
        cells = np.nan_to_num(terms.cells)
        total = cells @ self.loadings_squared.T
        rate = np.divide(
            terms.directions, total, out=np.zeros_like(total), where=total > 0
        )
        shares = cells * (1 + rate @ self.loadings_squared)
        shares += np.nan_to_num(terms.residuals) + np.nan_to_num(terms.reconstructions)
        return _normalize(shares, observed)


def _normalize(weights: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """Return weights as shares of a row; of the fallback, or equal, where all are 0."""
    for other in (fallback, np.ones_like(weights)):
        weights = np.where(weights.sum(axis=1, keepdims=True) > 0, weights, other)
    return weights / weights.sum(axis=1, keepdims=True)


def _sum_with_means(columns: list, terms: np.ndarray) -> np.ndarray:
    """Return sums over columns, with a column's mean for each of its missing cells."""
    means = [0.0 if column is None else column.mean for column in columns]
    return np.where(np.isnan(terms), means, terms).sum(axis=1)


def fit_tail_score(estimator, X) -> tuple[TailScore, np.ndarray]:
    """Fit the score to the training rows of a fitted transformer.

    The fit uses at most 20,000 rows, evenly spaced, and fewer where there are many
    columns.

    Parameters
    ----------
    estimator : estimator
        A fitted transformer with `inverse_transform`.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Training rows.

    Returns
    -------
    tail_score : TailScore
        The fitted score.

    scores : ndarray of shape (n_samples,)
        Scores of all training rows.
    """
    n_samples = _num_samples(X)
    n_rows = min(_MOST_ROWS, max(1_000, _MOST_CELLS // estimator.n_features_in_))
    step = -(-n_samples // n_rows)
    seen = X if step == 1 else select_rows(X, np.arange(0, n_samples, step))
    model = latent_model_of(estimator)
    chunks = list(model.statistics(model.read(seen)))
    cells, residuals, reconstructions, codes = (
        np.concatenate(part).astype(np.float64) for part in zip(*chunks, strict=True)
    )
    axes = _fit_axes(cells)
    rounding, code_rounding = _rounding(model, axes.unit, chunks[0].residuals.dtype)
    directions = np.hstack([axes.project(cells), codes])
    n_axes, n_codes, n_features = len(axes.components), codes.shape[1], cells.shape[1]
    categories = set(model.categorical_columns())
    two_sided = [position not in categories for position in range(n_features)]
    deviation = float(codes.std(axis=0).max())
    code_unit = deviation if deviation > code_rounding else 1.0
    units = [1.0] * n_axes + [code_unit] * n_codes
    weights = [1.0] * n_axes + [min(1, n_features / n_codes) / 2] * n_codes
    weight = min(1 / 2, 2 * n_codes / n_features)
    tail_score = TailScore(
        axes,
        _fit_columns(cells, _robust_units(cells, axes.unit), two_sided=two_sided),
        _fit_columns(residuals, axes.unit, two_sided=two_sided, rounding=rounding),
        _fit_columns(reconstructions, axes.unit, weights=weight, rounding=rounding),
        _fit_columns(directions, units, weights=weights),
        _loadings_squared(axes.standardize(cells), directions),
    )
    # Where all rows were used, their statistics are known.
    scores = tail_score._score(chunks) if step == 1 else tail_score.score(estimator, X)
    return tail_score, scores


def _rounding(model: LatentModel, unit: np.ndarray, dtype) -> tuple[np.ndarray, float]:
    """Return bounds of the rounding errors of reconstructions and of codes."""
    epsilon = np.finfo(np.result_type(dtype, np.float32)).eps
    bound = _RESULT_EPSILONS * epsilon + _START_EPSILONS * np.finfo(np.float64).eps
    if model.fitted is None:
        # Others may have scaled the columns, and the codes.
        return bound * unit, 0.0
    # Each result is a sum over all columns, in the network's units.
    bound = float(bound * np.linalg.norm(unit))
    return np.full(len(unit), bound), bound * model.fitted.code_units.max()


def _fit_axes(cells: np.ndarray) -> PrincipalAxes:
    with np.errstate(invalid="ignore"):  # of columns without a cell
        scaler = StandardScaler().fit(cells)
    mean, unit = np.nan_to_num(scaler.mean_), np.nan_to_num(scaler.scale_, nan=1.0)
    axes = PrincipalAxes(mean, unit, np.zeros((0, cells.shape[1])))
    rows = axes.standardize(cells)
    n_axes = min(_MOST_AXES, *rows.shape)
    with np.errstate(divide="ignore", invalid="ignore"):  # where nothing varies
        pca = PCA(n_axes, random_state=0).fit(rows)
    varies = pca.explained_variance_ > _LEAST_VARIANCE * rows.shape[1]
    return axes._replace(components=pca.components_[varies])


def _robust_units(cells: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Return units of columns that a few cells far off do not enlarge."""
    ordered = np.sort(cells, axis=0)
    last = np.maximum(np.count_nonzero(~np.isnan(cells), axis=0) - 1, 0)
    low, high = (
        np.take_along_axis(ordered, (share * last).astype(int)[None], axis=0)[0]
        for share in (0.05, 0.95)
    )
    return np.where(high > low, np.minimum(unit, high - low), unit)


def _fit_columns(
    numbers: np.ndarray, units, *, two_sided=True, weights=1.0, rounding=0.0
) -> list[ColumnTails | None]:
    """Fit each column; what is one number is that of all columns."""
    options = [
        np.broadcast_to(value, numbers.shape[1]).tolist()
        for value in (units, two_sided, weights, rounding)
    ]
    return [
        fit_column_tails(column, unit, two_sided=both, weight=weight, rounding=bound)
        for column, unit, both, weight, bound in zip(numbers.T, *options, strict=True)
    ]


def _loadings_squared(cells: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return squared correlations of directions with standardized cells."""
    scaler = StandardScaler().set_output(transform="default")
    directions = scaler.fit_transform(directions)
    return np.square(directions.T @ cells / len(cells))
