"""Groups of parameters that several estimators share.

An estimator inherits from its groups and merges their `_parameter_constraints`. The
parameters of its last base class come first in its signature.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import torch

from .._sklearn import Interval, StrOptions
from .._training import TrainingOptions, check_callbacks, resolve_device
from ..nn import ACTIVATIONS


@dataclass(kw_only=True, eq=False, repr=False)
class LayerParameters:
    """Parameters of hidden layers."""

    hidden_layer_sizes: int | Sequence[int] = (256, 128)
    activation: str = "relu"

    _parameter_constraints: ClassVar[dict] = {
        "hidden_layer_sizes": [
            "array-like",
            Interval(Integral, 1, None, closed="left"),
        ],
        "activation": [StrOptions(set(ACTIVATIONS))],
    }


@dataclass(kw_only=True, eq=False, repr=False)
class CodeParameters:
    """Parameters of codes: their start and their scale."""

    init: str = "pca"
    whiten: bool = False

    _parameter_constraints: ClassVar[dict] = {
        "init": [StrOptions({"pca", "random"})],
        "whiten": ["boolean"],
    }


@dataclass(kw_only=True, eq=False, repr=False)
class ScaleParameters:
    """Parameters of the scale of numeric columns."""

    standardize: bool | str = "auto"

    _parameter_constraints: ClassVar[dict] = {
        "standardize": ["boolean", StrOptions({"auto"})],
    }


@dataclass(kw_only=True, eq=False, repr=False)
class CategoryParameters:
    """Parameters of categorical columns."""

    categorical_features: Any = "from_dtype"
    max_categories: int | None = 64
    handle_unknown: str = "warn"

    _parameter_constraints: ClassVar[dict] = {
        "categorical_features": ["array-like", StrOptions({"from_dtype"})],
        "max_categories": [Interval(Integral, 2, None, closed="left"), None],
        "handle_unknown": [StrOptions({"error", "ignore", "warn"})],
    }


@dataclass(kw_only=True, eq=False, repr=False)
class TrainingParameters:
    """Parameters of training."""

    learning_rate: float = 1e-2
    batch_size: int = 256
    max_epochs: int | str = "auto"
    weight_decay: float = 0.0
    early_stopping: bool = True
    validation_fraction: float = 0.1
    n_iter_no_change: int | None = None
    callbacks: Sequence | None = None
    device: Any = "auto"
    random_state: Any = None
    verbose: int = 0

    _parameter_constraints: ClassVar[dict] = {
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_epochs": [
            Interval(Integral, 0, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), None],
        "callbacks": [list, tuple, None],
        "device": [str, torch.device],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def _training_options(self) -> TrainingOptions:
        """Return the options of training; raise if callbacks or device are invalid."""
        return training_options(
            self,
            learning_rate=self.learning_rate,
            validation_fraction=self.validation_fraction,
            verbose=self.verbose,
        )


def training_options(estimator, **others: Any) -> TrainingOptions:
    """Return the options of training; raise if callbacks or device are invalid.

    Parameters
    ----------
    estimator : estimator
        With the parameters that all estimators name as :class:`TrainingOptions` does.

    **others
        The other options.
    """
    callbacks = estimator.callbacks or ()
    check_callbacks(callbacks)
    return TrainingOptions(
        batch_size=estimator.batch_size,
        max_epochs=estimator.max_epochs,
        weight_decay=estimator.weight_decay,
        early_stopping=estimator.early_stopping,
        n_iter_no_change=estimator.n_iter_no_change,
        callbacks=callbacks,
        device=resolve_device(estimator.device),
        **others,
    )
