"""Held-out errors over the number of codes, and their elbow."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline

from sklearn_ae import (
    AutoencoderTransformer,
    ComponentsErrorDisplay,
    ConvolutionalAutoencoder,
    VariationalAutoencoder,
)
from sklearn_ae._plotting.components_error import find_elbow

pytestmark = pytest.mark.usefixtures("drawing")

BRIEF = {"max_epochs": 2, "hidden_layer_sizes": (8,), "early_stopping": False}
START = {"max_epochs": 0, "early_stopping": False}


def pca_error(k, train, test):
    pca = PCA(k).fit(train)
    reconstructed = pca.inverse_transform(pca.transform(test))
    return (
        np.square(test - reconstructed).sum()
        / np.square(test - train.mean(axis=0)).sum()
    )


def test_errors_are_one_minus_the_score(X):
    train, test = X[:200], X[200:]
    estimator = AutoencoderTransformer(random_state=0, **BRIEF)
    display = ComponentsErrorDisplay.from_estimator(
        estimator, train, test, n_components=[1, 3]
    )
    for k, error, pca_loss in zip(
        [1, 3], display.errors[:, 0], display.pca_errors[:, 0], strict=True
    ):
        fitted = AutoencoderTransformer(k, random_state=0, **BRIEF).fit(train)
        assert error == 1 - fitted.score(test)
        np.testing.assert_allclose(pca_loss, pca_error(k, train, test))
    assert not hasattr(estimator, "best_epoch_")
    assert display.bands_ == []


def test_splits_are_those_of_cv(X):
    cv = ShuffleSplit(2, random_state=0)
    display = ComponentsErrorDisplay.from_estimator(
        AutoencoderTransformer(**START), X, n_components=[1, 2], cv=cv, random_state=0
    )
    expected = [[pca_error(k, X[a], X[b]) for a, b in cv.split(X)] for k in (1, 2)]
    np.testing.assert_allclose(display.pca_errors, expected)
    np.testing.assert_allclose(display.errors, expected)


def test_parts_are_shuffled_and_seeded(X):
    drawn = [
        ComponentsErrorDisplay.from_estimator(
            AutoencoderTransformer(**BRIEF), X, n_components=[2], random_state=seed
        ).errors
        for seed in (0, 0, 1)
    ]
    assert drawn[0].shape == (1, 3)
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2]).all()


def test_densities_are_judged_by_their_reconstructions(X):
    display = ComponentsErrorDisplay.from_estimator(
        VariationalAutoencoder(**START), X[::2], X[1::2], n_components=[1, 5]
    )
    assert ((display.errors > 0) & (display.errors < 1)).all()
    assert (display.errors >= display.pca_errors - 1e-9).all()


def test_images_and_mixed_frames_are_fitted(pictures, pandas_frame):
    small, settings = pictures[0], {"n_components": [2], "cv": 2, "random_state": 0}
    tables = {
        ConvolutionalAutoencoder: ({"input_shape": (4, 4), "channels": (2,)}, small),
        AutoencoderTransformer: ({}, pandas_frame),
    }
    for estimator_class, (options, X) in tables.items():
        estimator = estimator_class(**options, **START)
        display = ComponentsErrorDisplay.from_estimator(estimator, X, **settings)
        np.testing.assert_allclose(display.errors, display.pca_errors, rtol=1e-5)


def test_default_counts_are_powers_of_two(X):
    display = ComponentsErrorDisplay.from_estimator(
        AutoencoderTransformer(**START), X[::2], X[1::2]
    )
    assert display.n_components.tolist() == [1, 2, 4]


def test_lines_are_means_and_bands_deviations():
    errors = np.array([[0.9, 0.7], [0.3, 0.1], [0.2, 0.2]])
    display = ComponentsErrorDisplay([1, 2, 4], errors, errors + 0.1, name="mine")
    display.plot(line_kw={"linewidth": 3})
    pca, mine = display.lines_
    np.testing.assert_array_equal(mine.get_xdata(), [1, 2, 4])
    np.testing.assert_allclose(mine.get_ydata(), [0.8, 0.2, 0.2])
    np.testing.assert_allclose(pca.get_ydata(), [0.9, 0.3, 0.3])
    assert mine.get_linewidth() == 3
    ((low, high),) = [
        (band.get_paths()[0].get_extents().y0, band.get_paths()[0].get_extents().y1)
        for band in display.bands_[1:]
    ]
    np.testing.assert_allclose([low, high], [0.1, 0.9])
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["PCA", "elbow of PCA: 2", "mine", "elbow of mine: 2"]
    assert (display.elbow_, display.pca_elbow_) == (2, 2)
    assert display.elbow_points_[1].get_xdata() == [2]


def test_pca_is_drawn_over_equal_errors():
    display = ComponentsErrorDisplay([1, 2], [0.5, 0.4], [0.5, 0.4]).plot()
    pca, autoencoder = display.lines_
    assert pca.get_zorder() > autoencoder.get_zorder()


def test_pca_errors_are_optional():
    display = ComponentsErrorDisplay([1, 2], [0.5, 0.4]).plot(log_scale=True)
    assert len(display.lines_) == 1
    assert (display.elbow_, display.pca_elbow_) == (None, None)
    assert display.ax_.get_yscale() == "log"


@pytest.mark.parametrize(
    ("y", "position"),
    [
        ([1, 0.2, 0.1, 0], 1),
        ([1, 0.5, 0.05, 0], 2),
        ([1, 2 / 3, 1 / 3, 0], None),  # straight
        ([1, 0.9, 0.8, 0], None),  # bent upward
        ([1, 1, 1, 1], None),
        ([0, 1, 2, 3], None),
    ],
)
def test_elbows_are_farthest_below_the_chord(y, position):
    x, y = np.array([1.0, 2, 3, 4]), np.array(y, float)
    assert find_elbow(x, y) == position
    assert find_elbow(10 * x, 5 * y + 1) == position


def test_two_points_have_no_elbow():
    assert find_elbow(np.array([1.0, 2]), np.array([1.0, 0])) is None


@pytest.mark.parametrize("counts", [[], [2, 1], [0, 1], [1.0, 2.0], 3])
def test_counts_must_increase(counts):
    with pytest.raises(ValueError, match="n_components must be increasing integers"):
        ComponentsErrorDisplay(counts, [0.5, 0.4]).plot()


def test_inconsistent_arguments_are_refused(X):
    with pytest.raises(ValueError, match="errors must have 2 rows"):
        ComponentsErrorDisplay([1, 2], [0.5]).plot()
    with pytest.raises(ValueError, match="cv must be None where X_test is given"):
        ComponentsErrorDisplay.from_estimator(AutoencoderTransformer(), X, X, cv=2)
    for other in (make_pipeline(AutoencoderTransformer()), PCA()):
        with pytest.raises(TypeError, match="must be an autoencoder of sklearn_ae"):
            ComponentsErrorDisplay.from_estimator(other, X)
