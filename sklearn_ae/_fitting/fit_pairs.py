"""The way of pairs through a fit: codecs, ridge start, network, engine, axes."""

import copy
import math
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .._tables import (
    EncodedTable,
    TableSchema,
    check_positive_integers,
    fit_codec,
    infer_schema,
    read_image_shape,
)
from .._training import (
    EPOCH_ROWS,
    PairedRows,
    RandomStreams,
    TrainingSettings,
    TrainingState,
    check_callbacks,
    resolve_device,
    split_rows_for_validation,
)
from ..nn import Autoencoder, ConvolutionalMap, cells_per_cell, reconstruction_loss
from .code_axes import CodeAxes, principal_axes, rotated_arrays
from .data import PairedTables, TrainingData, make_row_source
from .fit import check_variance, n_epochs
from .fitted import FittedAutoencoder, FittedPair
from .networks import Design, Networks, layer_sizes, start_loss, train_networks
from .resume import open_checkpoint
from .ridge_start import RidgeStart, fit_ridge_start

_NOTHING_LEFT = 1e-10  # share of the variance
_LEAST_DEVIATION = 1e-3  # of a code, over that of what the start leaves


class PairFitResult(NamedTuple):
    """What a fit of pairs learns.

    Attributes
    ----------
    fitted : FittedPair
        Predicts.

    explained_variance : ndarray of shape (n_components,)
        Variance of each code.

    state : TrainingState
        Curves, best epoch, and Ctrl-C if it ended training.

    start : RidgeStart
        Ridge regression on all rows.

    ridge_validation_loss : float or None
        Its loss on the validation rows, fitted without them.
    """

    fitted: FittedPair
    explained_variance: np.ndarray
    state: TrainingState
    start: RidgeStart
    ridge_validation_loss: float | None

    def attributes(self) -> dict[str, Any]:
        """Return fitted attributes by name."""
        return {
            "n_components_": len(self.explained_variance),
            "explained_variance_": self.explained_variance,
            "alpha_": self.start.alpha,
            "ridge_validation_loss_": self.ridge_validation_loss,
            **self.state.attributes(),
        }


class _Tables(NamedTuple):
    """What is learned of inputs and of outputs before a network is."""

    inputs: EncodedTable
    outputs: EncodedTable

    @property
    def codecs(self):
        return self.inputs.codec, self.outputs.codec


def fit_paired_rows(
    estimator,
    columns: TableSchema,
    pairs: PairedTables,
    validation: PairedTables | None,
    tasks,
    checkpoint=None,
) -> PairFitResult:
    """Fit validated pairs by an estimator's parameters, which stay as they are.

    Parameters
    ----------
    estimator : EncoderDecoderRegressor
        Gives the parameters.

    columns : TableSchema
        The columns of inputs.

    pairs : Pairs
        Training rows.

    validation : Pairs or None
        Validation rows. None means a share of the training rows.

    tasks : FitTasks
        Of this fit; none is begun.

    checkpoint : str, path-like or None, default=None
        Path of a file that training is taken down in, and goes on from.

    Returns
    -------
    learned : PairFitResult
        Nothing of it is assigned to the estimator.
    """
    check_callbacks(estimator.callbacks or ())
    device = resolve_device(estimator.device)
    streams = RandomStreams(estimator.random_state)
    arrays = _arrays(pairs, validation)
    saved = open_checkpoint(checkpoint, estimator, device, columns, arrays, streams)
    tables = _fit_tables(estimator, columns, pairs)
    data = _prepare(estimator, tables, pairs, validation, device, streams)
    design = _design(estimator, tables, data)
    start, starts = _fit_starts(estimator, design, tables, pairs, data)
    networks = _build(design, start, starts, device, streams)
    loss = start_loss(networks.linear[1:], design.objective, data)
    standardized = estimator.standardize_outputs

    def learn(state):
        kept = design, networks, start, state, data, standardized
        return PairFitResult(*_finish(tables, *kept), state, start, loss)

    settings = _settings(estimator, networks, data, loss)
    observer = tasks.epochs("fit", settings.max_epochs, len(data.parts), learn)
    state = train_networks(
        networks,
        networks.linear,
        design.objective,
        data.rows,
        data,
        replace(settings, observer=observer),
        streams,
        saved,
    )
    try:
        return learn(state)
    except KeyboardInterrupt as interruption:
        if not data.parts:
            raise
        state.interruption = interruption
        return learn(state)


def _arrays(pairs: PairedTables, validation: PairedTables | None) -> dict[str, Any]:
    judged = validation or (None, None)
    return dict(zip(("X", "y", "X_val", "y_val"), (*pairs, *judged), strict=True))


def _fit_tables(estimator, columns, pairs) -> _Tables:
    scales = estimator.standardize_inputs
    if scales == "auto":
        scales = estimator.input_shape is None
    names = [f"y{position}" for position in range(pairs.Y.shape[1])]
    output_columns, outputs = infer_schema(pairs.Y, names, "from_dtype", None)
    standardize = bool(estimator.standardize_outputs)
    tables = _Tables(
        fit_codec(columns, pairs.X, standardize=bool(scales)),
        fit_codec(output_columns, outputs, standardize=standardize),
    )
    if not standardize:
        check_variance(tables.outputs, "y", "standardize_outputs")
    return tables


def _prepare(estimator, tables, pairs, validation, device, streams) -> TrainingData:
    """Set validation rows apart, and pair inputs with outputs."""
    rows = judged = _sources(tables, pairs, device)
    if validation is not None:
        judged = _sources(tables, validation, device)
    index, parts = split_rows_for_validation(estimator, rows, judged, streams)
    n_cells = float(pairs.Y.shape[1])
    return TrainingData(
        clean=rows,
        rows=rows,
        index=index,
        judged=judged,
        judged_apart=validation is not None,
        parts=parts,
        loss=partial(reconstruction_loss, n_cells=n_cells),
        n_cells=n_cells,
        gap_columns=tuple(tables.inputs.gap_columns),
        complete=not tables.inputs.has_gaps,
    )


def _sources(tables, pairs, device) -> PairedRows:
    """Return row sources of pairs."""
    sources = zip(pairs, tables.codecs, strict=True)
    return PairedRows(
        *(make_row_source(part, codec, device) for part, codec in sources)
    )


def _design(estimator, tables, data) -> Design:
    """Return the network that parameters ask for."""
    n_features, n_outputs = (codec.n_encoded for codec in tables.codecs)
    arguments = {
        "n_features": n_features,
        "n_components": _n_components(estimator.n_components, tables),
        "hidden_layer_sizes": layer_sizes(estimator.hidden_layer_sizes),
        "activation": estimator.activation,
        "n_outputs": n_outputs,
        "gap_columns": data.gap_columns,
    }
    convolutions = _convolutions(estimator)
    network_class = ConvolutionalMap if convolutions else Autoencoder
    return Design(network_class, arguments | convolutions, data.loss)


def _convolutions(estimator) -> dict[str, Any]:
    """Return arguments of convolutions from inputs to outputs, none where it has none.

    With few codes on purpose nothing leads around them.
    """
    shapes = {
        name: read_image_shape(name, getattr(estimator, name), estimator.channels_last)
        for name in ("input_shape", "output_shape")
        if getattr(estimator, name) is not None
    }
    if len(shapes) < 2 or estimator.n_components is not None:
        return {}
    if cells_per_cell(*shapes.values()) is None:
        return {}
    return shapes | {
        "channels": check_positive_integers(
            "hidden_channels", estimator.hidden_channels
        ),
        # Beyond that a kernel sees nothing but the padding.
        "kernel_size": min(
            int(estimator.kernel_size), 2 * max(shapes["input_shape"][:-1]) - 1
        ),
    }


def _n_components(n_components, tables) -> int:
    limit = min(codec.n_encoded for codec in tables.codecs)
    if n_components is None:
        return limit
    if n_components > limit:
        encoded = "_encoded" * (not tables.inputs.codec.schema.is_numeric)
        raise ValueError(
            f"n_components must be at most min(n{encoded}_features, n_outputs)={limit},"
            f" got n_components={n_components}."
        )
    return int(n_components)


def _fit_starts(
    estimator, design, tables, pairs, data
) -> tuple[RidgeStart, list[RidgeStart]]:
    """Return the regression on all rows, and for each part that on the others.

    A regression fits its own rows better than others: judged by them, it would look
    better than it is. That fades with the number of rows.
    """
    X, Y = pairs
    options = tables.codecs, estimator.alphas, design.arguments["n_components"]
    start = fit_ridge_start(X, Y, *options)
    if data.judged_apart or len(Y) > EPOCH_ROWS:
        return start, [start] * len(data.parts)
    starts = []
    for part in data.parts:
        others = np.delete(np.arange(len(Y)), part.numpy())
        starts.append(fit_ridge_start(X[others], Y[others], *options))
    return start, starts


def _build(design, start, starts, device, streams) -> Networks:
    weights = streams.torch("weights")
    module = design.network_class(**design.arguments, generator=weights, fuse=True)
    fold_networks = [copy.deepcopy(module) for _ in starts]
    least_deviation = _LEAST_DEVIATION * math.sqrt(start.unexplained_share)
    for network, its_start in zip(
        [module, *fold_networks], [start, *starts], strict=True
    ):
        its_start.apply_to(network, least_deviation)
        network.to(device)
    linear = [design.linear(one).float().to(device) for one in [start, *starts]]
    return Networks(module, fold_networks, linear, start.unexplained_share)


def _settings(estimator, networks, data, loss) -> TrainingSettings:
    module, share = networks.trained, networks.share
    settled = share < _NOTHING_LEFT or (module.is_linear and data.complete)
    settled |= bool(data.parts) and sum(map(len, data.parts)) < 2
    return TrainingSettings(
        learning_rate=estimator.learning_rate,
        learning_rate_scales=module.learning_rate_scales(math.sqrt(share)),
        batch_size=estimator.batch_size,
        max_epochs=0 if settled else n_epochs(estimator, len(data.index)),
        weight_decay=estimator.weight_decay,
        n_iter_no_change=estimator.n_iter_no_change,
        loss_unit=module.loss_unit(share) or 1.0,
        callbacks=estimator.callbacks or (),
        references={} if loss is None else {"ridge": loss},
        device=next(module.parameters()).device,
        verbose=estimator.verbose,
    )


def _finish(
    tables, design, networks, start, state, data, standardized
) -> tuple[FittedPair, np.ndarray]:
    """Turn the weights to keep into what the estimator keeps."""
    codec, outputs = tables.codecs
    if state.best_epoch == 0:
        module, arguments, dtype = design.linear(start), design.linear_arguments, float
        n_more = arguments["n_components"] - len(start.explained_variance)
        variance = np.pad(start.explained_variance, (0, n_more))
        axes = CodeAxes(np.zeros(len(variance)), None, variance)
    else:
        module, arguments = copy.deepcopy(networks.trained), design.arguments
        module.load_state_dict(state.weights)
        axes, dtype = principal_axes(module, data.clean.rows), np.float32
    unit = 1.0 if standardized else float(outputs.scale[0])
    network = FittedAutoencoder(
        codec,
        design.network_class.__name__,
        arguments,
        rotated_arrays(module, axes, dtype),
        np.full(len(axes.variance), unit),
    )
    fitted = FittedPair(network, outputs.mean.copy(), outputs.scale.copy())
    return fitted, axes.variance * unit**2
