"""Recipe of a fit: all that it needs to know of an estimator."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from .._tables import TableSchema
from .._training import Objective, RowSource, TrainingOptions
from ..nn import Autoencoder, Corruption, Layout, Network
from .code_axes import CodeAxes, principal_axes


def _all_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    return arguments


def _reconstruction_loss(
    loss: Objective, n_cells: float, generator: torch.Generator
) -> Objective:
    return loss


def _no_noise(layout: Layout, generator: torch.Generator) -> None:
    return None


def _no_preparation(
    module: nn.Module, rows: RowSource, generator: torch.Generator
) -> None:
    return None


def _no_change(
    module: nn.Module, rows: RowSource, generator: torch.Generator
) -> dict[str, Any]:
    return {}


def _no_attributes(fitted, rows: RowSource) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Recipe:
    """What a fit is to do: parameters of an estimator, and its variant's functions.

    The defaults of the functions are those of
    :class:`~sklearn_ae.AutoencoderTransformer`.

    Attributes
    ----------
    training : TrainingOptions
        How to train.

    random_state : int, RandomState instance or None
        Source of all that is drawn.

    identity : mapping of str to str
        What tells this fit from those of other estimators, for a checkpoint.

    n_components : int, float or None
        Number of codes, as in PCA.

    hidden_layer_sizes : tuple of int
        Widths of the encoder's hidden layers.

    activation : str
        Key of `sklearn_ae.nn.ACTIVATIONS`.

    init : {"pca", "random"}
        Where training starts.

    standardize : bool or "auto"
        Whether each numeric column has a scale of its own. "auto" means with
        categories.

    whiten : bool
        Whether codes are divided by their standard deviations.

    network_class : type
        One of `sklearn_ae.nn.NETWORKS`.

    arguments : callable
        ``arguments(common)`` returns the arguments of the network, which are plain
        values. It gets those that all networks take.

    objective : callable
        ``objective(loss, n_cells, generator)`` returns what training minimizes: a
        function of (module, batch) that returns one loss a row. `loss` is the
        reconstruction loss, `n_cells` the mean number of observed cells in a row, by
        which that is divided, and `generator` the source of what the objective draws.

    noise : callable
        ``noise(layout, generator)`` returns the noise of training inputs, or None.
        `layout` describes the encoded rows.

    prepare : callable
        ``prepare(module, rows, generator)`` changes a network that stands at PCA before
        it is trained on `rows`. Epoch 0 is the start as it was before.

    finish : callable
        ``finish(module, rows, generator)`` learns what is learned after training,
        unless the start is kept. It may change `module`, a copy, and returns the
        arguments of the network that have changed.

    code_axes : callable
        ``code_axes(module, rows)`` returns the :class:`CodeAxes` that codes are turned
        to after training.

    describe : callable
        ``describe(fitted, rows)`` returns fitted attributes that only this estimator
        has, by name.

    allows_overcomplete : bool
        Whether there may be more codes than PCA has components.

    n_epochs_warm_up : int
        Epochs over which the objective's attribute `warmth` grows to 1.

    fuse : bool
        Whether hidden layers may be one operation in training. It must be False if the
        objective differentiates the network's gradients once more.
    """

    training: TrainingOptions
    random_state: Any
    identity: Mapping[str, str]
    n_components: int | float | None
    hidden_layer_sizes: tuple[int, ...]
    activation: str
    init: str = "pca"
    standardize: bool | str = "auto"
    whiten: bool = False
    network_class: type[Network] = Autoencoder
    arguments: Callable[[dict[str, Any]], dict[str, Any]] = _all_arguments
    objective: Callable[..., Objective] = _reconstruction_loss
    noise: Callable[[Layout, torch.Generator], Corruption | None] = _no_noise
    prepare: Callable[..., None] = _no_preparation
    finish: Callable[..., dict[str, Any]] = _no_change
    code_axes: Callable[[nn.Module, RowSource], CodeAxes] = principal_axes
    describe: Callable[..., dict[str, Any]] = _no_attributes
    allows_overcomplete: bool = False
    n_epochs_warm_up: int = 0
    fuse: bool = True

    @property
    def starts_at_pca(self) -> bool:
        """Whether training starts at the linear model, and is judged by it."""
        return self.init == "pca"

    def scales_columns(self, schema: TableSchema) -> bool:
        """Return whether each numeric column of a table has a scale of its own."""
        if self.standardize == "auto":
            return not schema.is_numeric
        return bool(self.standardize)

    def common_arguments(
        self, n_features: int, n_components: int, gap_columns: tuple[int, ...]
    ) -> dict[str, Any]:
        """Return the arguments that all networks take."""
        return {
            "n_features": n_features,
            "n_components": n_components,
            "hidden_layer_sizes": self.hidden_layer_sizes,
            "activation": self.activation,
            "gap_columns": gap_columns,
        }
