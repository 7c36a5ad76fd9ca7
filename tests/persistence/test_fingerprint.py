"""Hashes differ where data, columns or settings do."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy import sparse

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._persistence.fingerprint import (
    describe_settings,
    hash_tables,
    hash_values,
    is_fingerprint,
)
from sklearn_ae._tables.schema_inference import infer_schema


def test_equal_values_have_equal_hashes():
    first = {"b": np.arange(3.0), "a": [1, "x", None]}
    second = {"a": [1, "x", None], "b": np.arange(3.0)}
    assert hash_values(first) == hash_values(second)


OTHERS = [
    {"b": np.arange(4.0), "a": [1]},
    {"b": np.arange(3), "a": [1]},
    {"b": np.arange(3.0)[None], "a": [1]},
    {"b": np.arange(3.0), "a": [2]},
    {"b": np.arange(3.0), "a": ["1"]},
    {"b": np.arange(3.0), "a": [[1]]},
    {"b": np.arange(3.0)},
]


@pytest.mark.parametrize("other", OTHERS)
def test_other_values_have_other_hashes(other):
    assert hash_values(other) != hash_values({"b": np.arange(3.0), "a": [1]})


def test_hashes_are_told_from_other_values():
    assert is_fingerprint(hash_values(1), {})
    for wrong in (None, 1, "", "0" * 63, "G" * 64, "0" * 65, "0" * 64 + "\n"):
        assert not is_fingerprint(wrong, {})


@pytest.fixture
def columns(X):
    return infer_schema(X, [f"x{i}" for i in range(6)], "from_dtype", None)[0]


def hash_table(columns, table):
    return hash_tables(columns, {"X": table})["X"]


def test_tables_have_hashes_by_content(columns, X):
    assert hash_table(columns, X) == hash_table(columns, np.asfortranarray(X))
    for other in (X[1:], X[:, ::-1], X.astype(np.float32), sparse.csr_array(X)):
        assert hash_table(columns, X) != hash_table(columns, other)
    assert hash_table(columns, None) == "none"


def test_columns_are_part_of_hashes(columns, X):
    other = infer_schema(X, list("abcdef"), "from_dtype", None)[0]
    assert hash_table(columns, X) != hash_table(other, X)


def test_padding_of_long_numbers_is_ignored(columns, X):
    shape = len(X), 6 * np.dtype(np.longdouble).itemsize
    long = [np.full(shape, byte, np.uint8).view(np.longdouble) for byte in (0, 1)]
    for table in long:
        table[:] = X
    assert len({hash_table(columns, table) for table in long}) == 1


def settings(**parameters):
    return describe_settings(AutoencoderTransformer(**parameters), torch.device("cpu"))


def test_numpy_numbers_give_same_settings():
    assert settings(batch_size=np.int64(3)) == settings(batch_size=3)
    sizes = settings(hidden_layer_sizes=np.array([3, 4]))
    assert sizes == settings(hidden_layer_sizes=[3, 4])


def test_settings_name_class_and_versions():
    found = settings()
    assert found["class"] == "sklearn_ae.AutoencoderTransformer"
    assert {"numpy", "sklearn_ae", "torch", "batch_size", "device"} <= found.keys()
    assert not {"callbacks", "verbose"} & found.keys()


def test_settings_of_random_states_are_alike():
    first, second = (settings(random_state=np.random.RandomState(i)) for i in (0, 1))
    assert first == second


SEEDED = """
import numpy as np
from sklearn_ae._persistence.fingerprint import hash_tables
from sklearn_ae._tables.schema_inference import infer_schema
X = np.arange(6.0).reshape(3, 2)
schema, _ = infer_schema(X, ["a", "b"], [0], None)
print(hash_tables(schema, {"X": X})["X"])
"""


@pytest.mark.extended
def test_hashes_do_not_depend_on_processes():
    """Python orders sets of strings by a seed that differs between processes."""
    hashes = {
        subprocess.run(
            [sys.executable, "-c", SEEDED],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(hashes) == 1
