"""The levels of a categorical column and their numbers."""

import math
from collections.abc import Container, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

UNKNOWN = -1.0
_KEYS = ("alone", "rare", "has_missing")


@dataclass(frozen=True)
class Categories:
    """The levels of one categorical column, numbered from 0.

    First come the levels that stand alone, then one for all rare levels, then one for
    missing cells, where there are any. An unseen level is `UNKNOWN`, and a missing cell
    in a column that had none at fit is NaN. (scikit-learn's encoders tell None from
    NaN, don't take pandas.NA, and don't give back the commonest of the rare levels.)

    Parameters
    ----------
    alone : tuple
        Values with a number each: strings, numbers or booleans.

    rare : tuple
        Values that share the next number, the commonest first.

    has_missing : bool
        Whether missing cells have the last number.
    """

    alone: tuple[Hashable, ...]
    rare: tuple[Hashable, ...] = ()
    has_missing: bool = False

    def __post_init__(self) -> None:
        numbers = dict.fromkeys(self.rare, float(len(self.alone)))
        numbers |= {value: float(i) for i, value in enumerate(self.alone)}
        object.__setattr__(self, "_number_of", numbers)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Categories":
        """Return the levels of a state from outside, and raise if it is none."""
        if not isinstance(state, dict) or state.keys() != {*_KEYS}:
            raise ValueError(f"The state of levels must have {_KEYS}.")
        if not type(state["alone"]) is type(state["rare"]) is tuple:
            raise ValueError("Levels must be tuples.")
        values = state["alone"] + state["rare"]
        good = all(map(is_level, values))  # first: other values may be slow to look up
        if not good or len(set(values)) < len(values):
            raise ValueError(
                "Levels must be different strings, finite numbers or booleans, got "
                f"{values[:5]}."
            )
        levels = cls(**state)
        if type(levels.has_missing) is not bool or not len(levels):
            raise ValueError("Levels must be at least one, of a column or missing.")
        return levels

    def __len__(self) -> int:
        return len(self.values) + self.has_missing

    @property
    def values(self) -> tuple[Hashable, ...]:
        """What each number but the missing cells' stands for."""
        return self.alone + self.rare[:1]

    @property
    def missing_number(self) -> float:
        """The number of a missing cell."""
        return float(len(self) - 1) if self.has_missing else np.nan

    def numbers(self, codes: np.ndarray, values: Sequence) -> np.ndarray:
        """Return the number of each cell.

        Parameters
        ----------
        codes : ndarray of int of shape (n_rows,)
            Position in `values`, -1 where the cell is missing.

        values : sequence
            Any values, also unseen ones.

        Returns
        -------
        numbers : ndarray of float of shape (n_rows,)
            Level numbers, `UNKNOWN` or NaN.
        """
        table = [self._number_of.get(value, UNKNOWN) for value in values]
        return np.array([*table, self.missing_number])[codes]

    def unseen(self, codes: np.ndarray, values: Sequence) -> list:
        """Return those of `values` that occur in `codes` and have no number."""
        present = np.unique(codes[codes >= 0])
        return [values[i] for i in present if values[i] not in self._number_of]

    def codes(self, numbers: np.ndarray) -> np.ndarray:
        """Return positions in `values` for level numbers, -1 for missing cells."""
        known = ~np.isnan(numbers) & (numbers < len(self.values))
        return np.where(known, numbers, -1).astype(np.intp)


def fit_categories(
    codes: np.ndarray,
    values: Sequence,
    max_categories: int | None,
    listed: Container = (),
) -> Categories:
    """Learn the levels of a column.

    Parameters
    ----------
    codes : ndarray of int of shape (n_rows,)
        Position in `values`, -1 where the cell is missing.

    values : sequence
        Distinct values. They are numbered in sorted order, whatever theirs is; those
        that do not occur are left out.

    max_categories : int or None
        Most numbers to give, those of rare levels and missing cells included.

    listed : container, default=()
        Those of `values` that are levels even if they do not occur.

    Returns
    -------
    levels : Levels
        The levels.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ae._tables.categories import fit_categories
    >>> fit_categories(np.array([0, 1, 1, 2, -1]), ["a", "b", "c"], max_categories=3)
    Categories(alone=('b',), rare=('a', 'c'), has_missing=True)
    """
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    order = sorted(range(len(values)), key=lambda i: _sort_key(values[i]))
    seen = [i for i in order if counts[i] or values[i] in listed]
    seen = np.array(seen, dtype=np.intp)
    has_missing = bool((codes < 0).any())
    room = len(seen) if max_categories is None else max_categories - has_missing
    if len(seen) <= room:
        return Categories(tuple(values[i] for i in seen), (), has_missing)
    rank = np.argsort(-counts[seen], kind="stable")
    common, rare = seen[np.sort(rank[: room - 1])], seen[rank[room - 1 :]]
    return Categories(
        tuple(values[i] for i in common), tuple(values[i] for i in rare), has_missing
    )


def is_level(value: Any) -> bool:
    """Tell whether a value can be a level: a string, a finite number or a boolean."""
    return isinstance(value, str | int) or (
        isinstance(value, float) and math.isfinite(value)
    )


def _sort_key(value: Hashable):
    return type(value).__name__, value
