"""The benchmarks of sparse, variational and convolutional, from tiny rows."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.data import generated
from benchmarks.report import family_sections, headline, render, results, sections
from benchmarks.report.images import tiled
from benchmarks.runners import parts
from benchmarks.runners.errors import convolutional, samples, sparse, variational


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(200, 4)).astype(np.float32) * (3, 2, 1, 0.5)


@pytest.mark.parametrize(("shift", "low", "high"), [(0.0, 0.45, 0.55), (50.0, 1, 1)])
def test_neighbours_tell_only_what_differs(rows, shift, low, high):
    shares = samples.two_sample(rows[:100], rows[100:] + shift)
    assert low <= shares[samples.SHARE] <= high


def test_no_row_is_its_own_neighbour(rows):
    shares = samples.two_sample(rows, rows.copy())
    assert shares[samples.SHARE] < 0.5


def test_models_draw_rows_of_mixed_tables(rows):
    frame = pd.DataFrame(rows, columns=[*"abcd"]).assign(e=[*"xyxz"] * 50)
    frame.loc[:9, "a"] = np.nan
    shares = samples.compare(frame[:150], frame[150:], 2, 0, max_epochs=1)
    assert list(shares) == list(samples.MODELS)


def test_probabilistic_pca_draws_the_fitted_variance(rows):
    model = variational.VariationalAutoencoder(3, max_epochs=0).fit(rows)
    encoding = samples.Encoding(model)
    encoded = encoding.encode(rows)
    drawn = samples.peers(encoding, encoded, 3, 20_000, 0)
    for some in drawn.values():
        np.testing.assert_allclose(some.std(axis=0), encoded.std(axis=0), rtol=0.06)


def test_an_untrained_density_gains_nothing(rows):
    line = variational.compare(rows[:150], rows[150:], 2, 0, max_epochs=0)
    assert line[variational.GAIN] == pytest.approx(0, abs=1e-4)
    assert line["best_epoch"] == 0


def test_ended_dictionary_learning_has_atoms(rows):
    model = sparse.DictionaryLearning(8, 2, 1, 0, max_seconds=0).fit(rows)
    assert not model.in_time
    assert model.reconstruct(rows).shape == rows.shape
    assert ((model.transform(rows) != 0).sum(axis=1) <= 2).all()


def test_the_best_penalty_is_kept():
    measured = pd.DataFrame(
        {"data": "a", "seed": 0, "model": [sparse.PCA, sparse.PEER, sparse.PEER]}
    ).assign(ratio=[1.0, 0.5, 0.4], alpha=[np.nan, 1, 5])
    assert sparse.best(measured)["alpha"].tolist()[1:] == [5]


def test_convolutions_are_compared_with_dense_layers(rows):
    axes = convolutional.Axes((2, 2), 2)
    lines = list(convolutional.compare(rows[:150], rows[150:], axes, 0, max_epochs=0))
    assert [line["model"] for line in lines] == [
        convolutional.DENSE,
        convolutional.OURS,
    ]
    assert [line["error over PCA's"] for line in lines] == pytest.approx(
        [1, 1], abs=1e-4
    )


def test_discs_move_and_stay_in_sight():
    clips = generated.moving_discs(20)[0].reshape(20, *generated.CLIP_SHAPE)
    assert (clips.max(axis=(2, 3)) > 0.7).all()
    assert (np.abs(clips[:, 0] - clips[:, -1]).max(axis=(1, 2)) > 0.5).mean() > 0.8


def test_patches_have_no_mean():
    patches, _ = generated.photographs()
    np.testing.assert_allclose(patches.mean(axis=1), 0, atol=1e-3)
    assert len(np.unique(patches, axis=0)) > 0.9 * len(patches)


@pytest.mark.parametrize("part", ["sparse", "variational", "samples", "convolutional"])
def test_parts_on_digits_have_sections(tmp_path, part):
    assert "digits" in parts.sets_to_run(part, None, short=True)
    results.save(pd.DataFrame(MEASURED[part]), tmp_path / f"{part}.csv")
    text = render.section(part, tmp_path)
    assert text.startswith(f"## {sections.SECTIONS[part][0]}")
    assert "| digits |" in text
    assert headline.text(tmp_path).startswith("- ")


LINE = {"data": "digits", "n_components": 8, "seed": 0, "seconds": 1.0, "best_epoch": 1}
MEASURED = {
    "sparse": [
        LINE
        | {"k": 10, "model": model, "alpha": alpha, "ratio": 0.5, "in time": True}
        | {"microseconds a row": 2.0, "rows transformed": 9, "dead components": 0}
        for model, alpha in ((sparse.OURS, None), (sparse.PEER, 5))
    ],
    "variational": [
        LINE
        | {variational.GAIN: 0.1, variational.OURS_SCORE: 0.1}
        | {variational.PCA_SCORE: 0.0, "active codes": 8}
    ],
    "samples": [
        LINE | {"model": model, samples.SHARE: 0.6} for model in samples.MODELS
    ],
    "convolutional": [
        LINE | {"axes": "8x8", "model": model, "ratio": 1.0, "error over PCA's": 0.5}
        for model in (convolutional.DENSE, convolutional.OURS)
    ],
}


def test_ended_fits_are_named():
    measured = pd.DataFrame(MEASURED["sparse"])
    measured.loc[1, "in time"] = False
    assert "240 seconds" in family_sections.sparse_section(measured)[0]


def test_images_are_tiled_line_by_line():
    images = np.arange(3.0)[:, None, None] * np.ones((3, 2, 2))
    whole = tiled(images, 2)
    assert whole.shape == (5, 5)
    np.testing.assert_array_equal(whole[:2, 3:], images[1])
    np.testing.assert_array_equal(whole[3:, :2], images[2])
    assert np.isnan(whole[2]).all()
    assert np.isnan(whole[3:, 3:]).all()
