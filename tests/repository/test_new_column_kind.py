"""The page on how to add a kind of column: its times of day work."""

import datetime
import pickle
import re
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_ae import (
    AutoencoderTransformer,
    DenoisingAutoencoder,
    ReconstructionOutlierDetector,
    VariationalAutoencoder,
)
from sklearn_ae._tables import TableSchema, pandas, polars
from sklearn_ae._tables.column_kinds import COLUMN_KINDS, column_from_state
from sklearn_ae._tables.columns import BaseBlockColumn

PAGE = Path(__file__).parents[2] / "docs" / "new_column_kind.md"
TEXT = PAGE.read_text() if PAGE.exists() else ""
OPTIONS = {"max_epochs": 2, "hidden_layer_sizes": (8,), "random_state": 0}

pytestmark = pytest.mark.skipif(not TEXT, reason="the docs are not there")


@pytest.fixture(autouse=True)
def time_column(monkeypatch):
    names = {"__name__": "page"}
    for block in re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL):
        exec(compile(block, PAGE.name, "exec"), names)
    monkeypatch.setitem(COLUMN_KINDS, "time", names["TimeColumn"])
    for library in (pandas, polars):
        monkeypatch.setattr(library, "kind_of_dtype", names["kind_of_dtype"])
    return names["TimeColumn"]


def to_time(hours):
    return (datetime.datetime(2000, 1, 1) + datetime.timedelta(hours=hours)).time()


@pytest.fixture(params=[pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def frame(request):
    rng = np.random.default_rng(0)
    # Around midnight, where hours as numbers would have a gap.
    hours = rng.normal(0, 4, 120)
    times = [to_time(hour % 24) for hour in hours.tolist()]
    light = np.cos(2 * np.pi * hours / 24)
    columns = {"time": [*times[:-1], None], "light": light, "colour": list("abc") * 40}
    return request.param(columns)


@pytest.fixture
def autoencoder(frame):
    return AutoencoderTransformer(3, **OPTIONS).fit(frame)


def hours_of(frame):
    cells = [
        cell.hour + cell.minute / 60 + cell.second / 3600 if cell else np.nan
        for cell in frame["time"]
    ]
    return np.array(cells)


def test_page_lists_methods_of_kinds():
    listed = set(re.findall(r"`(\w+)`", TEXT[TEXT.index("what each method") :]))
    assert listed >= BaseBlockColumn.__abstractmethods__


def test_times_come_back(autoencoder, frame):
    back = autoencoder.inverse_transform(autoencoder.transform(frame))
    assert type(back) is type(frame)
    assert all(isinstance(cell, datetime.time) for cell in back["time"][:-1])
    difference = hours_of(back) - hours_of(frame)
    distance = np.abs((difference + 12) % 24 - 12)
    assert np.nanmedian(distance) < 1


def test_pickles_keep_times(autoencoder, frame):
    loaded = pickle.loads(pickle.dumps(autoencoder))
    codes = autoencoder.transform(frame)
    np.testing.assert_array_equal(loaded.transform(frame), codes)
    back = autoencoder.inverse_transform(codes)
    assert loaded.inverse_transform(codes).equals(back)


def test_only_missing_times_are_imputed(autoencoder, frame):
    filled = autoencoder.impute(frame)
    assert list(filled["time"][:-1]) == list(frame["time"][:-1])
    assert isinstance(list(filled["time"])[-1], datetime.time)


def test_other_kinds_are_refused(autoencoder, frame):
    cells = {"time": list(range(120)), "light": frame["light"], "colour": "a"}
    other = pd.DataFrame(cells)
    with pytest.raises(
        ValueError, match=r"times of day as in fit, got numbers.*'time'"
    ):
        autoencoder.transform(other)


@pytest.mark.parametrize("noise", ["swap", "masking", "gaussian"])
def test_times_take_any_noise(frame, noise):
    estimator = DenoisingAutoencoder(2, noise=noise, noise_level=0.3, **OPTIONS)
    assert np.isfinite(estimator.fit_transform(frame)).all()


def test_times_are_drawn_around_a_mean(time_column):
    block = np.tile(0.8 * np.array([0.6, 0.8]), (20_000, 1))
    drawn = time_column().draw(block, np.random.RandomState(0))
    found = np.zeros((20_000, 2))
    time_column().encode(drawn, found)
    np.testing.assert_allclose(found.mean(axis=0), block[0], atol=0.02)


def test_samples_are_times(frame):
    density = VariationalAutoencoder(2, **OPTIONS).fit(frame)
    samples = density.sample(10)
    samples = samples[0] if isinstance(samples, tuple) else samples
    assert all(isinstance(cell, datetime.time) for cell in samples["time"])


def test_unusual_times_are_outliers(frame):
    autoencoder = AutoencoderTransformer(3, **OPTIONS)
    detector = ReconstructionOutlierDetector(autoencoder, random_state=0).fit(frame)
    scores = detector.score_samples(frame)
    assert np.isfinite(scores).all()
    assert np.argmin(scores) in np.argsort(np.asarray(frame["light"]))[:10]


@pytest.mark.parametrize(
    "parts", [{"dtype_spec": None}, {"dtype_spec": 3}, {"more": 1}], ids=str
)
def test_damaged_states_are_refused(time_column, parts):
    state = time_column({"dtype": "Time"}).state()
    assert column_from_state(state) == time_column({"dtype": "Time"})
    with pytest.raises(ValueError, match=r"state|dtype spec"):
        column_from_state(state | parts)


def test_state_gives_the_same_schema(autoencoder, frame):
    schema = autoencoder._fitted.codec.schema
    loaded = TableSchema.from_state(schema.state())
    numbers = schema.read(frame, "error")
    np.testing.assert_array_equal(loaded.read(frame, "error"), numbers)
    assert loaded.write(numbers).equals(schema.write(numbers))
    assert list(schema.write(numbers)["time"]) == list(frame["time"])
