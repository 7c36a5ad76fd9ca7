"""Rows per second and memory of transform, beside a bare forward pass."""

from functools import partial

import numpy as np
import pandas as pd
import torch
from sklearn.decomposition import PCA

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._tables.containers import row_chunks

from ...timing import MIB, median_seconds, peak_memory
from ..peers import BASELINE, MLP, OURS, MLPAutoencoder
from .engine import make_rows

SHAPES = ((200_000, 50), (100_000, 784))
SHORT_SHAPES = ((50_000, 50),)
N_COMPONENTS, REPEATS, TRAIN_ROWS = 8, 5, 2_000
BARE = "bare forward pass"
RATE, OVER_BARE = "rows a second", "over the bare forward pass's"
EXTRA = "MiB beyond the output"


def callables(train):
    """Return what is measured, by name: functions of rows, fitted to few rows."""
    ours = AutoencoderTransformer(
        N_COMPONENTS, max_epochs=1, early_stopping=False, random_state=0
    ).fit(train)
    mlp = MLPAutoencoder(N_COMPONENTS, 0, max_epochs=1).fit(train)
    module = ours.module_.eval()
    return {
        OURS: ours.transform,
        BARE: lambda X: bare_forward(module, X),
        f"{BASELINE}.transform": PCA(N_COMPONENTS, random_state=0).fit(train).transform,
        f"{MLP}.predict (which decodes too)": mlp.network.predict,
    }


@torch.inference_mode()
def bare_forward(module, X):
    """Return codes of rows by the encoder alone, in the chunks transform works in."""
    codes = np.empty((len(X), N_COMPONENTS), np.float32)
    rows = torch.from_numpy(X)
    for chunk in row_chunks(*X.shape):
        codes[chunk] = module.encode(rows[chunk]).numpy()
    return codes


def run(shapes=SHAPES, repeats=REPEATS):
    """Return one row a shape and model: rows a second, and memory beyond the output.

    Seconds are medians of calls in a row. Memory is measured in the first call.
    """
    lines = []
    for shape in shapes:
        X = make_rows(*shape)
        calls = callables(X[:TRAIN_ROWS])
        memory = {name: extra_memory(call, X) for name, call in calls.items()}
        # Not in turns: threads of one library that still spin would slow the next.
        seconds = {
            name: median_seconds([partial(call, X)], repeats + 1)[0]
            for name, call in calls.items()
        }
        for name in calls:
            line = {
                "rows": shape[0],
                "columns": shape[1],
                "model": name,
                RATE: len(X) / seconds[name],
                OVER_BARE: seconds[BARE] / seconds[name],
                EXTRA: memory[name] / MIB,
            }
            lines.append(line)
            print(*line.values(), flush=True)
    return pd.DataFrame(lines)


def extra_memory(call, X):
    """Return the bytes a call takes at most, beyond its output."""
    call(X[:TRAIN_ROWS])
    output, peak = peak_memory(call, X)
    return max(peak - output.nbytes, 0)


def run_short():
    """Return one small shape, once."""
    return run(SHORT_SHAPES, repeats=1)
