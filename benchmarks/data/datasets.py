"""Data sets by name: scikit-learn's, generated ones, files of a folder, OpenML's."""

import os
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from .generated import GENERATED

MAX_ROWS, MAX_TABLE_ROWS = 20_000, 50_000
BUNDLED = {
    "breast_cancer": datasets.load_breast_cancer,
    "diabetes": datasets.load_diabetes,
    "digits": datasets.load_digits,
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
}
# Sets that OpenML holds with the very same rows, by its number.
OPENML = {"fashion_mnist": 40996, "mammography": 310}
# (name, whether StandardScaler comes first, numbers of components)
PAIRS = [
    ("dry_bean", True, (2, 4)),
    ("protein_casp", True, (2, 4)),
    ("gas_turbine", True, (2, 4)),
    ("cover", True, (2, 5)),
    ("shuttle", True, (2, 4)),
    ("nir_soil", False, (4, 16)),
    ("pbmc3k", False, (10, 30)),
    ("coil20", False, (8, 32)),
    ("satimage2", True, (4, 12)),
    ("fashion_mnist", False, (8, 32)),
    ("mammography", True, (2, 3)),
    ("digits", False, (2, 8, 16)),
    ("breast_cancer", True, (2, 5, 10)),
    ("wine", True, (2, 5)),
    ("diabetes", True, (2, 5)),
    ("iris", True, (1, 2)),
]
MIXED = ("adult", "ames", "beijing_air")


def data_folder(argument=None):
    """Return the folder of data files, from `argument` or ``SKLEARN_AE_DATA``."""
    folder = argument or os.environ.get("SKLEARN_AE_DATA")
    return Path(folder) if folder else None


class Rows(NamedTuple):
    """Float32 rows, and their classes or numbers where there is one a row."""

    X: np.ndarray
    y: np.ndarray | None


def load(name, folder=None):
    """Return a data set as float32 rows, or None if it is nowhere, see `load_rows`."""
    rows = load_rows(name, folder)
    return None if rows is None else rows.X


def load_rows(name, folder=None):
    """Return a data set's rows, or None, and a line that says so, if it is nowhere.

    Larger sets are cut to `MAX_ROWS` rows, drawn with ``default_rng(0)``.
    """
    found = _bundled(name) or _archive(name, folder) or _from_openml(name)
    if found is None:
        print(f"{name}: not found, skipped")
        return None
    X, y = found
    if y is not None and y.ndim > 1:
        y = None
    if len(X) > MAX_ROWS:
        chosen = np.random.default_rng(0).choice(len(X), MAX_ROWS, replace=False)
        X, y = X[chosen], None if y is None else y[chosen]
    return Rows(X.astype(np.float32), y)


def _bundled(name):
    if name in GENERATED:
        return GENERATED[name]()
    return BUNDLED[name](return_X_y=True) if name in BUNDLED else None


def _archive(name, folder):
    path = _path(f"{name}.npz", folder)
    if path is None:
        return None
    with np.load(path, allow_pickle=False) as file:
        return file["X"], file.get("y")


def _from_openml(name):
    if name not in OPENML:
        return None
    try:
        return datasets.fetch_openml(
            data_id=OPENML[name], as_frame=False, return_X_y=True, n_retries=1
        )
    except (URLError, TimeoutError, ConnectionError) as error:
        print(f"{name}: OpenML cannot be reached ({error})")
        return None


def load_pairs(name, folder=None):
    """Return inputs and several outputs, or None, and a line, where they are not.

    Rows without all outputs are left out.
    """
    path = _path(f"{name}.npz", folder)
    if path is None:
        print(f"{name}: not found, skipped")
        return None
    with np.load(path, allow_pickle=False) as file:
        more = [file[key] for key in ("y", "y_co") if key in file]
        X, Y = file["X"], np.column_stack(more)
    whole = ~np.isnan(Y).any(axis=1)
    return X[whole], Y[whole]


def load_table(name, folder=None, max_rows=MAX_TABLE_ROWS):
    """Return a table of numbers, categories and gaps, or None if it is not there.

    Larger tables are cut to `max_rows` rows, drawn with ``default_rng(0)``.
    """
    path = _path(f"{name}.csv.gz", folder)
    return None if path is None else subsample(pd.read_csv(path), max_rows)


def table_splits(folder, names, seeds, max_rows):
    """Yield name, seed, training and held-out rows, 75 to 25, of the tables there."""
    for name in names:
        frame = load_table(name, folder, max_rows)
        if frame is None:
            print(f"{name}: not found, skipped")
            continue
        for seed in seeds:
            train, test = train_test_split(frame, test_size=0.25, random_state=seed)
            yield name, seed, train, test


def load_with_target(name, target, folder=None, max_rows=MAX_ROWS):
    """Return columns and target of a set, both None if its file is not there.

    `target` names a column of a table, or an array in an archive. Rows without it are
    left out; then larger sets are cut as by `load_table`.
    """
    if name in MIXED:
        frame = load_table(name, folder, max_rows=None)
    else:
        frame = _archive_frame(name, target, folder)
    if frame is None:
        return None, None
    frame = subsample(frame.dropna(subset=[target]), max_rows)
    return frame.drop(columns=target), frame[target].to_numpy()


def subsample(frame, max_rows):
    """Return at most `max_rows` rows of a frame, drawn with ``default_rng(0)``."""
    if max_rows is None or len(frame) <= max_rows:
        return frame.reset_index(drop=True)
    chosen = np.random.default_rng(0).choice(len(frame), max_rows, replace=False)
    return frame.iloc[chosen].reset_index(drop=True)


def _archive_frame(name, target, folder):
    path = _path(f"{name}.npz", folder)
    if path is None:
        return None
    with np.load(path, allow_pickle=False) as file:
        columns = {f"x{i}": column for i, column in enumerate(file["X"].T)}
        return pd.DataFrame(columns | {target: file[target]})


def _path(file, folder):
    path = folder / file if folder else None
    return path if path is not None and path.exists() else None


def split(rows, standardized, seed):
    """Return training and test `Rows`, 75 to 25, standardized if wished."""
    X, y = rows
    index = train_test_split(np.arange(len(X)), test_size=0.25, random_state=seed)
    parts = [X[chosen] for chosen in index]
    if standardized:
        scaler = StandardScaler().fit(parts[0])
        parts = [scaler.transform(part) for part in parts]
    targets = [None if y is None else y[chosen] for chosen in index]
    return [Rows(*part) for part in zip(parts, targets, strict=True)]
