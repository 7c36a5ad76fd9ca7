import numpy as np
import pytest

from sklearn_ae import AutoencoderTransformer, EncoderDecoderRegressor
from sklearn_ae._fitting.fitted import FittedPair


def ridge(**parameters):
    return EncoderDecoderRegressor(max_epochs=0, **parameters)


@pytest.mark.parametrize("name", ["output_mean", "output_scale"])
def test_incomplete_states_are_refused(pairs, name):
    fitted = ridge().fit(*pairs)._fitted
    for broken in (np.ones(3), np.full(4, np.nan), np.ones(4, dtype=int)):
        state = fitted.__getstate__() | {name: broken}
        with pytest.raises(ValueError, match=name):
            type(fitted).__new__(type(fitted)).__setstate__(state)


def test_networks_without_outputs_are_refused(pairs):
    state = ridge().fit(*pairs)._fitted.__getstate__()
    own = AutoencoderTransformer(2, max_epochs=0).fit(pairs[0])._fitted.__getstate__()
    with pytest.raises(ValueError, match=r"output_mean must be .* \(n_outputs\)"):
        FittedPair.__new__(FittedPair).__setstate__(state | {"network": own})


def test_scales_of_a_state_are_positive(pairs):
    fitted = ridge().fit(*pairs)._fitted
    state = fitted.__getstate__() | {"output_scale": np.zeros(4)}
    with pytest.raises(ValueError, match=r"output_scale must be .* > 0"):
        type(fitted).__new__(type(fitted)).__setstate__(state)


def test_errors_name_predictions_beyond_float32(pairs):
    X, Y = pairs
    regressor = ridge().fit(X, Y * 1e60)
    with pytest.raises(ValueError, match=r"finite in float32, .* pass X as float64"):
        regressor.predict(X.astype(np.float32))
