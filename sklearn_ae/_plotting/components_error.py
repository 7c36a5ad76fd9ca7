"""Display of the held-out error over the number of codes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import KFold, check_cv

from .._estimators import BaseAutoencoder, with_seeds
from .._tables import make_indexable, select_rows
from .matplotlib import (
    import_pyplot,
    label_curves,
    merge_style,
    palette,
    resolve_axes,
    ring_style,
)
from .pca_baseline import flatten_rows, pca_baseline

_N_SPLITS = 3
_MOST_COMPONENTS = 32  # fitted by default


@dataclass(kw_only=True, eq=False, repr=False)
class ComponentsErrorDisplay:
    r"""Held-out error over the number of codes, beside PCA's.

    The error is the share of the variance of held-out rows that the codes leave
    unexplained. It may also rise with more codes, as these rows are not used for
    fitting.

    The elbow is the point after which the error falls much more slowly. With numbers of
    codes :math:`k` and mean errors over the splits :math:`e`, both scaled to [0, 1]
    over the curve, it is the point with the largest distance :math:`1 - k - e` below
    the chord from the first point to the last, as in the offline version of Kneedle
    without its smoothing. A curve without a point below its chord has no elbow. The
    elbow only describes the curve: if a later step uses the codes, choose their number
    by the score of that step.

    Use :meth:`from_estimator` to fit estimators and draw their errors. To draw other
    errors, give them to the constructor and call :meth:`plot`.

    Parameters
    ----------
    n_components : array-like of int of shape (n_counts,)
        Numbers of codes, in increasing order.

    errors : array-like of shape (n_counts,) or (n_counts, n_splits)
        Share of the variance of held-out rows that is lost with each number of codes.

    pca_errors : array-like of shape (n_counts,) or (n_counts, n_splits) or None, \
            default=None
        Share of the variance that PCA loses.

    name : str, default="autoencoder"
        Name of `errors` in the legend.

    Attributes
    ----------
    elbow_ : int or None
        Number of codes at the elbow of `errors`.

    pca_elbow_ : int or None
        Number of codes at the elbow of `pca_errors`.

    ax_ : matplotlib Axes
        Axes with the errors.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : list of matplotlib Line2D
        Means over the splits: of `pca_errors`, if there are any, then of `errors`.

    bands_ : list of matplotlib PolyCollection
        One standard deviation over the splits to each side, in the same order. Empty if
        there is one split.

    elbow_points_ : list of matplotlib Line2D
        Rings at the elbows, in the same order.

    See Also
    --------
    LossCurveDisplay : The losses of one fit.
    sklearn.model_selection.ValidationCurveDisplay : Scores over any parameter.

    References
    ----------
    Satopaa, V., Albrecht, J., Irwin, D. and Raghavan, B. (2011). Finding a "kneedle" in
    a haystack: detecting knee points in system behavior. ICDCS Workshops, 166-171.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_ae import AutoencoderTransformer, ComponentsErrorDisplay
    >>> X, _ = load_iris(return_X_y=True)
    >>> autoencoder = AutoencoderTransformer(max_epochs=1)
    >>> display = ComponentsErrorDisplay.from_estimator(
    ...     autoencoder, X[::2], X[1::2], n_components=[1, 2, 3], random_state=0
    ... )
    >>> display.errors.shape
    (3, 1)
    >>> display.pca_elbow_
    2

    Errors of another model:

    >>> ComponentsErrorDisplay([1, 2, 3, 4], [0.9, 0.3, 0.2, 0.1]).plot().elbow_
    2
    """

    n_components: Sequence[int] = field(kw_only=False)
    errors: Any = field(kw_only=False)
    pca_errors: Any = field(default=None, kw_only=False)
    name: str = "autoencoder"

    def plot(self, *, ax=None, log_scale=False, line_kw=None, band_kw=None):
        """Draw the errors.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None means those of a new figure.

        log_scale : bool, default=False
            Whether the axis of errors is logarithmic.

        line_kw : dict, default=None
            Keyword arguments for ``Axes.plot`` of the means.

        band_kw : dict, default=None
            Keyword arguments for ``Axes.fill_between``.

        Returns
        -------
        self : ComponentsErrorDisplay
            Display with the artists and elbows as attributes.
        """
        counts = _check_counts(self.n_components)
        errors = _check_errors("errors", self.errors, len(counts))
        pca_errors = self.pca_errors
        if pca_errors is not None:
            pca_errors = _check_errors("pca_errors", pca_errors, len(counts))
        self.ax_ = resolve_axes(ax, (1, 1), "ComponentsErrorDisplay.plot")[0, 0]
        self.figure_ = self.ax_.figure
        self.lines_, self.bands_, self.elbow_points_ = [], [], []
        self.elbow_, self.pca_elbow_ = None, None
        blue, orange = palette(self.ax_)[:2]
        styles = line_kw or {}, band_kw or {}
        if pca_errors is not None:
            look = {"color": orange, "marker": "s", "linestyle": "--", "label": "PCA"}
            self._draw_curve(counts, pca_errors, look, *styles)
            self.pca_elbow_ = self._draw_elbow(counts, pca_errors, "PCA")
        look = {"color": blue, "marker": "o", "linestyle": "-", "label": self.name}
        look["zorder"] = 1.9  # below PCA's dashes, which are visible on a solid line
        self._draw_curve(counts, errors, look, *styles)
        self.elbow_ = self._draw_elbow(counts, errors, self.name)
        labels = "number of codes", "share of variance lost"
        label_curves(self.ax_, *labels, log_scale=log_scale)
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        X_test=None,
        *,
        n_components=None,
        cv=None,
        random_state=None,
        ax=None,
        log_scale=False,
        line_kw=None,
        band_kw=None,
    ):
        """Fit an autoencoder and PCA for each number of codes, and draw their errors.

        PCA has the scaling of the estimator, and is that of the encoded columns if `X`
        has categories or gaps. It has as many components as a
        :class:`SparseAutoencoder` has atoms, and each row uses all of them, but only a
        few of the atoms.

        Parameters
        ----------
        estimator : estimator
            An autoencoder of this package; clones of it are fitted.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Training rows, or all rows if `cv` splits them.

        X_test : {array-like, sparse matrix, dataframe} of shape \
                (n_test, n_features), default=None
            Held-out rows. None means that `cv` splits X.

        n_components : array-like of int, default=None
            Numbers of codes, in increasing order. None means powers of two below the
            number of columns, up to 32.

        cv : int, cross-validation generator or iterable, default=None
            How X is split: a number of parts of shuffled rows, or a splitter of
            scikit-learn or an iterable. None means three parts.

        random_state : int, RandomState instance or None, default=None
            Determines the parts, and seeds the estimator if its own is None.

        ax : matplotlib Axes, default=None
            Axes to draw on. None means those of a new figure.

        log_scale : bool, default=False
            Whether the axis of errors is logarithmic.

        line_kw : dict, default=None
            Keyword arguments for ``Axes.plot`` of the means.

        band_kw : dict, default=None
            Keyword arguments for ``Axes.fill_between``.

        Returns
        -------
        display : ComponentsErrorDisplay
            Display that was drawn.
        """
        import_pyplot("ComponentsErrorDisplay.from_estimator")  # before long fits
        if not isinstance(estimator, BaseAutoencoder):
            raise TypeError(
                "The estimator must be an autoencoder of sklearn_ae, got "
                f"{type(estimator).__name__}; of a Pipeline give the last step, and X "
                "as the steps before make it."
            )
        if X_test is not None and cv is not None:
            raise ValueError("cv must be None where X_test is given, got both.")
        counts = _resolve_counts(n_components, X)
        splits = [(X, X_test)] if X_test is not None else _split(X, cv, random_state)
        errors, pca_errors = [], []
        for train, test in splits:
            flat = flatten_rows(train), flatten_rows(test)
            models = [pca_baseline(estimator, k) for k in counts]
            pca_errors.append([_held_out_error(model, *flat) for model in models])
            models = [clone(estimator).set_params(n_components=k) for k in counts]
            models = [with_seeds(model, random_state) for model in models]
            errors.append([_held_out_error(model, train, test) for model in models])
        return cls(
            np.array(counts),
            np.transpose(errors),
            np.transpose(pca_errors),
            name=type(estimator).__name__,
        ).plot(ax=ax, log_scale=log_scale, line_kw=line_kw, band_kw=band_kw)

    def _draw_curve(self, counts, errors, look, line_style, band_style) -> None:
        """Draw the mean and, if there are several splits, the standard deviation."""
        mean, deviation = errors.mean(axis=1), errors.std(axis=1)
        look = merge_style(look | {"markersize": 4}, line_style, "Line2D")
        self.lines_ += self.ax_.plot(counts, mean, **look)
        if errors.shape[1] == 1:
            return
        band = {"color": look["color"], "alpha": 0.25, "linewidth": 0}
        band = merge_style(band, band_style, "Collection")
        limits = mean - deviation, mean + deviation
        self.bands_.append(self.ax_.fill_between(counts, *limits, **band))

    def _draw_elbow(self, counts, errors, name: str) -> int | None:
        """Draw a ring at the elbow, and return its number of codes."""
        mean = errors.mean(axis=1)
        position = find_elbow(np.array(counts, float), mean)
        if position is None:
            return None
        count = counts[position]
        look = ring_style(self.ax_, 9) | {"label": f"elbow of {name}: {count}"}
        self.elbow_points_ += self.ax_.plot([count], [mean[position]], **look)
        return count


def find_elbow(x: np.ndarray, y: np.ndarray) -> int | None:
    """Return the position of the point farthest below the chord of a falling curve.

    Parameters
    ----------
    x, y : ndarray of shape (n_points,)
        The curve, with increasing x.

    Returns
    -------
    position : int or None
        None if no point is below the chord from the first point to the last, or the
        last is not below the first.
    """
    if len(x) < 3 or not y[-1] < y[0]:
        return None
    along, fallen = (x - x[0]) / (x[-1] - x[0]), (y[0] - y) / (y[0] - y[-1])
    distance = fallen - along
    position = int(np.argmax(distance))
    return position if distance[position] > 1e-12 else None


def _held_out_error(estimator, train, test) -> float:
    """Fit, and return the share of the variance of held-out rows that is lost."""
    # VariationalAutoencoder's own score is a likelihood.
    return 1 - BaseAutoencoder.score(estimator.fit(train), test)


def _split(X, cv, random_state) -> Iterator[tuple]:
    """Yield training rows and held-out rows."""
    X = make_indexable(X)
    if cv is None or isinstance(cv, Integral):
        cv = KFold(cv or _N_SPLITS, shuffle=True, random_state=random_state)
    for train, test in check_cv(cv).split(X):
        yield select_rows(X, train), select_rows(X, test)


def _resolve_counts(n_components, X) -> list[int]:
    """Return the given numbers of codes, or powers of two."""
    if n_components is not None:
        return _check_counts(n_components)
    n_columns = int(np.prod(np.shape(X)[1:]))
    most = max(min(n_columns - 1, _MOST_COMPONENTS), 1)
    return [2**power for power in range(int(np.log2(most)) + 1)]


def _check_counts(n_components) -> list[int]:
    counts = np.asarray(n_components)
    integers = counts.ndim == 1 and counts.size and counts.dtype.kind in "iu"
    if not integers or counts[0] < 1 or (np.diff(counts) <= 0).any():
        raise ValueError(
            "n_components must be increasing integers of at least 1, got "
            f"{n_components!r}."
        )
    return counts.tolist()


def _check_errors(name: str, errors, n_counts: int) -> np.ndarray:
    """Return errors with a column for each split."""
    errors = np.asarray(errors, float)
    errors = errors[:, None] if errors.ndim == 1 else errors
    if errors.ndim != 2 or len(errors) != n_counts or not errors.shape[1]:
        raise ValueError(
            f"{name} must have {n_counts} rows, one for each number of codes, got the "
            f"shape {errors.shape}."
        )
    return errors
