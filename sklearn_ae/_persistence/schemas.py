"""Schemas of fitted state: how its entries are checked, read and written.

A schema is a dict of rules by the names of entries, in the order in which they are
read. Classes with state have it as the attribute `_schema`. Entries share the names of
sizes: ``Array(("n_components",))`` has as many numbers as the network has codes,
because the rule of the network's arguments, which comes first, adds that size.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from .rules import Bounds, Condition, Context, Count, Number, Rule, name_size, shorten

Schema = Mapping[str, Rule]


class OrNone(Rule):
    """What another rule says, or None."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def read(self, value: Any, name: str, context: Context) -> Any:
        """Return what the other rule reads, or None."""
        return None if value is None else self._rule.read(value, name, context)

    def write(self, value: Any) -> Any:
        """Return the entry, or None."""
        return None if value is None else self._rule.write(value)


class IfPresent(Rule):
    """Optional entry: what another rule says, if it is there.

    Use it for attributes that come after a release, else older files are refused.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def read(self, value: Any, name: str, context: Context) -> Any:
        """Return what the other rule reads."""
        return self._rule.read(value, name, context)

    def write(self, value: Any) -> Any:
        """Return the entry."""
        return self._rule.write(value)


class ListOf(Rule):
    """A list of entries that all keep one rule.

    Parameters
    ----------
    rule : Rule
        Of each entry, which has sizes of its own.

    *bounds : str
        Of the length, see :class:`Bounds`.

    sets : str, default=None
        Name of the length, if the entries after the list are to know it.

    product : str, default=None
        Name of the size that the product of the entries must be.

    kinds : tuple of type, default=(list,)
        Types that the list may have.
    """

    def __init__(
        self,
        rule: Rule,
        *bounds: str,
        sets: str | None = None,
        product: str | None = None,
        kinds: tuple[type, ...] = (list,),
    ) -> None:
        self._rule, self._bounds, self._kinds = rule, Bounds(bounds), kinds
        self._sets, self._product = sets, product

    def read(self, value: Any, name: str, context: Context) -> Any:
        """Return the list of what the rule reads."""
        if type(value) not in self._kinds or not self._bounds.hold(len(value), context):
            kinds = " or ".join(kind.__name__ for kind in self._kinds)
            raise ValueError(
                f"{name} must be a {kinds} with a length{self._bounds.text(context)}, "
                f"got {shorten(value)}."
            )
        if self._sets is not None:
            context[self._sets] = len(value)
        entries = [
            self._rule.read(item, f"{name}[{position}]", dict(context))
            for position, item in enumerate(value)
        ]
        if self._product is not None and math.prod(entries) != context[self._product]:
            raise ValueError(
                f"The product of {name} must be {name_size(self._product, context)}, "
                f"got {shorten(value)}."
            )
        return type(value)(entries)

    def write(self, value: Any) -> Any:
        """Return the list of entries."""
        return type(value)(map(self._rule.write, value))


class TupleOf(Rule):
    """A tuple of plain values and arrays with a rule each."""

    def __init__(self, *rules: Rule) -> None:
        self._rules = rules

    def read(self, value: Any, name: str, context: Context) -> tuple:
        """Return the tuple of what the rules read."""
        if type(value) is not tuple or len(value) != len(self._rules):
            raise ValueError(
                f"{name} must be a tuple of {len(self._rules)}, got {shorten(value)}."
            )
        names = [f"{name}[{position}]" for position in range(len(value))]
        triples = zip(self._rules, value, names, strict=True)
        return tuple(rule.read(item, each, context) for rule, item, each in triples)


class DictOf(Rule):
    """A dict with the entries of a schema."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._needed = {
            name for name, rule in schema.items() if not isinstance(rule, IfPresent)
        }

    def read(self, value: Any, name: str, context: Context) -> dict[str, Any]:
        """Return the dict of what the rules read."""
        if type(value) is not dict:
            raise ValueError(f"{name} must be a dict, got {shorten(value)}.")
        missing = sorted(self._needed - value.keys())
        unknown = sorted(map(str, value.keys() - self.schema.keys()))
        if missing or unknown:
            raise ValueError(
                f"{name} must have all of its entries and no others, got {missing} "
                f"missing and {shorten(unknown)} unknown."
            )
        entries = {}
        for key in [key for key in self.schema if key in value]:
            entries[key] = self.schema[key].read(value[key], f"{name}.{key}", context)
            if type(entries[key]) in (int, str):
                context[key] = entries[key]
        return {key: entries[key] for key in value}

    def write(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return the dict of entries."""
        return {key: self.schema[key].write(value[key]) for key in value}


class Nested(Rule):
    """An object whose attributes, and parameters of its class, are the entries.

    Parameters
    ----------
    kind : type
        The class.

    schema : dict of str to Rule, default=None
        Of the entries. None means the class's `_schema`.
    """

    def __init__(self, kind: type, schema: Schema | None = None) -> None:
        self._class = kind
        self._entries = DictOf(kind._schema if schema is None else schema)

    def read(self, value: Any, name: str, context: Context) -> Any:
        """Return the object."""
        made = self._class(**self._entries.read(value, name, context))
        if isinstance(made, StateMixin):
            made._check_state()
        return made

    def write(self, value: Any) -> dict[str, Any]:
        """Return its entries."""
        entries = self._entries.schema.items()
        return {name: rule.write(getattr(value, name)) for name, rule in entries}


class StateMixin:
    """Mixin of classes that are state: their objects are pickled as their entries.

    The entries of `_schema` are the attributes, and parameters of the class.
    """

    _schema: ClassVar[Schema] = {}

    def __getstate__(self) -> dict[str, Any]:
        return Nested(type(self)).write(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        entries = read_state(type(self).__name__, copy_arrays(state), self._schema)
        self.__init__(**entries)
        self._check_state()

    def _check_state(self) -> None:
        """Raise where entries that keep their rules do not go together."""
        return


def _are_names(value: Any, context: Context) -> bool:
    names = list(context["names"])
    array = isinstance(value, np.ndarray) and value.dtype == object
    return array and value.shape == (len(names),) and value.tolist() == names


_LOSSES = ListOf(Number(), ">= 1")

#: Fitted attributes about the columns of a table, after the part that knows them.
COLUMNS_SCHEMA: Schema = {
    "n_features_in_": Count("== n_columns"),
    "feature_names_in_": IfPresent(Condition("the columns' names", _are_names)),
}

#: Fitted attributes about training.
TRAINING_SCHEMA: Schema = {
    "n_epochs_": Count(),
    "loss_curve_": _LOSSES,
    "validation_loss_curve_": OrNone(_LOSSES),
    "best_epoch_": Count("<= n_epochs_"),
    "best_validation_loss_": OrNone(Number()),
}


def read_state(name: str, state: Any, schema: Schema) -> dict[str, Any]:
    """Return what the entries of a state describe.

    Parameters
    ----------
    name : str
        What errors call the state.

    state : object
        The state, which may come from outside.

    schema : dict of str to Rule
        Rules of its entries.

    Returns
    -------
    entries : dict of str to object
        By the names of entries.

    Raises
    ------
    Exception
        Of many kinds, see :func:`raise_invalid_file`, if the state breaks a rule.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ae._persistence.rules import Array
    >>> from sklearn_ae._persistence.schemas import read_state
    >>> schema = {"mean": Array(("n",), sets="n"), "scale": Array(("n",), "> 0")}
    >>> read_state("example", {"mean": np.zeros(2), "scale": -np.ones(2)}, schema)
    Traceback (most recent call last):
    ValueError: example.scale must be a finite array of float32 or float64 of shape \
    (n=2) > 0, got float64 of shape (2,) from -1.0 to -1.0.
    """
    sizes = [array.size for array in _arrays(state)]
    context = {"n_arrays": len(sizes), "n_numbers": sum(sizes)}
    return DictOf(schema).read(state, name, context)


def copy_arrays(value: Any) -> Any:
    """Return a tree with copies of its arrays, which may be a file's or shared."""
    if isinstance(value, np.ndarray):
        return np.array(value)
    if type(value) is dict:
        return {key: copy_arrays(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(copy_arrays, value))
    return value


def _arrays(value: Any) -> Iterator[np.ndarray]:
    """Yield the arrays of a tree."""
    if isinstance(value, np.ndarray):
        yield value
    items = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list | tuple):
        for item in items:
            yield from _arrays(item)
