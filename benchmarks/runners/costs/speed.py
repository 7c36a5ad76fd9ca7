"""Seconds to encode mixed tables, beside a ColumnTransformer; rows per second."""

from functools import partial

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._tables.codec import fit_codec
from sklearn_ae._tables.containers import row_chunks
from sklearn_ae._tables.schema_inference import infer_schema

from ...data.datasets import load_table
from ...data.encoding import MAX_CATEGORIES
from ...timing import median_seconds

NAMES = ("adult", "beijing_air")
RATE = "rows per second"
STEPS = ("fit and encode", "encode")
FIGURES = ("seconds", "over ColumnTransformer's", "over its dense output's")
SHOWN = (*(f"{step}: {figure}" for step in STEPS for figure in FIGURES[:2]), RATE)
COUNT, REPEATS = 8, 5


def fit_encoded(frame):
    """Return the package's fitted codec of a frame, and the encoded rows."""
    columns, numbers = infer_schema(frame, frame.columns, "from_dtype", MAX_CATEGORIES)
    codec = fit_codec(columns, numbers, standardize=True).codec
    return codec, encoded_rows(codec, numbers)


def encoded(codec, frame):
    """Return the rows of a frame as the package's network takes them."""
    return encoded_rows(codec, codec.schema.read(frame, "warn"))


def encoded_rows(codec, numbers):
    rows = np.empty((len(numbers), codec.n_encoded), np.float32)
    for chunk in row_chunks(*numbers.shape):
        rows[chunk] = codec.encode(numbers[chunk], np.float32)
    return rows


def column_transformer(sparse_output=True):
    """Return the usual encoder of mixed tables, its output sparse as by default."""
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=sparse_output)
    return ColumnTransformer(
        [
            ("numbers", StandardScaler(), make_column_selector(dtype_include="number")),
            ("levels", one_hot, make_column_selector(dtype_exclude="number")),
        ]
    )


def encode_seconds(frame, repeats=REPEATS):
    """Return seconds to fit and encode, and to encode, and over ColumnTransformer's.

    Each is a median, the calls made in turns. Ours is dense; ColumnTransformer's
    output is sparse as by default, then dense.
    """
    (codec, _), sparse = fit_encoded(frame), column_transformer()
    dense = column_transformer(sparse_output=False)
    fits = (
        lambda: fit_encoded(frame),
        lambda: sparse.fit_transform(frame),
        lambda: dense.fit_transform(frame),
    )
    encodes = (
        lambda: encoded(codec, frame),
        lambda: sparse.transform(frame),
        lambda: dense.transform(frame),
    )
    result = {}
    for step, calls in zip(STEPS, (fits, encodes), strict=True):
        ours, default, full = median_seconds(calls, repeats)
        figures = (ours, ours / default, ours / full)
        names = [f"{step}: {figure}" for figure in FIGURES]
        result |= dict(zip(names, figures, strict=True))
    return result


def run_speed(folder, names=NAMES, max_rows=None, repeats=REPEATS):
    """Return one row a table: seconds to encode it, and rows a second of transform.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    names : sequence of str
        Tables, as in `NAMES`.

    max_rows : int, default=None
        Larger tables are cut to it; by default none is.

    repeats : int
        Runs to take the median of.

    Returns
    -------
    results : DataFrame
        With columns data, rows, columns, those of `encode_seconds`, and rows per
        second (of transform).
    """
    lines = []
    for name in names:
        frame = load_table(name, folder, max_rows)
        if frame is None:
            print(f"{name}: not found, skipped")
            continue
        line = {"data": name, "rows": frame.shape[0], "columns": frame.shape[1]}
        line |= encode_seconds(frame, repeats)
        line[RATE] = transform_rate(frame, repeats)
        lines.append(line)
        print(*line.values(), flush=True)
    return pd.DataFrame(lines)


def transform_rate(frame, repeats=REPEATS):
    """Return rows per second of transform, by a network trained for one epoch."""
    estimator = AutoencoderTransformer(
        COUNT, max_epochs=1, early_stopping=False, random_state=0
    ).fit(frame)
    (seconds,) = median_seconds([partial(estimator.transform, frame)], repeats)
    return len(frame) / seconds


def summary(results):
    """Return the columns to show."""
    return results[["data", "rows", "columns", *SHOWN]]
