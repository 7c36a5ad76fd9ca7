"""Encoding of mixed tables for the other models, independent of the package."""

from functools import cached_property

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

MISSING = "(missing)"
MAX_CATEGORIES = 64


class Numbers:
    """A numeric column, centred and divided by its deviation."""

    def __init__(self, column):
        values = column.to_numpy(np.float64, na_value=np.nan)
        self.mean = np.nanmean(values)
        self.deviation = np.nanstd(values) or 1.0

    def encode(self, column):
        values = column.to_numpy(np.float64, na_value=np.nan)
        return ((values - self.mean) / self.deviation)[:, None]


class Indicators:
    """A column of categories, as centred indicators of total variance 1."""

    def __init__(self, column, max_categories=MAX_CATEGORIES):
        counts = column.value_counts().sort_index()
        levels = list(counts.sort_values(ascending=False, kind="stable").index)
        has_missing = bool(column.isna().any())
        room = max_categories - has_missing
        n_alone = len(levels) if len(levels) <= room else room - 1
        self.position = {level: min(i, n_alone) for i, level in enumerate(levels)}
        self.labels = levels[: n_alone + 1]
        if has_missing:
            self.position[MISSING] = len(self.labels)
            self.labels.append(MISSING)
        self.frequencies = self._indicators(column).mean(axis=0)
        spread = np.sum(self.frequencies * (1 - self.frequencies))
        self.scale = np.sqrt(spread) or 1.0

    def encode(self, column):
        block = (self._indicators(column) - self.frequencies) / self.scale
        if MISSING not in self.position:
            block[column.isna().to_numpy()] = np.nan
        return block

    def decode(self, block):
        """Return the most likely level of each row."""
        likely = np.argmax(block * self.scale + self.frequencies, axis=1)
        return np.array(self.labels, dtype=object)[likely]

    def _indicators(self, column):
        position = with_missing(column).map(self.position).to_numpy(np.float64)
        return np.equal.outer(position, np.arange(len(self.labels))).astype(np.float64)


class EncodedMatrix:
    """Columns of a table as one matrix, with NaN where nothing was observed.

    Centres, deviations, levels and their frequencies are those of the rows given.
    """

    def __init__(self, train, max_categories=MAX_CATEGORIES):
        self.numbers = {
            name: Numbers(train[name])
            for name in train.columns
            if is_numeric_dtype(train[name].dtype)
        }
        self.indicators = {
            name: Indicators(train[name], max_categories)
            for name in train.columns
            if name not in self.numbers
        }
        self.columns = {
            name: self.numbers.get(name) or self.indicators[name]
            for name in train.columns
        }

    @cached_property
    def slices(self):
        """Where each column of the table lies in the matrix."""
        widths = [
            len(self.indicators[name].labels) if name in self.indicators else 1
            for name in self.columns
        ]
        ends = np.cumsum(widths)
        return dict(zip(self.columns, map(slice, ends - widths, ends), strict=True))

    def encode(self, frame):
        return np.hstack([c.encode(frame[name]) for name, c in self.columns.items()])

    def decode_categories(self, matrix):
        """Return the most likely levels as a frame of the columns of categories."""
        return pd.DataFrame(
            {
                name: indicators.decode(matrix[:, self.slices[name]])
                for name, indicators in self.indicators.items()
            }
        )


def with_missing(column):
    """Return a column of categories with missing as a level of its own."""
    return column.astype(object).where(column.notna(), MISSING)


def filled(matrix):
    """Return the matrix with the centre, 0, where nothing was observed."""
    return np.nan_to_num(matrix, nan=0.0)
