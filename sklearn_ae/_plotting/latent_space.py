"""The codes of rows, drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from .._estimators import encode_dense
from .colours import Colouring, colouring_of
from .matplotlib import taken_axes
from .pca_baseline import pca_baseline, without_axes

_MOST_COMPONENTS = 4  # unless asked for
_SINGLE_SIZE, _PANEL_SIZE = (4.8, 4.0), 1.9  # in inches


@dataclass(kw_only=True, eq=False, repr=False)
class LatentSpaceDisplay:
    """Codes of rows, coloured by what is known of the rows, beside those of PCA.

    One code is drawn as a histogram, or if `y` holds numbers, as `y` over the code; two
    codes as points; more as a triangle of panels, one a pair, with histograms on its
    diagonal. Classes differ in colour and in marker, up to 72 of them.

    Use :meth:`from_estimator` to draw the codes of a fitted transformer. To draw other
    codes, give them to the constructor and call :meth:`plot`.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_codes)
        The codes to draw.

    y : array-like of shape (n_samples,) or None, default=None
        Classes or numbers that colour the rows. Grey are those without: None or NaN,
        and -1 among integers that are more than -1 and 1, as for
        :class:`PretrainedClassifier`.

    compared_codes : array-like of shape (n_samples, n_codes) or None, default=None
        Other codes of the same rows, drawn beside them.

    target_type : {"auto", "categorical", "continuous"}, default="auto"
        What `y` holds. "auto" asks :func:`sklearn.utils.multiclass.type_of_target`, and
        takes more than 30 different numbers as continuous, whole or not.

    components : sequence of int or None, default=None
        Numbers of the codes, for the labels. None means from 0.

    name, compared_name : str or None, default=None
        Titles.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_panels, n_tables * n_panels)
        What was drawn on, where there are one or two `n_tables`, and for three codes or
        more, as many `n_panels` as codes, else 1. Those above the diagonals are empty.

    figure_ : matplotlib Figure
        Their figure.

    scatters_ : list of list of matplotlib PathCollection
        The points of each panel, by class if `y` holds classes, those without one
        first. Empty where there is one code, unless `y` holds numbers.

    legend_ : matplotlib Legend
        What colours mean. Defined only if `y` holds classes.

    colorbar_ : matplotlib Colorbar
        The same if `y` holds numbers.

    See Also
    --------
    ReconstructionDisplay : What codes keep of rows.
    LossCurveDisplay : The losses of a fit.

    References
    ----------
    Okabe, M. and Ito, K. (2008). Color universal design (CUD): how to make figures and
    presentations that are friendly to colorblind people.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_ae import AutoencoderTransformer, LatentSpaceDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> autoencoder = AutoencoderTransformer(max_epochs=3, random_state=0).fit(X)
    >>> display = LatentSpaceDisplay.from_estimator(autoencoder, X, y, compare="pca")
    >>> display.axes_.shape
    (1, 2)
    >>> [text.get_text() for text in display.legend_.get_texts()]
    ['0', '1', '2']

    Codes of another model, here two columns:

    >>> LatentSpaceDisplay(X[:, :2], y, name="sepals").plot().axes_.shape
    (1, 1)
    """

    codes: Any = field(kw_only=False)
    y: Any = field(default=None, kw_only=False)
    compared_codes: Any = None
    target_type: str = "auto"
    components: Sequence[int] | None = None
    name: str | None = None
    compared_name: str | None = None

    def plot(self, *, ax=None, scatter_kw=None, hist_kw=None):
        """Draw the codes.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw: as many Axes as `axes_` has. None means a new figure.

        scatter_kw : dict, default=None
            For ``Axes.scatter``.

        hist_kw : dict, default=None
            For ``Axes.hist``.

        Returns
        -------
        self : LatentSpaceDisplay
            With the artists as attributes.
        """
        tables = self._tables()
        n_samples, n_codes = tables[0].shape
        colouring = colouring_of(self.y, n_samples, self.target_type)
        n_panels = n_codes if n_codes > 2 else 1
        shape = n_panels, n_panels * len(tables)
        self.axes_ = taken_axes(ax, shape, "LatentSpaceDisplay.plot", _size(shape))
        self.figure_ = self.axes_[0, 0].figure
        self.scatters_, artists = [], []
        for number, codes in enumerate(tables):
            axes = self.axes_[:, number * n_panels : (number + 1) * n_panels]
            axes[0, 0].set_title((self.name, self.compared_name)[number] or "")
            panel = _Panels(axes, codes, colouring, self.components)
            artists = panel.draw(self.scatters_, scatter_kw or {}, hist_kw or {})
        vars(self).update(colouring.explain(self.axes_, artists, own=ax is None))
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y=None,
        *,
        compare=None,
        components=None,
        target_type="auto",
        ax=None,
        scatter_kw=None,
        hist_kw=None,
    ):
        """Draw the codes that a fitted transformer gives to rows.

        Parameters
        ----------
        estimator : estimator
            A fitted transformer.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows as it takes them.

        y : array-like of shape (n_samples,), default=None
            Classes or numbers that colour the rows. Grey are those without: None or
            NaN, and -1 among integers that are more than -1 and 1.

        compare : "pca", estimator or None, default=None
            A fitted transformer whose codes are drawn beside. "pca" is PCA of these
            very rows, with the scaling of `estimator`; of tables with categories or
            gaps it is that of the encoded columns. To see PCA of the training rows,
            give one that was fitted on them.

        components : int or sequence of int, default=None
            Which codes to draw, from 0. None means the first four, or all if there are
            fewer.

        target_type : {"auto", "categorical", "continuous"}, default="auto"
            What `y` holds. "auto" asks :func:`sklearn.utils.multiclass.type_of_target`,
            and takes more than 30 different numbers as continuous, whole or not.

        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw: as many Axes as `axes_` has. None means a new figure.

        scatter_kw : dict, default=None
            For ``Axes.scatter``.

        hist_kw : dict, default=None
            For ``Axes.hist``.

        Returns
        -------
        display : LatentSpaceDisplay
            What was drawn.
        """
        codes = _codes(estimator, X)
        shown = _chosen(components, codes.shape[1])
        other, other_name = None, None
        if compare is not None:
            other, other_name = _compared(compare, estimator, X, shown)
        return cls(
            codes[:, shown],
            y,
            compared_codes=other,
            target_type=target_type,
            components=shown,
            name=type(estimator).__name__,
            compared_name=other_name,
        ).plot(ax=ax, scatter_kw=scatter_kw, hist_kw=hist_kw)

    def _tables(self) -> list[np.ndarray]:
        """Return the codes and, if there are any, those beside them."""
        codes = check_array(self.codes, input_name="codes")
        if self.compared_codes is None:
            return [codes]
        compared_codes = check_array(self.compared_codes, input_name="compared_codes")
        if compared_codes.shape != codes.shape:
            raise ValueError(
                f"compared_codes must have the shape {codes.shape} of codes, got "
                f"{compared_codes.shape}."
            )
        return [codes, compared_codes]


@dataclass(frozen=True, eq=False)
class _Panels:
    """The panels of one table of codes."""

    axes: np.ndarray
    codes: np.ndarray
    colouring: Colouring
    components: Sequence[int] | None

    def draw(self, scatters: list, scatter_kw: dict, hist_kw: dict) -> list:
        """Draw all, add their points to a list, and return what explains colours."""
        n_codes = self.codes.shape[1]
        if n_codes == 1:
            axis, codes = self.axes[0, 0], self.codes[:, 0]
            axis.set_xlabel(self._label(0))
            artists = self.colouring.single(axis, codes, scatter_kw, hist_kw)
            points = [artist for artist in artists if hasattr(artist, "get_offsets")]
            scatters += [points] if points else []
            return artists
        if n_codes == 2:
            scatters.append(self._pair(self.axes[0, 0], 0, 1, scatter_kw))
            return scatters[-1]
        for row, column in np.ndindex(n_codes, n_codes):
            axis = self.axes[row, column]
            if column > row:
                axis.set_axis_off()
            elif column == row:
                self.colouring.histogram(axis, self.codes[:, row], hist_kw)
                axis.set(yticks=[], xlabel=self._label(column))
            else:
                scatters.append(self._pair(axis, column, row, scatter_kw))
            if row < n_codes - 1:
                axis.set_xlabel("")
                axis.tick_params(labelbottom=False)
            if column > 0:
                axis.set_ylabel("")
                axis.tick_params(labelleft=False)
        return scatters[-1]

    def _pair(self, axis, first: int, second: int, style: dict) -> list:
        axis.set(xlabel=self._label(first), ylabel=self._label(second))
        x, y = self.codes[:, first], self.codes[:, second]
        return self.colouring.scatter(axis, x, y, style)

    def _label(self, position: int) -> str:
        chosen = position if self.components is None else self.components[position]
        return f"code {chosen}"


def _size(shape: tuple[int, int]) -> tuple[float, float]:
    """Return width and height of a new figure in inches."""
    n_rows, n_columns = shape
    if n_rows > 1:
        return _PANEL_SIZE * n_columns + 1, _PANEL_SIZE * n_rows
    width, height = _SINGLE_SIZE
    return width * n_columns, height


def _codes(estimator, X) -> np.ndarray:
    if not hasattr(estimator, "transform"):
        raise TypeError(
            f"The estimator must have transform, got {type(estimator).__name__}."
        )
    check_is_fitted(estimator)
    return encode_dense(estimator, X)


def _chosen(components, n_components: int) -> list[int]:
    """Return the numbers of the codes to draw."""
    if components is None:
        return list(range(min(n_components, _MOST_COMPONENTS)))
    chosen = [components] if isinstance(components, Integral) else list(components)
    inside = all(isinstance(i, Integral) and 0 <= i < n_components for i in chosen)
    if not chosen or not inside:
        raise ValueError(
            f"components must be integers from 0 to {n_components - 1}, at least one, "
            f"got {components!r}."
        )
    return [int(number) for number in chosen]


def _compared(compare, estimator, X, shown: list[int]) -> tuple[np.ndarray, str]:
    """Return other codes of the same rows, and what they are called."""
    if not isinstance(compare, str):
        codes, name = _codes(compare, X), type(compare).__name__
    elif compare != "pca":
        raise ValueError(
            f'compare must be "pca", a fitted transformer or None, got {compare!r}.'
        )
    elif isinstance(estimator, Pipeline):
        raise ValueError(
            'With compare="pca" the estimator must be no Pipeline, whose steps change '
            "the columns; give pipeline[-1], and pipeline[:-1].transform(X) as X."
        )
    else:
        pca, flat = pca_baseline(estimator, max(shown) + 1), without_axes(X)
        codes, name = encode_dense(pca.fit(flat), flat), "PCA"
    if max(shown) >= codes.shape[1]:
        raise ValueError(
            f"components must be below the {codes.shape[1]} codes of {name}, got "
            f"{shown}."
        )
    return codes[:, shown], name
