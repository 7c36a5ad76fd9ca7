"""Ten passes of partial_fit over chunks of rows, against one fit to all rows."""

import numpy as np
import pandas as pd

from sklearn_ae import AutoencoderTransformer

from ...data.datasets import MIXED, load_rows, load_table, split, table_splits
from .quality import SETS as PAIR_SETS

SEED = 0
N_PASSES = 10
CHUNK_ROWS = (500, 1_000)
SETS = {
    "dry_bean": 4,
    "adult": 8,
    "gas_turbine": 4,
    "digits": 8,
    "protein_casp": 4,
    "satimage2": 12,
}
START, RATIO = "PCA of the first chunk", "partial_fit"
# What the steps' constants were chosen by.
TUNED = ("dry_bean", "adult", "gas_turbine", "digits")


def run(folder, name, sizes=CHUNK_ROWS):
    """Return one row a size of chunks of one data set.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    name : str
        The data set, as in `SETS`.

    sizes : sequence of int
        Rows a chunk.

    Returns
    -------
    results : DataFrame
        With columns data, n_components, seed, chunk rows, `START` and `RATIO` (held-out
        squared errors over that of the fit, in its units).
    """
    parts = _parts(folder, name)
    if parts is None:
        return pd.DataFrame()
    train, test = parts
    fitted = _autoencoder(name).fit(train)
    error = held_out_error(fitted, fitted, test)
    lines = []
    for size in sizes:
        start = _autoencoder(name).set_params(max_epochs=0).fit(train[:size])
        streamed = stream(_autoencoder(name), train, size)
        lines.append(
            {
                "data": name,
                "n_components": SETS[name],
                "seed": SEED,
                "chunk rows": size,
                START: held_out_error(start, fitted, test) / error,
                RATIO: held_out_error(streamed, fitted, test) / error,
            }
        )
        print(*lines[-1].values(), flush=True)
    return pd.DataFrame(lines)


def stream(estimator, X, size):
    """Return an estimator after ten passes over chunks of X."""
    for _ in range(N_PASSES):
        for begin in range(0, len(X), size):
            estimator.partial_fit(X[begin : begin + size])
    return estimator


def held_out_error(estimator, reference, X):
    """Return the mean squared error of rows in the encoded units of a reference.

    Cells that are missing there do not count. A level that only the reference knows is
    never expected.
    """
    codec, units = estimator._fitted.codec, reference._fitted.codec
    target = units.encode(units.schema.read(X, "ignore"))
    rows = codec.encode(codec.schema.read(X, "ignore"))
    decoded = estimator._fitted.apply("forward", rows) * codec.scale + codec.mean
    column = _positions(codec.schema, units.schema)
    there = np.where(column >= 0, decoded[:, column], 0.0)
    return np.nanmean(((there - units.mean) / units.scale - target) ** 2)


def _positions(schema, wanted):
    """Return where each encoded column is among those of another schema, or -1."""
    names = list(_names(schema))
    return np.array([names.index(n) if n in names else -1 for n in _names(wanted)])


def _names(schema):
    for position, column in enumerate(schema.columns):
        categories = column.categories if position in schema.blocks else None
        values = [None] if categories is None else categories.values
        yield from ((position, value) for value in values)
        if categories is not None and categories.has_missing:
            yield position, "is missing"


def _autoencoder(name):
    return AutoencoderTransformer(SETS[name], random_state=SEED)


def _parts(folder, name):
    """Return training and held-out rows; of tables with whole lists of categories."""
    if name not in MIXED:
        rows = load_rows(name, folder)
        if rows is None:
            return None
        return [part.X for part in split(rows, PAIR_SETS[name][0], SEED)]
    table = load_table(name, folder)
    if table is None:
        return None
    text = table.columns[~table.dtypes.map(pd.api.types.is_numeric_dtype)]
    dtypes = {column: table[column].astype("category").dtype for column in text}
    [(*_, train, test)] = table_splits(folder, [name], [SEED], len(table))
    return train.astype(dtypes), test.astype(dtypes)
