import numpy as np
import pytest

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._fitting.stream_state import StreamState


@pytest.fixture
def estimator(X):
    estimator = AutoencoderTransformer(2, hidden_layer_sizes=(8,), random_state=0)
    return estimator.partial_fit(X)


def test_a_state_makes_the_same_state(estimator):
    state = estimator._stream
    again = StreamState.from_state(state, estimator._fitted).state()
    assert again.keys() == state.keys()
    for name, value in state.items():
        np.testing.assert_array_equal(again[name], value)


BROKEN = {
    "format": ("format", lambda _: 9),
    "count": ("n_rows", lambda _: -1),
    "true": ("n_calls", lambda _: True),
    "number": ("unit", lambda _: float("nan")),
    "text": ("mean_loss", lambda _: "0.5"),
    "shape": ("ahead", lambda array: array[1:]),
    "dtype": ("squares", lambda array: array.astype(object)),
    "finite": ("average", lambda array: array * np.nan),
    "width": ("network", lambda network: network | {"n_features": 7}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_state_is_an_error(estimator, X, name):
    key, change = BROKEN[name]
    estimator._stream = estimator._stream | {key: change(estimator._stream[key])}
    with pytest.raises(ValueError, match=r"state|must|finite"):
        estimator.partial_fit(X)


@pytest.mark.parametrize("key", ["seed", "network", "code_scatter"])
def test_a_state_without_a_part_is_an_error(estimator, X, key):
    del estimator._stream[key]
    with pytest.raises(ValueError, match="state of a stream"):
        estimator.partial_fit(X)
