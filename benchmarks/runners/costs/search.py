"""Seconds of a grid search in one process and in two.

Each search runs in a fresh interpreter, with the libraries' default numbers of threads.
``python -m benchmarks.runners.costs.search 2`` prints one measurement.
"""

import json
import os
import subprocess
import sys

import pandas as pd
import torch
from joblib import Parallel, delayed
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline

from sklearn_ae import AutoencoderTransformer

from ...timing import timed

GRID = {
    "codes__n_components": [4, 8, 16],
    "codes__hidden_layer_sizes": [(128, 64), (256, 128)],
    "codes__learning_rate": [3e-3, 1e-2],
}
SHORT_GRID = {"codes__n_components": [4, 8], "codes__max_epochs": [5]}
N_FOLDS, N_JOBS = 3, (1, 2)
PER_PROCESS = "threads a process"


def search(n_jobs, grid):
    """Return a fitted search for codes by which neighbours tell digits apart."""
    pipeline = Pipeline(
        [
            ("codes", AutoencoderTransformer(random_state=0)),
            ("neighbours", KNeighborsClassifier()),
        ]
    )
    X, y = load_digits(return_X_y=True)
    return GridSearchCV(pipeline, grid, cv=N_FOLDS, n_jobs=n_jobs).fit(X, y)


def measure(n_jobs, grid):
    """Return seconds of the search, its best score, and torch's threads a process."""
    fitted, seconds = timed(search, n_jobs, grid)
    threads = Parallel(n_jobs)(delayed(torch.get_num_threads)() for _ in range(n_jobs))
    return {
        "candidates": len(fitted.cv_results_["params"]),
        "folds": N_FOLDS,
        "n_jobs": n_jobs,
        "seconds": seconds,
        PER_PROCESS: max(threads),
        "best accuracy": fitted.best_score_,
    }


def run(short=False):
    """Return one row a number of processes, with seconds over those of one."""
    lines = [_fresh(n_jobs, short) for n_jobs in N_JOBS]
    for line in lines:
        line["over one job's"] = line["seconds"] / lines[0]["seconds"]
        print(*line.values(), flush=True)
    return pd.DataFrame(lines)


def _fresh(n_jobs, short):
    command = [sys.executable, "-m", __spec__.name, str(n_jobs), *["short"] * short]
    # Libraries choose their numbers of threads, whatever was set for this process.
    environment = {k: v for k, v in os.environ.items() if "NUM_THREADS" not in k}
    result = subprocess.run(
        command, capture_output=True, check=True, text=True, env=environment
    )
    return json.loads(result.stdout)


if __name__ == "__main__":
    chosen = SHORT_GRID if "short" in sys.argv else GRID
    print(json.dumps(measure(int(sys.argv[1]), chosen)))
