"""Kinds of columns, and their states."""

import math
import warnings
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from .categories import UNKNOWN, Categories, fit_categories, nearest_probabilities
from .columns import BaseBlockColumn, BaseColumn, ColumnCells
from .dtype_specs import check_dtype_spec
from .frames import CATEGORICAL, NUMERIC, Container


@dataclass(frozen=True)
class NumericColumn(BaseColumn):
    """A column of numbers, integers or booleans.

    Parameters
    ----------
    is_empty : bool
        Whether a frame's column had no cell at fit. It is then read as missing,
        whatever it holds.
    """

    kind = NUMERIC
    noun = "numbers"
    is_numeric = True

    is_empty: bool = False

    @property
    def accepts_any_dtype(self) -> bool:
        """Whether it had no cell at fit, so that no dtype is known."""
        return self.is_empty

    @classmethod
    def infer(cls, container, column, options):
        spec, is_empty = container.dtype_spec(column), container.is_missing(column)
        cells = np.full(len(column), np.nan) if is_empty else None
        return cls(spec, is_empty), cells

    def read(self, container, column):
        if self.is_empty:
            return ColumnCells(np.full(len(column), np.nan), [])
        return None

    def write(self, container, numbers, spec):
        return container.number_column(numbers, spec)

    @classmethod
    def from_state(cls, state):
        if type(state["is_empty"]) is not bool:
            raise ValueError("is_empty must be a boolean")
        return cls(**state)

    def check_container(self, container):
        super().check_container(container)
        if self.is_empty and not container.has_dtypes:
            raise ValueError("The state of an array must have no empty columns")


@dataclass(frozen=True)
class CategoricalColumn(BaseBlockColumn):
    """A column of categories.

    Its numbers are ordinals, see :class:`Categories`. It is encoded in indicators, one
    for each ordinal.

    Parameters
    ----------
    categories : Categories
        The categories at fit.

    is_marked : bool
        Whether only `categorical_features` made it categorical, not its dtype.
    """

    kind = CATEGORICAL
    noun = "categories"

    categories: Categories = field(kw_only=True)
    is_marked: bool = False

    @property
    def width(self) -> int:
        """Number of ordinals."""
        return len(self.categories)

    @property
    def accepts_any_dtype(self) -> bool:
        """Whether it is marked: its values are taken as they are."""
        return self.is_marked

    @property
    def is_only_missing(self) -> bool:
        """Whether its only ordinal is that of missing cells."""
        return not self.categories.values

    @classmethod
    def infer(cls, container, column, options):
        spec = container.dtype_spec(column)
        listed = (spec or {}).get("categories", []) if options.keep_listed else []
        codes, values = _factorize(container, column)
        values = list(dict.fromkeys([*values, *listed]))
        categories = fit_categories(codes, values, options.max_categories, set(listed))
        if not listed and 1 < len(codes) == len(np.unique(codes[codes >= 0])):
            warnings.warn(
                "Every row has a category of its own, which no code can keep; drop the "
                f"column, or make it numeric (column {options.name!r}).",
                UserWarning,
                stacklevel=2,
            )
        column = cls(spec, categories=categories, is_marked=options.is_marked)
        return column, categories.encode(codes, values)

    def read(self, container, column):
        codes, values = _factorize(container, column)
        ordinals, unknown = self.categories.encode(codes, values), []
        if (ordinals == UNKNOWN).any():
            unknown = self.categories.find_unknown(codes, values)
        return ColumnCells(ordinals, unknown)

    def write(self, container, numbers, spec):
        codes, values = self.categories.to_codes(numbers), self.categories.values
        return container.category_column(codes, values, spec)

    def is_missing(self, numbers):
        return np.isnan(numbers) | (numbers == self.categories.missing_ordinal)

    def errors(self, numbers, others):
        return numbers != others

    def fit_scaling(self, numbers):
        counts = np.bincount(numbers.astype(np.intp), minlength=self.width)
        frequencies = counts / counts.sum()
        variance = frequencies * (1 - frequencies)
        return frequencies, np.sqrt(variance.sum()) or 1.0

    def encode(self, numbers, block):
        known = np.flatnonzero(numbers >= 0)
        block[known, numbers[known].astype(np.intp)] = 1
        if len(known) < len(numbers):
            block[np.isnan(numbers)] = np.nan

    def decode(self, block, *, observed):
        if observed and not self.is_only_missing:
            block = block[:, : len(self.categories.values)]
        return block.argmax(axis=1)

    def draw(self, block, generator):
        cumulated = nearest_probabilities(block).cumsum(axis=1)
        draws = generator.uniform(size=len(block)) * cumulated[:, -1]
        return (cumulated <= draws[:, None]).sum(axis=1).clip(max=self.width - 1)

    def noise_unit(self, mean, scale):
        return np.sqrt(mean * (1 - mean)) / scale

    def encoded_missing(self, mean, scale):
        if not self.categories.has_missing:
            return np.full(self.width, np.nan)
        block = -mean / scale
        block[-1] += 1 / scale[-1]
        return block

    def statistic(self, block, mean):
        """Return minus the logarithm of the frequency of each cell's category.

        An unknown category counts as half as frequent as the least frequent one.
        """
        unknown = mean[mean > 0].min(initial=1) / 2
        rarity = -np.log(np.maximum(mean, unknown))
        rest = 1 - block.sum(axis=1)
        return block @ rarity - rest * np.log(unknown)

    def rows_with_new_values(self, numbers, kept):
        needed = np.setdiff1d(numbers, numbers[kept])
        if self.categories.infrequent:
            needed = np.append(needed, len(self.categories.frequent))
        return np.isin(numbers, needed)

    def state(self):
        return super().state() | {"categories": asdict(self.categories)}

    @classmethod
    def from_state(cls, state):
        if type(state["is_marked"]) is not bool:
            raise ValueError("is_marked must be a boolean")
        categories = Categories.from_state(state["categories"])
        return cls(**state | {"categories": categories})

    def check_container(self, container):
        super().check_container(container)
        values = self.categories.frequent + self.categories.infrequent
        texts = [value for value in values if isinstance(value, str)]
        if texts and not container.has_dtypes:
            raise ValueError(
                f"Categories of arrays must be numbers, got {texts[0]!r} among them"
            )


COLUMN_KINDS: dict[str, type[BaseColumn]] = {
    column.kind: column for column in (NumericColumn, CategoricalColumn)
}


def check_kind(column: BaseColumn, container: Container, cells) -> None:
    """Raise unless cells are of the kind that a column had at fit."""
    if column.accepts_any_dtype or container.is_missing(cells):
        return
    kind = container.kind(cells)
    if kind != column.kind:
        raise ValueError(
            f"X must hold {column.noun} as in fit, got {COLUMN_KINDS[kind].noun}"
        )


def column_from_state(state: dict[str, Any]) -> BaseColumn:
    """Return the column object of an untrusted state, or raise ValueError."""
    kind = state.get("kind") if isinstance(state, dict) else None
    if not isinstance(kind, str) or kind not in COLUMN_KINDS:
        raise ValueError(
            f"The state of a column must have a kind of {sorted(COLUMN_KINDS)}"
        )
    parts = {name: part for name, part in state.items() if name != "kind"}
    names = {part.name for part in fields(COLUMN_KINDS[kind])}
    if parts.keys() != names:
        raise ValueError(
            f"The state of a {kind} column must have {sorted(names)}, got "
            f"{sorted(map(str, parts))}"
        )
    if parts["dtype_spec"] is not None:
        check_dtype_spec(parts["dtype_spec"])
    return COLUMN_KINDS[kind].from_state(parts)


def _factorize(container: Container, column) -> tuple[np.ndarray, list]:
    """Return positions in a list of finite values, -1 for missing cells; the list."""
    codes, values = container.factorize(column)
    if any(isinstance(value, float) and math.isinf(value) for value in values):
        # scikit-learn's words for the same fault
        raise ValueError(
            "Input X contains infinity or a value too large for a category"
        )
    return codes, values
