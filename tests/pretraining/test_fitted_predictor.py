"""Heads as plain arguments and arrays."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._pretraining.fitted_predictor import FittedHead, FittedPredictor
from sklearn_ae.nn import Head

ARGUMENTS = {"n_components": 2, "n_outputs": 3, "hidden_layer_sizes": (4,)}


@pytest.fixture
def head():
    made = Head(**ARGUMENTS, generator=torch.Generator().manual_seed(0))
    made.train()(torch.eye(2))  # the ranges of units
    arrays = {name: value.numpy() for name, value in made.state_dict().items()}
    return FittedHead(ARGUMENTS, arrays)


def codes_of_type(dtype, n_rows=5):
    return np.random.default_rng(0).normal(size=(n_rows, 2)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_have_the_precision_of_codes(head, dtype):
    scores = head.scores(codes_of_type(dtype))
    assert scores.dtype == dtype
    assert scores.shape == (5, 3)


def test_chunks_make_no_difference(head):
    codes = codes_of_type(np.float64, 5_000)
    parts = [head.scores(part) for part in np.array_split(codes, 7)]
    np.testing.assert_allclose(head.scores(codes), np.vstack(parts), rtol=1e-12)


def test_codes_may_be_reversed_or_readonly(head):
    codes = codes_of_type(np.float64)
    expected = head.scores(codes)[::-1]
    codes.flags.writeable = False
    np.testing.assert_allclose(head.scores(codes[::-1]), expected, rtol=1e-12)


def test_pickles_give_the_same_bits(head):
    codes = codes_of_type(np.float64)
    copied = pickle.loads(pickle.dumps(head))
    np.testing.assert_array_equal(copied.scores(codes), head.scores(codes))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mean": np.full(2, np.nan)}, "must be a finite array"),
        ({"mean": np.zeros(3)}, r"must be .* of shape \(2\)"),
        ({"mean": np.zeros(2, int)}, "must be .* float32 or float64"),
        ({"other": np.zeros(2)}, "must have all of its entries and no others"),
    ],
)
def test_damaged_states_are_refused(head, change, message):
    state = head.__getstate__()
    state = state | {"arrays": state["arrays"] | change}
    with pytest.raises(ValueError, match=message):
        head.__setstate__(state)


@pytest.mark.parametrize("own", [True, False])
def test_codes_are_of_the_estimator(X, head, own):
    estimator = AutoencoderTransformer(2, max_epochs=0) if own else PCA(2)
    estimator.fit(X)
    predictor = FittedPredictor(estimator._fitted if own else None, head)
    for rows in (X, X.astype(np.float32)):
        codes = predictor.codes(estimator, rows)
        expected = estimator.transform(rows)
        assert codes.dtype == expected.dtype
        np.testing.assert_array_equal(codes, expected)


def test_codes_may_exceed_float32(head):
    codes, unit = codes_of_type(np.float64), 1e40
    far = {name: unit * head.arrays[name].astype(float) for name in ("mean", "scale")}
    moved = FittedHead(ARGUMENTS, head.arrays | far)
    expected = head.scores(codes)
    np.testing.assert_allclose(moved.scores(unit * codes), expected, rtol=1e-12)
    copied = pickle.loads(pickle.dumps(moved))
    np.testing.assert_array_equal(copied.scores(codes), moved.scores(codes))
