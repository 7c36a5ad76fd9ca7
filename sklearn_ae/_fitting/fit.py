"""Pipeline of every fit: data, start, networks, training, axes of codes."""

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

NEGLIGIBLE_SHARE = 1e-10  # of the variance: less is not worth training for

# Called as observe(n_epochs, n_parts, make_result); returns an Observer or None.
# n_epochs: largest number of epochs of a training.
# n_parts: number of parts of the validation rows.
# make_result: function that returns the FitResult of a training that ends in a state.
Observe = Callable[[int, int, Callable[[TrainingState], Any]], Observer | None]


class FitResult(NamedTuple):
    """Result of a fit, for an estimator to assign.

    Attributes
    ----------
    fitted : FittedAutoencoder or FittedPair
        Fitted state that encodes and decodes, or predicts.

    explained_variance : ndarray of shape (n_components,)
        Variance of each code.

    state : TrainingState
        Loss curves, best epoch, and the Ctrl-C that ended training, if any.

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


class _PreparedFit(NamedTuple):
    """All parts of a fit before training."""

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
        Network, objective, start and training options.

    problem : Problem
        Tables of the fit.

    streams : RandomStreams
        Source of all random numbers.

    checkpoint : Checkpoint or None
        Saves the progress of training. Training resumes from what it holds.

    observe : callable
        Returns the observer of the epochs, or None.

    Returns
    -------
    result : FitResult
        The result.
    """
    data = problem.prepare_data(recipe, streams)
    starts = fit_starts(problem, data, streams)
    arguments = problem.arguments(recipe, starts[0], data.gap_columns)
    design = design_network(recipe, arguments, data, streams)
    started = build_networks(recipe, design, starts, data, streams)
    loss = start_loss(started.linear[1:], design.objective, data.split)
    prepared = _PreparedFit(
        recipe, problem, streams, data, starts[0], design, started, loss
    )
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


def _train(prepared: _PreparedFit, observe: Observe, checkpoint) -> TrainingState:
    data, streams = prepared.data, prepared.streams
    split, noise = data.split, None
    if data.layout and not data.is_corrupted and prepared.module.takes_noise:
        noise = UniformNoise(data.layout, 0.0, generator=streams.torch("noise"))
        split = split._replace(rows=CorruptedRows(split.rows, noise))
    settings = _settings(prepared, noise)

    def make_result(state):
        with streams.untouched():
            return _finish(prepared, state)

    observer = observe(settings.max_epochs, len(split.parts), make_result)
    settings = replace(settings, observer=observer, progress=checkpoint)
    if checkpoint is not None:
        checkpoint.write()
    networks, objective = prepared.started.networks, prepared.design.objective
    return train_networks(networks, objective, split, settings, streams)


def _settings(prepared: _PreparedFit, noise: UniformNoise | None) -> TrainingSettings:
    recipe, module, split = prepared.recipe, prepared.module, prepared.data.split
    share, loss = prepared.started.unexplained_share, prepared.start_loss
    n_epochs = recipe.training.n_epochs(len(split.index))
    return recipe.training.settings(
        module,
        learning_rate_scales=module.learning_rate_scales(math.sqrt(share)),
        max_epochs=n_epochs if _can_improve(prepared) else 0,
        significance_level=0.01 if recipe.starts_at_pca else 1.0,
        loss_unit=module.loss_unit(share) or 1.0,
        shrinking_noise=noise,
        n_epochs_warm_up=recipe.n_epochs_warm_up,
        constant_losses={} if loss is None else {prepared.problem.start_name: loss},
    )


def _can_improve(prepared: _PreparedFit) -> bool:
    """Return whether training may find something better than the start, and show it."""
    if not prepared.recipe.starts_at_pca:
        return True
    module, parts = prepared.module, prepared.data.split.parts
    # A linear network without gaps and noise is best at PCA.
    is_optimal = module.starts_as_pca and module.is_linear and prepared.data.complete
    has_one_validation_row = bool(parts) and sum(map(len, parts)) < 2
    is_exact = prepared.started.unexplained_share < NEGLIGIBLE_SHARE
    return not (is_exact or is_optimal or has_one_validation_row)


def _finish(prepared: _PreparedFit, state: TrainingState) -> FitResult:
    """Make the result of a fit from the state of its training."""
    recipe, problem, design = prepared.recipe, prepared.problem, prepared.design
    rows = prepared.data.code_rows
    keeps_start = state.best_epoch == 0 and recipe.starts_at_pca
    if keeps_start:
        arguments, dtype = design.linear_arguments, np.float64
        module = design.build_linear(prepared.start)
        on_device = copy.deepcopy(module).float().to(recipe.training.device)
    else:
        on_device = module = copy.deepcopy(prepared.module)
        module.load_state_dict(state.weights)
        generator = prepared.streams.torch("finish")
        changed = recipe.finish(module.eval(), rows, generator)
        arguments, dtype = design.arguments | changed, np.float32
    if keeps_start and module.starts_as_pca:
        axes = start_axes(prepared.start, arguments["n_components"])
    else:
        axes = recipe.code_axes(on_device, rows)
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
    """Return the factors from the network's codes to the codes that are returned.

    Parameters
    ----------
    variance : ndarray of shape (n_components,)
        Variance of the network's codes.

    unit : float
        Common factor without whitening.

    whiten : bool
        Whether to divide codes by their standard deviations.

    Returns
    -------
    units : ndarray of shape (n_components,)
        Positive factors.
    """
    if not whiten:
        return np.full(len(variance), unit)
    deviation = np.sqrt(variance)
    # Encoded columns have a deviation near 1; smaller codes vary by rounding alone.
    varies = deviation > np.finfo(np.float32).eps * max(deviation.max(), 1.0)
    return 1 / np.where(varies, deviation, 1.0)
