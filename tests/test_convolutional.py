import pickle

import numpy as np
import pytest
from sklearn.decomposition import PCA

from sklearn_ae import ConvolutionalAutoencoder

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
def test_the_last_number_counts_channels_by_one_rule(shape, channels_last, expected):
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
