"""Tables that are larger than what a fit may take of memory."""

import subprocess
import sys

import numpy as np
import pytest

from sklearn_ae._fitting import data


@pytest.mark.parametrize("table", ["X", "gappy"])
def test_encoding_on_demand_changes_no_bit(quick, table, request, monkeypatch):
    rows = request.getfixturevalue(table)
    in_memory = quick().fit(rows)
    assert in_memory.best_epoch_ > 0
    monkeypatch.setattr(data, "_MOST_BYTES", 0)
    on_demand = quick().fit(rows)
    assert on_demand.loss_curve_ == in_memory.loss_curve_
    assert on_demand.transform(rows).tobytes() == in_memory.transform(rows).tobytes()


@pytest.mark.parametrize(
    ("dtype", "order"), [("uint8", "C"), (">f4", "F"), ("float64", "F")]
)
def test_memory_mapped_rows_change_no_bit(quick, X, dtype, order, tmp_path):
    rows = np.rint(100 + 20 * X).astype(dtype, order=order)
    np.save(tmp_path / "rows.npy", rows)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    from_file, from_memory = quick().fit(mapped), quick().fit(rows)
    assert (
        from_file.transform(mapped).tobytes() == from_memory.transform(rows).tobytes()
    )


MEMORY = """
import tempfile
import numpy as np
from benchmarks.timing import peak_memory
from sklearn_ae import AutoencoderTransformer

rng = np.random.default_rng(0)
shape = (700_000, 100)
# Bytes, columns one after another, and gaps.
for dtype, order in [("uint8", "C"), ("uint8", "F"), ("float32", "C")]:
    with tempfile.TemporaryFile() as file:
        X = np.memmap(file, dtype, "w+", shape=shape, order=order)
    for start in range(0, len(X), 10_000):
        X[start : start + 10_000] = rng.integers(0, 255, (10_000, 100), dtype=np.uint8)
    if dtype == "float32":
        X[::10, ::7] = np.nan
    estimator = AutoencoderTransformer(
        2, hidden_layer_sizes=(8,), max_epochs=1, random_state=0
    )
    estimator.fit(np.array(X[:500]))
    print(peak_memory(estimator.set_params(early_stopping=False).fit, X)[1])
"""


@pytest.mark.extended
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_of_a_fit_is_bounded():
    run = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True
    )
    n_bytes = [int(line) for line in run.stdout.splitlines()]
    assert len(n_bytes) == 3
    # One byte a cell is 67 MiB.
    assert max(n_bytes) < 48 * 2**20
