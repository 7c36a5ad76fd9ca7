import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from _pretraining_cases import AUTOENCODER, LONG, make_classifier


@pytest.fixture(scope="session")
def y(X):
    """Three classes of the curve, no code's linear function."""
    return np.digitize(np.sin(3 * X[:, 4]), [-0.5, 0.5])


@pytest.fixture(scope="session")
def few(y):
    """The same, of which a third is labelled."""
    return np.where(np.arange(len(y)) % 3 == 0, y, -1)


@pytest.fixture(scope="session")
def numbers(X):
    """A number a row, of which a third is known."""
    known = np.arange(len(X)) % 3 == 0
    return np.where(known, 100 + 7 * np.sin(3 * X[:, 4]), np.nan)


@pytest.fixture(scope="session")
def frozen(X):
    """An autoencoder that was trained before."""
    autoencoder = clone(AUTOENCODER).fit(X)
    assert autoencoder.best_epoch_ > 0
    return FrozenEstimator(autoencoder)


@pytest.fixture(scope="session")
def tuned(X, few, frozen):
    """A classifier that left its start."""
    fitted = make_classifier(frozen, **LONG).fit(X, few)
    assert fitted.best_epoch_ > 0
    return fitted
