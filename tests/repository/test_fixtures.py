"""Files of every version are read for ever, and give the same numbers."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_ae import load
from sklearn_ae._persistence.persistent import saved_classes

FILES = sorted((Path(__file__).parents[1] / "fixtures").glob("*/*.ae"))
OF_FRAMES = {"bounded", "classifier", "detector", "pairs", "pandas", "stream"}
OF_FRAMES |= {"variational"}
SIZES = ["s", "m", "l", "xl"]


def table(path):
    """Return the rows that the estimator of a file was asked about."""
    if path.stem != "polars" and path.stem not in OF_FRAMES:
        return np.load(path.parent / "rows.npy")
    cells = json.loads((path.parent / "frame.json").read_text())
    if path.stem == "polars":
        return pl.DataFrame(cells, schema_overrides={"size": pl.Enum(SIZES)})
    size = pd.Categorical(cells["size"], categories=SIZES, ordered=True)
    return pd.DataFrame(cells).assign(size=size)


def read(path):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This state was made with", UserWarning)
        return load(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files_of_every_version_are_read(path, results, comparable):
    made = comparable(results(read(path), table(path)))
    expected = np.load(path.with_suffix(".npz"))
    assert set(expected) <= set(made)
    for name in expected:
        if expected[name].dtype.kind == "U":
            np.testing.assert_array_equal(made[name], expected[name])
        else:
            np.testing.assert_allclose(
                made[name], expected[name], rtol=1e-6, atol=1e-9, err_msg=name
            )


def test_every_class_has_a_file():
    kinds = {type(read(path)).__name__ for path in FILES}
    assert kinds == set(saved_classes())
