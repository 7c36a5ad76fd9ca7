"""Ordinal encoding of the categories of a column."""

import math
from collections.abc import Container, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

UNKNOWN = -1.0  # ordinal of a category that was not there at fit
_KEYS = ("frequent", "infrequent", "has_missing")


@dataclass(frozen=True)
class Categories:
    """The categories of one column, numbered from 0.

    The ordinals belong first to the frequent categories, one each, then to all
    infrequent categories together, then to missing cells, where there were any. The
    ordinal of a category that was not there at fit is `UNKNOWN`. A missing cell is NaN
    if none was missing at fit.

    Unlike this class, scikit-learn's encoders distinguish None from NaN, do not take
    pandas.NA, and do not decode the infrequent ordinal to the most frequent of the
    infrequent categories.

    Parameters
    ----------
    frequent : tuple
        Categories with an ordinal each: strings, numbers or booleans.

    infrequent : tuple
        Categories that share the next ordinal, the most frequent first.

    has_missing : bool
        Whether missing cells have the last ordinal.
    """

    frequent: tuple[Hashable, ...]
    infrequent: tuple[Hashable, ...] = ()
    has_missing: bool = False

    def __post_init__(self) -> None:
        ordinals = dict.fromkeys(self.infrequent, float(len(self.frequent)))
        ordinals |= {value: float(i) for i, value in enumerate(self.frequent)}
        object.__setattr__(self, "_ordinals", ordinals)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Categories":
        """Return the categories of an untrusted state, or raise ValueError.

        The caller adds the column's name.
        """
        if not isinstance(state, dict) or state.keys() != {*_KEYS}:
            raise ValueError(f"The state of categories must have {_KEYS}")
        if not type(state["frequent"]) is type(state["infrequent"]) is tuple:
            raise ValueError("Categories must be tuples")
        values = state["frequent"] + state["infrequent"]
        # Look no other value up: its hash may be slow.
        valid = all(map(is_category, values))
        if not valid or len(set(values)) < len(values):
            raise ValueError(
                "Categories must be different strings, finite numbers or booleans, got "
                f"{values[:5]}"
            )
        categories = cls(**state)
        if type(categories.has_missing) is not bool or not len(categories):
            raise ValueError("A column must have a category or missing cells")
        return categories

    def __len__(self) -> int:
        """Return the number of ordinals."""
        return len(self.values) + self.has_missing

    @property
    def values(self) -> tuple[Hashable, ...]:
        """The category that each ordinal decodes to, missing cells excepted."""
        return self.frequent + self.infrequent[:1]

    @property
    def missing_ordinal(self) -> float:
        """The ordinal of a missing cell, NaN if it has none."""
        return float(len(self) - 1) if self.has_missing else np.nan

    def encode(self, codes: np.ndarray, values: Sequence) -> np.ndarray:
        """Return the ordinal of each cell of a factorized column.

        Parameters
        ----------
        codes : ndarray of int of shape (n_rows,)
            Position in `values`, -1 where the cell is missing.

        values : sequence
            Any values, also unknown ones.

        Returns
        -------
        ordinals : ndarray of float of shape (n_rows,)
            Ordinals, `UNKNOWN` or NaN.
        """
        table = [self._ordinals.get(value, UNKNOWN) for value in values]
        return np.array([*table, self.missing_ordinal])[codes]

    def find_unknown(self, codes: np.ndarray, values: Sequence) -> list:
        """Return those of `values` that occur in `codes` and have no ordinal."""
        present = np.unique(codes[codes >= 0])
        return [values[i] for i in present if values[i] not in self._ordinals]

    def to_codes(self, ordinals: np.ndarray) -> np.ndarray:
        """Return positions in `self.values` for ordinals, -1 for missing cells."""
        known = ~np.isnan(ordinals) & (ordinals < len(self.values))
        return np.where(known, ordinals, -1).astype(np.intp)


def fit_categories(
    codes: np.ndarray,
    values: Sequence,
    max_categories: int | None,
    listed: Container = (),
) -> Categories:
    """Return the categories of a factorized column.

    Parameters
    ----------
    codes : ndarray of int of shape (n_rows,)
        Position in `values`, -1 where the cell is missing.

    values : sequence
        Distinct values. They are numbered in sorted order, whatever theirs is; those
        that do not occur are left out.

    max_categories : int or None
        Upper limit of the number of ordinals, those of infrequent categories and of
        missing cells included.

    listed : container, default=()
        Those of `values` that are categories even if they do not occur.

    Returns
    -------
    categories : Categories
        The categories.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ae._tables.categories import fit_categories
    >>> fit_categories(np.array([0, 1, 1, 2, -1]), ["a", "b", "c"], max_categories=3)
    Categories(frequent=('b',), infrequent=('a', 'c'), has_missing=True)
    """
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    order = sorted(range(len(values)), key=lambda i: _sort_key(values[i]))
    present = [i for i in order if counts[i] or values[i] in listed]
    present = np.array(present, dtype=np.intp)
    has_missing = bool((codes < 0).any())
    room = len(present) if max_categories is None else max_categories - has_missing
    if len(present) <= room:
        return Categories(tuple(values[i] for i in present), (), has_missing)
    rank = np.argsort(-counts[present], kind="stable")
    frequent, infrequent = present[np.sort(rank[: room - 1])], present[rank[room - 1 :]]
    return Categories(
        frequent=tuple(values[i] for i in frequent),
        infrequent=tuple(values[i] for i in infrequent),
        has_missing=has_missing,
    )


def is_category(value: Any) -> bool:
    """Tell whether a value can be a category: string, finite number or boolean."""
    return isinstance(value, str | int) or (
        isinstance(value, float) and math.isfinite(value)
    )


def nearest_probabilities(rows: np.ndarray) -> np.ndarray:
    """Return the probabilities nearest to rows: not negative, and of sum 1.

    Small entries, which are noise of the decoder, become zero (Held et al. 1974).
    """
    order = -np.sort(-rows, axis=1)
    excess = order.cumsum(axis=1) - 1
    n_kept = np.arange(1, rows.shape[1] + 1)
    n_positive = np.count_nonzero(order * n_kept > excess, axis=1)
    shift = excess[np.arange(len(rows)), n_positive - 1] / n_positive
    return (rows - shift[:, None]).clip(min=0)


def _sort_key(value: Hashable):
    return type(value).__name__, value
