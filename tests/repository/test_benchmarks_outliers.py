"""The benchmark of outliers, from tiny rows."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.data.datasets import Rows
from benchmarks.report import headline, render, results
from benchmarks.runners import parts
from benchmarks.runners.errors import outliers


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4)).astype(np.float32)
    X[:10] *= 8
    return Rows(X, np.arange(120) < 10)


@pytest.mark.parametrize("mode", outliers.MODES)
@pytest.mark.parametrize("model", [*outliers.PEERS, outliers.OVER_PCA])
def test_models_find_rows_far_off(rows, mode, model):
    train, test, flags = outliers.divided(rows, mode)
    test = train if mode == outliers.CONTAMINATED else test
    line = outliers.measure(outliers.MODELS[model], train, test, flags, 0)
    assert line[outliers.AUC] > 0.8
    assert line[outliers.DISTINCT] > 1


def test_novelty_is_scored_on_other_rows(rows):
    train, test, flags = outliers.divided(rows, outliers.NOVELTY)
    assert len(test) == len(flags) == 60
    assert len(train) == 60 - (10 - flags.sum())
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-6)


def test_outliers_are_a_share_of_all():
    classes = Rows(np.zeros((300, 2)), np.repeat([0, 1, 2], 100))
    made = outliers.one_class_against(classes, 0, 2)
    assert made.y.mean() == pytest.approx(outliers.SHARE, abs=0.005)
    assert outliers.rarest_class(Rows(classes.X, np.arange(300) > 297)).y.sum() == 2


def test_the_section_tells_means_and_losers(tmp_path):
    assert "breast_cancer" in parts.sets_to_run("outliers", None, short=True)
    lines = [
        {"data": name, "mode": mode, "seed": 0, "model": model, outliers.AUC: auc}
        | {outliers.PRECISION: auc / 2, outliers.DISTINCT: 7, "seconds": 1.0}
        for name in ("cover", "dry_bean")
        for mode in outliers.MODES
        for model, auc in ((outliers.OURS, 0.75), ("IsolationForest", 0.875))
    ]
    results.save(pd.DataFrame(lines), tmp_path / "outliers.csv")
    text = render.section("outliers", tmp_path)
    assert text.index("| IsolationForest | 0.875") < text.index("Detector | 0.750")
    assert "0.750" in headline.text(tmp_path)


def test_runs_without_labels_have_no_means(tmp_path):
    line = {"data": "breast_cancer", "seed": 0, "model": outliers.OURS, "seconds": 1.0}
    line |= {outliers.AUC: 0.5, outliers.PRECISION: 0.5, outliers.DISTINCT: 7}
    rows = pd.DataFrame([line | {"mode": mode} for mode in outliers.MODES])
    assert outliers.means(rows).empty
    results.save(rows, tmp_path / "outliers.csv")
    assert "breast_cancer" in render.section("outliers", tmp_path)
    assert "No outliers" in headline.text(tmp_path)
