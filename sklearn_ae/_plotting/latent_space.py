"""Display of the codes of rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from .._estimators import encode_dense
from .colours import Colouring, choose_colouring
from .matplotlib import resolve_axes
from .pca_baseline import flatten_rows, pca_baseline

_MOST_COMPONENTS = 4  # drawn by default
_SINGLE_SIZE, _PANEL_SIZE = (4.8, 4.0), 1.9  # in inches


@dataclass(kw_only=True, eq=False, repr=False)
class LatentSpaceDisplay:
    """Codes of rows, coloured by class or number, beside those of PCA.

    Two codes are drawn as points. Three or more are drawn as a triangle of panels, one
    for each pair, with histograms on its diagonal. A single code is drawn as a
    histogram or, if `y` holds numbers, as `y` over the code. Each of up to 72 classes
    has its own pair of colour and marker.

    Use :meth:`from_estimator` to draw the codes of a fitted transformer. To draw other
    codes, give them to the constructor and call :meth:`plot`.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_codes)
        The codes to draw.

    y : array-like of shape (n_samples,) or None, default=None
        Classes or numbers that colour the rows. Rows without one are grey. None and NaN
        mean none, and so does -1 among integers unless -1 and 1 are the only ones, as
        in :class:`PretrainedClassifier`.

    compared_codes : array-like of shape (n_samples, n_codes) or None, default=None
        Other codes of the same rows, drawn beside `codes`.

    target_type : {"auto", "categorical", "continuous"}, default="auto"
        Type of `y`. "auto" asks :func:`sklearn.utils.multiclass.type_of_target`, and
        takes more than 30 different numbers as continuous, integers or not.

    components : sequence of int or None, default=None
        Numbers of the codes in the axis labels. None means 0, 1, and so on.

    name, compared_name : str or None, default=None
        Titles of `codes` and of `compared_codes`.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_panels, n_tables * n_panels)
        Axes of all panels. `n_tables` is 2 with `compared_codes`, else 1. `n_panels` is
        the number of codes if it is 3 or more, else 1. Axes above the diagonals are
        empty.

    figure_ : matplotlib Figure
        Figure of the axes.

    scatters_ : list of list of matplotlib PathCollection
        Points of each panel, for each class if `y` holds classes, beginning with rows
        without a class. Empty for a single code, unless `y` holds numbers.

    legend_ : matplotlib Legend
        Names of the classes. Defined only if `y` holds classes.

    colorbar_ : matplotlib Colorbar
        Scale of the numbers. Defined only if `y` holds numbers.

    See Also
    --------
    ReconstructionDisplay : Rows over their reconstructions.
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
            Axes to draw on, as many as `axes_` has. None means those of a new figure.

        scatter_kw : dict, default=None
            Keyword arguments for ``Axes.scatter``.

        hist_kw : dict, default=None
            Keyword arguments for ``Axes.hist``.

        Returns
        -------
        self : LatentSpaceDisplay
            Display with the artists as attributes.
        """
        tables = self._check_codes()
        n_samples, n_codes = tables[0].shape
        colouring = choose_colouring(self.y, n_samples, self.target_type)
        n_panels = n_codes if n_codes > 2 else 1
        shape = n_panels, n_panels * len(tables)
        figsize = _figure_size(shape)
        self.axes_ = resolve_axes(ax, shape, "LatentSpaceDisplay.plot", figsize)
        self.figure_ = self.axes_[0, 0].figure
        sides = np.split(self.axes_, len(tables), axis=1)
        titles = self.name, self.compared_name
        artists = []
        for codes, axes, title in zip(tables, sides, titles, strict=False):
            axes[0, 0].set_title(title or "")
            panels = _Panels(axes, codes, colouring, self.components)
            artists += panels.draw(scatter_kw or {}, hist_kw or {})
        self.scatters_ = [panel for panel in artists if _has_points(panel)]
        key = colouring.add_key(self.axes_, artists[-1], own_figure=ax is None)
        vars(self).update(key)
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
            Rows that the estimator can transform.

        y : array-like of shape (n_samples,) or None, default=None
            Classes or numbers that colour the rows. Rows without one are grey. None and
            NaN mean none, and so does -1 among integers unless -1 and 1 are the only
            ones, as in :class:`PretrainedClassifier`.

        compare : "pca", estimator or None, default=None
            Fitted transformer whose codes are drawn beside those of `estimator`. "pca"
            means PCA fitted on `X` with the scaling of `estimator`, or on the encoded
            columns if `X` has categories or gaps. To draw PCA of the training rows,
            give one that was fitted on them.

        components : int or sequence of int, default=None
            Which codes to draw, counted from 0. None means the first four, or all if
            there are fewer.

        target_type : {"auto", "categorical", "continuous"}, default="auto"
            Type of `y`. "auto" asks :func:`sklearn.utils.multiclass.type_of_target`,
            and takes more than 30 different numbers as continuous, integers or not.

        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to draw on, as many as `axes_` has. None means those of a new figure.

        scatter_kw : dict, default=None
            Keyword arguments for ``Axes.scatter``.

        hist_kw : dict, default=None
            Keyword arguments for ``Axes.hist``.

        Returns
        -------
        display : LatentSpaceDisplay
            Display that was drawn.
        """
        codes = _encode(estimator, X)
        drawn = _resolve_components(components, codes.shape[1])
        compared, compared_name = None, None
        if compare is not None:
            compared, compared_name = _encode_compared(compare, estimator, X, drawn)
        return cls(
            codes[:, drawn],
            y,
            compared_codes=compared,
            target_type=target_type,
            components=drawn,
            name=type(estimator).__name__,
            compared_name=compared_name,
        ).plot(ax=ax, scatter_kw=scatter_kw, hist_kw=hist_kw)

    def _check_codes(self) -> list[np.ndarray]:
        """Return the codes and, if there are any, those to draw beside them."""
        codes = check_array(self.codes, input_name="codes")
        if self.components is not None and len(self.components) != codes.shape[1]:
            raise ValueError(
                f"components must have {codes.shape[1]} numbers, one for each column "
                f"of codes, got {self.components!r}."
            )
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

    def draw(self, scatter_style: dict, hist_style: dict) -> list[list]:
        """Draw the codes, and return the artists of each panel off the diagonal."""
        n_codes, axis = self.codes.shape[1], self.axes[0, 0]
        if n_codes > 2:
            return self._draw_triangle(scatter_style, hist_style)
        if n_codes == 2:
            return [self._draw_pair(axis, 0, 1, scatter_style)]
        axis.set_xlabel(self._label(0))
        codes = self.codes[:, 0]
        return [self.colouring.draw_one_code(axis, codes, scatter_style, hist_style)]

    def _draw_triangle(self, scatter_style: dict, hist_style: dict) -> list[list]:
        artists = []
        for row, column in np.ndindex(self.axes.shape):
            axis = self.axes[row, column]
            if column > row:
                axis.set_axis_off()
            elif column == row:
                self.colouring.histogram(axis, self.codes[:, row], hist_style)
                axis.set(yticks=[], xlabel=self._label(row))
            else:
                artists.append(self._draw_pair(axis, column, row, scatter_style))
        self._remove_inner_labels()
        return artists

    def _draw_pair(self, axis, first: int, second: int, style: dict) -> list:
        axis.set(xlabel=self._label(first), ylabel=self._label(second))
        x, y = self.codes[:, first], self.codes[:, second]
        return self.colouring.scatter(axis, x, y, style)

    def _remove_inner_labels(self) -> None:
        """Keep labels at the left and at the bottom only."""
        for axis in self.axes[:-1].flat:
            axis.set_xlabel("")
            axis.tick_params(labelbottom=False)
        for axis in self.axes[:, 1:].flat:
            axis.set_ylabel("")
            axis.tick_params(labelleft=False)

    def _label(self, position: int) -> str:
        number = position if self.components is None else self.components[position]
        return f"code {number}"


def _has_points(artists: list) -> bool:
    """Tell points of a scatter plot from the patches of a histogram."""
    return any(hasattr(artist, "get_offsets") for artist in artists)


def _figure_size(shape: tuple[int, int]) -> tuple[float, float]:
    """Return width and height of a new figure in inches."""
    n_rows, n_columns = shape
    if n_rows > 1:
        return _PANEL_SIZE * n_columns + 1, _PANEL_SIZE * n_rows
    width, height = _SINGLE_SIZE
    return width * n_columns, height


def _encode(estimator, X) -> np.ndarray:
    if not hasattr(estimator, "transform"):
        raise TypeError(
            f"The estimator must have transform, got {type(estimator).__name__}."
        )
    check_is_fitted(estimator)
    return encode_dense(estimator, X)


def _resolve_components(components, n_components: int) -> list[int]:
    """Return the numbers of the codes to draw."""
    if components is None:
        return list(range(min(n_components, _MOST_COMPONENTS)))
    numbers = [components] if isinstance(components, Integral) else list(components)
    valid = all(isinstance(i, Integral) and 0 <= i < n_components for i in numbers)
    if not numbers or not valid:
        raise ValueError(
            f"components must be integers from 0 to {n_components - 1}, at least one, "
            f"got {components!r}."
        )
    return [int(number) for number in numbers]


def _encode_compared(compare, estimator, X, drawn: list[int]) -> tuple[np.ndarray, str]:
    """Return the codes to draw of another transformer, and its name."""
    if not isinstance(compare, str):
        codes, name = _encode(compare, X), type(compare).__name__
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
        pca, rows = pca_baseline(estimator, max(drawn) + 1), flatten_rows(X)
        codes, name = encode_dense(pca.fit(rows), rows), "PCA"
    if max(drawn) >= codes.shape[1]:
        raise ValueError(
            f"components must be below the {codes.shape[1]} codes of {name}, got "
            f"{drawn}."
        )
    return codes[:, drawn], name
