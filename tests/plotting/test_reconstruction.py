"""Rows over their reconstructions, drawn."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression

from sklearn_ae import (
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    ReconstructionDisplay,
)

pytestmark = pytest.mark.usefixtures("drawing")

START = {"max_epochs": 0, "early_stopping": False, "random_state": 0}


@pytest.fixture(scope="module")
def squares(pictures):
    return pictures[1]


@pytest.fixture(scope="module")
def pca(squares):
    return PCA(3).fit(squares.reshape(300, -1))


def test_convolutional_autoencoders_give_shapes_of_images(squares):
    fitted = ConvolutionalAutoencoder(3, input_shape=(8, 8), **START).fit(squares)
    display = ReconstructionDisplay.from_estimator(fitted, squares.reshape(300, -1))
    assert display.kind_ == "image"
    assert display.axes_.shape == (1, 1)
    drawn = display.image_.get_array()
    assert drawn.shape == (17, 89)
    np.testing.assert_array_equal(drawn[:8, 9:17], squares[1])
    reconstructed = fitted.reconstruct(squares)[1].reshape(8, 8)
    np.testing.assert_allclose(drawn[9:, 9:17], reconstructed)


def test_convolutional_autoencoders_give_shapes_of_signals(X):
    shape = {"input_shape": (3, 2), "channels_last": True, "channels": (2,)}
    fitted = ConvolutionalAutoencoder(2, **shape, **START).fit(X)
    display = ReconstructionDisplay.from_estimator(fitted, X)
    assert display.kind_ == "signal"
    assert [len(lines) for lines in display.lines_] == [4] * 4
    np.testing.assert_array_equal(display.lines_[2][1].get_ydata(), X[2, 1::2])


def test_rows_with_axes_are_images(pca, squares):
    reconstructed = pca.inverse_transform(pca.transform(squares.reshape(300, -1)))
    display = ReconstructionDisplay(squares, reconstructed).plot(n_rows=2)
    assert display.image_.get_array().shape == (17, 17)


def test_other_transformers_are_drawn(pca, squares):
    rows = squares.reshape(300, -1)
    display = ReconstructionDisplay.from_estimator(pca, rows, n_rows=3, x=range(64))
    assert (display.kind_, display.axes_.shape) == ("signal", (3, 1))
    reconstructed = pca.inverse_transform(pca.transform(rows))
    for row, (original, reconstruction) in enumerate(display.lines_):
        np.testing.assert_array_equal(original.get_ydata(), rows[row])
        np.testing.assert_allclose(reconstruction.get_ydata(), reconstructed[row])


def test_signals_are_drawn_over_x(squares):
    rows, x = squares.reshape(300, -1), np.linspace(1_100, 2_500, 64)
    display = ReconstructionDisplay(rows, rows).plot(x=x, line_kw={"alpha": 0.5})
    np.testing.assert_array_equal(display.lines_[0][0].get_xdata(), x)
    assert display.lines_[0][0].get_alpha() == 0.5
    with pytest.raises(ValueError, match="x must have 64 numbers"):
        display.plot(x=x[1:])


def test_signals_are_drawn_on_given_axes(squares, drawing):
    rows = squares.reshape(300, -1)
    _, axes = drawing.subplots(2)
    display = ReconstructionDisplay(rows, rows).plot(n_rows=2, ax=axes)
    assert (display.axes_[:, 0] == axes).all()
    with pytest.raises(ValueError, match="ax must hold 4 Axes, 4 x 1, got 2"):
        display.plot(ax=axes)


def test_mixed_frames_are_drawn_by_cell(mixed):
    fitted = AutoencoderTransformer(2, **START).fit(mixed)
    display = ReconstructionDisplay.from_estimator(fitted, mixed, n_rows=3)
    assert display.kind_ == "table"
    ticks = [text.get_text() for text in display.axes_[0, 0].get_yticklabels()]
    assert ticks == list(mixed.columns)
    reconstructed = fitted.reconstruct(mixed)
    colour = list(mixed.columns).index("colour")
    for row in range(3):
        cells = [table["colour"].to_list()[row] for table in (mixed, reconstructed)]
        drawn = display.image_.get_array()[colour, row]
        assert drawn == (cells[0] != cells[1])
        written = display.texts_[3 * colour + row].get_text()
        assert written.split("\n") == ["-" if c is None else str(c) for c in cells]
    assert len(display.texts_) == 18


def test_wide_tables_are_drawn_without_text(squares):
    rows = squares.reshape(300, -1)
    display = ReconstructionDisplay(rows, rows, kind="table").plot(n_rows=10)
    assert display.image_.get_array().shape == (64, 10)
    assert display.texts_ == []


def test_containers_give_the_same_errors(X):
    fitted = AutoencoderTransformer(2, **START).fit(X)
    dense = ReconstructionDisplay.from_estimator(fitted, X)
    expected = dense.image_.get_array()
    fitted.set_output(transform="pandas")
    for same in (sparse.csr_array(X), pd.DataFrame(X), X.tolist()):
        display = ReconstructionDisplay.from_estimator(fitted, same)
        np.testing.assert_allclose(display.image_.get_array(), expected, atol=1e-6)
        np.testing.assert_array_equal(display.originals, X)
    pca = PCA(2).set_output(transform="pandas").fit(X)
    display = ReconstructionDisplay.from_estimator(pca, X)
    np.testing.assert_allclose(display.image_.get_array(), expected, atol=1e-6)


def test_predictions_are_drawn_over_targets(pairs):
    inputs, outputs = pairs
    predicted = LinearRegression().fit(*pairs).predict(inputs)
    display = ReconstructionDisplay(outputs, predicted).plot(n_rows=1000)
    errors = np.abs(outputs - predicted) / outputs.std(axis=0)
    np.testing.assert_allclose(display.image_.get_array(), errors.T)


def test_wrong_estimators_and_rows_are_refused(X, pairs):
    with pytest.raises(NotFittedError):
        ReconstructionDisplay.from_estimator(AutoencoderTransformer(), X)
    with pytest.raises(TypeError, match="must have reconstruct or inverse_transform"):
        ReconstructionDisplay.from_estimator(LinearRegression().fit(*pairs), X)
    with pytest.raises(ValueError, match=r"shape \(300, 6\) of originals, got"):
        ReconstructionDisplay(X, X[:, 1:]).plot()
    with pytest.raises(ValueError, match="n_rows must be an integer of at least 1"):
        ReconstructionDisplay(X, X).plot(n_rows=0)
