"""Which rows stay, and what is fitted to all of them first."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._outliers.robust_fit import (
    is_trainable,
    linear_start_of,
    select_inliers,
)


@pytest.mark.parametrize(("fraction", "n_left_out"), [(0, 0), (0.1, 1), (0.29, 2)])
def test_the_most_abnormal_rows_are_left_out(fraction, n_left_out):
    abnormality = np.array([3.0, 9, 1, 4, 1, 5, 2, 6, 5, 3])
    kept = select_inliers(abnormality, fraction, PCA(), np.zeros((10, 2)))
    np.testing.assert_array_equal(np.flatnonzero(~kept), [1, 7][:n_left_out])


def test_rows_with_a_category_that_no_other_shows_stay():
    frame = pd.DataFrame({"a": np.arange(10.0), "kind": list("xyxyxyxyxz")})
    start = AutoencoderTransformer(1, max_epochs=0).fit(frame)
    kept = select_inliers(np.arange(10), 0.2, start, frame)
    np.testing.assert_array_equal(np.flatnonzero(~kept), [8])


def test_autoencoders_start_untrained_and_others_as_they_are():
    pca, network = PCA(), AutoencoderTransformer(3)
    assert linear_start_of(pca) is pca
    assert linear_start_of(network).get_params() == network.get_params() | {
        "max_epochs": 0
    }
    assert linear_start_of(None).max_epochs == 0
    assert network.max_epochs != 0


def test_only_autoencoders_with_epochs_train():
    assert is_trainable(AutoencoderTransformer())
    assert not is_trainable(AutoencoderTransformer(max_epochs=0))
    assert not is_trainable(PCA())
