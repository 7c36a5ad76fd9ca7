"""Display of rows over their reconstructions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from .._estimators import unwrap_autoencoder
from .._tables import to_dense_table
from .matplotlib import import_pyplot, resolve_axes, use_integer_ticks
from .row_images import (
    DEFAULT_N_ROWS,
    clips_to_images,
    draw_cells,
    draw_images,
    draw_signals,
    format_cells,
    measure_cell_errors,
    resolve_kind_and_shape,
)


@dataclass(kw_only=True, eq=False, repr=False)
class ReconstructionDisplay:
    """Rows over their reconstructions from codes.

    Images are drawn in lines, originals over reconstructions, with the same limits of
    brightness. Each signal has a panel, with its reconstruction as a dashed line. Cells
    of tables are written into a map of their errors.

    Use :meth:`from_estimator` to draw what a fitted transformer reconstructs. To draw
    other rows, such as predictions or filled gaps, give them to the constructor and
    call :meth:`plot`.

    Parameters
    ----------
    originals : {array-like, sparse matrix, dataframe} of shape (n_samples, ...)
        The rows.

    reconstructions : {array-like, sparse matrix, dataframe} of shape (n_samples, ...)
        Reconstructions of the same rows, with the same columns.

    kind : {"auto", "image", "signal", "table"}, default="auto"
        How to draw the rows. With `shape`, "auto" means signals if it has one axis,
        else images. Without `shape`, "auto" means signals for an array with more than
        30 columns, else a table.

    shape : sequence of int or None, default=None
        Axes of a row. Images have (H, W), (H, W, C) with 1, 3 or 4 channels, or
        (T, H, W, C), whose T images are drawn side by side; signals have (L,) or
        (L, C). None means the axes of `originals` after the first, if there are
        several.

    Attributes
    ----------
    kind_ : {"image", "signal", "table"}
        How the rows were drawn.

    axes_ : ndarray of matplotlib Axes of shape (n_panels, 1)
        A panel for each signal, or one panel for all rows.

    figure_ : matplotlib Figure
        Figure of the axes.

    image_ : matplotlib AxesImage or None
        The images; or the errors of a table's cells, with a line for each column of the
        table and a column for each row. An error of a number is its distance from the
        original, in standard deviations of the column over all given rows. An error of
        a category is 1 if it differs, else 0. Numbers that are categories only by
        `categorical_features` count as numbers.

    lines_ : list of list of matplotlib Line2D
        For each panel of signals the originals, then the reconstructions, with a line
        for each channel.

    texts_ : list of matplotlib Text
        Texts in the cells of a table. Empty if more than 400 cells are drawn.

    See Also
    --------
    LatentSpaceDisplay : The codes of rows.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_ae import AutoencoderTransformer, ReconstructionDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = AutoencoderTransformer(8, max_epochs=1, random_state=0).fit(X)
    >>> display = ReconstructionDisplay.from_estimator(autoencoder, X, shape=(8, 8))
    >>> display.kind_
    'image'

    Predictions of :class:`EncoderDecoderRegressor`, or of any other regressor:

    >>> from sklearn.linear_model import Ridge
    >>> upper, lower = X[:, :32], X[:, 32:]
    >>> predicted = Ridge().fit(upper, lower).predict(upper)
    >>> ReconstructionDisplay(lower, predicted, shape=(4, 8)).plot().kind_
    'image'
    """

    originals: Any = field(kw_only=False)
    reconstructions: Any = field(kw_only=False)
    kind: str = "auto"
    shape: Sequence[int] | None = None

    def plot(self, *, ax=None, n_rows=None, x=None, image_kw=None, line_kw=None):
        """Draw the first rows.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to draw on, one for each signal or one for all rows. None means those
            of a new figure.

        n_rows : int or None, default=None
            Number of rows to draw. None means up to ten images, four signals or six
            rows of a table.

        x : array-like of shape (length,), default=None
            Positions of a signal's samples, such as wavelengths. None means 0, 1, and
            so on.

        image_kw : dict, default=None
            Keyword arguments for ``Axes.imshow``.

        line_kw : dict, default=None
            Keyword arguments for ``Axes.plot``.

        Returns
        -------
        self : ReconstructionDisplay
            Display with the artists as attributes.
        """
        import_pyplot("ReconstructionDisplay.plot")
        tables, shape = self._check_rows()
        self.kind_, shape = resolve_kind_and_shape(self.kind, shape, tables[0])
        n_rows = _resolve_n_rows(n_rows, self.kind_, tables[0].shape[0])
        self.image_, self.lines_, self.texts_ = None, [], []
        if self.kind_ == "table":
            self._plot_table(ax, tables, n_rows, image_kw or {})
        else:
            pair = [_first_rows(X, n_rows, shape) for X in tables]
            if self.kind_ == "image":
                self._plot_images(ax, pair, image_kw or {})
            else:
                self._plot_signals(ax, pair, x, line_kw or {})
        self.figure_ = self.axes_[0, 0].figure
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        *,
        kind="auto",
        shape=None,
        ax=None,
        n_rows=None,
        x=None,
        image_kw=None,
        line_kw=None,
    ):
        """Draw rows and their reconstructions by a fitted transformer.

        Parameters
        ----------
        estimator : estimator
            Fitted, with `reconstruct`, or `transform` and `inverse_transform` as PCA
            has.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, ...)
            Rows that the estimator can transform. The first ones are drawn; the errors
            of a table are in standard deviations over all of them.

        kind : {"auto", "image", "signal", "table"}, default="auto"
            How to draw the rows. With `shape`, "auto" means signals if it has one axis,
            else images. Without `shape`, "auto" means signals for an array with more
            than 30 columns, else a table.

        shape : sequence of int, default=None
            Axes of a row. Images have (H, W), (H, W, C) with 1, 3 or 4 channels, or
            (T, H, W, C), whose T images are drawn side by side; signals have (L,) or
            (L, C). None means those of a :class:`ConvolutionalAutoencoder`, else the
            axes of `X` after the first, if there are several.

        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to draw on, one for each signal or one for all rows. None means those
            of a new figure.

        n_rows : int or None, default=None
            Number of rows to draw. None means up to ten images, four signals or six
            rows of a table.

        x : array-like of shape (length,), default=None
            Positions of a signal's samples, such as wavelengths. None means 0, 1, and
            so on.

        image_kw : dict, default=None
            Keyword arguments for ``Axes.imshow``.

        line_kw : dict, default=None
            Keyword arguments for ``Axes.plot``.

        Returns
        -------
        display : ReconstructionDisplay
            Display that was drawn.
        """
        kind, shape = _infer_kind_and_shape(estimator, kind, shape)
        reconstructions = _reconstruct(estimator, X)
        originals = X.toarray() if issparse(X) else X
        return cls(originals, reconstructions, kind=kind, shape=shape).plot(
            ax=ax, n_rows=n_rows, x=x, image_kw=image_kw, line_kw=line_kw
        )

    def _check_rows(self):
        """Return originals and reconstructions as tables, and the shape of a row."""
        check_consistent_length(self.originals, self.reconstructions)
        axes = getattr(self.originals, "shape", ())[1:]
        shape = axes if self.shape is None and len(axes) > 1 else self.shape
        originals = to_dense_table(self.originals)
        reconstructions = to_dense_table(self.reconstructions)
        if originals.shape != reconstructions.shape:
            raise ValueError(
                f"reconstructions must have the shape {originals.shape} of originals, "
                f"got {reconstructions.shape}."
            )
        return (originals, reconstructions), shape

    def _plot_images(self, ax, pair, style: dict) -> None:
        originals, reconstructions = map(clips_to_images, pair)
        n_rows, height, width, _ = originals.shape
        n_columns, n_lines = min(n_rows, 10), 2 * -(-n_rows // 10)
        inches = 0.9 * n_columns * max(1.0, width / height / 2)
        figsize = inches + 1.5, inches * n_lines * height / (n_columns * width) + 0.5
        self._make_axes(ax, 1, figsize)
        self.image_ = draw_images(self.axes_[0, 0], originals, reconstructions, style)

    def _plot_signals(self, ax, pair, x, style: dict) -> None:
        n_rows, length, _ = pair[0].shape
        x = np.arange(length) if x is None else np.asarray(x)
        if len(x) != length:
            raise ValueError(
                f"x must have {length} numbers, as a signal has, got {len(x)}."
            )
        self._make_axes(ax, n_rows, (6.4, 1.5 * n_rows + 0.6))
        for axis, *signals in zip(self.axes_[:, 0], *pair, strict=True):
            self.lines_.append(draw_signals(axis, x, *signals, style))
            if ax is None:
                axis.label_outer()
        top = self.axes_[0, 0]
        top.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize="small")

    def _plot_table(self, ax, tables, n_rows: int, style: dict) -> None:
        errors = measure_cell_errors(*tables)
        longest_name = max(map(len, errors.names))
        width = 0.95 * n_rows + 2.6 + 0.09 * max(0, longest_name - 20)
        height = float(np.clip(0.42 * len(errors.names) + 0.6, 2, 12))
        self._make_axes(ax, 1, (width, height))
        axis, texts = self.axes_[0, 0], [format_cells(X, n_rows) for X in tables]
        errors = errors._replace(deviations=errors.deviations[:n_rows])
        self.image_, self.texts_ = draw_cells(axis, errors, *texts, style)
        use_integer_ticks(axis.xaxis)

    def _make_axes(self, ax, n_panels: int, figsize: tuple[float, float]) -> None:
        caller = "ReconstructionDisplay.plot"
        self.axes_ = resolve_axes(ax, (n_panels, 1), caller, figsize)


def _infer_kind_and_shape(estimator, kind: str, shape):
    """Return kind and shape of rows, by the estimator if they are not given."""
    autoencoder = unwrap_autoencoder(estimator)
    known = getattr(autoencoder, "input_shape", None) is not None
    if shape is not None or kind == "table" or not known:
        return kind, shape
    shape = autoencoder._shape_with_channels(0)
    if kind == "auto" and len(shape) == 2:
        kind = "signal"
    return kind, shape


def _reconstruct(estimator, X):
    check_is_fitted(estimator)
    if hasattr(estimator, "reconstruct"):
        return estimator.reconstruct(X)
    if hasattr(estimator, "transform") and hasattr(estimator, "inverse_transform"):
        return estimator.inverse_transform(estimator.transform(X))
    raise TypeError(
        "The estimator must have reconstruct or inverse_transform, got "
        f"{type(estimator).__name__}; to draw what another estimator predicts, use "
        "ReconstructionDisplay(y, estimator.predict(X)).plot()."
    )


def _first_rows(X, n_rows: int, shape) -> np.ndarray:
    return np.asarray(X[:n_rows], float).reshape(n_rows, *shape)


def _resolve_n_rows(n_rows, kind: str, most: int) -> int:
    if n_rows is None:
        return min(DEFAULT_N_ROWS[kind], most)
    if not isinstance(n_rows, Integral) or n_rows < 1:
        raise ValueError(f"n_rows must be an integer of at least 1, got {n_rows!r}.")
    return min(int(n_rows), most)
