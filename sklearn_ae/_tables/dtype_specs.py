"""Dtype specs and names of frames, and checks of untrusted ones."""

from collections.abc import Hashable, Sequence
from typing import Any

from .categories import is_category

# In plain values, how to make a column of the same dtype. A new key must be added both
# to `_FORMS`, the sets of keys of a spec, and to `_RULES`, the checks of their values.
DtypeSpec = dict[str, Any]

_FORMS = [
    {"dtype"},
    {"dtype", "holds"},
    {"dtype", "arrow"},
    {"dtype", "storage"},
    {"dtype", "subtype", "fill_value"},
    {"dtype", "precision", "scale"},
    {"dtype", "categories"},
    {"dtype", "categories", "categories_dtype", "ordered"},
]


def check_dtype_spec(spec: Any) -> None:
    """Raise unless a value has the form of a dtype spec.

    Whether a library has such a dtype is found out by making a column of it.

    Parameters
    ----------
    spec : object
        An untrusted value.

    Raises
    ------
    ValueError
        If it is no dtype spec.
    """
    if not isinstance(spec, dict) or set(spec) not in _FORMS:
        raise ValueError("A dtype spec must be a dict with the keys of its kind")
    for name, value in spec.items():
        if not _RULES[name](value):
            raise ValueError(f"{name!r} of a dtype spec must not be {value!r}")


def _are_categories(values: Any) -> bool:
    if type(values) is not list or not all(map(is_category, values)):
        return False
    return len(set(values)) == len(values)


def _is_plain_spec(spec: Any) -> bool:
    check_dtype_spec(spec)
    return "categories" not in spec


_RULES = {
    "dtype": lambda name: isinstance(name, str),
    "holds": lambda kind: isinstance(kind, str),
    "arrow": lambda flag: flag is True,
    "storage": lambda name: isinstance(name, str),
    "subtype": lambda name: isinstance(name, str),
    "fill_value": lambda value: isinstance(value, bool | int | float),
    "precision": lambda number: number is None or type(number) is int,
    "scale": lambda number: type(number) is int,
    "categories": _are_categories,
    "categories_dtype": _is_plain_spec,
    "ordered": lambda flag: type(flag) is bool,
}


def check_names(names: tuple, frame_names: tuple, kind: type | None) -> None:
    """Raise unless names are strings, and those of a frame's own names.

    Parameters
    ----------
    names : tuple
        Names of the columns for errors.

    frame_names : tuple
        The frame's own names of the columns.

    kind : type or None
        Type of a frame's names; None for arrays.

    Raises
    ------
    ValueError
        If they are no such names.
    """
    valid = all(isinstance(name, str) for name in names)
    valid &= all(_is_name(name, kind) for name in frame_names)
    if kind is not None and valid:
        pairs = zip(names, map(type, frame_names), strict=True)
        is_unique = len(set(pairs)) == len(names)
        valid = is_unique and names == tuple(map(str, frame_names))
    if not valid:
        raise ValueError(
            f"The state must give names of columns, got {names[:5]} and "
            f"{frame_names[:5]}."
        )


def are_same_names(names: Sequence, others: Sequence) -> bool:
    """Tell whether names are equal, where NaN equals NaN."""
    return len(names) == len(others) and all(map(_is_same, names, others))


def _is_name(name: Any, kind: Any) -> bool:
    if type(name) is tuple and kind is Hashable:
        return all(_is_name(part, kind) for part in name)
    return isinstance(name, kind)


def _is_same(name: Any, other: Any) -> bool:
    return name is other or name == other or (name != name and other != other)
