"""Display of the losses of a fit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Integral

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .matplotlib import (
    label_curves,
    merge_style,
    palette,
    resolve_axes,
    ring_style,
    text_colour,
)

# Attribute with the validation loss of the start: the name of that start.
_START_NAMES = {
    "pca_validation_loss_": "PCA",
    "ridge_validation_loss_": "ridge regression",
    "start_validation_loss_": "start",
}
# With these penalties SparseAutoencoder does not start as PCA.
_PENALTIES = ("l1", "kl")


@dataclass(kw_only=True, eq=False, repr=False)
class LossCurveDisplay:
    """Training and validation loss of a fit, with the loss of its start.

    Lines show the losses over the epochs, of which epoch 0 is the start. A horizontal
    line shows the validation loss of the start, such as PCA's. A ring marks the epoch
    whose weights are kept: the fit improved on the start if it lies below that line.

    Use :meth:`from_estimator` to draw a fitted estimator. To draw other losses, such as
    those of another network, give them to the constructor and call :meth:`plot`.

    Parameters
    ----------
    loss_curve : array-like of shape (n_epochs + 1,)
        Training loss of the start and of each epoch.

    validation_loss_curve : array-like of shape (n_epochs + 1,) or None, default=None
        Validation loss of the start and of each epoch.

    start_validation_loss : float or None, default=None
        Validation loss of the start, or of another reference.

    start_name : str, default="start"
        Name of the start in the legend.

    best_epoch : int or None, default=None
        Epoch whose weights are kept.

    name : str or None, default=None
        Prefix of the labels in the legend, to distinguish several fits.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the losses.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : list of matplotlib Line2D
        Training loss and, if there is one, validation loss.

    start_line_ : matplotlib Line2D or None
        Validation loss of the start.

    best_point_ : matplotlib Line2D or None
        Ring at the best epoch, on the last of `lines_`.

    See Also
    --------
    ComponentsErrorDisplay : Held-out errors over the number of codes.
    sklearn.model_selection.LearningCurveDisplay : Scores over the number of rows.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_ae import AutoencoderTransformer, LossCurveDisplay
    >>> X, _ = load_iris(return_X_y=True)
    >>> autoencoder = AutoencoderTransformer(max_epochs=3, random_state=0).fit(X)
    >>> display = LossCurveDisplay.from_estimator(autoencoder)
    >>> display.lines_[0].get_xdata()
    array([0, 1, 2, 3])

    Losses of another network:

    >>> display = LossCurveDisplay([4.0, 2.0, 1.5], name="other network").plot()
    >>> display.lines_[0].get_label()
    'other network: training'
    """

    loss_curve: Sequence[float] = field(kw_only=False)
    validation_loss_curve: Sequence[float] | None = None
    start_validation_loss: float | None = None
    start_name: str = "start"
    best_epoch: int | None = None
    name: str | None = None

    def plot(
        self, *, ax=None, log_scale=False, line_kw=None, start_kw=None, best_kw=None
    ):
        """Draw the losses.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None means those of a new figure.

        log_scale : bool, default=False
            Whether the axis of losses is logarithmic. A logarithmic axis leaves out
            negative losses, which :class:`VariationalAutoencoder` may have.

        line_kw : dict, default=None
            Keyword arguments for ``Axes.plot`` of the curves.

        start_kw : dict, default=None
            Keyword arguments for ``Axes.axhline`` of the start.

        best_kw : dict, default=None
            Keyword arguments for ``Axes.plot`` of the ring at the best epoch.

        Returns
        -------
        self : LossCurveDisplay
            Display with the artists as attributes.
        """
        _check_curves(self.loss_curve, self.validation_loss_curve, self.best_epoch)
        self.ax_ = resolve_axes(ax, (1, 1), "LossCurveDisplay.plot")[0, 0]
        self.figure_ = self.ax_.figure
        self._draw_curves(line_kw or {})
        self._draw_start(start_kw or {})
        self._draw_best_epoch(best_kw or {})
        label_curves(self.ax_, "epoch", "loss", log_scale=log_scale)
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator,
        *,
        name=None,
        ax=None,
        log_scale=False,
        line_kw=None,
        start_kw=None,
        best_kw=None,
    ):
        """Draw the losses of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted autoencoder, :class:`PretrainedClassifier`,
            :class:`PretrainedRegressor` or :class:`EncoderDecoderRegressor`. Of a
            Pipeline give the step, and of a meta-estimator its `estimator_`.

        name : str or None, default=None
            Prefix of the labels in the legend, to distinguish several fits.

        ax : matplotlib Axes, default=None
            Axes to draw on. None means those of a new figure.

        log_scale : bool, default=False
            Whether the axis of losses is logarithmic. A logarithmic axis leaves out
            negative losses, which :class:`VariationalAutoencoder` may have.

        line_kw : dict, default=None
            Keyword arguments for ``Axes.plot`` of the curves.

        start_kw : dict, default=None
            Keyword arguments for ``Axes.axhline`` of the start.

        best_kw : dict, default=None
            Keyword arguments for ``Axes.plot`` of the ring at the best epoch.

        Returns
        -------
        display : LossCurveDisplay
            Display that was drawn.
        """
        check_is_fitted(estimator)
        if not (
            hasattr(estimator, "loss_curve_") and hasattr(estimator, "best_epoch_")
        ):
            raise TypeError(
                "estimator must have loss_curve_ and best_epoch_, got "
                f"{type(estimator).__name__}; of a Pipeline give the step, such as "
                "pipeline[-1], and of a meta-estimator its estimator_."
            )
        start = next(name for name in _START_NAMES if hasattr(estimator, name))
        is_penalized = getattr(estimator, "sparsity", None) in _PENALTIES
        return cls(
            estimator.loss_curve_,
            validation_loss_curve=estimator.validation_loss_curve_,
            start_validation_loss=getattr(estimator, start),
            start_name="start" if is_penalized else _START_NAMES[start],
            best_epoch=estimator.best_epoch_,
            name=name,
        ).plot(
            ax=ax,
            log_scale=log_scale,
            line_kw=line_kw,
            start_kw=start_kw,
            best_kw=best_kw,
        )

    def _draw_curves(self, style: dict) -> None:
        blue, orange = palette(self.ax_)[:2]
        dashed = {"color": orange, "linestyle": "--", "linewidth": 1.2}
        solid = {"color": blue, "linestyle": "-", "linewidth": 1.8}
        self.lines_ = []
        for label, losses, defaults in (
            ("training", self.loss_curve, dashed),
            ("validation", self.validation_loss_curve, solid),
        ):
            if losses is None:
                continue
            defaults["label"] = self._legend_label(label)
            if len(losses) == 1:  # a line of one point needs a marker to be visible
                defaults["marker"] = "o"
            merged = merge_style(defaults, style, "Line2D")
            self.lines_ += self.ax_.plot(np.arange(len(losses)), losses, **merged)

    def _draw_start(self, style: dict) -> None:
        self.start_line_ = None
        if self.start_validation_loss is None:
            return
        defaults = {"color": text_colour(self.ax_), "linestyle": ":", "linewidth": 1.2}
        defaults["label"] = self._legend_label(f"{self.start_name}, validation")
        merged = merge_style(defaults, style, "Line2D")
        self.start_line_ = self.ax_.axhline(self.start_validation_loss, **merged)

    def _draw_best_epoch(self, style: dict) -> None:
        self.best_point_ = None
        if self.best_epoch is None:
            return
        defaults = ring_style(self.ax_, 8) | {"markeredgewidth": 1.5}
        defaults["label"] = self._legend_label(f"epoch kept: {self.best_epoch}")
        loss = self.lines_[-1].get_ydata()[self.best_epoch]
        merged = merge_style(defaults, style, "Line2D")
        (self.best_point_,) = self.ax_.plot([self.best_epoch], [loss], **merged)

    def _legend_label(self, label: str) -> str:
        return label if self.name is None else f"{self.name}: {label}"


def _check_curves(loss_curve, validation_loss_curve, best_epoch) -> None:
    n_losses = len(loss_curve)
    if validation_loss_curve is not None and len(validation_loss_curve) != n_losses:
        raise ValueError(
            f"validation_loss_curve must have {n_losses} losses, as loss_curve has, "
            f"got {len(validation_loss_curve)}."
        )
    if not isinstance(best_epoch, Integral | None):
        raise ValueError(f"best_epoch must be an integer or None, got {best_epoch!r}.")
    if not n_losses or (best_epoch is not None and not 0 <= best_epoch < n_losses):
        raise ValueError(
            "loss_curve must have a loss of the start and of each epoch up to "
            f"best_epoch={best_epoch}, got {n_losses} losses."
        )
