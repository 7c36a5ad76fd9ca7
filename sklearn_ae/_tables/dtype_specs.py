"""What a description of a frame's column may be when it comes from outside."""

from collections.abc import Hashable, Sequence
from typing import Any

from .categories import is_category

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


def check_dtype_spec(description: Any) -> None:
    """Raise unless this is a description as :class:`Frames` gives them.

    Whether a library has such a dtype shows when it makes a column of it.

    Parameters
    ----------
    description : object
        What came.

    Raises
    ------
    ValueError
        If it is none.
    """
    if not isinstance(description, dict) or set(description) not in _FORMS:
        raise ValueError("A column's description must be a dict with keys of its kind")
    for name, value in description.items():
        if not _RULES[name](value):
            raise ValueError(f"{name!r} of a column's description can't be {value!r}")


def _are_categories(values: Any) -> bool:
    if type(values) is not list or not all(map(is_category, values)):
        return False
    return len(set(values)) == len(values)


def _is_dtype(description: Any) -> bool:
    check_dtype_spec(description)
    return "categories" not in description


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
    "categories_dtype": _is_dtype,
    "ordered": lambda flag: type(flag) is bool,
}


def check_names(names: tuple, frame_names: tuple, kind: type | None) -> None:
    """Raise unless these are names of columns, and those that a frame has for them.

    Parameters
    ----------
    names : tuple
        What errors call the columns.

    frame_names : tuple
        What their frame calls them.

    kind : type or None
        Of a frame's names; None for arrays.

    Raises
    ------
    ValueError
        If they are none.
    """
    good = all(isinstance(name, str) for name in names)
    good &= all(_is_name(name, kind) for name in frame_names)
    if kind is not None and good:
        kinds = {
            (name, type(own)) for name, own in zip(names, frame_names, strict=True)
        }
        good = names == tuple(map(str, frame_names)) and len(kinds) == len(names)
    if not good:
        raise ValueError(
            f"The state must give names of columns, got {names[:5]} and "
            f"{frame_names[:5]}."
        )


def are_same_names(names: Sequence, others: Sequence) -> bool:
    """Tell whether names are equal, as those that are NaN are."""
    return len(names) == len(others) and all(map(_is_same, names, others))


def _is_name(name: Any, kind: Any) -> bool:
    if type(name) is tuple and kind is Hashable:
        return all(_is_name(part, kind) for part in name)
    return isinstance(name, kind)


def _is_same(name: Any, other: Any) -> bool:
    return name is other or name == other or (name != name and other != other)
