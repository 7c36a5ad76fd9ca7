"""Seconds, memory and error of fits of a thousand to ten million rows."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from sklearn_ae import AutoencoderTransformer

from ...timing import MIB, peak_memory, timed

SIZES = tuple(10**power for power in range(3, 8))
SHORT_SIZES = SIZES[:3]
MAPPED_SIZES = SIZES[-2:]
N_COLUMNS, N_COMPONENTS = 50, 8
CHUNK_ROWS, HELD_OUT_ROWS, PCA_ROWS = 100_000, 20_000, 100_000
TRAIN, HELD_OUT = 0, 1


def chunks(n_rows, part):
    """Yield float32 rows on a curved sheet of 8 dimensions, with noise, in chunks.

    A chunk depends on its number and on the part alone, so a larger table begins with
    the rows of a smaller one.
    """
    loadings = np.random.default_rng(0).standard_normal((8, N_COLUMNS), np.float32)
    for start in range(0, n_rows, CHUNK_ROWS):
        rng = np.random.default_rng((part, start))
        latent = rng.standard_normal((CHUNK_ROWS, 8), np.float32)
        rows = np.tanh(latent @ loadings)
        rows += 0.1 * rng.standard_normal(rows.shape, np.float32)
        yield rows[: n_rows - start]


def write_rows(path, n_rows):
    """Write training rows into a file without ever holding all of them."""
    shape = (n_rows, N_COLUMNS)
    rows = np.lib.format.open_memmap(path, "w+", np.float32, shape)
    for number, chunk in enumerate(chunks(n_rows, TRAIN)):
        start = number * CHUNK_ROWS
        rows[start : start + len(chunk)] = chunk
    rows.flush()


def mean_squared_error(model, rows):
    difference = rows - model.inverse_transform(model.transform(rows))
    return np.mean(np.square(difference, dtype=np.float64))


def load_and_fit(path, source):
    """Return the rows of a file, an estimator fitted to them, and its seconds."""
    rows = np.load(path, mmap_mode=None if source == "memory" else "r")
    estimator = AutoencoderTransformer(N_COMPONENTS, random_state=0)
    _, seconds = timed(estimator.fit, rows)
    return rows, estimator, seconds


def measure(path, source):
    """Fit the rows of a file, print the figures as JSON; for a process of its own."""
    fitted, peak = peak_memory(load_and_fit, path, source, every=0.005)
    rows, estimator, seconds = fitted
    # Rows are independent draws, so these many tell PCA as much as all would.
    pca = PCA(N_COMPONENTS).fit(rows[:PCA_ROWS])
    judged = np.concatenate(list(chunks(HELD_OUT_ROWS, HELD_OUT)))
    error = mean_squared_error(estimator, judged)
    figures = {
        "fit seconds": seconds,
        "peak MiB": peak / MIB,
        "error over PCA's": error / mean_squared_error(pca, judged),
        "share of variance left": error / np.mean(judged.var(axis=0)),
    }
    print(json.dumps({name: float(value) for name, value in figures.items()}))


def figures_of(path, source):
    """Return what `measure` prints in a fresh process."""
    command = [sys.executable, "-m", __spec__.name, str(path), source]
    folder = Path(__file__).parents[3]
    run = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


def run(short=False):
    """Return one row a size, each fitted with defaults in a fresh process.

    Parameters
    ----------
    short : bool
        Whether to leave out the sizes beyond 100,000 rows.

    Returns
    -------
    results : DataFrame
        With columns rows, columns, source (a file is mapped, never loaded), fit seconds
        (of the first fit of a process), peak MiB (above the process after the imports,
        without mapped pages, with rows that are in memory), error over PCA's and share
        of variance left (both over rows not in the fit).
    """
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npy"
        for n_rows in SHORT_SIZES if short else SIZES:
            write_rows(path, n_rows)
            source = "memmap" if n_rows in MAPPED_SIZES else "memory"
            line = {"rows": n_rows, "columns": N_COLUMNS, "source": source}
            lines.append(line | figures_of(path, source))
            print(*lines[-1].values(), flush=True)
    return pd.DataFrame(lines)


if __name__ == "__main__":
    measure(*sys.argv[1:])
