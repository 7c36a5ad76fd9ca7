"""What a description of a frame's column may be when it comes from outside."""

from typing import Any

from ._levels import is_level

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


def check_description(description: Any) -> None:
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
    if type(values) is not list or not all(map(is_level, values)):
        return False
    return len(set(values)) == len(values)


def _is_dtype(description: Any) -> bool:
    check_description(description)
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
