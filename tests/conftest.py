import os

# scipy reads it once: without it check_array_api_input skips itself.
os.environ["SCIPY_ARRAY_API"] = "1"

import signal

import numpy as np
import pytest

from sklearn_ae import AutoencoderTransformer

ESTIMATORS = [AutoencoderTransformer]

QUICK = {
    "hidden_layer_sizes": (32,),
    "learning_rate": 0.02,
    "batch_size": 32,
    "max_epochs": 4,
    "random_state": 0,
}


@pytest.fixture(params=ESTIMATORS)
def estimator_class(request):
    return request.param


@pytest.fixture
def quick(estimator_class):
    """Make an estimator that trains in a moment and leaves PCA on `X`."""

    def make(n_components=2, **parameters):
        return estimator_class(n_components, **(QUICK | parameters))

    return make


@pytest.fixture(scope="session", name="X")
def curve():
    """Rows near a curve in six dimensions; whoever writes to them fails."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(-3, 3, (300, 1))
    waves = [wave(k * angle) for k in (1, 2) for wave in (np.cos, np.sin)]
    rows = np.hstack([*waves, angle, angle**2])
    rows += 0.05 * rng.normal(size=rows.shape)
    rows.flags.writeable = False
    return rows


@pytest.fixture(params=["start", "trained"])
def fitted(request, quick, X):
    """An estimator that kept PCA, and one that left it."""
    estimator = quick(max_epochs=0 if request.param == "start" else 4).fit(X)
    assert (estimator.best_epoch_ > 0) == (request.param == "trained")
    return estimator


@pytest.fixture
def press_ctrl_c():
    """Send this process a real Ctrl-C."""
    handler = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, handler)
