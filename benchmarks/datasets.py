"""Data sets by name: scikit-learn's own, and files from a folder."""

import os
from pathlib import Path

import numpy as np
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

MAX_ROWS = 20_000
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
        path = folder / f"{name}.npz" if folder else None
        if path is None or not path.exists():
            return None
        with np.load(path, allow_pickle=False) as file:
            X = file["X"]
    if len(X) > MAX_ROWS:
        X = X[np.random.default_rng(0).choice(len(X), MAX_ROWS, replace=False)]
    return X.astype(np.float32)


def split(X, standardized, seed):
    """Return training and test rows, 75 to 25, standardized if wished."""
    train, test = train_test_split(X, test_size=0.25, random_state=seed)
    if standardized:
        scaler = StandardScaler().fit(train)
        train, test = scaler.transform(train), scaler.transform(test)
    return train, test
