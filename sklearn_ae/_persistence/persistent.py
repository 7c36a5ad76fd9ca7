"""Files and pickles of estimators, as plain values and arrays."""

import sys
import warnings
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from .._sklearn import CALLBACKS, OF_A_FIT, TASKS
from .._tables import OUTPUT_CONTAINERS
from .._version import __version__
from .archive import from_bytes, raise_invalid_file, read_file, to_bytes, write_file
from .rules import Condition, OneOf
from .schemas import DictOf, Schema, copy_arrays, read_state

_KIND = "estimator"
# Format of the states of estimators. Raise it when an entry is removed, renamed or
# changes its meaning; keep older numbers in `_FORMATS`, and convert their states in
# `_restore`. A new entry with `IfPresent` needs no new format. Changes of the bytes of
# a file raise `_FORMAT` of archive.py instead.
_FORMAT = 1
_VERSION, _STATE_FORMAT = "_version", "_format"
_OUTPUT = "_sklearn_output_config"
_FROZEN = FrozenEstimator.__name__
_MUST = "must be of an estimator as sklearn_ae makes it"
_FORMATS = OneOf({_FORMAT})
_OUTPUTS = DictOf({"transform": OneOf(set(OUTPUT_CONTAINERS))})
_DICT = Condition("a dict", lambda value, _: type(value) is dict)
_TREE = DictOf(
    {
        "class": Condition("a string", lambda value, _: type(value) is str),
        "state": _DICT,
    }
)
_FROZEN_STATE = DictOf({"estimator": _DICT})


class PersistenceMixin:
    """Mixin of all estimators: files, pickles and skops' files.

    In all of these, fitted state is a dict of plain values and arrays, which is checked
    before anything is made of it. A fitted estimator with an attribute that is neither
    in a schema nor derived can't be saved.
    """

    # Rules of fitted attributes.
    _schema: ClassVar[Schema] = {}
    # Fitted attributes that are functions of others, which are not saved.
    _derived: ClassVar[dict[str, Callable[[Any], Any]]] = {}
    # Parameters and fitted attributes that are estimators.
    _nested: ClassVar[tuple[str, ...]] = ()

    def save(self, path):
        """Write the fitted estimator to a file, for :func:`sklearn_ae.load`.

        The file holds all of the estimator as numbers and names, and no code. It can be
        loaded on other machines, and by any later version. Callbacks of
        ``set_callbacks`` are left out, because they belong to fits.

        Parameters
        ----------
        path : str or path-like
            Path of the file. An older file is replaced, once the new one is whole.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.

        TypeError
            If a parameter can't be saved, such as callbacks, a RandomState or an
            estimator that is not from this package.

        ValueError
            If a parameter is out of its range.

        OSError
            If the file can't be written.
        """
        check_is_fitted(self)
        write_file(path, to_bytes(_KIND, _to_tree(self, type(self).__name__)))

    def __getstate__(self):
        state = dict(super().__getstate__())
        if TASKS in state:
            state = _before_fit(self, state)
        for name in state.keys() & self._schema.keys():
            state[name] = self._schema[name].write(state[name])
        for name in self._derived:
            state.pop(name, None)
        for name, value in state.items():
            if isinstance(value, torch.device):
                state[name] = str(value)
        if _is_fitted(self, state):
            state |= {_VERSION: __version__, _STATE_FORMAT: _FORMAT}
        return state

    def __setstate__(self, state):
        with raise_invalid_file(f"The state {_MUST}"):
            self._restore(state)

    def _restore(self, state: dict[str, Any]) -> None:
        state = copy_arrays(dict(state))
        version, number = (state.pop(key, None) for key in (_VERSION, _STATE_FORMAT))
        if not _is_fitted(self, state):
            super().__setstate__(state)
            return
        _check_version(version)
        _FORMATS.read(number, "The format", {})
        fitted = {name: state[name] for name in state.keys() & self._schema.keys()}
        state |= read_state(type(self).__name__, fitted, self._schema)
        if _OUTPUT in state:
            _OUTPUTS.read(state[_OUTPUT], _OUTPUT, {})
        super().__setstate__(state)
        self._assign_derived()
        self._check_fitted()

    def _assign_derived(self) -> None:
        """Assign the fitted attributes that are functions of others."""
        for name, derive in self._derived.items():
            setattr(self, name, derive(self))

    def _check_fitted(self) -> None:
        """Raise unless fitted attributes from a state go together and work."""
        return

    def _check_restored(self) -> None:
        """Raise unless parameters and fitted attributes of a file go together."""
        return


def load(path):
    """Return the estimator of a file.

    No code of a file is run or imported, so it is safe to load files of strangers.

    Parameters
    ----------
    path : str or path-like
        Path of a file that ``save`` of an estimator wrote.

    Returns
    -------
    estimator : estimator
        The fitted estimator. Its results have the same bits, on the same machine and
        versions.

    Raises
    ------
    InvalidFileError
        If the file is cut, changed or of another kind, or its content is no state of
        an estimator.

    OSError
        If it can't be read.

    Warns
    -----
    UserWarning
        If another version wrote the file.

    See Also
    --------
    AutoencoderTransformer.save : Writes such files, as all estimators do.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_ae import AutoencoderTransformer, load
    >>> X, _ = load_iris(return_X_y=True)
    >>> autoencoder = AutoencoderTransformer(2, max_epochs=5).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     autoencoder.save(Path(folder) / "iris.ae")
    ...     loaded = load(Path(folder) / "iris.ae")
    >>> bool((loaded.transform(X) == autoencoder.transform(X)).all())
    True
    """
    return _from_bytes(read_file(path))


def _from_bytes(data: bytes) -> BaseEstimator:
    tree = from_bytes(_KIND, data)
    with raise_invalid_file(f"The file {_MUST}"):
        estimator = _from_tree(tree)
        if not isinstance(estimator, PersistenceMixin):
            raise TypeError(f"got a {type(estimator).__name__}")
        check_is_fitted(estimator)
        return estimator


def saved_classes() -> dict[str, type]:
    """Return the classes whose objects files may hold, by name: public estimators."""
    package = sys.modules[__package__.partition(".")[0]]
    public = {name: getattr(package, name, None) for name in package.__all__}
    return {
        name: thing
        for name, thing in public.items()
        if isinstance(thing, type) and issubclass(thing, PersistenceMixin)
    }


def skops_names() -> tuple[str, ...]:
    """Return the paths of these classes, for skops."""
    return tuple(f"{c.__module__}.{c.__name__}" for c in saved_classes().values())


def _is_fitted(estimator: PersistenceMixin, state: dict[str, Any]) -> bool:
    return not state.keys().isdisjoint(estimator._schema)


def _before_fit(estimator: PersistenceMixin, state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of an estimator during a fit, without fitted attributes.

    Some of these may be of this fit, and some of the one before.
    """
    fitted = {*OF_A_FIT, *estimator._schema, *estimator._derived}
    return {name: value for name, value in state.items() if name not in fitted}


def _check_version(version: Any) -> None:
    if str(version) != __version__:
        warnings.warn(
            f"This state was made with sklearn_ae {version}, and {__version__} reads "
            "it. Fit again if results differ.",
            UserWarning,
            stacklevel=4,
        )


def _to_tree(estimator: Any, name: str) -> dict[str, Any]:
    """Return an estimator as a tree of plain values and arrays."""
    if type(estimator) is FrozenEstimator and set(vars(estimator)) == {"estimator"}:
        state = {"estimator": _to_tree(estimator.estimator, name)}
        return {"class": _FROZEN, "state": state}
    kind = type(estimator)
    if saved_classes().get(kind.__name__) is not kind:
        raise TypeError(
            f"{name} must be an estimator of sklearn_ae to be saved, got "
            f"{kind.__name__}; pickle or skops take others."
        )
    estimator._validate_params()
    state = estimator.__getstate__()
    state.pop(CALLBACKS, None)
    for unknown in state.keys() - _known_names(estimator):
        raise TypeError(
            f"Attribute {unknown!r} must be in the schema of {kind.__name__} to be "
            "saved."
        )
    for key in state.keys() & set(kind._nested):
        if state[key] is not None:
            state[key] = _to_tree(state[key], key)
    return {"class": kind.__name__, "state": state}


def _known_names(estimator: PersistenceMixin) -> set[str]:
    """Return the names that the state of an estimator may have in a file."""
    parameters = estimator.get_params(deep=False)
    own = {_VERSION, _STATE_FORMAT, _OUTPUT}
    return own.union(parameters, estimator._schema, estimator._nested)


def _from_tree(tree: Any) -> BaseEstimator:
    """Return the estimator that a tree describes."""
    entries = _TREE.read(tree, "An estimator", {})
    name, state = entries["class"], entries["state"]
    if name == _FROZEN:
        frozen = _FROZEN_STATE.read(state, name, {})
        return FrozenEstimator(_from_tree(frozen["estimator"]))
    kind = saved_classes()[name]
    nested = {
        key: _from_tree(state[key])
        for key in state.keys() & set(kind._nested)
        if state[key] is not None
    }
    # Parameters that came later have their defaults.
    made = kind()
    unknown = sorted(state.keys() - _known_names(made))
    if unknown:
        raise ValueError(f"{name} has no {unknown}.")
    made.__setstate__(vars(made) | state | nested)
    made._validate_params()
    if _is_fitted(made, state):
        made._check_restored()
    return made
