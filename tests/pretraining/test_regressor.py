"""Numbers from few targets."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from _pretraining_cases import make_regressor, scale_codes

ALPHAS = np.logspace(-3, 4, 15)


@pytest.mark.parametrize("n_outputs", [None, 1, 2])
def test_start_is_ridge_regression_on_codes(X, numbers, frozen, n_outputs):
    if n_outputs:
        numbers = np.column_stack([numbers, -(numbers**2)][:n_outputs])
    known = ~np.isnan(numbers.reshape(len(X), -1)).any(axis=1)
    codes, target = scale_codes(frozen.transform(X)), numbers[known]
    mean, scale = target.mean(axis=0), target.std(axis=0)
    linear = RidgeCV(ALPHAS).fit(codes[known], (target - mean) / scale)
    start = make_regressor(frozen, max_epochs=0).fit(X, numbers)
    expected = linear.predict(codes).reshape(start.predict(X).shape) * scale + mean
    np.testing.assert_allclose(start.predict(X), expected, rtol=1e-6)


@pytest.mark.parametrize("n_labels", [1, 2, 9])
def test_few_numbers_keep_the_start(X, numbers, frozen, n_labels):
    some = np.full(len(X), np.nan)
    some[:n_labels] = X[:n_labels, 4]
    fitted = make_regressor(frozen).fit(X, some)
    assert fitted.validation_loss_curve_ is None
    assert np.isfinite(fitted.predict(X)).all()
