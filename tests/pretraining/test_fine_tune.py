"""Fine-tuning: scaled codes, the start of the network, and units."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import MaxAbsScaler

from sklearn_ae import AutoencoderTransformer, PretrainedRegressor
from sklearn_ae._fitting.fitted import FittedAutoencoder
from sklearn_ae._pretraining.fine_tune import fine_tune, gather_labelled_codes
from sklearn_ae._pretraining.labelled_rows import LabelledRows
from sklearn_ae._pretraining.targets import NumberTargets
from sklearn_ae._training.random import RandomStreams
from sklearn_ae._training.rows import TensorRows

CPU = torch.device("cpu")
LABELLED = np.arange(300) % 5 == 0
HELD = [AutoencoderTransformer(3, max_epochs=0), PCA(3)]


def given(estimator, X):
    unlabelled = np.zeros_like(LABELLED)
    return gather_labelled_codes(estimator.fit(X, None), X, LABELLED, unlabelled, CPU)


def tuned(estimator, X, size=1.0, **parameters):
    parameters = {"max_epochs": 3, "early_stopping": False} | parameters
    holder = PretrainedRegressor(estimator, **parameters)
    targets = NumberTargets(np.sin(X[LABELLED, 4:5]))
    rows = given(estimator, X * size)
    return fine_tune(
        holder._recipe(), targets, rows, RandomStreams(0), lambda *epochs: None
    )


def scores(tuned, estimator, X):
    return tuned.fitted.head.scores(tuned.fitted.codes(estimator, X))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [0.0, 1e-3, 1.0, 200.0])
def test_rounding_of_equal_rows_stays_small(X, monkeypatch, dtype, size):
    # Products may be summed in another order for the last rows of a table.
    autoencoder = AutoencoderTransformer(3, max_epochs=0)
    rounding = size * np.finfo(dtype).eps * np.random.default_rng(0).normal(size=300)
    codes = np.tile(rounding.astype(dtype)[:, None], 3)
    monkeypatch.setattr(FittedAutoencoder, "encode", lambda *_: codes)
    scale = given(autoencoder, X).scaling[1]
    unit = autoencoder._fitted.code_units.max()
    expected = unit if size < 64 else codes.astype(np.float64).std()
    np.testing.assert_allclose(scale, expected, rtol=1e-6)


@pytest.mark.parametrize("estimator", HELD)
def test_codes_are_scaled_by_all_rows(X, estimator):
    codes = estimator.fit_transform(X)
    found = given(estimator, X)
    np.testing.assert_allclose(found.codes, codes[LABELLED])
    mean, scale = found.scaling
    np.testing.assert_allclose(mean, codes.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(scale, np.sqrt(codes.var(axis=0).mean()))


def test_other_codes_are_scaled_rows(X):
    found = given(MaxAbsScaler(), 1e9 + X)
    rows, _ = found.rows.take(torch.arange(len(found.rows)))
    mean, scale = found.scaling
    np.testing.assert_allclose(rows, (found.codes - mean) / scale, atol=1e-5)


def test_only_rows_have_noise():
    rows = LabelledRows(TensorRows(torch.eye(3)), torch.arange(3.0), lambda x: -x)
    taken, targets = rows.take(torch.tensor([2, 0]))
    np.testing.assert_array_equal(taken, -torch.eye(3)[[2, 0]])
    assert targets.tolist() == [2, 0]


@pytest.mark.parametrize("estimator", HELD)
@pytest.mark.parametrize("size", [1e-60, 1.0, 1e9])
def test_units_of_codes_make_no_difference(X, estimator, size):
    plain = scores(tuned(estimator, X), estimator, X)
    other = scores(tuned(estimator, X, size), estimator, X * size)
    np.testing.assert_allclose(other, plain, atol=1e-3)


@pytest.mark.parametrize("estimator", HELD)
def test_trained_network_begins_at_the_start(X, estimator):
    start = tuned(estimator, X, max_epochs=0)
    still = tuned(estimator, X, head_learning_rate=1e-12, encoder_learning_rate=0.0)
    assert still.state.best_epoch == 3
    found, expected = (scores(one, estimator, X) for one in (still, start))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_sub_estimators_are_not_changed(X):
    estimator = AutoencoderTransformer(3, max_epochs=0).fit(X)
    before = {name: array.copy() for name, array in estimator._fitted.arrays.items()}
    changed = tuned(FrozenEstimator(estimator), X).fitted.encoder.arrays
    assert any((changed[name] != array).any() for name, array in before.items())
    for name, array in estimator._fitted.arrays.items():
        np.testing.assert_array_equal(array, before[name])
