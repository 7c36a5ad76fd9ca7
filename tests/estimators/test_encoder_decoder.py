from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ae import EncoderDecoderRegressor
from sklearn_ae._fitting.code_axes import rotated_arrays

QUICK = {
    "hidden_layer_sizes": (16,),
    "hidden_channels": (4,),
    "batch_size": 32,
    "max_epochs": 6,
    "validation_fraction": 0.2,
    "random_state": 0,
}
SHAPES = {"input_shape": (4, 4), "output_shape": (8, 8)}


def quick(*arguments, **parameters):
    return EncoderDecoderRegressor(*arguments, **(QUICK | parameters))


# The start


@pytest.mark.parametrize("n_rows", [4, 60, 300])
def test_untrained_regressor_equals_ridge_regression(pairs, n_rows):
    X, Y = (part[:n_rows] for part in pairs)
    regressor = quick(max_epochs=0).fit(X, Y)
    ridge = make_pipeline(StandardScaler(), RidgeCV(regressor.alphas)).fit(X, Y)
    assert regressor.alpha_ == ridge[-1].alpha_
    assert regressor.best_epoch_ == 0
    np.testing.assert_allclose(
        regressor.predict(X), ridge.predict(X), rtol=0, atol=1e-8
    )


def test_unscaled_regressor_equals_plain_ridge(pairs):
    X, Y = pairs
    parameters = {"standardize_inputs": False, "alphas": (1.0,), "max_epochs": 0}
    regressor = quick(**parameters).fit(X, Y)
    unit = np.sqrt(np.mean((X - X.mean(axis=0)) ** 2))
    expected = RidgeCV([unit**2]).fit(X, Y).predict(X)
    np.testing.assert_allclose(regressor.predict(X), expected, rtol=0, atol=1e-8)


def test_all_components_are_as_none(pairs):
    X, Y = pairs
    one, other = quick(4, max_epochs=0).fit(X, Y), quick(max_epochs=0).fit(X, Y)
    assert one.n_components_ == other.n_components_ == 4
    np.testing.assert_array_equal(one.predict(X), other.predict(X))


@pytest.mark.parametrize("n_components", [1, 2])
def test_fewer_components_are_reduced_rank_regression(pairs, n_components):
    X, Y = pairs
    values = quick(max_epochs=0).fit(X, Y).predict(X)
    centre = values.mean(axis=0)
    leading = np.linalg.svd(values - centre)[2][:n_components]
    regressor = quick(n_components, max_epochs=0).fit(X, Y)
    expected = (values - centre) @ leading.T @ leading + centre
    np.testing.assert_allclose(regressor.predict(X), expected, rtol=0, atol=1e-8)
    codes = np.abs(regressor.transform(X))
    np.testing.assert_allclose(codes, np.abs((values - centre) @ leading.T), atol=1e-8)


@pytest.mark.parametrize("max_epochs", [0, 6])
def test_codes_have_the_explained_variance(pairs, max_epochs):
    X, Y = pairs
    regressor = quick(max_epochs=max_epochs).fit(X, Y)
    covariance = np.cov(regressor.transform(X), rowvar=False)
    expected = np.diag(regressor.explained_variance_)
    np.testing.assert_allclose(covariance, expected, rtol=0, atol=1e-4)


def test_rows_reconstruct_themselves(X):
    regressor = quick(alphas=(1e-6,)).fit(X, X)
    np.testing.assert_allclose(regressor.predict(X), X, atol=1e-5)


def test_few_rows_keep_the_rank():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(8, 12)), rng.normal(size=(8, 10))
    regressor = quick().fit(X, Y)
    assert regressor.n_components_ == 10
    assert regressor.transform(X).shape == (8, 10)


# Training


@pytest.mark.parametrize("n_components", [None, 2])
@pytest.mark.parametrize("n_rows", [120, 300])
def test_training_does_better_than_the_start(pairs, n_components, n_rows):
    X, Y = (part[:n_rows] for part in pairs)
    regressor = quick(n_components, max_epochs=15).fit(X, Y)
    assert regressor.best_epoch_ > 0
    losses = regressor.validation_loss_curve_
    assert losses[0] == pytest.approx(regressor.ridge_validation_loss_)
    assert regressor.best_validation_loss_ == losses[regressor.best_epoch_]
    assert regressor.best_validation_loss_ < regressor.ridge_validation_loss_


def test_validation_loss_never_exceeds_the_start():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(600, 5)), rng.normal(size=(600, 3))
    regressor = quick().fit(X, Y)
    assert regressor.best_epoch_ == 0
    assert regressor.best_validation_loss_ == regressor.ridge_validation_loss_
    start = quick(max_epochs=0).fit(X, Y)
    np.testing.assert_array_equal(regressor.predict(X), start.predict(X))


def test_given_validation_rows_judge(pairs):
    X, Y = pairs
    regressor = quick(max_epochs=0).fit(X[:200], Y[:200], X_val=X[200:], y_val=Y[200:])
    error = np.mean((regressor.predict(X[200:]) - Y[200:]) ** 2)
    loss = error / Y[:200].var(axis=0).mean()
    assert regressor.ridge_validation_loss_ == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize("size", [1e6, 1e12, 1e24])
@pytest.mark.parametrize("part", [0, 1])
def test_one_extreme_row_allows_training(pairs, part, size):
    few = [rows[:100].copy() for rows in pairs]
    few[part][7] = size
    assert np.isfinite(quick().fit(*few).predict(few[0])).all()


def test_last_epoch_is_kept_without_validation(pairs):
    regressor = quick(early_stopping=False).fit(*pairs)
    assert regressor.best_epoch_ == regressor.n_epochs_ == 6
    assert regressor.ridge_validation_loss_ is None


def test_layers_may_be_none(pairs):
    regressor = quick(hidden_layer_sizes=()).fit(*pairs)
    assert regressor.n_epochs_ == 0


def test_standardized_outputs_count_alike(pairs):
    X, Y = pairs
    parameters = {"standardize_outputs": True, "max_epochs": 0}
    one = quick(1, **parameters).fit(X, Y).predict(X)
    other = quick(1, **parameters).fit(X, Y * [1, 10, 100, 1000]).predict(X)
    np.testing.assert_allclose(other, one * [1, 10, 100, 1000])


# Pictures


def test_convolutions_do_better_than_the_start(pictures):
    regressor = quick(max_epochs=10, **SHAPES).fit(*pictures)
    assert type(regressor.module_).__name__ == "ConvolutionalMap"
    assert regressor.best_validation_loss_ < regressor.ridge_validation_loss_


@pytest.mark.parametrize("max_epochs", [0, 2])
def test_pictures_may_be_flat(pictures, max_epochs):
    small, large = pictures
    flat = quick(max_epochs=max_epochs, **SHAPES)
    flat.fit(small.reshape(300, -1), large.reshape(300, -1))
    shaped = quick(max_epochs=max_epochs, **SHAPES).fit(small, large)
    outputs = shaped.predict(small)
    assert outputs.shape == large.shape
    assert flat.predict(small).shape == (300, 64)
    np.testing.assert_array_equal(flat.predict(small), outputs.reshape(300, -1))
    np.testing.assert_array_equal(shaped.predict(small.reshape(300, -1)), outputs)


def test_single_channels_are_optional(pictures):
    small, large = pictures
    shapes = {"input_shape": (4, 4, 1), "output_shape": (8, 8, 1)}
    regressor = quick(max_epochs=0, **shapes).fit(small, large[..., None])
    assert regressor.predict(small[..., None]).shape == (300, 8, 8, 1)


def test_shapes_and_pictures_accept_any_arrays(pictures):
    shapes = {"input_shape": [4, 4], "output_shape": np.array([8, 8])}
    regressor = quick(max_epochs=0, **shapes).fit(*map(torch.tensor, pictures))
    expected = quick(max_epochs=0, **SHAPES).fit(*pictures).predict(pictures[0])
    np.testing.assert_array_equal(regressor.predict(pictures[0]), expected)


@pytest.mark.parametrize(
    ("shapes", "n_components"),
    [
        ({"input_shape": (4, 4)}, None),
        ({"output_shape": (8, 8)}, None),
        ({"input_shape": (2, 8), "output_shape": (8, 8)}, None),
        (SHAPES, 3),
    ],
)
def test_other_shapes_have_dense_layers(pictures, shapes, n_components):
    flat = [part.reshape(300, -1) for part in pictures]
    regressor = quick(n_components, max_epochs=2, **shapes).fit(*flat)
    assert type(regressor.module_).__name__ == "Autoencoder"


# The contract


def test_single_outputs_have_one_axis(pairs):
    X, Y = pairs
    column, table = (quick().fit(X, y).predict(X) for y in (Y[:, 0], Y[:, :1]))
    assert column.shape == (300,)
    np.testing.assert_array_equal(table, column[:, None])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("max_epochs", [0, 6])
def test_predictions_have_the_precision_of_inputs(pairs, dtype, max_epochs):
    X, Y = pairs
    regressor = quick(max_epochs=max_epochs).fit(X, Y)
    assert regressor.predict(X.astype(dtype)).dtype == dtype
    assert regressor.transform(X.astype(dtype)).dtype == dtype


@pytest.mark.parametrize("shapes", [{}, SHAPES])
def test_copies_predict_alike(pictures, shapes, copied):
    small, large = (part.reshape(300, -1) for part in pictures)
    regressor = quick(max_epochs=2, **shapes).fit(small, large)
    np.testing.assert_array_equal(
        copied(regressor).predict(small), regressor.predict(small)
    )


def test_pickles_hold_plain_values(pairs, pickled_names):
    regressor = quick().fit(*pairs)
    assert {package for package, _ in pickled_names(regressor)} <= {
        "sklearn_ae",
        "numpy",
        "copyreg",
    }


def test_same_seed_gives_same_bits(pairs):
    regressor = quick().fit(*pairs)
    again = clone(regressor).fit(*pairs)
    np.testing.assert_array_equal(again.predict(pairs[0]), regressor.predict(pairs[0]))


def test_threads_predict_alike(pairs):
    regressor = quick().fit(*pairs)
    expected = regressor.predict(pairs[0])
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(regressor.predict, [pairs[0]] * 16))
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_a_search_finds_the_rank(pairs):
    search = GridSearchCV(
        quick(max_epochs=0), {"n_components": [1, 4]}, cv=2, error_score="raise"
    )
    search.fit(*pairs)
    assert search.best_params_ == {"n_components": 4}


def test_a_failed_fit_leaves_no_trace(pairs):
    X, Y = pairs
    regressor = quick(max_epochs=0).fit(X, Y)
    before = dict(vars(regressor))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        regressor.fit(X[:, :3], Y[:-1])
    assert vars(regressor).keys() == before.keys()
    assert all(vars(regressor)[name] is value for name, value in before.items())


@pytest.fixture
def press_while_finishing(monkeypatch, press_ctrl_c):
    """Press Ctrl-C once, when the axes of codes are sought."""
    presses = [press_ctrl_c]

    def pressed(*arguments):
        if presses:
            presses.pop()()
        return rotated_arrays(*arguments)

    monkeypatch.setattr("sklearn_ae._fitting.fit.rotated_arrays", pressed)


@pytest.mark.usefixtures("press_while_finishing")
def test_late_ctrl_c_keeps_training(pairs):
    regressor = quick()
    with pytest.raises(KeyboardInterrupt):
        regressor.fit(*pairs)
    expected = quick().fit(*pairs).predict(pairs[0])
    np.testing.assert_array_equal(regressor.predict(pairs[0]), expected)


@pytest.mark.usefixtures("press_while_finishing")
def test_late_ctrl_c_discards_unvalidated_training(pairs):
    regressor = quick(early_stopping=False)
    before = dict(vars(regressor))
    with pytest.raises(KeyboardInterrupt):
        regressor.fit(*pairs)
    assert vars(regressor) == before


def test_tables_of_any_kind_are_read(pandas_frame, pairs):
    regressor = quick().fit(pandas_frame, pairs[1])
    assert list(regressor.feature_names_in_) == list(pandas_frame.columns)
    assert np.isfinite(regressor.predict(pandas_frame)).all()


def test_sparse_and_dense_rows_agree(pairs):
    X = np.where(np.abs(pairs[0]) > 0.5, pairs[0], 0)
    dense = quick().fit(X, pairs[1]).predict(X)
    rows = sparse.csr_array(X)
    compressed = quick().fit(rows, pairs[1]).predict(rows)
    np.testing.assert_allclose(compressed, dense, atol=1e-4)


def test_gaps_are_ordinary(gappy, pairs):
    regressor = quick().fit(gappy, pairs[1])
    assert np.isfinite(regressor.predict(gappy)).all()


def test_codes_come_as_a_frame(pairs):
    X = pd.DataFrame(pairs[0], columns=list("abcdef"))
    regressor = quick(2, max_epochs=0).set_output(transform="pandas")
    codes = regressor.fit(X, pairs[1]).transform(X)
    names = ["encoderdecoderregressor0", "encoderdecoderregressor1"]
    assert list(codes.columns) == names
