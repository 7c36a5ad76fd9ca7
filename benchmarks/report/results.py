"""Results files: measured figures with versions, processor and date."""

import datetime
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd
import torch

RESULTS = Path(__file__).parents[1] / "results"
PACKAGES = {
    "sklearn_ae": "sklearn-ae",
    "sklearn": "scikit-learn",
    "torch": "torch",
    "skorch": "skorch",
    "numpy": "numpy",
    "pyod": "pyod",
}
KEYS = ("data", "seed")
MODEL_KEYS = (*KEYS, "model")


def environment():
    """Return versions, processor and date, for every row."""
    return {name: _version(package) for name, package in PACKAGES.items()} | {
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU",
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
    }


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    models = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    return models[0] if models else platform.processor()


def save(rows, file, keys=KEYS):
    """Write rows into a file, in place of those of the same data sets and seeds.

    Rows of the file that differ from all new ones in one of the `keys` are kept, with
    the versions and the date they were measured with.
    """
    rows = rows.assign(**environment())
    keys = [key for key in keys if key in rows]
    if keys and file.exists():
        rows = pd.concat([_others(pd.read_csv(file), rows, keys), rows])
    if keys:
        order = [key for key in KEYS if key in rows]
        rows = rows.sort_values(order, kind="stable")
    # A run that is interrupted here leaves the old file.
    unfinished = file.with_suffix(".unfinished")
    rows.to_csv(unfinished, index=False)
    unfinished.replace(file)


def _others(old, new, keys):
    if not set(keys) <= set(old):
        return old[:0]
    replaced = pd.MultiIndex.from_frame(new[keys])
    return old[~pd.MultiIndex.from_frame(old[keys]).isin(replaced)]


def load(part, folder=RESULTS):
    """Return the rows of a part, or None if it was not run."""
    file = folder / f"{part}.csv"
    return pd.read_csv(file) if file.exists() else None
