"""Codes of estimators and other codes, drawn."""

import numpy as np
import pytest
import sklearn
from matplotlib.colors import to_rgba
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ae import AutoencoderTransformer, LatentSpaceDisplay, SparseAutoencoder

pytestmark = pytest.mark.usefixtures("drawing")

BRIEF = {"max_epochs": 1, "hidden_layer_sizes": (8,), "random_state": 0}


@pytest.fixture(scope="module")
def two(X):
    return AutoencoderTransformer(2, **BRIEF).fit(X)


@pytest.fixture(scope="module")
def five(X):
    return AutoencoderTransformer(5, **BRIEF).fit(X)


@pytest.fixture(scope="module")
def kinds(X):
    return np.array(["low", "mid", "high"])[np.digitize(X[:, 4], [-1, 1])]


def test_points_are_codes_by_class(two, X, kinds):
    display = LatentSpaceDisplay.from_estimator(two, X, kinds)
    codes = two.transform(X)
    (points,) = display.scatters_
    for drawn, name in zip(points, ["high", "low", "mid"], strict=True):
        np.testing.assert_array_equal(drawn.get_offsets(), codes[kinds == name])
    assert [text.get_text() for text in display.legend_.get_texts()] == [
        "high",
        "low",
        "mid",
    ]
    assert len({tuple(drawn.get_facecolor()[0][:3]) for drawn in points}) == 3
    assert not hasattr(display, "colorbar_")


def test_rows_without_class_are_grey_beneath(two, X):
    y = np.where(np.arange(300) % 3, X[:, 0] > 0, -1)
    points = LatentSpaceDisplay.from_estimator(two, X, y).scatters_[0]
    labels = [drawn.get_label() for drawn in points]
    assert labels == ["no label", "0", "1"]
    np.testing.assert_array_equal(points[0].get_offsets(), two.transform(X)[y == -1])
    assert tuple(points[0].get_facecolor()[0][:3]) == to_rgba("0.6")[:3]


def test_numbers_have_a_colour_bar(two, X):
    display = LatentSpaceDisplay.from_estimator(two, X, X[:, 4], compare="pca")
    for points in display.scatters_:
        np.testing.assert_array_equal(points[0].get_array(), X[:, 4])
    assert display.colorbar_.ax.get_ylabel() == "y"
    assert not hasattr(display, "legend_")


def test_without_target_all_points_look_alike(two, X):
    display = LatentSpaceDisplay.from_estimator(two, X)
    assert len(display.scatters_[0]) == 1
    assert not hasattr(display, "legend_")


def test_pca_of_these_rows_is_compared(two, X):
    display = LatentSpaceDisplay.from_estimator(two, X, compare="pca")
    assert display.axes_.shape == (1, 2)
    titles = [ax.get_title() for ax in display.axes_[0]]
    assert titles == ["AutoencoderTransformer", "PCA"]
    drawn = display.scatters_[1][0].get_offsets()
    np.testing.assert_allclose(drawn, PCA(2).fit_transform(X), atol=1e-8)


def test_pca_of_frames_takes_encoded_columns(pandas_frame):
    fitted = AutoencoderTransformer(2, **BRIEF).fit(pandas_frame)
    start = AutoencoderTransformer(2, max_epochs=0, random_state=0).fit(pandas_frame)
    display = LatentSpaceDisplay.from_estimator(
        fitted, pandas_frame, pandas_frame["colour"], compare="pca"
    )
    expected = start.transform(pandas_frame)
    np.testing.assert_allclose(display.compared_codes, expected)
    assert display.legend_.get_title().get_text() == "colour"
    assert display.legend_.get_texts()[0].get_text() == "no label"


def test_fitted_transformers_can_be_compared(two, X):
    scaled = make_pipeline(StandardScaler(), PCA(3)).fit(X)
    display = LatentSpaceDisplay.from_estimator(two, X, compare=scaled)
    np.testing.assert_array_equal(display.compared_codes, scaled.transform(X)[:, :2])


def test_three_codes_form_a_triangle(five, X, kinds):
    display = LatentSpaceDisplay.from_estimator(five, X, kinds, components=[0, 2, 4])
    assert display.axes_.shape == (3, 3)
    shown = np.array([[ax.axison for ax in line] for line in display.axes_])
    np.testing.assert_array_equal(shown, np.tri(3, dtype=bool))
    assert len(display.scatters_) == 3
    codes = five.transform(X)[:, [0, 4]][kinds == "high"]
    np.testing.assert_array_equal(display.scatters_[1][0].get_offsets(), codes)
    assert display.axes_[2, 0].get_xlabel() == "code 0"
    assert display.axes_[2, 0].get_ylabel() == "code 4"
    n_lines = [len(display.axes_[i, i].patches) for i in range(3)]
    assert n_lines == [3, 3, 3]


def test_four_codes_are_drawn_by_default(five, X):
    display = LatentSpaceDisplay.from_estimator(five, X)
    assert display.axes_.shape == (4, 4)
    assert len(display.scatters_) == 6


def test_triangles_stand_side_by_side(five, X):
    options = {"components": range(3), "compare": "pca"}
    display = LatentSpaceDisplay.from_estimator(five, X, **options)
    assert display.axes_.shape == (3, 6)
    assert display.axes_[1, 3].get_ylabel() == "code 1"
    drawn = display.scatters_[3][0].get_offsets()
    expected = PCA(3).fit_transform(X)[:, :2]
    np.testing.assert_allclose(drawn, expected, atol=1e-8)


def test_triangles_are_drawn_on_given_axes(five, X, drawing):
    _, axes = drawing.subplots(3, 3)
    options = {"components": range(3), "ax": axes}
    display = LatentSpaceDisplay.from_estimator(five, X, X[:, 0] > 0, **options)
    assert (display.axes_ == axes).all()
    assert display.legend_ in axes[0, 2].get_children()
    with pytest.raises(ValueError, match="ax must hold 9 Axes, 3 x 3, got 1"):
        LatentSpaceDisplay.from_estimator(five, X, components=range(3), ax=axes[0, 0])


def test_one_code_has_histograms_by_class(five, X, kinds):
    plain = LatentSpaceDisplay.from_estimator(five, X, components=1)
    counts = [bar.get_height() for bar in plain.axes_[0, 0].patches]
    assert (sum(counts), plain.scatters_) == (300, [])
    by_class = LatentSpaceDisplay.from_estimator(five, X, kinds, components=1)
    assert len(by_class.axes_[0, 0].patches) == 3
    assert len(by_class.legend_.get_texts()) == 3


def test_numbers_are_drawn_over_one_code(five, X):
    display = LatentSpaceDisplay.from_estimator(five, X, X[:, 4], components=1)
    expected = np.column_stack([five.transform(X)[:, 1], X[:, 4]])
    np.testing.assert_array_equal(display.scatters_[0][0].get_offsets(), expected)


def test_containers_give_the_same_codes(X, two):
    codes = two.transform(X)
    for container in ("pandas", "polars"):
        with sklearn.config_context(transform_output=container):
            display = LatentSpaceDisplay.from_estimator(two, X, compare="pca")
        np.testing.assert_array_equal(display.codes, codes)
    sparse = SparseAutoencoder(4, k=2, sparse_output=True, max_epochs=0).fit(X)
    display = LatentSpaceDisplay.from_estimator(sparse, X, components=(0, 3))
    np.testing.assert_array_equal(
        display.codes, sparse.transform(X).toarray()[:, [0, 3]]
    )


def test_styles_are_passed_on(five, X):
    display = LatentSpaceDisplay.from_estimator(
        five, X, components=(0, 1, 2), scatter_kw={"s": 3}, hist_kw={"bins": 5}
    )
    assert display.scatters_[0][0].get_sizes() == [3]
    assert len(display.axes_[0, 0].patches) == 5


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"components": 2}, "components must be integers from 0 to 1"),
        ({"components": []}, "at least one"),
        ({"compare": "umap"}, 'compare must be "pca", a fitted transformer or None'),
        ({"target_type": "colour"}, "target_type must be one of"),
    ],
)
def test_wrong_options_are_refused(two, X, options, match):
    with pytest.raises(ValueError, match=match):
        LatentSpaceDisplay.from_estimator(two, X, X[:, 0], **options)


def test_wrong_estimators_are_refused(two, X):
    with pytest.raises(TypeError, match="must have transform, got object"):
        LatentSpaceDisplay.from_estimator(object(), X)
    with pytest.raises(ValueError, match=r"no Pipeline.*pipeline\[-1\]"):
        LatentSpaceDisplay.from_estimator(make_pipeline(two), X, compare="pca")
    with pytest.raises(ValueError, match="below the 1 codes of PCA"):
        LatentSpaceDisplay.from_estimator(two, X, compare=PCA(1).fit(X))


def test_compared_codes_need_the_same_shape():
    with pytest.raises(ValueError, match=r"shape \(3, 2\) of codes, got \(3, 1\)"):
        LatentSpaceDisplay(np.ones((3, 2)), compared_codes=np.ones((3, 1))).plot()


def test_components_need_one_number_each():
    with pytest.raises(ValueError, match="must have 3 numbers, one for each column"):
        LatentSpaceDisplay(np.ones((4, 3)), components=[0, 1]).plot()
