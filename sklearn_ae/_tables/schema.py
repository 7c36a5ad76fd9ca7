"""The columns of a table, read into one array of numbers and written back."""

import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from .column_kinds import NumericColumn, check_kind, column_from_state
from .columns import BaseBlockColumn, BaseColumn
from .containers import CONTAINERS, find_container
from .dtype_specs import are_same_names, check_names
from .frames import Container

_MOST_NAMED = 5
# In a fixed order: a checkpoint hashes the bytes of a state.
_KEYS = ("names", "container", "frame_names", "columns")


@dataclass(frozen=True, eq=False)
class TableSchema:
    """The columns of a table, as they were at fit.

    :meth:`read` turns a table into an array of shape (n_samples, n_features) of numbers
    as they are, ordinals of categories (see :class:`Categories`) and NaN for missing
    cells. An array without categories is returned as it is.

    Parameters
    ----------
    names : tuple of str
        Names of the columns, for errors.

    columns : tuple of BaseColumn
        The columns.

    container : str
        Key in `CONTAINERS` of the table at fit.

    frame_names : tuple
        The names that a frame had for its columns; empty for arrays.

    Attributes
    ----------
    blocks : dict of int to BaseBlockColumn
        The columns that are encoded in several columns each, by position. All others
        are numbers.
    """

    names: tuple[str, ...]
    columns: tuple[BaseColumn, ...]
    container: str
    frame_names: tuple = ()
    blocks: dict[int, BaseBlockColumn] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        enumerated = enumerate(self.columns)
        blocks = {i: column for i, column in enumerated if not column.is_numeric}
        object.__setattr__(self, "blocks", blocks)

    @property
    def is_numeric(self) -> bool:
        """Whether all columns are numbers, none a block.

        Then encoded columns are the table's columns, these may share one scale, and an
        array is read as it is.
        """
        return not self.blocks

    @property
    def numeric(self) -> np.ndarray:
        """Boolean mask of the columns that are numbers."""
        mask = np.ones(len(self.names), dtype=bool)
        mask[list(self.blocks)] = False
        return mask

    def non_numeric_names(self) -> list[str]:
        """Return the names of the columns that are no numbers."""
        return [self.names[position] for position in self.blocks]

    @property
    def widths(self) -> np.ndarray:
        """Number of encoded columns of each column."""
        widths = np.ones(len(self.names), dtype=np.intp)
        for position, column in self.blocks.items():
            widths[position] = column.width
        return widths

    def read(self, X, handle_unknown: str) -> np.ndarray:
        """Return the numbers of a table with the columns of the one at fit.

        Parameters
        ----------
        X : {dataframe, ndarray, CSR matrix} of shape (n_samples, n_features)
            The table.

        handle_unknown : {"error", "ignore", "warn"}
            What to do about unknown categories.

        Returns
        -------
        numbers : ndarray of shape (n_samples, n_features)
            X itself, if it is an array of numbers alone.
        """
        container = find_container(X)
        self._check_names(container.names(X))
        numbers, unknown = {}, {}
        for position in self._separate_positions(container):
            column, name = self.columns[position], self.names[position]
            with raise_for_column(name):
                cells = container.column(X, position)
                check_kind(column, container, cells)
                read = column.read(container, cells)
            if read is not None:
                numbers[position] = read.numbers
                unknown |= {name: read.unknown} if read.unknown else {}
        if unknown and handle_unknown != "ignore":
            _report_unknown(unknown, handle_unknown)
        return join_numbers(container, X, numbers)

    def check_dtypes_known(self, X) -> None:
        """Raise if X has no dtypes, and only columns with dtypes can be as in fit."""
        if find_container(X).has_dtypes:
            return
        for position, column in self.blocks.items():
            if not column.accepts_any_dtype:
                raise ValueError(
                    f"X must be a dataframe as in fit, where there were {column.noun}, "
                    f"got {type(X).__name__} (column {self.names[position]!r})."
                )

    def write(self, numbers: np.ndarray, like=None):
        """Return a table of the same container as at fit.

        Parameters
        ----------
        numbers : ndarray of shape (n_samples, n_features)
            As from :meth:`read`.

        like : object, default=None
            A frame whose index the table gets.

        Returns
        -------
        X : {ndarray, dataframe} of shape (n_samples, n_features)
            The table.
        """
        container = CONTAINERS[self.container]
        written = {
            position: self._write_column(container, numbers, position)
            for position in self._separate_positions(container)
        }
        return container.table(numbers, written, self.frame_names, like)

    def check_written(self, numbers: np.ndarray) -> None:
        """Raise unless :meth:`write` can make columns of each dtype that there is."""
        container, tried = CONTAINERS[self.container], set()
        for position in self._separate_positions(container):
            dtype = repr(self.columns[position].dtype_spec)
            if position in self.blocks or dtype not in tried:
                self._write_column(container, numbers, position)
            tried.add(dtype)

    def fill(self, X, missing: np.ndarray, numbers: np.ndarray):
        """Return a table with its missing cells replaced and nothing else changed.

        Parameters
        ----------
        X : {dataframe, array-like} of shape (n_samples, n_features)
            The table.

        missing : ndarray of bool of shape (n_samples, n_features)
            Which cells to replace.

        numbers : ndarray of shape (n_samples, n_features)
            What to put there, as from :meth:`read`.

        Returns
        -------
        X : {dataframe, ndarray} of shape (n_samples, n_features)
            Of the same library and dtypes as X.
        """
        container, written = find_container(X), {}
        for position in self._separate_positions(container):
            where = missing[:, position]
            if where.any():
                column = self.columns[position]
                spec = self._spec_to_fill(container, X, position)
                cells = np.where(where, numbers[:, position], np.nan)
                written[position] = column.write(container, cells, spec)
        return container.fill(X, missing, numbers, written)

    def is_missing(self, numbers: np.ndarray) -> np.ndarray:
        """Tell which cells are missing, those with an ordinal of their own included."""
        missing = np.isnan(numbers)
        for position, column in self.blocks.items():
            missing[:, position] = column.is_missing(numbers[:, position])
        return missing

    def cell_errors(self, numbers, others, unit: np.ndarray) -> np.ndarray:
        """Return how far each cell is from that of another table.

        Parameters
        ----------
        numbers, others : ndarray of shape (n_samples, n_features)
            As from :meth:`read`.

        unit : ndarray of shape (n_features,)
            The units of the errors of numbers.

        Returns
        -------
        errors : ndarray of shape (n_samples, n_features)
            Of categories 0 where they are equal, else 1.
        """
        errors = np.abs(numbers - others) / unit
        for position, column in self.blocks.items():
            cells = numbers[:, position], others[:, position]
            errors[:, position] = column.errors(*cells)
        return errors

    def keep_all_categories(self, numbers, kept: np.ndarray) -> np.ndarray:
        """Return the rows to keep, so that a fit to them still knows each category.

        Parameters
        ----------
        numbers : ndarray of shape (n_samples, n_features)
            As from :meth:`read`.

        kept : ndarray of bool of shape (n_samples,)
            Which rows are kept anyway.

        Returns
        -------
        kept : ndarray of bool of shape (n_samples,)
            These, and all rows with a category that none of these has.
        """
        for position, column in self.blocks.items():
            kept = kept | column.rows_with_new_values(numbers[:, position], kept)
        return kept

    def state(self) -> dict[str, Any]:
        """Return plain values from which :meth:`from_state` makes the same schema.

        They leave out the columns of numbers of an array: there may be many.
        """
        columns = {
            position: self.columns[position].state()
            for position in self._separate_positions(CONTAINERS[self.container])
        }
        plain_values = {name: getattr(self, name) for name in _KEYS}
        return plain_values | {"columns": columns}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "TableSchema":
        """Return the schema of an untrusted state, or raise ValueError."""
        _check_state(state)
        names, container = state["names"], CONTAINERS[state["container"]]
        columns: list[BaseColumn] = [NumericColumn()] * len(names)
        for position, part in state["columns"].items():
            with raise_for_column(names[position]):
                columns[position] = column_from_state(part)
                columns[position].check_container(container)
        return cls(**state | {"columns": tuple(columns)})

    def _separate_positions(self, container: Container) -> Collection[int]:
        """Return the positions of columns that are read and written one by one."""
        return range(len(self.names)) if container.has_dtypes else self.blocks.keys()

    def _write_column(self, container, numbers, position):
        column = self.columns[position]
        return column.write(container, numbers[:, position], column.dtype_spec)

    def _spec_to_fill(self, container, X, position):
        """Return the dtype of a column of X, or that at fit if it has no cells."""
        if not container.has_dtypes:
            return None
        cells = container.column(X, position)
        if container.key == self.container and container.is_missing(cells):
            return self.columns[position].dtype_spec
        return container.dtype_spec(cells)

    def _check_names(self, names: list) -> None:
        """Check a frame's names that are no strings; scikit-learn checks the others."""
        if names and self.frame_names and not are_same_names(names, self.frame_names):
            raise ValueError(
                f"The columns of X must be {abbreviate(self.frame_names)} as in fit, "
                f"got {abbreviate(names)}."
            )


def join_numbers(container: Container, X, columns: dict[int, np.ndarray]):
    """Return the numbers of a table, some columns of which were read before.

    Parameters
    ----------
    container : Container
        Of the table.

    X : {dataframe, ndarray, CSR matrix} of shape (n_samples, n_features)
        The table.

    columns : dict of int to ndarray of shape (n_samples,)
        Numbers of columns, by position.

    Returns
    -------
    numbers : {dataframe, ndarray, CSR matrix} of shape (n_samples, n_features)
        All numbers; if no column was read before, as the container gives them.
    """
    numbers = container.numbers(X, columns.keys())
    for position, column in columns.items():
        numbers[:, position] = column
    return numbers


def _check_state(state: dict[str, Any]) -> None:
    """Check all of a state but what its columns hold."""
    if not isinstance(state, dict) or set(state) != set(_KEYS):
        raise ValueError(
            f"The state of a schema must have {sorted(_KEYS)}, got {abbreviate(state)}."
        )
    names, frame_names, key = state["names"], state["frame_names"], state["container"]
    if not isinstance(key, str) or key not in CONTAINERS:
        raise ValueError(
            f"The state must give a container of {sorted(CONTAINERS)}, got {key!r}."
        )
    n_named = len(names) if CONTAINERS[key].has_dtypes else 0
    if not type(names) is type(frame_names) is tuple or len(frame_names) != n_named:
        raise ValueError(
            f"The state must name {len(names)} columns, {n_named} of them of a frame, "
            f"got {len(frame_names)}."
        )
    check_names(names, frame_names, CONTAINERS[key].name_type)
    positions, n_columns = state["columns"], len(names)
    valid = isinstance(positions, dict) and len(positions) >= n_named
    if not valid or not all(type(i) is int and 0 <= i < n_columns for i in positions):
        raise ValueError(
            f"The state must give columns at positions below {n_columns}, and all of a "
            f"frame, got {abbreviate(positions)}."
        )


def _report_unknown(unknown: dict[str, list], handle_unknown: str) -> None:
    parts = [
        f"{abbreviate(values)} (column {name!r})" for name, values in unknown.items()
    ]
    message = f"X holds categories that were not seen in fit: {abbreviate(parts, str)}."
    if handle_unknown == "error":
        raise ValueError(message)
    warnings.warn(
        f"{message} They are encoded as none of those seen; handle_unknown can make "
        "this an error, or silent.",
        UserWarning,
        stacklevel=2,
    )


def abbreviate(items: Collection, show=repr) -> str:
    """Return the first items as text, for errors."""
    shown = ", ".join(show(item) for item in islice(items, _MOST_NAMED))
    return shown + ", ..." * (len(items) > _MOST_NAMED)


@contextmanager
def raise_for_column(name: str) -> Iterator[None]:
    """Add a column's name to errors that are raised about it."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{error} (column {name!r}).") from None
