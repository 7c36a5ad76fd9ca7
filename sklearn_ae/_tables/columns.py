"""The interface of a column: how it is read, encoded, decoded and written."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .dtype_specs import DtypeSpec
from .frames import Container


class InferenceOptions(NamedTuple):
    """How to infer a column, see :func:`infer_schema`.

    Attributes
    ----------
    name : str
        The column's name, for warnings.

    is_marked : bool
        Whether only `categorical_features` makes it categorical, not its dtype.

    max_categories : int or None
        Most categories that a column keeps apart. None means all.

    keep_listed : bool
        Whether categories that a dtype lists are kept, seen or not.
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

    A kind of column derives from this class if its numbers are only centred and scaled,
    and from :class:`BaseBlockColumn` if each cell is encoded in another way.
    `COLUMN_KINDS` lists the kinds. Numbers, here, are the intermediate form of a table
    between its container and the network: an array of floats with one column each, not
    yet encoded. The `numbers` of a method are those of this column, ``(n_samples,)``.

    Parameters
    ----------
    dtype_spec : dict or None
        How to make a column of the same dtype; None for arrays.
    """

    kind: ClassVar[str]  # key in COLUMN_KINDS
    noun: ClassVar[str]  # what its cells are, for errors
    # Whether its numbers, only centred and scaled, are one encoded column. Numeric
    # columns share the common scale, and those of arrays are read and saved together.
    # Another kind of one number a cell, such as dates, should be a block of width 1.
    is_numeric: ClassVar[bool]

    dtype_spec: DtypeSpec | None = None

    @property
    @abstractmethod
    def accepts_any_dtype(self) -> bool:
        """Whether transform accepts a column of any dtype here."""

    @classmethod
    @abstractmethod
    def infer(
        cls, container: Container, column, options: InferenceOptions
    ) -> tuple["BaseColumn", np.ndarray | None]:
        """Return the column object and its numbers, ``(n_samples,)``.

        Numbers are None if the container reads all numeric columns together.
        """

    @abstractmethod
    def read(self, container: Container, column) -> ColumnCells | None:
        """Return the cells, or None if the container reads them with other columns."""

    @abstractmethod
    def write(self, container: Container, numbers: np.ndarray, spec: DtypeSpec | None):
        """Return a container's column of numbers, NaN where missing."""

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
class BaseBlockColumn(BaseColumn):
    """A column whose cells are encoded in a block of one or several columns.

    A block, ``(n_samples, width)``, has the centre `mean` and the unit `scale`, arrays
    of shape ``(width,)``. The encoded block is ``(block - mean) / scale``. In all
    methods `numbers` and `block` are not yet centred and scaled, or no longer.
    """

    is_numeric = False

    @property
    @abstractmethod
    def width(self) -> int:
        """Number of columns of the block."""

    @property
    @abstractmethod
    def is_only_missing(self) -> bool:
        """Whether its only number is not NaN, but stands for missing cells."""

    @abstractmethod
    def is_missing(self, numbers: np.ndarray) -> np.ndarray:
        """Return a mask of the missing cells, ``(n_samples,)``."""

    @abstractmethod
    def errors(self, numbers: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return how far numbers are from others, ``(n_samples,)``; 0 if equal."""

    @abstractmethod
    def fit_scaling(self, numbers: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the mean of the block, ``(width,)``, and one number as its scale."""

    @abstractmethod
    def encode(self, numbers: np.ndarray, block: np.ndarray) -> None:
        """Write numbers into a block of zeros, NaN where they are missing.

        The caller centres and scales the block.
        """

    @abstractmethod
    def decode(self, block: np.ndarray, *, observed: bool) -> np.ndarray:
        """Return the most likely numbers, ``(n_samples,)``.

        With `observed` they are chosen from those of cells that are not missing.
        """

    @abstractmethod
    def draw(self, block: np.ndarray, generator: np.random.RandomState) -> np.ndarray:
        """Return random numbers, ``(n_samples,)``, whose expectation is a block."""

    @abstractmethod
    def noise_unit(self, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Return the standard deviations of the encoded block, ``(width,)``.

        They are the unit of additive noise.
        """

    @abstractmethod
    def encoded_missing(self, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Return the encoded block of a missing cell, ``(width,)``.

        It is NaN unless missing cells have numbers of their own.
        """

    @abstractmethod
    def statistic(self, block: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Return one number a cell, ``(n_samples,)``; larger means more unusual."""

    @abstractmethod
    def rows_with_new_values(self, numbers: np.ndarray, kept: np.ndarray) -> np.ndarray:
        """Return a mask of the rows with a value that no kept row has.

        `kept` is a mask, too; both are of shape ``(n_samples,)``. Different values that
        share one number count as new: kept rows may lack some of them.
        """
