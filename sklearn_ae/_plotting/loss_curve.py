"""The losses of a fit, drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .matplotlib import colours, ink, ring, styled, taken_axes, whole_ticks

# What an estimator calls the loss of its start, and what that start is.
_STARTS = {
    "pca_validation_loss_": "PCA",
    "ridge_validation_loss_": "ridge regression",
    "start_validation_loss_": "start",
}
# Sparse codes that do not start as PCA's.
_PENALIZED = ("l1", "kl")


@dataclass(kw_only=True, eq=False, repr=False)
class LossCurveDisplay:
    """Losses over the epochs of a fit, and what they are to beat.

    Training and validation loss are lines over the epochs, of which 0 is the start. The
    start's validation loss, that of PCA, is a horizontal line: the fit left PCA where
    the marked epoch, whose weights are kept, is below it.

    Use :meth:`from_estimator` to draw a fitted estimator. To draw other losses, such as
    those of another network, give them to the constructor and call :meth:`plot`.

    Parameters
    ----------
    loss_curve : array-like of shape (n_epochs + 1,)
        Training loss of the start and of each epoch.

    validation_loss_curve : array-like of shape (n_epochs + 1,) or None, default=None
        The same on validation rows.

    start_validation_loss : float or None, default=None
        Loss of the start, or of what else is to be beaten, on validation rows.

    start_name : str, default="start"
        What the legend calls it.

    best_epoch : int or None, default=None
        Epoch whose weights are kept.

    name : str or None, default=None
        Put before the labels in the legend, to tell several fits apart.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.

    figure_ : matplotlib Figure
        Its figure.

    lines_ : list of matplotlib Line2D
        Training loss, and validation loss if there is one.

    start_line_ : matplotlib Line2D or None
        The start's validation loss.

    best_point_ : matplotlib Line2D or None
        The mark at the best epoch, on the last of `lines_`.

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
            Where to draw. None means a new figure.

        log_scale : bool, default=False
            Whether the axis of losses is logarithmic. Those of
            :class:`VariationalAutoencoder` may be negative, which such an axis leaves
            out.

        line_kw : dict, default=None
            For ``Axes.plot`` of the curves.

        start_kw : dict, default=None
            For ``Axes.axhline`` of the start.

        best_kw : dict, default=None
            For ``Axes.plot`` of the mark.

        Returns
        -------
        self : LossCurveDisplay
            With the artists as attributes.
        """
        _check_curves(self.loss_curve, self.validation_loss_curve, self.best_epoch)
        self.ax_ = taken_axes(ax, (1, 1), "LossCurveDisplay.plot")[0, 0]
        self.figure_ = self.ax_.figure
        self._draw_curves(line_kw or {})
        self._draw_start(start_kw or {})
        self._draw_best(best_kw or {})
        self.ax_.set(xlabel="epoch", ylabel="loss")
        if log_scale:
            self.ax_.set_yscale("log")
        whole_ticks(self.ax_.xaxis)
        self.ax_.legend(fontsize="small")
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
            Pipeline give the step, and of what holds an autoencoder its `estimator_`.

        name : str or None, default=None
            Put before the labels in the legend, to tell several fits apart.

        ax : matplotlib Axes, default=None
            Where to draw. None means a new figure.

        log_scale : bool, default=False
            Whether the axis of losses is logarithmic.

        line_kw : dict, default=None
            For ``Axes.plot`` of the curves.

        start_kw : dict, default=None
            For ``Axes.axhline`` of the start.

        best_kw : dict, default=None
            For ``Axes.plot`` of the mark.

        Returns
        -------
        display : LossCurveDisplay
            What was drawn.
        """
        check_is_fitted(estimator)
        if not (
            hasattr(estimator, "loss_curve_") and hasattr(estimator, "best_epoch_")
        ):
            raise TypeError(
                "estimator must have loss_curve_ and best_epoch_, got "
                f"{type(estimator).__name__}; of a Pipeline give the step, such as "
                "pipeline[-1], and of what holds an autoencoder its estimator_."
            )
        start = next(name for name in _STARTS if hasattr(estimator, name))
        own = getattr(estimator, "sparsity", "topk") in _PENALIZED
        return cls(
            estimator.loss_curve_,
            validation_loss_curve=estimator.validation_loss_curve_,
            start_validation_loss=getattr(estimator, start),
            start_name="start" if own else _STARTS[start],
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
        curves = {"training": self.loss_curve, "validation": self.validation_loss_curve}
        looks = {"training": (1, "--", 1.2), "validation": (0, "-", 1.8)}
        self.lines_ = []
        for label, losses in curves.items():
            if losses is None:
                continue
            colour, dashes, width = looks[label]
            look = {
                "color": colours(self.ax_)[colour],
                "linestyle": dashes,
                "linewidth": width,
                # A line of one point is not seen.
                "marker": "o" if len(losses) == 1 else None,
                "label": self._labelled(label),
            }
            epochs = np.arange(len(losses))
            self.lines_ += self.ax_.plot(
                epochs, losses, **styled(look, style, "Line2D")
            )

    def _draw_start(self, style: dict) -> None:
        self.start_line_ = None
        if self.start_validation_loss is None:
            return
        look = {"color": ink(self.ax_), "linestyle": ":", "linewidth": 1.2}
        look["label"] = self._labelled(f"{self.start_name}, validation")
        loss = self.start_validation_loss
        self.start_line_ = self.ax_.axhline(loss, **styled(look, style, "Line2D"))

    def _draw_best(self, style: dict) -> None:
        self.best_point_ = None
        if self.best_epoch is None:
            return
        line = self.lines_[-1]
        look = ring(self.ax_, 8) | {"markeredgewidth": 1.5}
        look["label"] = self._labelled(f"epoch kept: {self.best_epoch}")
        loss = line.get_ydata()[self.best_epoch]
        look = styled(look, style, "Line2D")
        points = self.ax_.plot([self.best_epoch], [loss], **look)
        self.best_point_ = points[0]

    def _labelled(self, label: str) -> str:
        return label if self.name is None else f"{self.name}: {label}"


def _check_curves(loss_curve, validation_loss_curve, best_epoch) -> None:
    n_losses = len(loss_curve)
    if validation_loss_curve is not None and len(validation_loss_curve) != n_losses:
        raise ValueError(
            f"validation_loss_curve must have {n_losses} losses, as loss_curve has, "
            f"got {len(validation_loss_curve)}."
        )
    if not n_losses or (best_epoch is not None and not 0 <= best_epoch < n_losses):
        raise ValueError(
            "loss_curve must have a loss of the start and of each epoch up to "
            f"best_epoch={best_epoch}, got {n_losses} losses."
        )
