"""Kinds of columns: how each is read, encoded, decoded and written."""

import math
import warnings
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .categories import UNKNOWN, Categories, fit_categories, nearest_probabilities
from .dtype_specs import DtypeSpec, check_dtype_spec
from .frames import CATEGORICAL, NUMERIC, Container


class InferenceOptions(NamedTuple):
    """How to infer a column, see :func:`infer_schema`.

    Attributes
    ----------
    name : str
        The column's name, for warnings.

    is_marked : bool
        Whether only `categorical_features` makes it categorical, not its dtype.
    """

    name: str
    is_marked: bool
    max_categories: int | None
    keep_listed: bool


class ColumnCells(NamedTuple):
    """The cells of a column as numbers.

    Attributes
    ----------
    numbers : ndarray of shape (n_samples,)
        Numbers, NaN where missing.

    unknown : list
        Values that were not there at fit and are none of the numbers.
    """

    numbers: np.ndarray
    unknown: list


@dataclass(frozen=True)
class BaseColumn(ABC):
    """One column of a table, as it was at fit.

    A kind of column derives from this class if the network sees its numbers as they
    are, and from :class:`BaseBlockColumn` if it encodes each cell as several numbers.
    `COLUMN_KINDS` lists the kinds. Numbers, here, are the intermediate form of a table
    between its container and the network: an array of floats with one column each.

    Parameters
    ----------
    dtype_spec : dict or None
        How to make a column of the same dtype; None for arrays.
    """

    kind: ClassVar[str]  # key in COLUMN_KINDS
    noun: ClassVar[str]  # what its cells are, for errors
    is_numeric: ClassVar[bool]  # whether the network sees its numbers as they are

    dtype_spec: DtypeSpec | None = None

    @property
    @abstractmethod
    def takes_all_kinds(self) -> bool:
        """Whether cells of any kind are taken later."""

    @classmethod
    @abstractmethod
    def infer(
        cls, container: Container, column, options: InferenceOptions
    ) -> tuple["BaseColumn", np.ndarray | None]:
        """Return the column object of a column at fit, and its cells as `read` does."""

    @abstractmethod
    def read(self, container: Container, column) -> ColumnCells | None:
        """Return the cells, or None if the container reads them with other columns."""

    @abstractmethod
    def write(self, container: Container, numbers: np.ndarray, spec: DtypeSpec | None):
        """Return a column of a container of numbers."""

    def check_kind(self, container: Container, column) -> None:
        """Raise unless a column is of the same kind as at fit."""
        if self.takes_all_kinds or container.is_missing(column):
            return
        kind = container.kind(column)
        if kind != self.kind:
            raise ValueError(
                f"X must hold {self.noun} as in fit, got {COLUMN_KINDS[kind].noun}"
            )

    def state(self) -> dict[str, Any]:
        """Return plain values from which :func:`column_from_state` makes the same."""
        return {"kind": self.kind} | vars(self)

    @classmethod
    @abstractmethod
    def from_state(cls, state: dict[str, Any]) -> "BaseColumn":
        """Return the column object of an untrusted state with its keys, or raise."""

    def check_container(self, container: Container) -> None:
        """Raise unless such a column can be in a container."""
        if (self.dtype_spec is None) == container.has_dtypes:
            raise ValueError(
                f"The state must give the dtypes of the columns of a {container.key} "
                f"table, or none, got {self.dtype_spec}"
            )


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
    def takes_all_kinds(self) -> bool:
        """Whether nothing is known of it."""
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
class BaseBlockColumn(BaseColumn):
    """A column whose cells are encoded in a block of several columns.

    A block has the centre `mean` and the unit `scale`, arrays of its width: the encoded
    block is ``(block - mean) / scale``.
    """

    is_numeric = False

    @property
    @abstractmethod
    def width(self) -> int:
        """Number of columns of the block."""

    @property
    @abstractmethod
    def is_only_missing(self) -> bool:
        """Whether it had no cell at fit."""

    @abstractmethod
    def is_missing(self, numbers: np.ndarray) -> np.ndarray:
        """Tell which cells are missing."""

    @abstractmethod
    def errors(self, numbers: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return how far cells are from others, from 0 for equal ones."""

    @abstractmethod
    def fit_scaling(self, numbers: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the mean of the block, and what to divide it by."""

    @abstractmethod
    def encode(self, numbers: np.ndarray, block: np.ndarray) -> None:
        """Write numbers into a block of zeros, NaN where they are missing."""

    @abstractmethod
    def decode(self, block: np.ndarray, *, observed: bool) -> np.ndarray:
        """Return the most likely numbers, with `observed` those of observed cells."""

    @abstractmethod
    def draw(self, block: np.ndarray, generator: np.random.RandomState) -> np.ndarray:
        """Return random numbers whose expectation is a block."""

    @abstractmethod
    def noise_unit(self, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Return the deviations of the encoded block."""

    @abstractmethod
    def encoded_missing(self, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Return the encoded block of a missing cell, NaN if that is missing, too."""

    @abstractmethod
    def statistic(self, block: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Return one number a cell, by which unusual cells stand out upward."""

    @abstractmethod
    def needed_rows(self, numbers: np.ndarray, kept: np.ndarray) -> np.ndarray:
        """Tell the rows without which a fit to the kept rows knew less cells."""


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
    def takes_all_kinds(self) -> bool:
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

    def needed_rows(self, numbers, kept):
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
