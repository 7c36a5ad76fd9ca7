"""Containers of tables: their interface, and the part that all frames share."""

import importlib
import sys
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from .._sklearn import _safe_indexing
from .dtype_specs import DtypeSpec

NUMERIC, CATEGORICAL = "numeric", "categorical"  # kinds of columns
TIMES = {"date", "datetime", "datetime64", "period", "time", "timedelta"}


class Container(ABC):
    """The interface to the tables of one library.

    A table is read column by column where columns have dtypes of their own, and as a
    whole otherwise. A column's `DtypeSpec` says in plain values how to make a column of
    the same dtype. Methods that take one column raise TypeError or ValueError without
    the column's name, which the caller adds.
    """

    key: ClassVar[str]  # in CONTAINERS
    has_dtypes: ClassVar[bool]  # of its columns, which tell their kinds
    name_type: ClassVar[type | None] = None  # of names of columns, None without names

    @abstractmethod
    def holds(self, X) -> bool:
        """Tell whether X is a table of this library."""

    @abstractmethod
    def validate(self, estimator, X, *, reset: bool):
        """Check names and number of columns, and return X as other methods take it.

        It must return the library's own type, else `inverse_transform` returns arrays.
        """

    @abstractmethod
    def names(self, X) -> list:
        """Return the names that X has for its columns, none if it has no names."""

    @abstractmethod
    def column(self, X, position: int):
        """Return a column of X."""

    @abstractmethod
    def columns(self, X) -> list:
        """Return the columns of X."""

    @abstractmethod
    def kind(self, column) -> str:
        """Return the kind of a column by its dtype, and raise if it has none."""

    @abstractmethod
    def is_missing(self, column) -> bool:
        """Tell whether all cells of a column are missing."""

    @abstractmethod
    def dtype_spec(self, column) -> DtypeSpec | None:
        """Return how to make a column of the same dtype; None without dtypes."""

    @abstractmethod
    def factorize(self, column) -> tuple[np.ndarray, list]:
        """Return positions in a list of values, -1 for missing cells, and the list."""

    @abstractmethod
    def numbers(self, X, separate):
        """Return X as floats, ``(n_samples, n_features)``.

        Columns at the positions `separate` are NaN in frames, and are filled by the
        caller. Without such columns it may return whatever `check_array` takes.
        """

    @abstractmethod
    def number_column(self, numbers: np.ndarray, spec: DtypeSpec | None):
        """Return a column of numbers, NaN where missing."""

    @abstractmethod
    def category_column(
        self, codes: np.ndarray, values: Sequence, spec: DtypeSpec | None
    ):
        """Return a column from positions in `values`, -1 where missing."""

    @abstractmethod
    def table(self, numbers: np.ndarray, columns: dict[int, Any], names, like):
        """Return a table of numbers, but at some positions of columns as made here.

        It has the index of `like` if that has one.
        """

    @abstractmethod
    def fill(self, X, missing: np.ndarray, numbers: np.ndarray, columns):
        """Return X with missing cells from what :meth:`table` would take."""

    @abstractmethod
    def make_indexable(self, X):
        """Return X in a form whose rows can be selected."""

    @abstractmethod
    def select_rows(self, X, rows):
        """Return rows of X by a slice, a mask or their positions."""

    @abstractmethod
    def to_dense_table(self, X):
        """Return X with two axes, dense."""

    @abstractmethod
    def n_bytes(self, X) -> int:
        """Return the memory that the cells of X need."""


class FrameContainer(Container):
    """The part of the interface that all frame libraries share."""

    has_dtypes = True

    @abstractmethod
    def observed(self, column) -> np.ndarray:
        """Return the cells that are not missing."""

    @abstractmethod
    def numeric_part(self, X, positions: Sequence[int]):
        """Return columns of numbers as a frame of numeric dtypes."""

    @abstractmethod
    def frame(self, names: Sequence, columns: Sequence, like):
        """Return a frame of columns, with the index of `like` if it has one."""

    def holds(self, X) -> bool:
        # Whoever has a frame has imported its library.
        module = sys.modules.get(self.key)
        return module is not None and isinstance(X, module.DataFrame)

    def validate(self, estimator, X, *, reset: bool):
        check_unique_names(self.names(X))
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        return X

    def numbers(self, X, separate):
        n_columns = X.shape[1]
        if not separate:
            return self.numeric_part(X, range(n_columns))
        rest = [position for position in range(n_columns) if position not in separate]
        if not rest:
            return np.full((len(X), n_columns), np.nan)
        part = as_floats(
            check_array(
                self.numeric_part(X, rest),
                ensure_all_finite=False,
                ensure_min_samples=0,
            )
        )
        numbers = np.full((len(X), n_columns), np.nan, part.dtype)
        numbers[:, rest] = part
        return numbers

    def table(self, numbers, columns, names, like):
        return self.frame(names, list(columns.values()), like)

    def make_indexable(self, X):
        return X

    def select_rows(self, X, rows):
        return _safe_indexing(X, rows)

    def to_dense_table(self, X):
        return X

    def n_bytes(self, X) -> int:
        return sum(map(self._column_bytes, self.columns(X)))

    def _column_bytes(self, column) -> int:
        if self.is_missing(column) or self.kind(column) != CATEGORICAL:
            return len(column) * self.observed(column).itemsize
        n_values = len(np.unique(self.factorize(column)[0]))
        return len(column) * max(1, -(-(n_values - 1).bit_length() // 8))


def as_floats(X: np.ndarray) -> np.ndarray:
    """Return float32 as it is, and all else as float64."""
    return X if X.dtype == np.float32 else X.astype(np.float64, copy=False)


def float_dtype(X) -> type:
    """Return the dtype of results: float32 for float32, float64 for all else."""
    return np.float32 if X.dtype == np.float32 else np.float64


def check_unique_names(names: list) -> None:
    """Raise if two columns have the same name."""
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(
            f"Names of columns must be unique, got {names.count(twice)} of the same "
            f"name (column {str(twice)!r})."
        )


def import_library(name: str):
    """Return a frame library, which is imported no earlier than here."""
    return importlib.import_module(name)


def kind_of_dtype(is_category: bool, is_number: bool, dtype) -> str:
    """Return the kind of a column of a dtype, and raise if it has none."""
    if is_category or is_number:
        return CATEGORICAL if is_category else NUMERIC
    if any(word in str(dtype).lower() for word in (*TIMES, "duration")):
        raise ValueError(
            f"Dates and times must be made numbers or categories first, got {dtype}; "
            "take parts such as year, month or hour, or seconds since a start, or drop "
            "the column"
        )
    raise TypeError(f"Cells must be numbers, strings or categories, got {dtype}")


def find_new_categories(known: list, codes: np.ndarray, values: Sequence) -> list:
    """Return those of `values` that occur in `codes` and are not known."""
    used = [values[code] for code in np.unique(codes[codes >= 0])]
    return [value for value in used if value not in known]


def round_to_integers(numbers: np.ndarray, low: int, high: int) -> np.ndarray:
    """Return floats that are whole and within the range of an integer dtype."""
    limit = float(high)
    if int(limit) > high:
        limit = np.nextafter(limit, 0)
    return np.clip(np.rint(numbers.astype(np.float64)), float(low), limit)


def to_python(value):
    """Return NumPy's scalars as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def to_plain_categories(values) -> list[Hashable]:
    """Return categories as Python's values, and raise if they are of other types."""
    values = [to_python(value) for value in values]
    others = [v for v in values if not isinstance(v, str | int | float | bool)]
    if others:
        kind = type(others[0]).__qualname__
        raise TypeError(
            f"Categories must be strings, numbers or booleans, got {kind}; make them "
            "strings first"
        )
    return values
