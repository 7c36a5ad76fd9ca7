"""The one pipeline of fits: data, start, networks, training, axes of codes."""

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from torch import nn

from .._training import (
    Checkpoint,
    CorruptedRows,
    Observer,
    RandomStreams,
    TrainingSettings,
    TrainingState,
    train_networks,
)
from ..nn import UniformNoise
from .code_axes import rotated_arrays
from .data import TrainingData
from .fitted import FittedAutoencoder
from .networks import (
    Design,
    StartedNetworks,
    build_networks,
    design_network,
    start_loss,
)
from .problem import Problem, Start, fit_starts, start_axes
from .recipe import Recipe

NEGLIGIBLE_SHARE = 1e-10  # share of the variance

# Returns who is told of epochs, by the number of epochs, the number of parts of the
# validation rows, and what returns the result of a training that ends in a state.
Observe = Callable[[int, int, Callable[[TrainingState], Any]], Observer | None]


class FitResult(NamedTuple):
    """What a fit learns. Nothing of it is assigned to an estimator.

    Attributes
    ----------
    fitted : FittedAutoencoder or FittedPair
        Encodes and decodes, or predicts.

    explained_variance : ndarray of shape (n_components,)
        Variance of each code.

    state : TrainingState
        Curves, best epoch, and Ctrl-C if it ended training.

    start_loss : float or None
        Loss of the linear start on the validation rows.

    attributes : dict
        Further fitted attributes, by name.
    """

    fitted: Any
    explained_variance: np.ndarray
    state: TrainingState
    start_loss: float | None
    attributes: dict[str, Any]


class _Fit(NamedTuple):
    """A fit before its training."""

    recipe: Recipe
    problem: Problem
    streams: RandomStreams
    data: TrainingData
    start: Start
    design: Design
    started: StartedNetworks
    start_loss: float | None

    @property
    def module(self) -> nn.Module:
        """The network whose weights are kept."""
        return self.started.networks.kept


def fit_problem(
    recipe: Recipe,
    problem: Problem,
    streams: RandomStreams,
    checkpoint: Checkpoint | None,
    observe: Observe,
) -> FitResult:
    """Fit a network to a problem.

    Parameters
    ----------
    recipe : Recipe
        What to fit, and how.

    problem : Problem
        What it is fitted to.

    streams : RandomStreams
        Source of all that is drawn.

    checkpoint : Checkpoint or None
        Gets the progress of training, which goes on there.

    observe : callable
        Returns who is told of epochs.

    Returns
    -------
    result : FitResult
        All that was learned.
    """
    data = problem.prepare_data(recipe, streams)
    starts = fit_starts(problem, data, streams)
    arguments = problem.arguments(recipe, starts[0], data.gap_columns)
    design = design_network(recipe, arguments, data, streams)
    started = build_networks(recipe, design, starts, data, streams)
    loss = start_loss(started.linear[1:], design.objective, data.split)
    prepared = _Fit(recipe, problem, streams, data, starts[0], design, started, loss)
    state = _train(prepared, observe, checkpoint)
    if state.interruption and not state.best_epoch and not recipe.starts_at_pca:
        raise state.interruption
    try:
        return _finish(prepared, state)
    except KeyboardInterrupt as interruption:
        if not data.split.parts:
            raise
        state.interruption = interruption
        return _finish(prepared, state)


def _train(prepared: _Fit, observe: Observe, checkpoint) -> TrainingState:
    data, streams = prepared.data, prepared.streams
    split, noise = data.split, None
    if data.layout and not data.is_corrupted and prepared.module.takes_noise:
        noise = UniformNoise(data.layout, 0.0, generator=streams.torch("noise"))
        split = split._replace(rows=CorruptedRows(split.rows, noise))
    settings = _settings(prepared, noise)

    def learn(state):
        with streams.untouched():
            return _finish(prepared, state)

    observer = observe(settings.max_epochs, len(split.parts), learn)
    settings = replace(settings, observer=observer, progress=checkpoint)
    if checkpoint is not None:
        checkpoint.write()
    networks, objective = prepared.started.networks, prepared.design.objective
    return train_networks(networks, objective, split, settings, streams)


def _settings(prepared: _Fit, noise: UniformNoise | None) -> TrainingSettings:
    recipe, module, split = prepared.recipe, prepared.module, prepared.data.split
    share, loss = prepared.started.unexplained_share, prepared.start_loss
    n_epochs = recipe.training.n_epochs(len(split.index))
    return recipe.training.settings(
        module,
        learning_rate_scales=module.learning_rate_scales(math.sqrt(share)),
        max_epochs=0 if _is_settled(prepared) else n_epochs,
        significance_level=0.01 if recipe.starts_at_pca else 1.0,
        loss_unit=module.loss_unit(share) or 1.0,
        shrinking_noise=noise,
        n_epochs_warm_up=recipe.n_epochs_warm_up,
        references={} if loss is None else {prepared.problem.start_name: loss},
    )


def _is_settled(prepared: _Fit) -> bool:
    """Return whether no training could be better than the start, or be judged so."""
    module, parts = prepared.module, prepared.data.split.parts
    best_linear = module.starts_as_pca and module.is_linear and prepared.data.complete
    return prepared.recipe.starts_at_pca and bool(
        prepared.started.unexplained_share < NEGLIGIBLE_SHARE
        or best_linear
        or (parts and sum(map(len, parts)) < 2)
    )


def _finish(prepared: _Fit, state: TrainingState) -> FitResult:
    """Turn the weights to keep into what an estimator keeps."""
    recipe, problem, design = prepared.recipe, prepared.problem, prepared.design
    rows = prepared.data.code_rows
    at_start = state.best_epoch == 0 and recipe.starts_at_pca
    if at_start:
        arguments, dtype = design.linear_arguments, np.float64
        module = design.linear(prepared.start)
        single = copy.deepcopy(module).float().to(recipe.training.device)
    else:
        single = module = copy.deepcopy(prepared.module)
        module.load_state_dict(state.weights)
        generator = prepared.streams.torch("finish")
        changed = recipe.finish(module.eval(), rows, generator)
        arguments, dtype = design.arguments | changed, np.float32
    if at_start and module.starts_as_pca:
        axes = start_axes(prepared.start, arguments["n_components"])
    else:
        axes = recipe.code_axes(single, rows)
    unit = problem.code_unit(recipe, prepared.module)
    network = FittedAutoencoder(
        problem.codec,
        design.network_class.__name__,
        arguments,
        rotated_arrays(module, axes, dtype),
        code_units(axes.variance, unit, whiten=recipe.whiten),
    )
    attributes = problem.attributes(prepared.start)
    return FitResult(
        fitted=problem.fitted(network),
        explained_variance=axes.variance * unit**2,
        state=state,
        start_loss=prepared.start_loss,
        attributes=attributes | recipe.describe(network, rows),
    )


def code_units(variance: np.ndarray, unit: float, *, whiten: bool) -> np.ndarray:
    """Return the size of one unit of each of a network's codes in those of codes given.

    Parameters
    ----------
    variance : ndarray of shape (n_components,)
        Variance of the network's codes.

    unit : float
        Common size.

    whiten : bool
        Whether codes are divided by their deviations instead.

    Returns
    -------
    units : ndarray of shape (n_components,)
        Positive.
    """
    if not whiten:
        return np.full(len(variance), unit)
    deviation = np.sqrt(variance)
    # Columns have the size 1, and codes of equal rows differ by rounding alone.
    moves = deviation > np.finfo(np.float32).eps * max(deviation.max(), 1.0)
    return 1 / np.where(moves, deviation, 1.0)
