"""The benchmark of pairs, from tiny rows."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.data import photographs
from benchmarks.report import uses_sections
from benchmarks.runners import patches
from benchmarks.runners.errors import pairs

FEW = {"max_epochs": 1, "hidden_channels": (2,), "hidden_layer_sizes": (8,)}


class Same:
    """A model that gives back what it is given."""

    def predict(self, X):
        return X


@pytest.mark.parametrize("shape", [(20, 23, 1), (8, 9, 3)])
def test_whole_pictures_are_made_of_patches(shape):
    picture = np.random.default_rng(0).uniform(size=shape)
    np.testing.assert_allclose(patches.assembled(Same(), picture, 1), picture)


def test_pictures_are_halved_by_averaging():
    picture = np.arange(16.0).reshape(1, 4, 4, 1)
    expected = [[2.5, 4.5], [10.5, 12.5]]
    np.testing.assert_allclose(photographs.halved(picture)[0, ..., 0], expected)


def test_halves_are_even_and_disjoint():
    left, right = photographs.halves()
    for first, second in zip(left, right, strict=True):
        assert first.shape == (426, 320, 3)
        assert second.shape == (426, 320, 3)
        assert not np.shares_memory(first, second)


def test_bicubic_interpolation_keeps_a_constant():
    picture = np.full((4, 5, 3), 0.25, dtype=np.float32)
    np.testing.assert_allclose(photographs.enlarged(picture), np.full((8, 10, 3), 0.25))


def test_tables_are_compared_in_output_deviations():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4))
    Y = X @ rng.normal(size=(4, 2)) * [1, 100] + rng.normal(size=(120, 2))
    train, test = (X[:90], Y[:90]), (X[90:], Y[90:])
    found = list(pairs.compare_table(train, test, 0, max_epochs=1))
    assert found[0]["model"] == pairs.RIDGE
    assert found[0][pairs.RATIO] == 1
    assert found[1][pairs.RATIO] == pytest.approx(1, rel=0.1)


def test_the_section_shows_every_model():
    lines = [
        {"data": "4x4 to 8x8", "scope": pairs.WHOLE, "model": model, "error": error}
        for model, error in [(pairs.RIDGE, 0.02), (pairs.OURS, 0.01)]
    ]
    rows = pd.DataFrame(lines).assign(n_train=10, seed=0, PSNR=20.0, seconds=1.0)
    text = "\n".join(uses_sections.pairs_section(rows))
    assert (
        "| 4x4 to 8x8 | whole pictures | 10 | EncoderDecoderRegressor | 0.500" in text
    )


def test_patches_are_compared():
    found = pairs.run_photographs("4x4 to 8x8", (60,), 20, (), **FEW)
    names = [line["model"] for line in found]
    assert names[:2] == [pairs.RIDGE, pairs.OURS]
    assert pairs.WHOLE_CUBIC in names
