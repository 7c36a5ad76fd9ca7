"""What a report counts as raw bytes."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklearn_ae._compression.coders import raw_bytes


def test_raw_bytes_of_a_frame_number_its_categories():
    frame = pd.DataFrame(
        {"number": [1.0, 2, 3], "small": np.array([1, 2, 3], np.int16)}
    ).assign(kind=["a", "b", None], flag=[True, False, True])
    assert raw_bytes(frame) == 3 * (8 + 2 + 1 + 1)
    many = pd.DataFrame({"kind": [f"level {i}" for i in range(300)]})
    assert raw_bytes(many) == 2 * 300


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_gaps_in_integers_and_booleans_take_no_raw_bytes(library):
    frame = pd.DataFrame(
        {
            "small": pd.array([1, None, 3], dtype="Int8"),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "empty": pd.array([None] * 3, dtype="Int16"),
        }
    )
    if library == "polars":
        frame = pytest.importorskip("polars").from_pandas(frame)
    assert raw_bytes(frame) == 3 * (1 + 1 + 2)


def test_raw_bytes_of_sparse_rows_are_those_of_their_arrays(X):
    rows = sparse.csr_array(X)
    assert raw_bytes(rows) == sum(
        part.nbytes for part in (rows.data, rows.indices, rows.indptr)
    )
