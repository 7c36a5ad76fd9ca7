"""Losses of estimators and other losses, drawn."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from sklearn_ae import (
    AutoencoderTransformer,
    CodeCompressor,
    EncoderDecoderRegressor,
    LossCurveDisplay,
    PretrainedClassifier,
    PretrainedRegressor,
    SparseAutoencoder,
)

pytestmark = pytest.mark.usefixtures("drawing")

BRIEF = {"max_epochs": 2, "hidden_layer_sizes": (8,), "random_state": 0}
HEAD = {"head_layer_sizes": (4,), "max_epochs": 2, "random_state": 0}
FINE_TUNED = [PretrainedClassifier, PretrainedRegressor]


def assert_drawn(display, fitted):
    curves = [fitted.loss_curve_, fitted.validation_loss_curve_]
    curves = [curve for curve in curves if curve is not None]
    assert len(display.lines_) == len(curves)
    for line, curve in zip(display.lines_, curves, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), np.arange(len(curve)))
        np.testing.assert_array_equal(line.get_ydata(), curve)
    best = display.best_point_
    assert best.get_xdata() == [fitted.best_epoch_]
    assert best.get_ydata() == [curves[-1][fitted.best_epoch_]]


def test_curves_of_autoencoders_are_drawn(fitted):
    display = LossCurveDisplay.from_estimator(fitted)
    assert_drawn(display, fitted)
    start = display.start_line_
    assert set(start.get_ydata()) == {fitted.pca_validation_loss_}
    assert start.get_label() == "PCA, validation"


@pytest.mark.parametrize("estimator_class", FINE_TUNED)
def test_curves_of_fine_tuning_are_drawn(estimator_class, X):
    autoencoder = AutoencoderTransformer(2, **BRIEF)
    fitted = estimator_class(autoencoder, **HEAD).fit(X, (X[:, 0] > 0).astype(int))
    display = LossCurveDisplay.from_estimator(fitted)
    assert_drawn(display, fitted)
    assert set(display.start_line_.get_ydata()) == {fitted.start_validation_loss_}


def test_curves_of_pairs_are_drawn(pairs):
    fitted = EncoderDecoderRegressor(2, **BRIEF).fit(*pairs)
    display = LossCurveDisplay.from_estimator(fitted)
    assert_drawn(display, fitted)
    assert set(display.start_line_.get_ydata()) == {fitted.ridge_validation_loss_}
    assert display.start_line_.get_label() == "ridge regression, validation"


def test_penalized_starts_are_not_named_pca(X):
    fitted = SparseAutoencoder(2, sparsity="kl", **(BRIEF | {"max_epochs": 0})).fit(X)
    display = LossCurveDisplay.from_estimator(fitted)
    assert display.start_line_.get_label() == "start, validation"


def test_without_validation_training_loss_is_marked(X):
    fitted = AutoencoderTransformer(2, early_stopping=False, **BRIEF).fit(X)
    display = LossCurveDisplay.from_estimator(fitted)
    assert_drawn(display, fitted)
    assert len(display.lines_) == 1
    assert display.start_line_ is None


def test_streams_are_drawn_by_chunk(X):
    fitted = AutoencoderTransformer(2, **BRIEF)
    for chunk in np.split(X, 3):
        fitted.partial_fit(chunk)
    display = LossCurveDisplay.from_estimator(FrozenEstimator(fitted))
    assert_drawn(display, fitted)
    assert display.lines_[0].get_xdata().tolist() == [0, 1, 2, 3]


def test_single_losses_have_markers(X):
    fitted = AutoencoderTransformer(2, **(BRIEF | {"max_epochs": 0})).fit(X)
    display = LossCurveDisplay.from_estimator(fitted)
    assert_drawn(display, fitted)
    assert [line.get_marker() for line in display.lines_] == ["o", "o"]


def test_log_scale_is_optional():
    display = LossCurveDisplay([4.0, 2.0])
    assert display.plot().ax_.get_yscale() == "linear"
    assert display.plot(log_scale=True).ax_.get_yscale() == "log"


def test_styles_and_names_are_used():
    display = LossCurveDisplay(
        [4.0, 2.0], start_validation_loss=3.0, best_epoch=1, name="mine"
    ).plot(
        line_kw={"color": "red"}, start_kw={"color": "green"}, best_kw={"marker": "*"}
    )
    assert display.lines_[0].get_color() == "red"
    assert display.start_line_.get_color() == "green"
    assert display.best_point_.get_marker() == "*"
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    expected = ["training", "start, validation", "epoch kept: 1"]
    assert labels == [f"mine: {label}" for label in expected]


@pytest.mark.parametrize("wrap", [make_pipeline, CodeCompressor])
def test_errors_say_where_losses_are(wrap, X):
    fitted = wrap(AutoencoderTransformer(2, **BRIEF)).fit(X)
    with pytest.raises(TypeError, match=r"must have loss_curve_.*pipeline\[-1\]"):
        LossCurveDisplay.from_estimator(fitted)


def test_other_estimators_are_refused(X):
    with pytest.raises(TypeError, match="got PCA"):
        LossCurveDisplay.from_estimator(PCA().fit(X))
    with pytest.raises(NotFittedError):
        LossCurveDisplay.from_estimator(AutoencoderTransformer())


@pytest.mark.parametrize(
    ("losses", "options", "match"),
    [
        ([2.0, 1.0], {"validation_loss_curve": [1.0]}, "must have 2 losses"),
        ([2.0, 1.0], {"best_epoch": 2}, "up to best_epoch=2, got 2 losses"),
        ([2.0, 1.0], {"best_epoch": 0.5}, "best_epoch must be an integer or None"),
        ([], {}, "got 0 losses"),
    ],
)
def test_inconsistent_curves_are_refused(losses, options, match):
    with pytest.raises(ValueError, match=match):
        LossCurveDisplay(losses, **options).plot()
