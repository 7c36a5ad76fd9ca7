"""Rules of the entries of fitted state: plain values and arrays."""

import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

_FLOATS = (np.float32, np.float64)
_SIGNS = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
}
_MOST = 80  # of a wrong value in an error
# What the entries read so far say, by name: sizes, such as n_features, entries that are
# strings or integers, and what a rule adds for later ones, such as shapes of weights.
Context = dict[str, Any]


class Rule(ABC):
    """Rule of an entry of a state."""

    @abstractmethod
    def read(self, value: Any, name: str, context: Context) -> Any:
        """Return the object that an entry describes.

        Parameters
        ----------
        value : object
            The entry. It may be anything.

        name : str
            Its name in errors.

        context : dict of str to object
            What the entries before it say, see `Context`. A rule may add sizes.

        Raises
        ------
        Exception
            Of many kinds, see :func:`raise_invalid_file`, if the entry breaks the rule.
        """

    def write(self, value: Any) -> Any:
        """Return the entry of an object, as plain values and arrays."""
        return value


class BaseCheck(Rule):
    """Base of rules of entries that are plain values or arrays already."""

    def read(self, value: Any, name: str, context: Context) -> Any:
        """Return the entry."""
        if not self._holds(value, context):
            raise ValueError(
                f"{name} must be {self._text(context)}, got {shorten(value)}."
            )
        return value

    @abstractmethod
    def _holds(self, value: Any, context: Context) -> bool:
        """Tell whether the entry keeps the rule."""

    @abstractmethod
    def _text(self, context: Context) -> str:
        """Return the end of the sentence "It must be ..."."""


class Condition(BaseCheck):
    """Rule that a function tests.

    Parameters
    ----------
    text : str
        The end of the sentence "It must be ...".

    test : callable
        Function of (entry, context) that returns whether the entry keeps the rule.
    """

    def __init__(self, text: str, test: Callable[[Any, Context], bool]) -> None:
        self._sentence, self._test = text, test

    def _holds(self, value: Any, context: Context) -> bool:
        return self._test(value, context)

    def _text(self, context: Context) -> str:
        return self._sentence


class OneOf(BaseCheck):
    """One of some strings or integers."""

    def __init__(self, values: Collection) -> None:
        self._values = values

    def _holds(self, value: Any, context: Context) -> bool:
        return type(value) in (str, int) and value in self._values

    def _text(self, context: Context) -> str:
        return f"one of {sorted(self._values)}"


class Bounds:
    """Comparisons that numbers must meet.

    Parameters
    ----------
    bounds : tuple of str
        A sign and an integer or the name of a size, such as "> 0" or "<= n_features".
    """

    def __init__(self, bounds: tuple[str, ...]) -> None:
        pairs = [bound.split(" ") for bound in bounds]
        self._pairs = [
            (sign, int(limit) if limit.isdigit() else limit) for sign, limit in pairs
        ]

    def hold(self, value: Any, context: Context) -> bool:
        """Tell whether a number, or each of an array, meets them."""
        for sign, limit in self._pairs:
            meets = _SIGNS[sign](value, context.get(limit, limit))
            if not (meets if type(meets) is bool else meets.all()):
                return False
        return True

    def text(self, context: Context) -> str:
        """Return what errors say of them."""
        return " and".join(
            f" {sign} {name_size(limit, context)}" for sign, limit in self._pairs
        )


class Count(BaseCheck):
    """An integer of at least 0, see :class:`Bounds`."""

    def __init__(self, *bounds: str) -> None:
        has_least = bounds and bounds[0][0] in ">="
        self._bounds = Bounds(bounds if has_least else (">= 0", *bounds))

    def write(self, value: Any) -> int:
        """Return the integer as Python's, if it is NumPy's."""
        return int(value)

    def _holds(self, value: Any, context: Context) -> bool:
        return type(value) is int and self._bounds.hold(value, context)

    def _text(self, context: Context) -> str:
        return f"an integer{self._bounds.text(context)}"


class Number(BaseCheck):
    """A finite float, see :class:`Bounds`."""

    def __init__(self, *bounds: str) -> None:
        self._bounds = Bounds(bounds)

    def write(self, value: Any) -> float:
        """Return the number as Python's, if it is NumPy's."""
        return float(value)

    def _holds(self, value: Any, context: Context) -> bool:
        finite = type(value) is float and math.isfinite(value)
        return finite and self._bounds.hold(value, context)

    def _text(self, context: Context) -> str:
        return f"a finite float{self._bounds.text(context)}"


class Array(BaseCheck):
    """An array of finite numbers.

    Parameters
    ----------
    shape : tuple of str or int
        Sizes, or their names.

    *bounds : str
        See :class:`Bounds`.

    sets : str, default=None
        Name in `shape` of the size that this array sets for later entries.

    dtypes : tuple of type
        NumPy's types that it may have, float32 and float64 by default.
    """

    def __init__(
        self,
        shape: tuple[str | int, ...],
        *bounds: str,
        sets: str | None = None,
        dtypes: tuple[type, ...] = _FLOATS,
    ) -> None:
        self._shape, self._bounds = shape, Bounds(bounds)
        self._sets, self._dtypes = sets, dtypes

    def _holds(self, value: Any, context: Context) -> bool:
        if not isinstance(value, np.ndarray) or value.dtype not in self._dtypes:
            return False
        if self._sets is not None and value.ndim == len(self._shape):
            context[self._sets] = value.shape[self._shape.index(self._sets)]
        shape = tuple(context.get(size, size) for size in self._shape)
        finite = value.shape == shape and np.isfinite(value).all()
        return bool(finite) and self._bounds.hold(value, context)

    def _text(self, context: Context) -> str:
        dtypes = " or ".join(dtype.__name__ for dtype in self._dtypes)
        sizes = ", ".join(name_size(size, context) for size in self._shape)
        return (
            f"a finite array of {dtypes} of shape ({sizes}){self._bounds.text(context)}"
        )


def name_size(size: str | int, context: Context) -> str:
    """Return a size with its name."""
    return f"{size}={context[size]}" if size in context else str(size)


def shorten(value: Any) -> str:
    """Return what errors say of a wrong value."""
    if not isinstance(value, np.ndarray):
        text = repr(value)
        return text if len(text) <= _MOST else f"{text[:_MOST]}..."
    text = f"{value.dtype} of shape {value.shape}"
    if value.size == 0 or value.dtype.kind not in "iuf":
        return text
    return f"{text} from {value.min()} to {value.max()}"
