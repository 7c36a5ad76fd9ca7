"""The benchmark of few labels, from tiny rows."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.report import render, results
from benchmarks.runners import parts
from benchmarks.runners.errors import pretraining


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return pd.DataFrame(rng.normal(size=(120, 3)), columns=[*"abc"])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("classes", [True, False])
def test_models_are_scored_on_same_draws(rows, classes):
    y = rows["a"].to_numpy()
    y = (y > 0).astype(int) if classes else y
    task = pretraining.Task("y", 2, classes=classes)
    measured = pretraining.compare("tiny", task, rows, y, (0.2,), 1, max_epochs=0)
    expected = {pretraining.OURS, pretraining.FROZEN, pretraining.PCA_CODES}
    expected |= {pretraining.RAW, pretraining.NETWORK, pretraining.TREES}
    assert set(measured["model"]) == expected
    assert set(measured["labels"]) == {18}
    scores = measured.set_index("model")["score"]
    assert scores[pretraining.OURS] == scores[pretraining.FROZEN]


def test_classes_are_drawn_in_their_shares():
    y = np.repeat([0, 1, 2], [80, 10, 10])
    drawn = pretraining._drawn(pretraining.Task("y", 2), y, 0.2, 0)
    assert np.bincount(y[drawn]).tolist() == [16, 2, 2]


def test_parts_on_digits_have_sections(tmp_path):
    assert "digits" in parts.sets_to_run("pretraining", None, short=True)
    models = (pretraining.OURS, pretraining.FROZEN, *pretraining.PEERS)
    line = {"data": "digits", "n_components": 16, "share": 0.01, "labels": 13}
    measured = pd.DataFrame(
        [
            line | {"draw": 0, "model": model, "score": score, "seconds": 1.0}
            for model, score in zip(models, (0.9, 0.8, 0.7, 0.6, 0.95), strict=True)
        ]
    )
    results.save(measured, tmp_path / "pretraining.csv")
    text = render.section("pretraining", tmp_path)
    assert "| digits |" in text
    assert "network from scratch 1 of 1, PCA codes, linear 1 of 1" in text
    assert "self-training 0 of 1" in text
