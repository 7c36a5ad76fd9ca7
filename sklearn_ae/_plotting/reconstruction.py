"""Rows and what their codes keep of them, drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from .._estimators import own_autoencoder
from .._tables import to_dense_table
from .matplotlib import pyplot, taken_axes, whole_ticks
from .row_images import (
    N_ROWS,
    cell_errors,
    draw_cells,
    draw_images,
    draw_signals,
    flat_clips,
    kind_and_shape,
    written_cells,
)


@dataclass(kw_only=True, eq=False, repr=False)
class ReconstructionDisplay:
    """Rows over what is left of them after encoding and decoding.

    Images are shown in lines, originals over reconstructions, in the same shades.
    Signals have a panel each, with the reconstruction dashed. Cells of tables are
    written into a map of their errors.

    Make it by :meth:`from_estimator`, or of rows by :meth:`from_rows`.

    Parameters
    ----------
    originals : {ndarray, dataframe} of shape (n_samples, n_features)
        The rows.

    reconstructions : {ndarray, dataframe} of shape (n_samples, n_features)
        What is left of them.

    kind : {"auto", "image", "signal", "table"}, default="auto"
        How to draw them. "auto" takes a `shape` of one axis as that of a signal and one
        of more as that of an image. Without `shape`, an array of more than 30 columns
        holds signals, and all else is a table.

    shape : sequence of int or None, default=None
        Axes of a row: (H, W), (H, W, C) with 1, 3 or 4 channels, or (T, H, W, C), whose
        pictures are put side by side; of signals (L,) or (L, C).

    Attributes
    ----------
    kind_ : {"image", "signal", "table"}
        How they were drawn.

    axes_ : ndarray of matplotlib Axes of shape (n_panels, 1)
        What was drawn on: a panel a signal, or one for all.

    figure_ : matplotlib Figure
        Their figure.

    image_ : matplotlib AxesImage or None
        The images, or the errors of a table's cells, columns as lines and rows as
        columns. An error is the distance in the column's deviations over all rows
        given; a category's is 1 where it differs. Numbers that `categorical_features`
        alone makes categories count as numbers.

    lines_ : list of list of matplotlib Line2D
        Of each panel of signals the originals, then the reconstructions, a line a
        channel.

    texts_ : list of matplotlib Text
        What is written into the cells of a table of up to 400.

    See Also
    --------
    LatentSpaceDisplay : The codes.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_ae import AutoencoderTransformer, ReconstructionDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = AutoencoderTransformer(8, max_epochs=1, random_state=0).fit(X)
    >>> display = ReconstructionDisplay.from_estimator(autoencoder, X, shape=(8, 8))
    >>> display.kind_
    'image'

    What :class:`EncoderDecoderRegressor` predicts, or any other regressor, is drawn by
    ``ReconstructionDisplay.from_rows(y, regressor.predict(X))``.
    """

    originals: Any = field(kw_only=False)
    reconstructions: Any = field(kw_only=False)
    kind: str = "auto"
    shape: Sequence[int] | None = None

    def plot(self, ax=None, *, n_rows=None, x=None, image_kw=None, line_kw=None):
        """Draw the first rows.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw: of signals, one a row. None means a new figure.

        n_rows : int or None, default=None
            How many rows to draw. None means up to ten images, four signals or six rows
            of a table.

        x : array-like of shape (length,), default=None
            Where the samples of a signal lie, such as wavelengths. None means their
            numbers.

        image_kw : dict, default=None
            For ``Axes.imshow``.

        line_kw : dict, default=None
            For ``Axes.plot``.

        Returns
        -------
        self : ReconstructionDisplay
            With the artists as attributes.
        """
        pyplot("ReconstructionDisplay.plot")
        self.kind_, shape = kind_and_shape(self.kind, self.shape, self.originals)
        n_rows = _n_rows(n_rows, self.kind_, self.originals.shape[0])
        self.image_, self.lines_, self.texts_ = None, [], []
        if self.kind_ == "image":
            self._plot_images(ax, shape, n_rows, image_kw or {})
        elif self.kind_ == "signal":
            self._plot_signals(ax, shape, n_rows, x, line_kw or {})
        else:
            self._plot_table(ax, n_rows, image_kw or {})
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
        """Draw rows and what a fitted transformer reconstructs of them.

        Parameters
        ----------
        estimator : estimator
            Fitted, with `reconstruct`, or `transform` and `inverse_transform` as PCA
            has.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, ...)
            Rows as it takes them. The first ones are drawn; the deviations of a table's
            columns are those of all.

        kind : {"auto", "image", "signal", "table"}, default="auto"
            How to draw them. "auto" takes a `shape` of one axis as that of a signal and
            one of more as that of an image. Without `shape`, an array of more than 30
            columns holds signals, and all else is a table.

        shape : sequence of int, default=None
            Axes of a row: (H, W), (H, W, C) with 1, 3 or 4 channels, or (T, H, W, C),
            whose pictures are put side by side; of signals (L,) or (L, C). None means
            those of :class:`ConvolutionalAutoencoder`, or of X.

        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw: of signals, one a row. None means a new figure.

        n_rows : int or None, default=None
            How many rows to draw. None means up to ten images, four signals or six rows
            of a table.

        x : array-like of shape (length,), default=None
            Where the samples of a signal lie, such as wavelengths. None means their
            numbers.

        image_kw : dict, default=None
            For ``Axes.imshow``.

        line_kw : dict, default=None
            For ``Axes.plot``.

        Returns
        -------
        display : ReconstructionDisplay
            What was drawn.
        """
        kind, shape = _own_shape(estimator, kind, shape)
        return cls.from_rows(
            X,
            _reconstructed(estimator, X),
            kind=kind,
            shape=shape,
            ax=ax,
            n_rows=n_rows,
            x=x,
            image_kw=image_kw,
            line_kw=line_kw,
        )

    @classmethod
    def from_rows(
        cls,
        originals,
        reconstructions,
        *,
        kind="auto",
        shape=None,
        ax=None,
        n_rows=None,
        x=None,
        image_kw=None,
        line_kw=None,
    ):
        """Draw rows over others: reconstructions, predictions or filled gaps.

        Parameters
        ----------
        originals : {array-like, sparse matrix, dataframe} of shape (n_samples, ...)
            The rows.

        reconstructions : {array-like, sparse matrix, dataframe} of shape \
                (n_samples, ...)
            As many others, of the same columns.

        kind : {"auto", "image", "signal", "table"}, default="auto"
            How to draw them. "auto" takes a `shape` of one axis as that of a signal and
            one of more as that of an image. Without `shape`, an array of more than 30
            columns holds signals, and all else is a table.

        shape : sequence of int, default=None
            Axes of a row: (H, W), (H, W, C) with 1, 3 or 4 channels, or (T, H, W, C),
            whose pictures are put side by side; of signals (L,) or (L, C). None means
            those of `originals`, if it has any.

        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw: of signals, one a row. None means a new figure.

        n_rows : int or None, default=None
            How many rows to draw. None means up to ten images, four signals or six rows
            of a table.

        x : array-like of shape (length,), default=None
            Where the samples of a signal lie, such as wavelengths. None means their
            numbers.

        image_kw : dict, default=None
            For ``Axes.imshow``.

        line_kw : dict, default=None
            For ``Axes.plot``.

        Returns
        -------
        display : ReconstructionDisplay
            What was drawn.
        """
        check_consistent_length(originals, reconstructions)
        axes = getattr(originals, "shape", ())[1:]
        shape = axes if shape is None and len(axes) > 1 else shape
        originals = to_dense_table(originals)
        reconstructions = to_dense_table(reconstructions)
        if originals.shape != reconstructions.shape:
            raise ValueError(
                f"reconstructions must have the shape {originals.shape} of originals, "
                f"got {reconstructions.shape}."
            )
        return cls(originals, reconstructions, kind=kind, shape=shape).plot(
            ax, n_rows=n_rows, x=x, image_kw=image_kw, line_kw=line_kw
        )

    def _first(self, n_rows: int, shape) -> list[np.ndarray]:
        """Return the first rows and their reconstructions, with their axes."""
        tables = self.originals, self.reconstructions
        return [np.asarray(X[:n_rows], float).reshape(n_rows, *shape) for X in tables]

    def _plot_images(self, ax, shape, n_rows, style):
        pairs = [flat_clips(rows) for rows in self._first(n_rows, shape)]
        _, height, width, _ = pairs[0].shape
        n_columns, n_lines = min(n_rows, 10), 2 * -(-n_rows // 10)
        inches = 0.9 * n_columns * max(1.0, width / height / 2)
        size = inches + 1.5, inches * n_lines * height / (n_columns * width) + 0.5
        self.axes_ = taken_axes(ax, (1, 1), "ReconstructionDisplay.plot", size)
        self.image_ = draw_images(self.axes_[0, 0], *pairs, style)

    def _plot_signals(self, ax, shape, n_rows, x, style):
        pairs = self._first(n_rows, shape)
        x = np.arange(shape[0]) if x is None else np.asarray(x)
        if len(x) != shape[0]:
            raise ValueError(
                f"x must have {shape[0]} numbers, as a signal has, got {len(x)}."
            )
        size, panels = (6.4, 1.5 * n_rows + 0.6), (n_rows, 1)
        self.axes_ = taken_axes(ax, panels, "ReconstructionDisplay.plot", size)
        for axis, original, told in zip(self.axes_[:, 0], *pairs, strict=True):
            self.lines_.append(draw_signals(axis, x, original, told, style))
            if ax is None:
                axis.label_outer()
        top = self.axes_[0, 0]
        top.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize="small")

    def _plot_table(self, ax, n_rows, style):
        errors = cell_errors(self.originals, self.reconstructions)
        n_columns = len(errors.names)
        beside = 2.6 + 0.09 * max(0, max(map(len, errors.names)) - 20)
        size = 0.95 * n_rows + beside, float(np.clip(0.42 * n_columns + 0.6, 2, 12))
        self.axes_ = taken_axes(ax, (1, 1), "ReconstructionDisplay.plot", size)
        tables = self.originals, self.reconstructions
        texts = [written_cells(X, n_rows) for X in tables]
        shown = errors._replace(deviations=errors.deviations[:n_rows])
        axis = self.axes_[0, 0]
        self.image_, self.texts_ = draw_cells(axis, shown, *texts, style)
        whole_ticks(axis.xaxis)


def _own_shape(estimator, kind: str, shape):
    """Return kind and shape, as the estimator knows them where they are not given."""
    own = own_autoencoder(estimator)
    known = getattr(own, "input_shape", None) is not None
    if shape is not None or kind == "table" or not known:
        return kind, shape
    shape = own._shape_with_channels(0)
    if kind == "auto" and len(shape) == 2:
        kind = "signal"
    return kind, shape


def _reconstructed(estimator, X):
    """Return what a fitted transformer makes of its codes of rows."""
    check_is_fitted(estimator)
    if hasattr(estimator, "reconstruct"):
        return estimator.reconstruct(X)
    if hasattr(estimator, "transform") and hasattr(estimator, "inverse_transform"):
        return estimator.inverse_transform(estimator.transform(X))
    raise TypeError(
        "The estimator must have reconstruct or inverse_transform, got "
        f"{type(estimator).__name__}; what others predict is drawn by from_rows."
    )


def _n_rows(n_rows, kind: str, most: int) -> int:
    if n_rows is None:
        return min(N_ROWS[kind], most)
    if not isinstance(n_rows, Integral) or n_rows < 1:
        raise ValueError(f"n_rows must be an integer of at least 1, got {n_rows!r}.")
    return min(int(n_rows), most)
