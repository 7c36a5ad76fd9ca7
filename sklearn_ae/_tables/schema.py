"""The columns of a table: from any container to one array of numbers and back."""

import math
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np
from sklearn.utils import check_array

from .categories import UNKNOWN, Categories
from .dtype_specs import are_same_names, check_dtype_spec, check_names
from .frames import FRAMES, DtypeSpec, frame_library

_MOST_NAMED = 5
_PLAIN = ("names", "library", "frame_names", "descriptions")
_SETS = ("added", "empty")


@dataclass(frozen=True, eq=False)
class TableSchema:
    """What a table's columns hold, as they came to fit.

    :meth:`read` turns a table into an array of shape (n_samples, n_features) that
    holds numbers as they are, numbers of categories (see :class:`Categories`) and NaN
    for missing cells. Arrays without categories are that already.

    Parameters
    ----------
    names : tuple of str
        Names of the columns, for errors.

    levels : dict of int to Levels
        Those of the categorical columns, by position.

    library : str or None
        Key in `FRAMES` of the frames that came to fit; None for arrays.

    frame_names : tuple
        The frame's own column names; empty for arrays.

    descriptions : tuple of dict
        The frame's column dtypes; empty for arrays.

    added : frozenset of int
        Those categorical columns that only `categorical_features` made so.

    empty : frozenset of int
        Columns of a frame, without levels, that had no cell at fit. They are read as
        missing, whatever they hold.
    """

    names: tuple[str, ...]
    levels: dict[int, Categories]
    library: str | None = None
    frame_names: tuple = ()
    descriptions: tuple[DtypeSpec, ...] = ()
    added: frozenset[int] = frozenset()
    empty: frozenset[int] = frozenset()

    def read(self, X, handle_unknown: str) -> np.ndarray:
        """Return the numbers of a table with the columns of the one at fit.

        Parameters
        ----------
        X : {dataframe, ndarray, CSR matrix} of shape (n_samples, n_features)
            The table.

        handle_unknown : {"error", "ignore", "warn"}
            What to do about unseen levels.

        Returns
        -------
        numbers : ndarray of shape (n_samples, n_features)
            X itself, if it is an array of numbers alone.
        """
        library = frame_library(X)
        if library is None:
            return self.read_array(X, handle_unknown)
        frames = FRAMES[library]
        self._check_names(frames.names(X))
        cells = {}
        for position, column in enumerate(frames.columns(X)):
            with naming_column(self.names[position]):
                if self._holds_levels(frames, column, position):
                    cells[position] = factorized(frames, column)
        return self.read_frame(frames, X, cells, handle_unknown)

    def check_container(self, X) -> None:
        """Raise if X is no frame, where only that can hold the categories of fit."""
        text = sorted(self.levels.keys() - self.added)
        if text and frame_library(X) is None:
            raise ValueError(
                "X must be a dataframe as in fit, where there were categories, got "
                f"{type(X).__name__} (column {self.names[text[0]]!r})."
            )

    def write(self, numbers: np.ndarray, like=None):
        """Return a table of the kind that came to fit.

        Parameters
        ----------
        numbers : ndarray of shape (n_samples, n_features)
            As from :meth:`read`.

        like : object, default=None
            A frame with the index to take.

        Returns
        -------
        X : {ndarray, dataframe} of shape (n_samples, n_features)
            The table.
        """
        if self.library is None:
            return self.write_array(numbers)
        frames = FRAMES[self.library]
        columns = [
            self._column(frames, numbers[:, position], position, description)
            for position, description in enumerate(self.descriptions)
        ]
        return frames.frame(self.frame_names, columns, like)

    def check_written(self, numbers: np.ndarray) -> None:
        """Raise unless :meth:`write` can make columns of each kind that there is."""
        if self.library is None:
            self.write_array(numbers)
            return
        frames, seen = FRAMES[self.library], set()
        for position, description in enumerate(self.descriptions):
            kind = repr(description)
            if position in self.levels or kind not in seen:
                self._column(frames, numbers[:, position], position, description)
            seen.add(kind)

    def fill(self, X, missing: np.ndarray, numbers: np.ndarray):
        """Return a frame with its missing cells replaced and nothing else changed.

        Parameters
        ----------
        X : dataframe of shape (n_samples, n_features)
            The frame.

        missing : ndarray of bool of shape (n_samples, n_features)
            Which cells to replace.

        numbers : ndarray of shape (n_samples, n_features)
            What to put there, as from :meth:`read`.

        Returns
        -------
        X : dataframe of shape (n_samples, n_features)
            Of the same library and dtypes as X.
        """
        frames = FRAMES[frame_library(X)]
        replaced = {}
        for position, column in enumerate(frames.columns(X)):
            where = missing[:, position]
            if where.any():
                description = self._description_of(frames, column, position)
                cells = np.where(where, numbers[:, position], np.nan)
                new = self._column(frames, cells, position, description)
                replaced[position] = where, new
        return frames.filled(X, replaced)

    def missing(self, numbers: np.ndarray) -> np.ndarray:
        """Tell which cells are missing, those with a level of their own included."""
        missing = np.isnan(numbers)
        for position, levels in self.levels.items():
            missing[:, position] |= numbers[:, position] == levels.missing_number
        return missing

    def _description_of(self, frames, column, position) -> DtypeSpec:
        """Return a column's description, or that at fit where it has no cells."""
        of_fit = self.library is not None and frames is FRAMES[self.library]
        if of_fit and frames.is_missing(column):
            return self.descriptions[position]
        return frames.describe(column)

    def state(self) -> dict[str, Any]:
        """Return plain values to make the same columns of, see :meth:`from_state`."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        levels = {position: asdict(levels) for position, levels in self.levels.items()}
        sets = {name: sorted(getattr(self, name)) for name in _SETS}
        return plain | sets | {"levels": levels}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "TableSchema":
        """Return the columns that a state describes, and raise if it is none."""
        _check_columns_state(state)
        levels = {
            position: Categories.from_state(parts)
            for position, parts in state["levels"].items()
        }
        _check_texts(state["library"], levels)
        plain = {name: state[name] for name in _PLAIN}
        sets = {name: frozenset(state[name]) for name in _SETS}
        return cls(**plain, **sets, levels=levels)

    def _check_names(self, names: list) -> None:
        """Check names that are no strings; scikit-learn looks at the others."""
        if self.library is not None and not are_same_names(names, self.frame_names):
            raise ValueError(
                f"The columns of X must be {some(self.frame_names)} as in fit, got "
                f"{some(names)}."
            )

    def _column(self, frames, numbers, position, description):
        if position not in self.levels:
            return frames.number_column(numbers, description)
        levels = self.levels[position]
        return frames.level_column(levels.codes(numbers), levels.values, description)

    def _holds_levels(self, frames, column, position) -> bool:
        """Tell whether a column holds categories, which must be as at fit."""
        expected = position in self.levels
        free = position in self.added or position in self.empty
        if free or frames.is_missing(column):
            return expected
        if frames.is_category(column) != expected:
            kinds = ("categories", "numbers") if expected else ("numbers", "categories")
            raise ValueError(f"X must hold {kinds[0]} as in fit, got {kinds[1]}")
        return expected

    def read_array(self, X, handle_unknown: str):
        """Return the numbers of an array whose categories are numbers."""
        if not self.levels:
            return X
        cells = factorized_cells(X, self.names, self.levels)
        return self._with_levels(_as_floats(X).copy(), cells, handle_unknown)

    def write_array(self, numbers: np.ndarray) -> np.ndarray:
        """Return numbers with the values of levels in their place."""
        written = numbers.copy() if self.levels else numbers
        for position, levels in self.levels.items():
            values = np.array([*levels.values, np.nan], dtype=numbers.dtype)
            written[:, position] = values[levels.codes(numbers[:, position])]
        return written

    def read_frame(self, frames, X, cells, handle_unknown: str) -> np.ndarray:
        """Return the numbers of a frame whose categories are factorized."""
        others = [
            i for i in range(len(self.names)) if i not in cells and i not in self.empty
        ]
        if len(others) == len(self.names):
            return frames.numbers(X, others)
        if not others:
            numbers = np.full((len(X), len(self.names)), np.nan)
            return self._with_levels(numbers, cells, handle_unknown)
        part = _as_floats(
            check_array(
                frames.numbers(X, others),
                ensure_all_finite=False,
                ensure_min_samples=0,
            )
        )
        numbers = np.full((len(X), len(self.names)), np.nan, part.dtype)
        numbers[:, others] = part
        return self._with_levels(numbers, cells, handle_unknown)

    def _with_levels(self, numbers, cells, handle_unknown: str) -> np.ndarray:
        """Put level numbers into their columns, and say which are unseen."""
        unseen = {}
        for position, (codes, values) in cells.items():
            levels = self.levels[position]
            numbers[:, position] = levels.numbers(codes, values)
            if (numbers[:, position] == UNKNOWN).any():
                unseen[self.names[position]] = levels.unseen(codes, values)
        if unseen and handle_unknown != "ignore":
            _report(unseen, handle_unknown)
        return numbers


def _check_columns_state(state: dict[str, Any]) -> None:
    if not isinstance(state, dict) or set(state) != {*_PLAIN, *_SETS, "levels"}:
        raise ValueError(f"The state of columns must be whole, got {some(state)}.")
    names, library = state["names"], state["library"]
    n_columns = len(names)
    n_described = 0 if library is None else n_columns
    sizes = {len(state["frame_names"]), len(state["descriptions"])}
    known = library is None or library in FRAMES
    kinds = {type(state[name]) for name in ("names", "frame_names", "descriptions")}
    if not known or sizes != {n_described} or kinds != {tuple}:
        raise ValueError(
            f"The state must describe its {n_columns} columns, got a library "
            f"{library!r} and {sorted(sizes)} descriptions."
        )
    kind = None if library is None else FRAMES[library].name_type
    check_names(names, state["frame_names"], kind)
    _check_positions(state, n_columns)
    for position, description in enumerate(state["descriptions"]):
        with naming_column(names[position]):
            check_dtype_spec(description)


def _check_positions(state: dict[str, Any], n_columns: int) -> None:
    """Check which columns hold levels, and which of these and others are special."""
    levels, added, empty = (state[name] for name in ("levels", "added", "empty"))
    positions = [*levels, *added, *empty]
    inside = all(type(i) is int and 0 <= i < n_columns for i in positions)
    if not inside or not set(added) <= set(levels) or set(empty) & set(levels):
        raise ValueError(
            f"The state must give positions among its {n_columns} columns, got "
            f"{some(positions)}."
        )


def _check_texts(library: str | None, levels: dict[int, Categories]) -> None:
    values = [value for part in levels.values() for value in part.alone + part.rare]
    texts = [value for value in values if isinstance(value, str)]
    if library is None and texts:
        raise ValueError(f"Levels of arrays must be numbers, got {some(texts)}.")


def factorized(frames, column) -> tuple[np.ndarray, list]:
    """Return positions in a list of levels, -1 for missing cells, and the list."""
    codes, values = frames.factorize(column)
    _check_finite(values)
    return codes, values


def factorized_cells(X: np.ndarray, names, positions) -> dict:
    """Return the same for some columns of an array, by position."""
    cells = {}
    for position in positions:
        with naming_column(names[position]):
            cells[position] = _factorized_array(X[:, position])
    return cells


def _factorized_array(column: np.ndarray) -> tuple[np.ndarray, list]:
    known = ~np.isnan(column)
    values, codes = np.unique(column[known], return_inverse=True)
    positions = np.full(len(column), -1, dtype=np.intp)
    positions[known] = codes
    _check_finite(values.tolist())
    return positions, values.tolist()


def _check_finite(values: list) -> None:
    if any(isinstance(value, float) and math.isinf(value) for value in values):
        # scikit-learn's words for the same fault
        raise ValueError("Input X contains infinity or a value too large for a level")


def _as_floats(X: np.ndarray) -> np.ndarray:
    return X if X.dtype == np.float32 else X.astype(np.float64, copy=False)


def _report(unseen: dict[str, list], handle_unknown: str) -> None:
    parts = [f"{some(values)} (column {name!r})" for name, values in unseen.items()]
    message = f"X holds categories that were not seen in fit: {some(parts, str)}."
    if handle_unknown == "error":
        raise ValueError(message)
    warnings.warn(
        f"{message} They are encoded as none of those seen; handle_unknown can make "
        "this an error, or silent.",
        UserWarning,
        stacklevel=2,
    )


def some(items: Collection, show=repr) -> str:
    """Return the first few of some items, for errors."""
    shown = ", ".join(show(item) for item in islice(items, _MOST_NAMED))
    return shown + ", ..." * (len(items) > _MOST_NAMED)


@contextmanager
def naming_column(name: str) -> Iterator[None]:
    """Add a column's name to the errors about it."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{error} (column {name!r}).") from None
