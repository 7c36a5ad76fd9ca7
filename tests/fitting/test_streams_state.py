import pickle

import numpy as np
import pytest

from sklearn_ae import AutoencoderTransformer, InvalidFileError


@pytest.fixture
def estimator(X):
    estimator = AutoencoderTransformer(2, hidden_layer_sizes=(8,), random_state=0)
    return estimator.partial_fit(X)


def restored(estimator, path, change):
    """Return an estimator of a state in which one entry of the stream is changed."""
    state = pickle.loads(pickle.dumps(estimator.__getstate__()))
    *groups, name = path
    entries = state["_stream"]
    for group in groups:
        entries = entries[group]
    if change is None:
        del entries[name]
    else:
        entries[name] = change(entries[name])
    made = AutoencoderTransformer()
    made.__setstate__(state)
    return made


def test_a_state_makes_the_same_state(estimator):
    again = restored(estimator, ["seed"], lambda seed: seed)
    np.testing.assert_equal(
        again.__getstate__()["_stream"], estimator.__getstate__()["_stream"]
    )


def test_scatter_of_codes_is_symmetric(estimator):
    again = restored(estimator, ["seed"], lambda seed: seed)
    np.testing.assert_array_equal(
        again._stream.codes.scatter, estimator._stream.codes.scatter
    )


BROKEN = {
    "count": (["n_rows"], lambda _: -1),
    "true": (["n_calls"], lambda _: True),
    "number": (["unit"], lambda _: float("nan")),
    "sign": (["code_unit"], lambda _: 0.0),
    "text": (["mean_loss"], lambda _: "0.5"),
    "shape": (["steps", "ahead"], lambda array: array[1:]),
    "dtype": (["steps", "squares"], lambda array: array.astype(object)),
    "negative": (["steps", "squares"], lambda array: array - 1),
    "finite": (["steps", "average"], lambda array: array * np.nan),
    "rows": (["codes", "n_rows"], lambda _: 1),
    "triangle": (["codes", "scatter"], lambda array: array[1:]),
    "width": (["network"], lambda network: network | {"n_features": 7}),
    "seed": (["seed"], None),
    "arguments": (["network"], None),
    "scatter": (["codes", "scatter"], None),
}


@pytest.mark.parametrize("name", BROKEN)
def test_errors_name_broken_entries(estimator, name):
    path, change = BROKEN[name]
    with pytest.raises(
        InvalidFileError, match=rf"_stream.*{path[-1]}.* (must|missing)"
    ):
        restored(estimator, path, change)
