import pickle

import numpy as np
import pytest
from sklearn.decomposition import PCA

from sklearn_ae import AutoencoderTransformer, ConvolutionalAutoencoder

SHAPES = [
    ((7,), "auto", (7, 1)),
    ((6, 2), True, (6, 2)),
    ((7, 9), "auto", (7, 9, 1)),
    ((1, 5), "auto", (1, 5, 1)),
    ((4, 4, 3), "auto", (4, 4, 3)),
    ((3, 4, 5), False, (3, 4, 5, 1)),
    ((2, 3, 4, 2), "auto", (2, 3, 4, 2)),
]


def make(shape, **options):
    options = {"max_epochs": 3, "early_stopping": False, "random_state": 0} | options
    return ConvolutionalAutoencoder(2, input_shape=shape, **options)


def rows_of(shape, n_rows=30):
    return np.random.default_rng(0).normal(size=(n_rows, np.prod(shape)))


@pytest.mark.parametrize(("shape", "channels_last", "expected"), SHAPES)
def test_auto_finds_channels_by_one_rule(shape, channels_last, expected):
    model = make(shape, channels_last=channels_last).fit(rows_of(shape))
    assert model._fitted.network["input_shape"] == expected


@pytest.mark.parametrize(("shape", "channels_last", "_"), SHAPES)
def test_no_epochs_mean_pca(shape, channels_last, _):
    X = rows_of(shape)
    model = make(shape, channels_last=channels_last, max_epochs=0).fit(X)
    np.testing.assert_allclose(model.transform(X), PCA(2).fit_transform(X), atol=1e-9)


@pytest.mark.parametrize(("shape", "channels_last", "_"), SHAPES)
def test_pickled_networks_are_the_same(shape, channels_last, _):
    X = rows_of(shape)
    X[0, 0] = np.nan
    model = make(shape, channels_last=channels_last).fit(X)
    assert model.best_epoch_ == 3
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.reconstruct(X), model.reconstruct(X))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"input_shape": (3, 4)}, "as many cells as X has columns, 10"),
        ({"input_shape": (5.0, 2)}, "integers of at least 1"),
        ({"input_shape": (1, 1, 1, 5, 2)}, "one to three axes besides channels"),
        ({"input_shape": (10,), "channels_last": True}, "one to three axes besides"),
        ({"kernel_size": 4}, "kernel_size must be odd"),
        ({"channels": ()}, "channels must be integers of at least 1"),
    ],
)
def test_parameters_that_do_not_fit_raise(options, words):
    with pytest.raises(ValueError, match=words):
        make(None).set_params(**options).fit(rows_of((10,)))


@pytest.fixture
def pictures():
    return np.random.default_rng(0).normal(size=(30, 6, 4))


@pytest.mark.parametrize("given", [(6, 4), (6, 4, 1)])
@pytest.mark.parametrize("seen", [(6, 4), (6, 4, 1)])
def test_rows_are_taken_with_their_axes(pictures, given, seen):
    flat = pictures.reshape(30, -1)
    model = make(given).fit(flat)
    shaped = pictures.reshape(30, *seen)
    other = make(given).fit(shaped, X_val=None)
    np.testing.assert_array_equal(other.transform(shaped), model.transform(flat))
    np.testing.assert_array_equal(other.reconstruct(shaped), model.reconstruct(flat))
    assert other.n_features_in_ == 24
    assert other.inverse_transform(other.transform(shaped)).shape == (30, 24)


def test_validation_rows_may_have_axes(pictures):
    model = make((6, 4), early_stopping=True).fit(pictures, X_val=pictures[:9])
    assert np.isfinite(model.best_validation_loss_)


def test_gaps_in_pictures_are_filled(pictures):
    pictures[0, 2, 1] = np.nan
    filled = make((6, 4)).fit(pictures).impute(pictures)
    expected = pictures.reshape(30, -1)
    assert np.isfinite(filled).all()
    observed = ~np.isnan(expected)
    np.testing.assert_array_equal(filled[observed], expected[observed])


def test_other_axes_are_refused(pictures):
    with pytest.raises(ValueError, match=r"axes of input_shape=\(4, 6\), got axes"):
        make((4, 6)).fit(pictures)


def test_categories_are_refused_by_name(pandas_frame):
    with pytest.raises(ValueError, match=r"without categories.*\['colour', 'size'\]"):
        make(None).fit(pandas_frame)


@pytest.mark.extended
def test_neighbours_help_convolutions():
    # Bumps somewhere along a signal: the same shape everywhere.
    rng = np.random.default_rng(0)
    place, axis = rng.uniform(0, 64, size=(600, 2, 1)), np.arange(64)
    X = np.exp(-0.5 * ((axis - place) / 2) ** 2).sum(axis=1)
    options = {"max_epochs": 20, "random_state": 0}
    plain = AutoencoderTransformer(2, **options).fit(X[:400]).score(X[400:])
    ours = ConvolutionalAutoencoder(2, input_shape=64, **options).fit(X[:400])
    assert ours.score(X[400:]) > plain


@pytest.mark.parametrize("n_rows", [9, 13])
def test_whitening_scales_no_rounding_up(n_rows):
    X = np.zeros((n_rows, 3))
    estimator = ConvolutionalAutoencoder(
        1, channels=(2,), init="random", whiten=True, max_epochs=0, random_state=0
    )
    with pytest.warns(UserWarning, match="constant"):
        codes = estimator.set_params(early_stopping=False).fit_transform(X)
    np.testing.assert_allclose(codes, 0, atol=1e-6)
