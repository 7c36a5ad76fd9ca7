import os

import pytest

from sklearn_ae._fitting.resume import open_checkpoint
from sklearn_ae._training.random import RandomStreams

IDENTITY = {"class": "Test", "batch_size": "32"}


@pytest.fixture
def path(tmp_path):
    return os.fspath(tmp_path / "fit.checkpoint")


@pytest.fixture
def opened(path, fit_table, X):
    """Open the checkpoint of a fit; return it and the fit's random streams."""
    columns = fit_table(X).codec.schema

    def run(identity=IDENTITY, *, at=path, seed=0, **tables):
        streams = RandomStreams(seed)
        tables = {"X": X, "X_val": None} | tables
        return open_checkpoint(at, identity, columns, tables, streams), streams

    return run


def test_no_path_is_no_checkpoint(opened):
    assert opened(at=None)[0] is None


def test_opening_writes_nothing(opened, path):
    checkpoint, streams = opened()
    assert not os.path.exists(path)
    assert streams.seed == RandomStreams(0).seed
    checkpoint.write()
    assert os.path.exists(path)


def test_the_seed_comes_from_the_file(opened):
    checkpoint, first = opened(seed=1)
    checkpoint.write()
    assert opened(seed=2)[1].seed == first.seed


OTHERS = {
    "value": (IDENTITY | {"batch_size": "8"}, "with batch_size=8, got .* batch_size=3"),
    "more": (IDENTITY | {"whiten": "True"}, "with whiten=True, got one with nothing"),
    "less": ({"class": "Test"}, "with nothing, got one with batch_size=32"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_settings_are_refused(opened, name):
    opened()[0].write()
    identity, match = OTHERS[name]
    with pytest.raises(ValueError, match=match):
        opened(identity)


@pytest.mark.parametrize("name", ["X", "X_val", "y"])
def test_other_tables_are_refused(opened, X, name):
    opened()[0].write()
    with pytest.raises(ValueError, match=f"with the same {name}, got"):
        opened(**{name: 2 * X})
