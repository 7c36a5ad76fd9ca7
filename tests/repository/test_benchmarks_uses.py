"""The benchmarks of what people do with autoencoders, from tiny rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA

from benchmarks.report import headline, render, results, sections
from benchmarks.runners import parts
from benchmarks.runners.errors import compression, streaming
from sklearn_ae import AutoencoderTransformer


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(200, 4)) * (8, 4, 2, 1)).astype(np.float32)


def test_compressors_are_measured_on_both_rows(rows):
    pca = PCA(2, random_state=0).fit(rows[:150])
    lines = pd.DataFrame(compression.compressed(pca, rows[:150], rows[150:], 0))
    bits = lines[lines["setting"].str.startswith("n_bits")]
    assert len(bits) == len(compression.BITS_A_COMPONENT)
    assert len(lines) > len(bits)
    assert (lines["error"] > 0.01).all()
    assert (lines["bytes a row"] < 6).all()


def test_raw_rows_and_pictures_have_references(rows):
    pictures = np.abs(rows).clip(0, 16)
    lines = pd.DataFrame(compression.references(pictures, pictures, (2, 2)))
    assert set(lines["model"]) == {
        compression.ZLIB,
        compression.JPEG,
        compression.TILED,
    }
    own, whole = (
        lines[lines["model"] == model]
        for model in (compression.JPEG, compression.TILED)
    )
    assert (own["bytes a row"].to_numpy() > whole["bytes a row"].to_numpy()).all()


def test_pictures_lie_side_by_side():
    pictures = np.arange(101, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 3))
    whole = compression.in_one(pictures.astype(np.uint8))
    assert whole.shape == (2 * 51, 3 * 2)
    assert whole[0, 3] == 1
    assert whole[2, 0] == 2


def curve_of(model, factor):
    sizes = np.array([1.0, 2, 4, 8, 3])
    errors = factor * np.array([0.4, 0.2, 0.1, 0.05, 0.5])
    return pd.DataFrame(
        {"data": "digits", "seed": 0, "model": model, "n_components": 2}
        | {"setting": "n_bits=8", "bytes a row": sizes, "error": errors}
        | {"bytes a row choosing": sizes, "error choosing": errors}
    )


def test_beaten_settings_are_left_out():
    kept = compression.curve(curve_of("PCA", 1))
    assert kept["bytes a row"].tolist() == [1, 2, 4, 8]


@pytest.mark.parametrize(
    ("budget", "error"), [(1, 0.4), (2.828427, 0.1414214), (16, 0.05)]
)
def test_errors_are_interpolated_in_logarithms(budget, error):
    lines = curve_of("PCA", 1)
    assert compression.error_at(lines, budget) == pytest.approx(error)


def test_part_has_section_and_headline(tmp_path):
    assert "digits" in parts.sets_to_run("compression", None, short=True)
    models = [(compression.LINEAR, 1), (compression.DENSE, 0.6)]
    reference = pd.DataFrame(
        {"data": ["digits"], "seed": 0, "model": "zlib", "bytes a row": 9, "error": 0}
    )
    measured = pd.concat([curve_of(*model) for model in models] + [reference])
    results.save(measured, tmp_path / "compression.csv")
    text = render.section("compression", tmp_path)
    assert text.startswith(f"## {sections.SECTIONS['compression'][0]}")
    assert "0.600" in text
    assert "4 of 4 times on digits" in text
    assert "| zlib |" in text
    assert headline.text(tmp_path).startswith("- ")


def test_stream_errors_have_units_of_fits(rows):
    reference = AutoencoderTransformer(2, max_epochs=0).fit(rows)
    error = streaming.held_out_error(reference, reference, rows)
    squares = reference.reconstruction_error(rows) / reference.scale_[0] ** 2
    assert error == pytest.approx(squares.mean(), rel=1e-5)
    other = AutoencoderTransformer(2, max_epochs=0, standardize=True).fit(rows[:90])
    squares = other.reconstruction_error(rows) / reference.scale_[0] ** 2
    error = streaming.held_out_error(other, reference, rows)
    assert error == pytest.approx(squares.mean(), rel=1e-5)


def test_order_of_categories_does_not_matter(rows):
    kinds = ["c", "a", "b", None]
    table = pd.DataFrame({"x": rows[:, 0], "kind": np.resize(kinds, len(rows))})
    make = AutoencoderTransformer(4, max_epochs=0)
    reference = clone(make).fit(table)
    fewer = clone(make).set_params(n_components=3).fit(table[table["kind"] != "b"])
    assert streaming.held_out_error(reference, reference, table) < 1e-8
    without = table[table["kind"] != "b"]
    assert streaming.held_out_error(fewer, reference, without) < 1e-8
    assert streaming.held_out_error(fewer, reference, table) > 0.01


def test_a_stream_makes_ten_passes(rows):
    estimator = AutoencoderTransformer(2, hidden_layer_sizes=(4,), random_state=0)
    assert streaming.stream(estimator, rows[:90], 60).n_epochs_ == 20


def test_streams_have_a_section(tmp_path):
    assert parts.sets_to_run("streaming", None, short=True) == ["digits"]
    line = {"data": "digits", "n_components": 8, "seed": 0, "chunk rows": 500}
    line |= {streaming.START: 2.0, streaming.RATIO: 1.25}
    results.save(pd.DataFrame([line]), tmp_path / "streaming.csv")
    text = render.section("streaming", tmp_path)
    assert text.startswith("## partial_fit")
    assert "| digits | 8 | 500 | 2 | 1.250 |" in text
