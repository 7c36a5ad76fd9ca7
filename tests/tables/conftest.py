"""Small frames with one column of each kind, and the inference of their schema."""

import pandas as pd
import polars as pl
import pytest

from sklearn_ae._tables.schema_inference import infer_schema

CELLS = {
    "number": [1.0, None, 3.0, 2.5, 0.0],
    "colour": ["red", "blue", None, "red", "grey"],
    "size": ["s", "l", "l", "s", "l"],
    "count": [1, 2, 3, 2, 2],
}
FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}


@pytest.fixture
def small_cells():
    """Columns as lists, None where a cell is missing."""
    return dict(CELLS)


@pytest.fixture(params=FRAMES)
def frame_of(request):
    """A frame library's constructor."""
    return FRAMES[request.param]


@pytest.fixture(params=FRAMES)
def other_frame_of(request):
    """A constructor of the same or another frame library."""
    return FRAMES[request.param]


@pytest.fixture
def frame(frame_of, small_cells):
    return frame_of(small_cells)


@pytest.fixture(scope="session")
def infer():
    """Infer the schema of a table, and read its numbers."""

    def infer_table(X, marked="from_dtype", max_categories=None, **options):
        names = [f"x{i}" for i in range(X.shape[1])]
        return infer_schema(X, names, marked, max_categories, **options)

    return infer_table
