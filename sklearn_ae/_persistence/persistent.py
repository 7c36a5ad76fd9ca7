"""Estimators as plain values and arrays: files that run no code, and pickles."""

import sys
import warnings
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from .._sklearn import CALLBACKS, OF_A_FIT, TASKS
from .._tables import OUTPUT_CONTAINERS
from .._version import __version__
from .archive import packed, raise_invalid_file, read_file, unpacked, write_file
from .rules import Rule, check_keys, restored

_KIND = "estimator"
_VERSION, _OUTPUT = "_version", "_sklearn_output_config"
_FROZEN = FrozenEstimator.__name__
_MUST = "must be of an estimator as sklearn_ae makes it"


class PersistenceMixin:
    """Mixin of all estimators: what they are outside of a process, and back.

    In pickles, skops' files and those of :meth:`save` alike, fitted state is a dict of
    plain values and arrays, which is checked before it is taken. Without an attribute
    in one of these tables a fitted estimator can't be saved.
    """

    # Fitted attributes that are objects of this package, and their classes, whose
    # `__getstate__` and `__setstate__` give and take a tree of plain values and arrays.
    _parts: ClassVar[dict[str, type]] = {}
    # Parameters and fitted attributes that are estimators.
    _nested: ClassVar[tuple[str, ...]] = ()
    # Fitted attributes that come from others: what makes them.
    _derived: ClassVar[dict[str, Callable[[Any], Any]]] = {}
    # All other fitted attributes: what they must be. None may be missing but optional
    # ones.
    _rules: ClassVar[dict[str, Rule]] = {}
    _optional: ClassVar[frozenset[str]] = frozenset({"feature_names_in_"})

    def save(self, path):
        """Write the fitted estimator to a file, for :func:`sklearn_ae.load`.

        The file holds numbers and names, no code, and is all there is to it: an
        estimator can be loaded elsewhere, and by any later version. Callbacks of
        ``set_callbacks``, which watch fits and are no part of what was learned, are
        left out.

        Parameters
        ----------
        path : str or path-like
            Where to, exactly. What is there is replaced, once the whole file is
            written.

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
        write_file(path, packed(_KIND, _described(self, type(self).__name__)))

    def __getstate__(self):
        state = dict(super().__getstate__())
        if TASKS in state:
            state = _before_fit(self, state)
        for name in state.keys() & self._parts.keys():
            state[name] = state[name].__getstate__()
        for name in self._derived:
            state.pop(name, None)
        for name, value in state.items():
            if isinstance(value, torch.device):
                state[name] = str(value)
        return state | ({_VERSION: __version__} if _is_fitted(self, state) else {})

    def __setstate__(self, state):
        with raise_invalid_file(f"The state {_MUST}"):
            self._restore(state)

    def _restore(self, state: dict[str, Any]) -> None:
        state = {name: _owned(value) for name, value in state.items()}
        version = state.pop(_VERSION, None)
        if not _is_fitted(self, state):
            super().__setstate__(state)
            return
        _check_version(version)
        check_keys(type(self).__name__, state.keys() & self._parts.keys(), self._parts)
        for name, part in self._parts.items():
            state[name] = restored(part, state[name])
        super().__setstate__(state)
        for name, made in self._derived.items():
            setattr(self, name, made(self))
        _check_learned(self)
        _check_output(state)
        self._check_fitted()

    def _check_fitted(self) -> None:
        """Raise where fitted state of outside can't be computed with."""
        return

    def _check_restored(self) -> None:
        """Raise where parameters and fitted state of a file don't go together."""
        return


def load(path):
    """Return the estimator that a file holds.

    Nothing that a file says is run or imported, so files of strangers are safe to load.

    Parameters
    ----------
    path : str or path-like
        What ``save`` of an estimator was given.

    Returns
    -------
    estimator : estimator
        As it was: it gives the same results, to the last bit on the same machine and
        versions.

    Raises
    ------
    InvalidFileError
        If the file is cut, changed or of another kind, or holds what can't be.

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
    return _loaded(read_file(path))


def _loaded(data: bytes) -> BaseEstimator:
    tree = unpacked(_KIND, data)
    with raise_invalid_file(f"The file {_MUST}"):
        made = _made(tree)
        if not isinstance(made, PersistenceMixin):
            raise TypeError(f"got a {type(made).__name__}")
        check_is_fitted(made)
        return made


def saved_classes() -> dict[str, type]:
    """Return the estimators of this package by name: what files may hold."""
    package = sys.modules[__package__.partition(".")[0]]
    public = {name: getattr(package, name, None) for name in package.__all__}
    return {
        name: thing
        for name, thing in public.items()
        if isinstance(thing, type) and issubclass(thing, PersistenceMixin)
    }


def skops_names() -> tuple[str, ...]:
    """Return the names of the estimators as skops spells them."""
    return tuple(f"{c.__module__}.{c.__name__}" for c in saved_classes().values())


def _is_fitted(estimator: PersistenceMixin, state: dict[str, Any]) -> bool:
    learned = estimator._parts.keys() | estimator._rules.keys()
    return not state.keys().isdisjoint(learned)


def _before_fit(estimator: PersistenceMixin, state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of an estimator in the midst of a fit as that of one without.

    Half of what it holds may be of this fit, and half of the one before.
    """
    learned = estimator._parts, estimator._rules, estimator._derived
    without = set(OF_A_FIT).union(*learned)
    return {name: value for name, value in state.items() if name not in without}


def _owned(value: Any) -> Any:
    """Return a value with its arrays copied: they may lie in a file, or be shared."""
    if isinstance(value, np.ndarray):
        return np.array(value)
    if type(value) is dict:
        return {key: _owned(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_owned, value))
    return value


def _check_version(version: Any) -> None:
    if str(version) != __version__:
        warnings.warn(
            f"This state was made with sklearn_ae {version}, and {__version__} reads "
            "it. Fit again if results differ.",
            UserWarning,
            stacklevel=4,
        )


def _check_learned(estimator: PersistenceMixin) -> None:
    found = vars(estimator)
    for name, (what, holds) in estimator._rules.items():
        if name not in found:
            if name in estimator._optional:
                continue
            raise ValueError(f"{type(estimator).__name__} must have {name}.")
        if not holds(found[name], estimator):
            raise ValueError(f"{name} must be {what}, got {str(found[name])[:80]}.")


def _described(estimator: Any, name: str) -> dict[str, Any]:
    """Return an estimator as a tree, and raise where it has no place there."""
    if type(estimator) is FrozenEstimator and set(vars(estimator)) == {"estimator"}:
        state = {"estimator": _described(estimator.estimator, name)}
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
    for unknown in state.keys() - _known(estimator):
        raise TypeError(
            f"Attribute {unknown!r} must be listed in {kind.__name__}'s own to be "
            "saved."
        )
    for held in state.keys() & set(kind._nested):
        if state[held] is not None:
            state[held] = _described(state[held], held)
    return {"class": kind.__name__, "state": state}


def _known(estimator: PersistenceMixin) -> set[str]:
    """Return the names of all that a file may say of an estimator."""
    tables = estimator._parts, estimator._rules, estimator._nested
    return {_VERSION, _OUTPUT, *estimator.get_params(deep=False)}.union(*tables)


def _made(tree: Any) -> BaseEstimator:
    """Return the estimator that a tree describes."""
    check_keys("an estimator", tree, {"class", "state"})
    if not isinstance(tree["state"], dict):
        raise TypeError("its state must be a dict")
    name, state = tree["class"], dict(tree["state"])
    if str(name) == _FROZEN:
        check_keys(name, state, {"estimator"})
        return FrozenEstimator(_made(state["estimator"]))
    kind = saved_classes()[name]
    for held in state.keys() & set(kind._nested):
        if state[held] is not None:
            state[held] = _made(state[held])
    # Parameters that came later have their defaults.
    made = kind()
    unknown = sorted(state.keys() - _known(made))
    if unknown:
        raise ValueError(f"{name} has no {unknown}.")
    made.__setstate__(vars(made) | state)
    made._validate_params()
    if _is_fitted(made, state):
        made._check_restored()
    return made


def _check_output(state: dict[str, Any]) -> None:
    config = state.get(_OUTPUT, {"transform": "default"})
    plain = isinstance(config, dict) and set(config) == {"transform"}
    if not plain or str(config["transform"]) not in OUTPUT_CONTAINERS:
        raise ValueError(f"{_OUTPUT} must name a container, got {config!r}.")
