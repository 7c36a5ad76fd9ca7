"""Small tables that tests share."""

import numpy as np
import pandas as pd
import polars as pl
import polars.testing


def read_only(array):
    """Return an array that raises when something writes to it."""
    array.flags.writeable = False
    return array


def make_curve():
    """Return rows near a curve in six dimensions."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(-3, 3, (300, 1))
    waves = [wave(k * angle) for k in (1, 2) for wave in (np.cos, np.sin)]
    rows = np.hstack([*waves, angle, angle**2])
    return read_only(rows + 0.05 * rng.normal(size=rows.shape))


def add_gaps(X):
    """Return X with a tenth of the cells missing in every column but the first."""
    rows = X.copy()
    holes = np.random.default_rng(1).uniform(size=X.shape) < 0.1
    rows[holes & (np.arange(X.shape[1]) > 0)] = np.nan
    return read_only(rows)


def make_outputs(X):
    """Return outputs that are no linear function of the rows of the curve."""
    return read_only(
        np.column_stack([np.abs(X[:, 4]), X[:, 0] * X[:, 4], X[:, 2], X[:, 1]])
    )


def make_pictures():
    """Return small pictures and large ones: discs of random place and size."""
    rng = np.random.default_rng(0)
    centre = rng.uniform(2, 6, size=(300, 2, 1, 1))
    radius = rng.uniform(1, 3, size=(300, 1, 1))
    rows, columns = np.mgrid[:8, :8]
    distance = np.hypot(rows - centre[:, 0], columns - centre[:, 1])
    large = np.clip(radius - distance + 0.5, 0, 1)
    return large.reshape(300, 4, 2, 4, 2).mean(axis=(2, 4)), large


SIZES = ["s", "m", "l", "xl"]


def make_mixed_cells(gappy):
    """Return columns of a mixed table as lists, None where a cell is missing."""
    rng = np.random.default_rng(2)
    angle = gappy[:, 0]
    colour = np.array(["red", "green", "blue", "grey"], dtype=object)
    colour = colour[np.digitize(angle, [-0.8, 0, 0.8])]
    colour[rng.uniform(size=len(angle)) < 0.1] = None
    return {
        "length": [None if np.isnan(x) else float(x) for x in gappy[:, 1]],
        "count": np.rint(10 * gappy[:, 0]).astype(int).tolist(),
        "colour": colour.tolist(),
        "height": (2 * gappy[:, 0] ** 2).tolist(),
        "size": rng.choice(SIZES[:3], len(angle), p=[0.5, 0.3, 0.2]).tolist(),
        "flag": (angle > 0.3).tolist(),
    }


def as_pandas(cells):
    """Return the columns of a mixed table as a pandas frame."""
    size = pd.Categorical(cells["size"], categories=SIZES, ordered=True)
    return pd.DataFrame(cells).assign(size=size)


def as_polars(cells):
    """Return the columns of a mixed table as a polars frame."""
    return pl.DataFrame(cells, schema_overrides={"size": pl.Enum(SIZES)})


FRAMES = {"pandas": as_pandas, "polars": as_polars}


def assert_equal(actual, expected):
    """Assert that two tables have the same bits, in the same container."""
    if hasattr(actual, "toarray"):
        actual, expected = actual.toarray(), expected.toarray()
    if isinstance(actual, pd.DataFrame):
        pd.testing.assert_frame_equal(actual, expected)
    elif isinstance(actual, pl.DataFrame):
        polars.testing.assert_frame_equal(actual, expected, check_exact=True)
    else:
        np.testing.assert_array_equal(actual, expected, strict=True)


def as_arrays(results):
    """Return results as arrays of numbers or strings, by name and column."""
    arrays = {}
    for name, result in results.items():
        result = result.toarray() if hasattr(result, "toarray") else result
        for column in getattr(result, "columns", [None]):
            array = np.asarray(result if column is None else list(result[column]))
            if array.dtype.kind != "S":  # bytes
                kind = "U" if array.dtype.kind in "OU" else float
                arrays[f"{name}.{column or ''}"] = array.astype(kind)
    return arrays
