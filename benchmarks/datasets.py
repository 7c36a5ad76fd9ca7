"""Data sets by name: scikit-learn's own, and files from a folder."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

MAX_ROWS, MAX_TABLE_ROWS = 20_000, 50_000
BUNDLED = {
    "breast_cancer": datasets.load_breast_cancer,
    "diabetes": datasets.load_diabetes,
    "digits": datasets.load_digits,
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
}
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


def load(name, folder=None):
    """Return a data set as float32 rows, or None if its file is not there.

    Larger sets are cut to `MAX_ROWS` rows, drawn with ``default_rng(0)``.
    """
    if name in BUNDLED:
        X = BUNDLED[name]().data
    else:
        path = _path(f"{name}.npz", folder)
        if path is None:
            return None
        with np.load(path, allow_pickle=False) as file:
            X = file["X"]
    if len(X) > MAX_ROWS:
        X = X[np.random.default_rng(0).choice(len(X), MAX_ROWS, replace=False)]
    return X.astype(np.float32)


def load_table(name, folder=None, max_rows=MAX_TABLE_ROWS):
    """Return a table of numbers, categories and gaps, or None if it is not there.

    Larger tables are cut to `max_rows` rows, drawn with ``default_rng(0)``.
    """
    path = _path(f"{name}.csv.gz", folder)
    return None if path is None else drawn(pd.read_csv(path), max_rows)


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
    frame = drawn(frame.dropna(subset=[target]), max_rows)
    return frame.drop(columns=target), frame[target].to_numpy()


def drawn(frame, max_rows):
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


def split(X, standardized, seed):
    """Return training and test rows, 75 to 25, standardized if wished."""
    train, test = train_test_split(X, test_size=0.25, random_state=seed)
    if standardized:
        scaler = StandardScaler().fit(train)
        train, test = scaler.transform(train), scaler.transform(test)
    return train, test
