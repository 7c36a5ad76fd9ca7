"""Networks of a fit, built and set to their linear starts."""

import copy
import math
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from .._training import (
    EVALUATION_ROWS,
    Batches,
    ChosenRows,
    Networks,
    Objective,
    RandomStreams,
    RowSource,
    RowSplit,
    row_losses,
    rows_outside_fold,
    validation_losses,
)
from .data import TrainingData
from .problem import Start
from .recipe import Recipe

_MAX_SAMPLE_ROWS = 10_000


class Design(NamedTuple):
    """Class, arguments and objective of a network.

    Attributes
    ----------
    network_class : type
        One of `sklearn_ae.nn.NETWORKS`.

    arguments : dict
        Arguments of the class, plain values.

    objective : callable or None
        Function of (module, batch) that returns one loss a row. None if the network is
        not trained on it.

    fuse : bool
        Whether each hidden layer may be one fused operation in training.
    """

    network_class: type[nn.Module]
    arguments: dict[str, Any]
    objective: Objective | None
    fuse: bool

    @property
    def linear_arguments(self) -> dict[str, Any]:
        """Arguments of the network without residual paths."""
        return self.arguments | self.network_class.linear_arguments

    def build(self, generator: torch.Generator) -> nn.Module:
        """Return the network with random weights."""
        return self.network_class(**self.arguments, generator=generator, fuse=self.fuse)

    def build_linear(self, start: Start) -> nn.Module:
        """Return the network without residual paths at a start, in float64."""
        network = self.network_class(
            **self.linear_arguments, generator=torch.Generator()
        ).double()
        start.apply_to(network)
        return network


class StartedNetworks(NamedTuple):
    """Networks at the start of training.

    Attributes
    ----------
    networks : Networks
        Networks to train. Epoch 0 is the linear start, unless weights are random.

    linear : list of torch.nn.Module
        The starts as networks without residual paths: of all rows, and of each part.

    unexplained_share : float
        Share of the variance that the start does not explain.
    """

    networks: Networks
    linear: list[nn.Module]
    unexplained_share: float


def design_network(
    recipe: Recipe,
    arguments: dict[str, Any],
    data: TrainingData,
    streams: RandomStreams,
) -> Design:
    """Return class, arguments and objective of a recipe's network.

    Parameters
    ----------
    recipe : Recipe
        Recipe of the fit.

    arguments : dict
        Arguments that all networks take.

    data : TrainingData
        Data with the reconstruction loss.

    streams : RandomStreams
        Source of the objective's random numbers.
    """
    generator = streams.torch("objective")
    return Design(
        recipe.network_class,
        recipe.arguments(arguments),
        recipe.objective(data.loss, data.n_cells, generator),
        recipe.fuse,
    )


def build_networks(
    recipe: Recipe,
    design: Design,
    starts: list[Start],
    data: TrainingData,
    streams: RandomStreams,
) -> StartedNetworks:
    """Build networks, and set them to their starts.

    Parameters
    ----------
    recipe : Recipe
        Recipe of the fit.

    design : Design
        Class and arguments of the networks.

    starts : list of Start
        The start of all rows, and for each part of the validation rows that of the
        other rows.

    data : TrainingData
        Training data.

    streams : RandomStreams
        Source of random weights and of the recipe's random numbers.

    Returns
    -------
    started : StartedNetworks
        Networks on the training device.
    """
    device = recipe.training.device
    module = design.build(streams.torch("weights"))
    fold_networks = [copy.deepcopy(module) for _ in starts[1:]]
    linear = [design.build_linear(start).float().to(device) for start in starts]
    share = 1.0
    if recipe.starts_at_pca:
        deviations = _code_deviations(linear[0], data)
        share = _unexplained_share(starts[0], linear[0], data, design.objective)
        started = zip([module, *fold_networks], starts, strict=True)
        for number, (network, start) in enumerate(started):
            start.apply_to(network, deviations)
            rows = ChosenRows(data.clean, _training_rows(data.split, number - 1))
            recipe.prepare(network, rows, streams.torch("prepare"))
    for network in (module, *fold_networks):
        network.to(device)
    epoch_0 = linear if recipe.starts_at_pca else None
    return StartedNetworks(Networks(module, fold_networks, epoch_0), linear, share)


def _training_rows(split: RowSplit, part: int) -> Tensor:
    """Return the rows that the network of a part is trained on; -1 means all."""
    if part < 0 or len(split.parts) == 1:
        return split.index
    return rows_outside_fold(split.parts, part)


def start_loss(
    linear: list[nn.Module], objective: Objective, split: RowSplit
) -> float | None:
    """Return the mean loss of linear networks on the validation rows.

    Parameters
    ----------
    linear : list of torch.nn.Module
        One for each part of the validation rows.

    objective : callable
        Function of (module, batch) that returns one loss per row.

    split : RowSplit
        Split of the rows.

    Returns
    -------
    loss : float or None
        None without validation rows.
    """
    if not split.parts:
        return None
    loss = validation_losses(linear, objective, split).mean().item()
    if not math.isfinite(loss):
        raise ValueError(
            f"The start's loss on the validation rows must be finite, got {loss}; give "
            "them in the units of the training rows, or lower the weights of penalties."
        )
    return loss


def layer_sizes(
    hidden_layer_sizes, name: str = "hidden_layer_sizes"
) -> tuple[int, ...]:
    """Return sizes of layers as a tuple; raise if they are not positive integers."""
    sizes = tuple(np.atleast_1d(np.asarray(hidden_layer_sizes, dtype=object)))
    for size in sizes:
        if not isinstance(size, Integral) or size < 1:
            raise ValueError(
                f"{name} must be integers of at least 1, got {hidden_layer_sizes!r}."
            )
    return tuple(int(size) for size in sizes)


def _code_deviations(linear: nn.Module, data: TrainingData) -> np.ndarray | None:
    """Return the deviations of the start's codes under noise; None without noise."""
    if not data.is_corrupted:
        return None
    with torch.no_grad():
        batches = _sample(data.split.rows, data.split.index)
        codes = [linear.encode(x) for x, _ in batches]
    return torch.cat(codes).std(dim=0, correction=0).double().cpu().numpy()


def _sample(rows: RowSource, index: Tensor) -> Batches:
    """Return batches of at most `_MAX_SAMPLE_ROWS` of the rows, evenly spaced."""
    return Batches(
        rows, index[:: math.ceil(len(index) / _MAX_SAMPLE_ROWS)], EVALUATION_ROWS
    )


def _unexplained_share(
    start: Start, linear: nn.Module, data: TrainingData, objective: Objective
) -> float:
    """Return the share of the variance that the start leaves, given noisy inputs."""
    split = data.split
    if not linear.starts_as_pca:
        loss = row_losses(linear, objective, _sample(split.rows, split.index)).mean()
        return min(linear.residual_deviation(loss.item()) ** 2, 1.0)
    if not data.is_corrupted:
        return start.unexplained_share
    noisy, clean = (
        row_losses(linear, data.loss, _sample(rows, split.index)).mean()
        for rows in (split.rows, data.clean)
    )
    return min(start.unexplained_share + max((noisy - clean).item(), 0.0), 1.0)
