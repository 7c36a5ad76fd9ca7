"""The way of data through a fit: codec, start, network, engine, axes."""

import copy
import math
import warnings
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from .._tables import EncodedTable, TableCodec, TableSchema, abbreviate, fit_codec
from .._training import (
    EPOCH_ROWS,
    CorruptedRows,
    RandomStreams,
    TrainingSettings,
    TrainingState,
    check_callbacks,
    resolve_device,
)
from ..nn import UniformNoise
from .code_axes import rotated_arrays, start_axes
from .data import TrainingData, prepare_training_data
from .fitted import FittedAutoencoder
from .networks import (
    Design,
    build_networks,
    design_network,
    layer_sizes,
    start_loss,
    train_networks,
)
from .pca_start import (
    LinearStart,
    component_limit,
    fit_pca_starts,
    resolve_n_components,
)
from .resume import open_checkpoint

_AUTO_EPOCHS, _AUTO_STEPS = 70, 1_250
_NOTHING_LEFT = 1e-10  # share of the variance
_LARGEST_SCALE = 1e150


class FitResult(NamedTuple):
    """What a fit learns.

    Attributes
    ----------
    fitted : FittedAutoencoder
        Encodes and decodes.

    explained_variance : ndarray of shape (n_components,)
        Variance of each code.

    state : TrainingState
        Curves, best epoch, and Ctrl-C if it ended training.

    pca_validation_loss : float or None
        PCA's loss on the validation rows.

    more : dict
        Fitted attributes of the variant.
    """

    fitted: FittedAutoencoder
    explained_variance: np.ndarray
    state: TrainingState
    pca_validation_loss: float | None
    more: dict[str, Any]


def fit_rows(
    estimator, columns: TableSchema, X, X_val, tasks, checkpoint=None
) -> FitResult:
    """Fit validated rows by an estimator's parameters, which stay as they are.

    Parameters
    ----------
    estimator : BaseAutoencoder
        Gives the parameters, and what its variant builds.

    columns : TableSchema
        The columns of X.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Training rows as `columns` reads them: finite, or NaN where missing.

    X_val : {ndarray, CSR matrix} or None
        Validation rows, read alike. None means a share of X.

    tasks : FitTasks
        Of this fit; none is begun.

    checkpoint : str, path-like or None, default=None
        Path of a file that training is taken down in, and goes on from.

    Returns
    -------
    learned : Learned
        Nothing of it is assigned to the estimator.
    """
    check_callbacks(estimator.callbacks or ())
    estimator._check_parameters()
    layer_sizes(estimator.hidden_layer_sizes)
    device = resolve_device(estimator.device)
    streams = RandomStreams(estimator.random_state)
    tables = {"X": X, "X_val": X_val}
    saved = open_checkpoint(checkpoint, estimator, device, columns, tables, streams)
    table = fit_table(estimator, columns, X)
    n_components = resolve_n_components(
        estimator.n_components,
        X,
        table.codec,
        limited=estimator.init == "pca" and not estimator._overcomplete,
    )
    data = prepare_training_data(estimator, table, X, X_val, device, streams)
    start, starts = _fit_starts(X, table, n_components, data, streams)
    design = design_network(estimator, start, data, streams)
    networks = build_networks(estimator, design, start, starts, data, device, streams)
    pca_loss = start_loss(networks.linear[1:], design.objective, data)
    kept = _FitContext(
        estimator, design, networks.trained, start, table.codec, data, pca_loss, streams
    )
    state = _train(kept, networks, table, tasks, saved)
    if state.interruption and not state.best_epoch and estimator.init != "pca":
        raise state.interruption
    try:
        return _finish(kept, state)
    except KeyboardInterrupt as interruption:
        if not data.parts:
            raise
        state.interruption = interruption
        return _finish(kept, state)


class _FitContext(NamedTuple):
    """What a training is for, and what is kept of it beside its weights."""

    estimator: Any
    design: Design
    module: nn.Module
    start: LinearStart
    codec: TableCodec
    data: TrainingData
    pca_loss: float | None
    streams: RandomStreams

    @property
    def device(self) -> torch.device:
        return next(self.module.parameters()).device


def fit_table(estimator, columns: TableSchema, X) -> EncodedTable:
    """Learn centres and scales of validated rows, as `standardize` says."""
    standardize = has_own_scales(estimator, columns)
    table = fit_codec(columns, X, standardize=standardize)
    if not standardize:
        check_variance(table, "X", "standardize")
    if table.is_constant:
        warnings.warn(
            "Every column of X is constant, so there is nothing to learn (columns "
            f"{abbreviate(columns.names)}).",
            UserWarning,
            stacklevel=2,
        )
    return table


def check_variance(table: EncodedTable, array_name: str, parameter: str) -> None:
    """Raise if the one scale of all columns is too large for its square."""
    largest = table.codec.scale.max()
    if largest > _LARGEST_SCALE:
        raise ValueError(
            f"The variance of {array_name} must be finite in float64, got a deviation "
            f"of {largest:.3g}; {parameter}=True takes such columns."
        )


def _fit_starts(
    X, table, n_components, data, streams
) -> tuple[LinearStart, list[LinearStart]]:
    """Return PCA of all rows, and one for each part of the validation rows.

    PCA fits its own rows better than others: judged by them, it would look better than
    it is. So a part is judged by PCA of the other rows. That fades with the number of
    rows, and beyond `EPOCH_ROWS` the start of all rows serves.
    """
    n_components = min(n_components, component_limit(X, table.codec))
    apart = data.judged_apart or X.shape[0] > EPOCH_ROWS
    parts = [] if apart else [part.numpy() for part in data.parts]
    seed = streams.integer("start")
    start, *starts = fit_pca_starts(X, table, n_components, seed, parts)
    return start, starts or [start] * len(data.parts)


def _train(kept: _FitContext, networks, table, tasks, saved) -> TrainingState:
    estimator, data, streams = kept.estimator, kept.data, kept.streams
    rows, noise = data.rows, None
    if data.rows is data.clean and networks.module.takes_noise:
        noise = UniformNoise(table.layout(), 0.0, generator=streams.torch("noise"))
        rows = CorruptedRows(data.rows, noise)
    settings = _settings(estimator, networks, data, kept.pca_loss, noise)

    def learn(state):
        with streams.untouched():
            return _finish(kept, state)

    observer = tasks.epochs("fit", settings.max_epochs, len(data.parts), learn)
    settings = replace(settings, observer=observer)
    linear = networks.linear if estimator.init == "pca" else None
    objective = kept.design.objective
    return train_networks(
        networks, linear, objective, rows, data, settings, streams, saved
    )


def _finish(kept: _FitContext, state: TrainingState) -> FitResult:
    """Turn the weights to keep into what the estimator keeps."""
    estimator, design = kept.estimator, kept.design
    rows, generator = kept.data.rows, kept.streams.torch("finish")
    if state.best_epoch == 0 and estimator.init == "pca":
        arguments, dtype = design.linear_arguments, np.float64
        module = design.linear(kept.start)
        single = copy.deepcopy(module).float().to(kept.device)
    else:
        single = module = copy.deepcopy(kept.module)
        module.load_state_dict(state.weights)
        arguments, dtype = design.arguments, np.float32
        arguments = arguments | estimator._finish(module.eval(), rows, generator)
    if dtype == np.float64 and module.starts_as_pca:
        axes = start_axes(kept.start)
    else:
        axes = estimator._code_axes(single, rows)
    arrays = rotated_arrays(module, axes, dtype)
    unit = code_unit(estimator, kept.codec, kept.module)
    fitted = scale_codes(
        kept.codec,
        design.network_class,
        arguments,
        arrays,
        axes.variance,
        unit,
        whiten=estimator.whiten,
    )
    return FitResult(
        fitted=fitted,
        explained_variance=axes.variance * unit**2,
        state=state,
        pca_validation_loss=kept.pca_loss,
        more=estimator._describe(fitted, rows),
    )


def scale_codes(
    codec: TableCodec,
    network: type[nn.Module],
    arguments: dict[str, Any],
    arrays: dict[str, np.ndarray],
    variance: np.ndarray,
    unit: float,
    *,
    whiten: bool,
) -> FittedAutoencoder:
    """Return what encodes and decodes, with codes in their units.

    Parameters
    ----------
    codec, network, arguments, arrays
        As in :class:`FittedAutoencoder`, and the network's class.

    variance : ndarray of shape (n_components,)
        Variance of the network's codes.

    unit : float
        See :func:`code_unit`.

    whiten : bool
        Whether codes are divided by their deviations instead.

    Returns
    -------
    fitted : FittedAutoencoder
        The whole.
    """
    units = np.full(len(variance), unit)
    if whiten:
        deviation = np.sqrt(variance)
        # Columns have the size 1, and codes of equal rows differ by rounding alone.
        moves = deviation > np.finfo(np.float32).eps * max(deviation.max(), 1.0)
        units = 1 / np.where(moves, deviation, 1.0)
    return FittedAutoencoder(codec, network.__name__, arguments, arrays, units)


def code_unit(estimator, codec: TableCodec, network: nn.Module) -> float:
    """Return the size of one unit of the network's codes in those of codes given.

    Codes are in input units where all columns share one scale, as PCA's are.
    """
    schema = codec.schema
    shared = schema.is_numeric and not has_own_scales(estimator, schema)
    shared &= network.codes_have_units
    return float(codec.scale[0]) if shared else 1.0


def _settings(estimator, networks, data, pca_loss, noise) -> TrainingSettings:
    from_pca = estimator.init == "pca"
    module, share = networks.trained, networks.share
    settled = from_pca and (
        share < _NOTHING_LEFT
        or (module.starts_as_pca and module.is_linear and data.complete)
        or (data.parts and sum(map(len, data.parts)) < 2)
    )
    return TrainingSettings(
        learning_rate=estimator.learning_rate,
        learning_rate_scales=module.learning_rate_scales(math.sqrt(share)),
        batch_size=estimator.batch_size,
        max_epochs=0 if settled else n_epochs(estimator, len(data.index)),
        weight_decay=estimator.weight_decay,
        n_iter_no_change=estimator.n_iter_no_change,
        significance_level=0.01 if from_pca else 1.0,
        loss_unit=module.loss_unit(share) or 1.0,
        shrinking_noise=noise,
        n_epochs_warm_up=estimator._n_epochs_warm_up,
        callbacks=estimator.callbacks or (),
        references={} if pca_loss is None else {"PCA": pca_loss},
        device=next(module.parameters()).device,
        verbose=estimator.verbose,
    )


def n_epochs(estimator, n_train: int) -> int:
    """Return `max_epochs`, or what fits into the budget of epochs and steps."""
    if estimator.max_epochs != "auto":
        return int(estimator.max_epochs)
    steps_per_epoch = math.ceil(min(n_train, EPOCH_ROWS) / estimator.batch_size)
    return min(_AUTO_EPOCHS, math.ceil(_AUTO_STEPS / steps_per_epoch))


def has_own_scales(estimator, schema: TableSchema) -> bool:
    """Tell whether each column gets a scale of its own; "auto" is for categories."""
    if estimator.standardize == "auto":
        return not schema.is_numeric
    return bool(estimator.standardize)
