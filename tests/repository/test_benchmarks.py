"""The benchmarks' tables, pictures and files, from tiny figures; nothing is timed."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.data.datasets import Rows, split
from benchmarks.report import headline, pictures, render, results, sections
from benchmarks.report.markdown import cell, table
from benchmarks.runners.errors import quality, time_to_quality
from benchmarks.runners.errors.imputation import Task
from benchmarks.runners.peers import (
    BASELINE,
    LONGER,
    MLP,
    OURS,
    SKORCH,
    MLPAutoencoder,
    makers,
)
from benchmarks.runners.probes import scores

BENCHMARKS = Path(render.__file__).parents[1]
FILES = sorted(BENCHMARKS.rglob("*.py"))
RATIOS = {BASELINE: 1.0, OURS: 0.25, SKORCH: 0.5}


@pytest.fixture
def folder(tmp_path):
    """Return a folder with the results files of two parts."""
    rows = [
        {"data": name, "n_components": 2, "seed": seed, "model": model, "ratio": ratio}
        | {"seconds": 2.0, "target": "classes", "best_epoch": 1}
        | {"neighbours score": 0.5, "linear score": 0.5}
        for name in ("iris", "wine")
        for seed in (0, 1)
        for model, ratio in RATIOS.items()
    ]
    results.save(pd.DataFrame(rows), tmp_path / "quality.csv")
    results.save(curves(), tmp_path / "time_to_quality.csv")
    return tmp_path


def curves():
    """Return errors of three models that halve as seconds double."""
    return pd.DataFrame(
        [
            {"data": "iris", "n_components": 2, "seed": 0, "model": model}
            | {"epochs": epochs, "seconds": epochs, "ratio": start / epochs}
            for model, start in {OURS: 1.0, SKORCH: 2.0, MLP: 99.0}.items()
            for epochs in (1.0, 2.0, 4.0)
        ]
    )


def test_folders_are_small():
    assert max(Counter(file.parent for file in FILES).values()) <= 16
    assert max(len(file.read_text().splitlines()) for file in FILES) <= 400


def test_no_basename_is_used_twice():
    names = Counter(file.stem for file in FILES if file.stem != "__init__")
    assert max(names.values()) == 1


def test_page_holds_tables_and_pictures(folder):
    render.write_page(folder, folder)
    page = (folder / "benchmarks.md").read_text()
    assert "| sklearn_ae | 2 | 0.250 |" in page
    assert all((folder / f"{part}.png").exists() for part in pictures.PICTURES)


def test_headline_holds_time_to_plain_error(folder):
    text = headline.text(folder)
    assert "| sklearn_ae | 2 | 0.250 | 0.250 | 0 | 4 | 4 | 0.500 |" in text
    assert "On 100 % of 2 pairs" in text


def test_saving_replaces_same_set_and_seed(tmp_path):
    file = tmp_path / "quality.csv"
    old = pd.DataFrame({"data": ["a", "a", "b"], "seed": [0, 1, 0], "ratio": 1.0})
    results.save(old, file)
    results.save(pd.DataFrame({"data": ["a"], "seed": [1], "ratio": 2.0}), file)
    kept = pd.read_csv(file)
    assert kept["ratio"].tolist() == [1.0, 2.0, 1.0]
    assert kept["date"].notna().all()


def test_rows_not_measured_again_are_kept(tmp_path):
    file = tmp_path / "quality.csv"
    old = pd.DataFrame({"data": "a", "seed": 0, "model": [OURS, SKORCH], "ratio": 1.0})
    results.save(old, file)
    kept = pd.read_csv(file).assign(date="earlier")
    kept.to_csv(file, index=False)
    results.save(old[:1].assign(ratio=2.0), file, results.MODEL_KEYS)
    saved = pd.read_csv(file).set_index("model")
    assert saved["ratio"].to_dict() == {SKORCH: 1.0, OURS: 2.0}
    assert (saved["date"] == "earlier").to_dict() == {SKORCH: True, OURS: False}


def test_only_requested_models_are_measured():
    rows = quality.run(None, "iris", (0,), (1,), (BASELINE, "KernelPCA"))
    assert rows["model"].tolist() == [BASELINE, "KernelPCA"]


def test_seconds_use_fully_timed_seeds(folder):
    rows = results.load("quality", folder)
    rows.loc[rows["seed"] == 1, "seconds"] = 5.0
    last = rows.index[rows["seed"] == 1][-1]
    rows.loc[last, "seconds"] = np.nan
    assert quality.timed_seeds(rows) == [0]
    assert (quality.summary(rows)["fit seconds"] == 4.0).all()
    assert "(seeds: 0)" in sections.quality_section(rows)[0]
    rows["seconds"] = np.nan
    assert quality.timed_seeds(rows) == []
    assert quality.summary(rows)["fit seconds"].isna().all()
    assert "(seeds: none)" in sections.quality_section(rows)[0]


@pytest.mark.parametrize(
    ("error", "seconds"), [(2.0, 1.0), (1.0, 1.0), (0.5, 2.0), (0.1, math.inf)]
)
def test_seconds_to_an_error_are_interpolated(error, seconds):
    curve = curves().query("model == @OURS").query("epochs != 2")
    assert time_to_quality.seconds_to(error, curve) == pytest.approx(seconds)


def test_medians_are_over_the_plain_fit():
    medians = {OURS: 0.5, SKORCH: 1.0, MLP: math.inf}
    assert time_to_quality.medians(curves()) == medians


def test_cells():
    frame = pd.DataFrame({"a": ["x"], "b": [1234.5], "c": [np.nan], "d": [math.inf]})
    assert table(frame).splitlines()[-1] == "| x | 1,234 |  | never |"
    assert cell(0.12345) == "0.123"


def test_a_model_that_is_best_counts():
    rows = pd.DataFrame(
        [
            {"data": "a", "n_components": 1, "seed": 0, "model": model, "ratio": ratio}
            for model, ratio in {OURS: 0.6, SKORCH: 0.5}.items()
        ]
    )
    assert quality.share_best(rows) == 0


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(80, 6)).astype(np.float32)


@pytest.mark.parametrize("name", [BASELINE, OURS, LONGER, SKORCH, MLP, "KernelPCA"])
def test_models_have_codes_and_reconstructions(rows, name):
    make = {BASELINE: quality.PCABaseline} | makers(len(rows))
    budget = (2,) if name in (OURS, SKORCH, MLP) else ()
    model = make[name](3, 0, *budget).fit(rows)
    assert model.transform(rows).shape == (80, 3)
    assert model.reconstruct(rows).shape == rows.shape


def test_longer_fits_have_twice_the_epochs(rows):
    short, longer = (makers(len(rows))[name](3, 0).fit(rows) for name in (OURS, LONGER))
    assert longer.model.max_epochs == 2 * short.n_epochs_


def test_regressor_codes_give_its_predictions(rows):
    model = MLPAutoencoder(3, 0, max_epochs=2).fit(rows)
    out = model.transform(rows)
    weights, biases = model.network.coefs_[3:], model.network.intercepts_[3:]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        out = np.maximum(out @ weight + bias, 0)
    out = (out @ weights[-1] + biases[-1]) * model.scale + model.mean
    np.testing.assert_allclose(out, model.reconstruct(rows), rtol=1e-4, atol=1e-5)


def test_splits_keep_rows_and_targets_together(rows):
    train, test = split(Rows(rows, rows[:, 0]), standardized=False, seed=0)
    assert len(train.X) == 60
    np.testing.assert_array_equal(test.X[:, 0], test.y)


@pytest.mark.parametrize(
    ("y", "kind"), [(np.arange(80) % 2, "classes"), (np.linspace(0, 1, 80), "numbers")]
)
def test_codes_with_the_target_score_well(y, kind):
    codes = np.column_stack([y, y]).astype(np.float32)
    result = scores(codes, y, codes, y)
    assert result.pop("target") == kind
    assert min(result.values()) > 0.9


@pytest.mark.parametrize("gaps", [False, True])
def test_removed_cells_are_encoded_as_missing(gaps):
    frame = pd.DataFrame({"a": np.arange(80.0), "b": [*"xyzz"] * 20})
    if gaps:
        frame.loc[:9, "b"] = None
    task = Task(frame, frame, 0)
    full, some = task.rows_to_fit(0.0), task.rows_to_fit(0.5)
    missing = task.matrix.encode(pd.DataFrame({"a": [np.nan], "b": [None]}))[0]
    block = np.isclose(some[:, 1:], missing[1:], equal_nan=True).all(axis=1)
    changed = ~np.isclose(some, full, equal_nan=True)
    assert changed[:, 0].any()
    assert changed[:, 1:].any()
    assert np.isnan(some[changed[:, 0], 0]).all()
    assert block[changed[:, 1:].any(axis=1)].all()
