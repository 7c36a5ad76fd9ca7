"""What a variant says of itself: the hooks of a fit."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import nn

from .._fitting import principal_axes
from .._tables import TableSchema
from .._training import RowSource
from ..nn import Layout


class Variant(ABC):
    """Hooks that make an autoencoder what it is; all but `_build` have defaults."""

    # What codes are turned to after training.
    _code_axes: ClassVar = staticmethod(principal_axes)
    # Whether there may be more codes than PCA has components.
    _overcomplete: ClassVar[bool] = False
    # Epochs over which the objective's `warmth` grows to 1.
    _n_epochs_warm_up: ClassVar[int] = 0

    @abstractmethod
    def _build(self, network: dict[str, Any], loss, n_cells: float, generator):
        """Return the class of the network to train, its arguments and its objective.

        Parameters
        ----------
        network : dict
            Arguments that all networks take.

        loss : callable
            Reconstruction loss of (module, batch), one number a row.

        n_cells : float
            What it divides by: the mean number of observed cells in a row.

        generator : torch.Generator
            Source of what the objective draws.

        Returns
        -------
        network_class, network, objective : type, dict, callable
            One of `sklearn_ae.nn.NETWORKS`, its arguments, which are plain values, and
            what :func:`sklearn_ae._training.fit_network` takes.
        """

    def _check_parameters(self) -> None:
        """Raise where parameters of a variant contradict each other."""
        return

    def _flattened(self, X):
        """Return X without the axes that a variant gives to its columns."""
        return X

    def _check_columns(self, columns: TableSchema) -> None:
        """Raise where a variant can't take columns."""
        return

    def _corruption(self, layout: Layout, generator: torch.Generator):
        """Return the noise that inputs are trained with, or None.

        Parameters
        ----------
        layout : Layout
            Of the encoded rows.

        generator : torch.Generator
            Source of the noise.

        Returns
        -------
        corruption : Corruption or None
            A new one.
        """
        return

    def _prepare(
        self, module: nn.Module, rows: RowSource, generator: torch.Generator
    ) -> None:
        """Change a network that stands at PCA before it is trained.

        Parameters
        ----------
        module : torch.nn.Module
            The network. Epoch 0 is the start as it was.

        rows : RowSource
            Its training rows.

        generator : torch.Generator
            Source of what is drawn.
        """
        return

    def _finish(
        self, module: nn.Module, rows: RowSource, generator: torch.Generator
    ) -> dict[str, Any]:
        """Learn what is learned after training, unless the start is kept.

        Parameters
        ----------
        module : torch.nn.Module
            A copy of the trained network, which may change.

        rows : RowSource
            All training rows.

        generator : torch.Generator
            Source of what is drawn.

        Returns
        -------
        network : dict
            Arguments of the network that have changed.
        """
        return {}

    def _describe(self, fitted, rows: RowSource) -> dict[str, Any]:
        """Return fitted attributes that only this variant has.

        Parameters
        ----------
        fitted : FittedAutoencoder
            The fitted state.

        rows : RowSource
            All training rows.

        Returns
        -------
        attributes : dict
            By name.
        """
        return {}
