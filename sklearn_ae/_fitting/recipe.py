"""Recipe of a fit: parameters and functions that an estimator passes down."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from .._tables import TableSchema
from .._training import Objective, RowSource, TrainingOptions
from ..nn import Autoencoder, Corruption, Layout, Network
from .code_axes import CodeAxes, principal_axes


def _common_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
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
    """Parameters of a fit, and functions in which autoencoders differ.

    The default functions are those of :class:`~sklearn_ae.AutoencoderTransformer`.

    Attributes
    ----------
    training : TrainingOptions
        Training parameters.

    random_state : int, RandomState instance or None
        Seed of all random numbers.

    n_components : int, float or None
        Number of codes, as in PCA.

    hidden_layer_sizes : tuple of int
        Widths of the encoder's hidden layers.

    activation : str
        Key of `sklearn_ae.nn.ACTIVATIONS`.

    init : {"pca", "random"}
        Start of training: a linear model or random weights.

    standardize : bool or "auto"
        Whether to scale each numeric column by its own standard deviation. "auto" does
        so if there are categories.

    whiten : bool
        Whether to divide codes by their standard deviations.

    network_class : type
        One of `sklearn_ae.nn.NETWORKS`.

    arguments : callable
        ``arguments(common)`` returns the arguments of the network, plain values, from
        those that all networks take.

    objective : callable
        ``objective(loss, n_cells, generator)`` returns the function to minimize: of
        (module, batch), with one loss per row. `loss` is the reconstruction loss, which
        is divided by `n_cells`, the mean number of observed cells per row, and
        `generator` the source of random numbers.

    noise : callable
        ``noise(layout, generator)`` returns the noise of training inputs, or None.
        `layout` describes the encoded rows.

    prepare : callable
        ``prepare(module, rows, generator)`` changes a network at PCA before it is
        trained on `rows`. Epoch 0 is the start before this change.

    finish : callable
        ``finish(module, rows, generator)`` fits what depends on the trained network,
        such as a prior. It is not called if the start is kept. It may change `module`,
        a copy, and returns changed arguments of the network.

    code_axes : callable
        ``code_axes(module, rows)`` returns the :class:`CodeAxes` of the codes after
        training.

    describe : callable
        ``describe(fitted, rows)`` returns further fitted attributes of this estimator,
        by name.

    allows_overcomplete : bool
        Whether there may be more codes than PCA has components.

    n_epochs_warm_up : int
        Number of epochs over which the objective's attribute `warmth` rises to 1.

    fuse : bool
        Whether each hidden layer may be one fused operation in training. It must be
        False if the objective needs second derivatives.
    """

    training: TrainingOptions
    random_state: Any
    n_components: int | float | None
    hidden_layer_sizes: tuple[int, ...]
    activation: str
    init: str = "pca"
    standardize: bool | str = "auto"
    whiten: bool = False
    network_class: type[Network] = Autoencoder
    arguments: Callable[[dict[str, Any]], dict[str, Any]] = _common_arguments
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
        """Whether training starts from the linear model, and must beat it."""
        return self.init == "pca"

    def scales_columns(self, schema: TableSchema) -> bool:
        """Return whether each numeric column has its own scale."""
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
