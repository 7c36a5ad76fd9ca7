"""Held-out error over the number of codes, drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import KFold, check_cv

from .._estimators import BaseAutoencoder, with_seeds
from .._tables import make_indexable, select_rows
from .matplotlib import colours, pyplot, ring, styled, taken_axes, whole_ticks
from .pca_baseline import pca_baseline, without_axes

_N_SPLITS = 3
_MOST_COMPONENTS = 32  # unless asked for


@dataclass(kw_only=True, eq=False, repr=False)
class ComponentsErrorDisplay:
    r"""Share of the variance that is lost, over the number of codes, beside PCA's.

    Errors are those of held-out rows, so they need not fall for ever. Where they stop
    to fall fast is the elbow. With numbers of codes :math:`k` and errors :math:`e`,
    means over the splits, both scaled to [0, 1] over the curve, it is the point with
    the largest distance :math:`1 - k - e` below the chord from the first point to the
    last, as in the offline version of Kneedle without its smoothing. A curve without
    any point below its chord has none. It is a way to look at the curve; what a later
    step needs is told by that step's score.

    Make it by :meth:`from_estimator`, or of numbers by :meth:`from_errors`.

    Parameters
    ----------
    n_components : array-like of int of shape (n_counts,)
        Numbers of codes, rising.

    errors : ndarray of shape (n_counts, n_splits)
        Share of the variance of held-out rows that so many codes leave unexplained.

    pca_errors : ndarray of shape (n_counts, n_splits) or None, default=None
        The same of PCA.

    name : str, default="autoencoder"
        What the legend calls the first.

    Attributes
    ----------
    elbow_ : int or None
        Number of codes at the elbow of `errors`.

    pca_elbow_ : int or None
        The same of `pca_errors`.

    ax_ : matplotlib Axes
        What was drawn on.

    figure_ : matplotlib Figure
        Its figure.

    lines_ : list of matplotlib Line2D
        Means over the splits: of `pca_errors`, if there are any, then of `errors`.

    bands_ : list of matplotlib PolyCollection
        One deviation over the splits to each side, in the same order. Empty where there
        is one split.

    elbow_points_ : list of matplotlib Line2D
        The marks at the elbows, in the same order.

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
    """

    n_components: Sequence[int] = field(kw_only=False)
    errors: np.ndarray = field(kw_only=False)
    pca_errors: np.ndarray | None = field(default=None, kw_only=False)
    name: str = "autoencoder"

    def plot(self, ax=None, *, log_scale=False, line_kw=None, band_kw=None):
        """Draw the errors.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None means a new figure.

        log_scale : bool, default=False
            Whether the axis of errors is logarithmic.

        line_kw : dict, default=None
            For ``Axes.plot`` of the means.

        band_kw : dict, default=None
            For ``Axes.fill_between``.

        Returns
        -------
        self : ComponentsErrorDisplay
            With the artists and elbows as attributes.
        """
        self.ax_ = taken_axes(ax, (1, 1), "ComponentsErrorDisplay.plot")[0, 0]
        self.figure_ = self.ax_.figure
        self.lines_, self.bands_, self.elbow_points_ = [], [], []
        curves = [
            ("PCA", self.pca_errors, 1, "s", "--"),
            (self.name, self.errors, 0, "o", "-"),
        ]
        elbows = []
        for label, errors, colour, marker, dashes in curves:
            if errors is None:
                elbows.append(None)
                continue
            look = {"color": colours(self.ax_)[colour], "label": label}
            look |= {"marker": marker, "linestyle": dashes, "markersize": 4}
            look = styled(look, line_kw or {}, "Line2D")
            self._draw_curve(errors, look, band_kw or {})
            elbows.append(self._draw_elbow(errors, label))
        self.pca_elbow_, self.elbow_ = elbows
        self.ax_.set(xlabel="number of codes", ylabel="share of variance lost")
        if log_scale:
            self.ax_.set_yscale("log")
        whole_ticks(self.ax_.xaxis)
        self.ax_.legend(fontsize="small")
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

        PCA has the scaling of the estimator, and of tables with categories or gaps it
        is that of the encoded columns. Where :class:`SparseAutoencoder` has many atoms,
        of which few make a row, it has as many components, which all do.

        Parameters
        ----------
        estimator : estimator
            An autoencoder of this package; clones of it are fitted.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows.

        X_test : {array-like, sparse matrix, dataframe} of shape \
                (n_test, n_features), default=None
            Held-out rows. None means that `cv` splits X.

        n_components : array-like of int, default=None
            Numbers of codes, rising. None means powers of two below the number of
            columns, up to 32.

        cv : int, cross-validation generator or iterable, default=None
            How X is split: a number of parts of shuffled rows, or as in scikit-learn.
            None means three parts.

        random_state : int, RandomState instance or None, default=None
            Determines the parts, and seeds the estimator where its own is None.

        ax : matplotlib Axes, default=None
            Where to draw. None means a new figure.

        log_scale : bool, default=False
            Whether the axis of errors is logarithmic.

        line_kw : dict, default=None
            For ``Axes.plot`` of the means.

        band_kw : dict, default=None
            For ``Axes.fill_between``.

        Returns
        -------
        display : ComponentsErrorDisplay
            What was drawn.
        """
        pyplot("ComponentsErrorDisplay.from_estimator")
        if not isinstance(estimator, BaseAutoencoder):
            raise TypeError(
                "The estimator must be an autoencoder of sklearn_ae, got "
                f"{type(estimator).__name__}; of a Pipeline give the last step, and X "
                "as the steps before make it."
            )
        if X_test is not None and cv is not None:
            raise ValueError("cv must be None where X_test is given, got both.")
        counts = _counts(n_components, X)
        splits = [(X, X_test)] if X_test is not None else _splits(X, cv, random_state)
        errors, pca_errors = [], []
        for train, test in splits:
            flat = without_axes(train), without_axes(test)
            made = [pca_baseline(estimator, k) for k in counts]
            pca_errors.append([_unexplained(one, *flat) for one in made])
            made = [clone(estimator).set_params(n_components=k) for k in counts]
            made = [with_seeds(one, random_state) for one in made]
            errors.append([_unexplained(one, train, test) for one in made])
        return cls.from_errors(
            counts,
            np.transpose(errors),
            np.transpose(pca_errors),
            name=type(estimator).__name__,
            ax=ax,
            log_scale=log_scale,
            line_kw=line_kw,
            band_kw=band_kw,
        )

    @classmethod
    def from_errors(
        cls,
        n_components,
        errors,
        pca_errors=None,
        *,
        name="autoencoder",
        ax=None,
        log_scale=False,
        line_kw=None,
        band_kw=None,
    ):
        """Draw errors that are at hand.

        Parameters
        ----------
        n_components : array-like of int of shape (n_counts,)
            Numbers of codes, rising.

        errors : array-like of shape (n_counts,) or (n_counts, n_splits)
            Share of the variance of held-out rows that so many codes leave unexplained.

        pca_errors : array-like of shape (n_counts,) or (n_counts, n_splits), \
                default=None
            The same of PCA.

        name : str, default="autoencoder"
            What the legend calls the first.

        ax : matplotlib Axes, default=None
            Where to draw. None means a new figure.

        log_scale : bool, default=False
            Whether the axis of errors is logarithmic.

        line_kw : dict, default=None
            For ``Axes.plot`` of the means.

        band_kw : dict, default=None
            For ``Axes.fill_between``.

        Returns
        -------
        display : ComponentsErrorDisplay
            What was drawn.
        """
        counts = _rising(n_components)
        errors = _a_split_a_column("errors", errors, len(counts))
        if pca_errors is not None:
            pca_errors = _a_split_a_column("pca_errors", pca_errors, len(counts))
        return cls(np.array(counts), errors, pca_errors, name=name).plot(
            ax, log_scale=log_scale, line_kw=line_kw, band_kw=band_kw
        )

    def _draw_curve(self, errors: np.ndarray, look: dict, band_kw: dict) -> None:
        mean, deviation = errors.mean(axis=1), errors.std(axis=1)
        self.lines_ += self.ax_.plot(self.n_components, mean, **look)
        if errors.shape[1] == 1:
            return
        band = {"color": look["color"], "alpha": 0.25, "linewidth": 0}
        band = styled(band, band_kw, "Collection")
        edges = mean - deviation, mean + deviation
        filled = self.ax_.fill_between(self.n_components, *edges, **band)
        self.bands_.append(filled)

    def _draw_elbow(self, errors: np.ndarray, label: str) -> int | None:
        mean = errors.mean(axis=1)
        position = elbow(np.asarray(self.n_components, float), mean)
        if position is None:
            return None
        count = int(self.n_components[position])
        look = ring(self.ax_, 9) | {"label": f"elbow of {label}: {count}"}
        self.elbow_points_ += self.ax_.plot([count], [mean[position]], **look)
        return count


def elbow(x: np.ndarray, y: np.ndarray) -> int | None:
    """Return the position of the point farthest below the chord of a falling curve.

    Parameters
    ----------
    x, y : ndarray of shape (n_points,)
        The curve, x rising.

    Returns
    -------
    position : int or None
        None where no point is below the chord from the first point to the last, or the
        last is not below the first.
    """
    if len(x) < 3 or not y[-1] < y[0]:
        return None
    along, fallen = (x - x[0]) / (x[-1] - x[0]), (y[0] - y) / (y[0] - y[-1])
    distance = fallen - along
    position = int(np.argmax(distance))
    return position if distance[position] > 1e-12 else None


def _unexplained(estimator, train, test) -> float:
    """Return the share of the variance of held-out rows that is lost."""
    # VariationalAutoencoder's own score is a likelihood.
    return 1 - BaseAutoencoder.score(estimator.fit(train), test)


def _splits(X, cv, random_state) -> Iterator[tuple]:
    """Yield training rows and held-out rows."""
    X = make_indexable(X)
    if cv is None or isinstance(cv, Integral):
        cv = KFold(cv or _N_SPLITS, shuffle=True, random_state=random_state)
    for train, test in check_cv(cv).split(X):
        yield select_rows(X, train), select_rows(X, test)


def _counts(n_components, X) -> list[int]:
    if n_components is not None:
        return _rising(n_components)
    n_columns = int(np.prod(np.shape(X)[1:]))
    most = max(min(n_columns - 1, _MOST_COMPONENTS), 1)
    return [2**power for power in range(int(np.log2(most)) + 1)]


def _rising(n_components) -> list[int]:
    counts = np.asarray(n_components)
    whole = counts.ndim == 1 and counts.size and counts.dtype.kind in "iu"
    if not whole or counts[0] < 1 or (np.diff(counts) <= 0).any():
        raise ValueError(
            f"n_components must be rising integers of at least 1, got {n_components!r}."
        )
    return counts.tolist()


def _a_split_a_column(name: str, errors, n_counts: int) -> np.ndarray:
    errors = np.asarray(errors, float)
    errors = errors[:, None] if errors.ndim == 1 else errors
    if errors.ndim != 2 or len(errors) != n_counts or not errors.shape[1]:
        raise ValueError(
            f"{name} must have {n_counts} rows, one a number of codes, got the shape "
            f"{errors.shape}."
        )
    return errors
