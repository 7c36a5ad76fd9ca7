"""What there is to train: the networks a variant asks for, at their start."""

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
    Checkpoint,
    ChosenRows,
    Objective,
    RandomStreams,
    RowSource,
    TrainingSettings,
    TrainingState,
    cross_fit_network,
    fit_network,
    row_losses,
    rows_outside_fold,
)
from .data import TrainingData
from .pca_start import LinearStart

_SAMPLE_ROWS = 10_000


class Design(NamedTuple):
    """What a variant builds.

    Attributes
    ----------
    network_class : type
        One of `sklearn_ae.nn.NETWORKS`.

    arguments : dict
        Its arguments, plain values.

    objective : callable
        What its networks minimize.
    """

    network_class: type[nn.Module]
    arguments: dict[str, Any]
    objective: Objective

    @property
    def linear_arguments(self) -> dict[str, Any]:
        """Arguments of the network without residual paths."""
        return self.arguments | self.network_class.linear_arguments

    def linear(self, start: LinearStart) -> nn.Module:
        """Return the network without residual paths at a start, in float64."""
        network = self.network_class(
            **self.linear_arguments, generator=torch.Generator()
        ).double()
        start.apply_to(network)
        return network


class Networks(NamedTuple):
    """What there is to train.

    Attributes
    ----------
    module : torch.nn.Module
        Starts at PCA of all rows.

    fold_networks : list of torch.nn.Module
        One for each part of the validation rows: starts at PCA of the others.

    linear : list of torch.nn.Module
        The starts of module and twins as networks without residual paths.

    share : float
        Share of the variance that the start leaves.
    """

    module: nn.Module
    fold_networks: list[nn.Module]
    linear: list[nn.Module]
    share: float

    @property
    def trained(self) -> nn.Module:
        """The one whose weights are kept."""
        return self.fold_networks[0] if len(self.fold_networks) == 1 else self.module


def design_network(
    estimator, start: LinearStart, data: TrainingData, streams: RandomStreams
) -> Design:
    """Ask a variant for its network and its objective.

    Parameters
    ----------
    estimator : BaseAutoencoder
        The variant.

    start : LinearStart
        Tells the number of codes where that is left to PCA.

    data : TrainingData
        Tells which columns have gaps, and the loss.

    streams : RandomStreams
        Source of what the objective draws.

    Returns
    -------
    design : Design
        Nothing of it is built yet.
    """
    arguments = network_arguments(estimator, start, data.gap_columns)
    generator = streams.torch("objective")
    return Design(*estimator._build(arguments, data.loss, data.n_cells, generator))


def network_arguments(
    estimator, start: LinearStart, gap_columns: tuple[int, ...]
) -> dict[str, Any]:
    """Return the arguments that all networks take."""
    return {
        "n_features": start.components.shape[1],
        "n_components": _n_components(estimator.n_components, start),
        "hidden_layer_sizes": layer_sizes(estimator.hidden_layer_sizes),
        "activation": estimator.activation,
        "gap_columns": gap_columns,
    }


def build_networks(
    estimator,
    design: Design,
    start: LinearStart,
    starts: list[LinearStart],
    data: TrainingData,
    device: torch.device,
    streams: RandomStreams,
) -> Networks:
    """Build networks where training begins.

    Parameters
    ----------
    estimator : BaseAutoencoder
        The variant.

    design : Design
        What to build.

    start, starts : LinearStart, list of LinearStart
        PCA of all rows, and for each part of the validation rows that of the others.

    data : TrainingData
        The rows.

    device : torch.device
        Where networks go.

    streams : RandomStreams
        Source of their weights, and of what the variant draws.

    Returns
    -------
    networks : Networks
        On the device.
    """
    weights = streams.torch("weights")
    module = design.network_class(**design.arguments, generator=weights, fuse=True)
    fold_networks = [copy.deepcopy(module) for _ in starts]
    linear = [design.linear(one).float().to(device) for one in [start, *starts]]
    share = 1.0
    if estimator.init == "pca":
        deviations = _code_deviations(linear[0], data)
        share = _share_left(start, linear[0], data, design.objective)
        started = zip([module, *fold_networks], [start, *starts], strict=True)
        for number, (network, its_start) in enumerate(started):
            its_start.apply_to(network, deviations)
            rows = ChosenRows(data.clean, _training_rows(data, number - 1))
            estimator._prepare(network, rows, streams.torch("prepare"))
    for network in (module, *fold_networks):
        network.to(device)
    return Networks(module, fold_networks, linear, share)


def _training_rows(data: TrainingData, part: int) -> Tensor:
    """Return which rows the twin of a part is trained on; -1 means all."""
    if part < 0 or len(data.parts) == 1:
        return data.index
    return rows_outside_fold(data.parts, part)


def train_networks(
    networks: Networks,
    linear: list[nn.Module] | None,
    objective: Objective,
    rows: RowSource,
    data: TrainingData,
    settings: TrainingSettings,
    streams: RandomStreams,
    checkpoint: Checkpoint | None = None,
) -> TrainingState:
    """Train the network to keep, by way of its twins where rows are few.

    Parameters
    ----------
    networks : Networks
        What there is to train.

    linear : list of torch.nn.Module or None
        What is epoch 0, see :func:`cross_fit_network`.

    objective : callable
        What they minimize.

    rows : RowSource
        What they see.

    data : TrainingData
        Which of the rows they train on, and what judges them.

    settings : TrainingSettings
        How to train.

    streams : RandomStreams
        Source of the orders of rows.

    checkpoint : Checkpoint, default=None
        Where training goes on, and is taken down.

    Returns
    -------
    state : TrainingState
        Weights and curves.
    """
    if checkpoint is not None:
        checkpoint.write()
    if len(data.parts) > 1:
        return cross_fit_network(
            networks.module,
            networks.fold_networks,
            linear,
            objective,
            rows,
            data.judged,
            data.parts,
            settings,
            streams,
            checkpoint=checkpoint,
        )
    return fit_network(
        networks.trained,
        objective,
        rows,
        data.index,
        (data.judged, data.parts[0]) if data.parts else None,
        settings,
        streams.torch("batches"),
        linear[-1] if linear else None,
        None if checkpoint is None else checkpoint.training("network"),
    )


def start_loss(
    linear: list[nn.Module], objective: Objective, data: TrainingData
) -> float | None:
    """Return the loss of linear networks on the validation rows, each on its part.

    Parameters
    ----------
    linear : list of torch.nn.Module
        One for each part.

    objective : callable
        Gives the loss.

    data : TrainingData
        Gives the parts.

    Returns
    -------
    loss : float or None
        None without validation rows.
    """
    if not data.parts:
        return None
    losses = [
        row_losses(one, objective, Batches(data.judged, part, EVALUATION_ROWS))
        for one, part in zip(linear, data.parts, strict=True)
    ]
    loss = torch.cat(losses).mean().item()
    if not math.isfinite(loss):
        raise ValueError(
            f"The start's loss on the validation rows must be finite, got {loss}; "
            "are they in the units of the others, and the weights of penalties not too "
            "large?"
        )
    return loss


def layer_sizes(
    hidden_layer_sizes, name: str = "hidden_layer_sizes"
) -> tuple[int, ...]:
    """Return sizes of layers as a tuple; raise by their name if they are none."""
    sizes = tuple(np.atleast_1d(np.asarray(hidden_layer_sizes, dtype=object)))
    for size in sizes:
        if not isinstance(size, Integral) or size < 1:
            raise ValueError(
                f"{name} must be integers of at least 1, got {hidden_layer_sizes!r}."
            )
    return tuple(int(size) for size in sizes)


def _n_components(n_components, start: LinearStart) -> int:
    if isinstance(n_components, Integral):
        return int(n_components)
    return len(start.components)


def _code_deviations(linear: nn.Module, data: TrainingData) -> np.ndarray | None:
    """Return the deviations of PCA's codes under noise; None without noise."""
    if data.rows is data.clean:
        return None
    with torch.no_grad():
        codes = [linear.encode(x) for x, _ in _sample(data.rows, data.index)]
    return torch.cat(codes).std(dim=0, correction=0).double().cpu().numpy()


def _sample(rows: RowSource, index: Tensor) -> Batches:
    """Return batches of at most `_SAMPLE_ROWS` of the rows."""
    return Batches(
        rows, index[:: math.ceil(len(index) / _SAMPLE_ROWS)], EVALUATION_ROWS
    )


def _share_left(
    start: LinearStart, linear: nn.Module, data: TrainingData, objective: Objective
) -> float:
    """Return the share of the variance that the start leaves, noise included."""
    if not linear.starts_as_pca:
        loss = row_losses(linear, objective, _sample(data.rows, data.index)).mean()
        return min(linear.residual_deviation(loss.item()) ** 2, 1.0)
    if data.rows is data.clean:
        return start.unexplained_share
    seen, clean = (
        row_losses(linear, data.loss, _sample(rows, data.index)).mean()
        for rows in (data.rows, data.clean)
    )
    return min(start.unexplained_share + max((seen - clean).item(), 0.0), 1.0)
