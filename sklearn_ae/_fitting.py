"""The way of data through a fit: codec, start, network, engine, axes."""

import copy
import math
import warnings
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ._axes import principal_axes, record_codes, start_axes, turned_arrays
from ._callbacks import check_callbacks
from ._columns import TableColumns, some
from ._cross_fitting import cross_fit_network
from ._fitted import FittedAutoencoder
from ._random import RandomStreams
from ._rows import (
    EPOCH_ROWS,
    EVALUATION_ROWS,
    Batches,
    CorruptedRows,
    RowSource,
)
from ._start import LinearStart, component_limit, pca_starts, resolve_n_components
from ._tables import EncodedTable, TableCodec, fit_codec
from ._training import (
    Objective,
    TrainingSettings,
    TrainingState,
    fit_network,
    row_losses,
)
from ._training_data import TrainingData, prepare_rows
from .nn import Autoencoder, UniformNoise

_AUTO_EPOCHS, _AUTO_STEPS = 70, 1_250
_NOTHING_LEFT = 1e-10  # share of the variance
_LARGEST_SCALE = 1e150
_SAMPLE_ROWS = 10_000


class Learned(NamedTuple):
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
    """

    fitted: FittedAutoencoder
    explained_variance: np.ndarray
    state: TrainingState
    pca_validation_loss: float | None


def fit_rows(estimator, columns: TableColumns, X, X_val) -> Learned:
    """Fit validated rows by an estimator's parameters, which stay as they are.

    Parameters
    ----------
    estimator : BaseAutoencoder
        Gives the parameters, and what its variant builds.

    columns : TableColumns
        The columns of X.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Training rows as `columns` reads them: finite, or NaN where missing.

    X_val : {ndarray, CSR matrix} or None
        Validation rows, read alike. None means a share of X.

    Returns
    -------
    learned : Learned
        Nothing of it is assigned to the estimator.
    """
    check_callbacks(estimator.callbacks or ())
    estimator._check_parameters()
    _layer_sizes(estimator.hidden_layer_sizes)
    device = _resolve_device(estimator.device)
    streams = RandomStreams(estimator.random_state)
    table = _fit_table(estimator, columns, X)
    n_components = resolve_n_components(
        estimator.n_components, X, table.codec, estimator.init
    )
    data = prepare_rows(estimator, table, X, X_val, device, streams)
    start, starts = _fit_starts(X, table, n_components, data, streams)
    networks = _build(estimator, start, starts, data, device, streams)
    pcas = [one.network().float().to(device) for one in starts]
    pca_loss = _pca_loss(pcas, data)
    state = _train(estimator, networks, pcas, table, data, pca_loss, streams)
    if state.interruption and not state.best_epoch and estimator.init != "pca":
        raise state.interruption
    module = networks.trained
    network = networks.arguments
    kept = _Kept(estimator, module, network, start, state, table.codec, data, pca_loss)
    try:
        return _finish(kept)
    except KeyboardInterrupt as interruption:
        if not data.parts:
            raise
        state.interruption = interruption
        return _finish(kept)


class _Networks(NamedTuple):
    """What there is to train.

    Attributes
    ----------
    arguments : dict
        Of the networks.

    module : torch.nn.Module
        Starts as PCA of all rows.

    twins : list of torch.nn.Module
        One for each part of the validation rows: starts as PCA of the others.

    objective : callable
        What they minimize.

    share : float
        Share of the variance that the start leaves.
    """

    arguments: dict[str, Any]
    module: Autoencoder
    twins: list[Autoencoder]
    objective: Objective
    share: float

    @property
    def trained(self) -> Autoencoder:
        """The one whose weights are kept."""
        return self.twins[0] if len(self.twins) == 1 else self.module


class _Kept(NamedTuple):
    """What training ends with."""

    estimator: Any
    module: Autoencoder
    network: dict[str, Any]
    start: LinearStart
    state: TrainingState
    codec: TableCodec
    data: TrainingData
    pca_loss: float | None


def _fit_table(estimator, columns, X) -> EncodedTable:
    standardize = _standardizes(estimator, columns)
    table = fit_codec(columns, X, standardize=standardize)
    largest = table.codec.scale.max()
    if largest > _LARGEST_SCALE and not standardize:
        raise ValueError(
            f"The variance of X must be finite in float64, got a deviation of "
            f"{largest:.3g}; standardize=True takes such columns."
        )
    if table.is_constant:
        warnings.warn(
            "Every column of X is constant, so there is nothing to learn (columns "
            f"{some(columns.names)}).",
            UserWarning,
            stacklevel=2,
        )
    return table


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
    start, *starts = pca_starts(X, table, n_components, seed, parts)
    return start, starts or [start] * len(data.parts)


def _build(estimator, start, starts, data, device, streams) -> _Networks:
    arguments = {
        "n_features": start.components.shape[1],
        "n_components": _n_components(estimator.n_components, start),
        "hidden_layer_sizes": _layer_sizes(estimator.hidden_layer_sizes),
        "activation": estimator.activation,
        "gap_columns": data.gap_columns,
    }
    weights = streams.torch("weights")
    module, objective = estimator._build(arguments, data.loss, weights)
    module.to(device)
    twins = [copy.deepcopy(module) for _ in starts]
    share = 1.0
    if estimator.init == "pca":
        pca = start.network().float().to(device)
        deviations, share = _code_deviations(pca, data), _share_left(start, pca, data)
        for network, its_start in zip([module, *twins], [start, *starts], strict=True):
            its_start.apply_to(network, deviations)
    return _Networks(arguments, module, twins, objective, share)


def _train(estimator, networks, pcas, table, data, pca_loss, streams) -> TrainingState:
    rows, noise = data.rows, None
    if data.rows is data.clean:
        noise = UniformNoise(table.layout(), 0.0, generator=streams.torch("noise"))
        rows = CorruptedRows(data.rows, noise)
    settings = _settings(estimator, networks, data, pca_loss, noise)
    if len(data.parts) > 1:
        return cross_fit_network(
            networks.module,
            networks.twins,
            networks.objective,
            rows,
            data.judged,
            data.parts,
            settings,
            streams,
        )
    is_pca = estimator.init == "pca" and networks.objective is data.loss
    return fit_network(
        networks.trained,
        networks.objective,
        rows,
        data.index,
        (data.judged, data.parts[0]) if data.parts else None,
        settings,
        streams.torch("batches"),
        pcas[0] if is_pca and pcas else None,
    )


def _finish(kept: _Kept) -> Learned:
    """Turn the weights to keep into what the estimator keeps."""
    estimator, module, network = kept.estimator, kept.module, kept.network
    whiten, columns = estimator.whiten, kept.codec.columns
    if kept.state.best_epoch == 0 and estimator.init == "pca":
        network = network | {"hidden_layer_sizes": (), "gap_columns": ()}
        axes = start_axes(kept.start, whiten=whiten)
        arrays = turned_arrays(kept.start.network(), axes, np.float64)
    else:
        module.load_state_dict(kept.state.weights)
        axes = principal_axes(record_codes(module, kept.data.rows), whiten=whiten)
        arrays = turned_arrays(module, axes, np.float32)
    # Codes are in input units where all columns share one scale, as PCA's are.
    shared = not columns.levels and not _standardizes(estimator, columns)
    unit = float(kept.codec.scale[0]) if shared else 1.0
    return Learned(
        fitted=FittedAutoencoder(kept.codec, network, arrays, 1.0 if whiten else unit),
        explained_variance=axes.variance * unit**2,
        state=kept.state,
        pca_validation_loss=kept.pca_loss,
    )


def _settings(estimator, networks, data, pca_loss, noise) -> TrainingSettings:
    from_pca = estimator.init == "pca"
    module, share = networks.trained, networks.share
    settled = from_pca and (
        share < _NOTHING_LEFT
        or (np.size(estimator.hidden_layer_sizes) == 0 and data.complete)
        or (data.parts and sum(map(len, data.parts)) < 2)
    )
    return TrainingSettings(
        learning_rate=estimator.learning_rate,
        learning_rate_scales=module.learning_rate_scales(math.sqrt(share)),
        batch_size=estimator.batch_size,
        max_epochs=0 if settled else _n_epochs(estimator, len(data.index)),
        weight_decay=estimator.weight_decay,
        n_iter_no_change=estimator.n_iter_no_change,
        significance_level=0.01 if from_pca else 1.0,
        loss_unit=share or 1.0,
        shrinking_noise=noise,
        callbacks=estimator.callbacks or (),
        references={} if pca_loss is None else {"PCA": pca_loss},
        device=next(module.parameters()).device,
        verbose=estimator.verbose,
    )


def _n_epochs(estimator, n_train: int) -> int:
    """Return `max_epochs`, or what fits into the budget of epochs and steps."""
    if estimator.max_epochs != "auto":
        return int(estimator.max_epochs)
    steps_per_epoch = math.ceil(min(n_train, EPOCH_ROWS) / estimator.batch_size)
    return min(_AUTO_EPOCHS, math.ceil(_AUTO_STEPS / steps_per_epoch))


def _code_deviations(pca: Autoencoder, data: TrainingData) -> np.ndarray | None:
    """Return the deviations of PCA's codes under noise; None without noise."""
    if data.rows is data.clean:
        return None
    with torch.no_grad():
        codes = [pca.encode(x) for x, _ in _sample(data.rows, data.index)]
    return torch.cat(codes).std(dim=0, correction=0).double().cpu().numpy()


def _sample(rows: RowSource, index: Tensor) -> Batches:
    """Return batches of at most `_SAMPLE_ROWS` of the rows."""
    return Batches(
        rows, index[:: math.ceil(len(index) / _SAMPLE_ROWS)], EVALUATION_ROWS
    )


def _share_left(start: LinearStart, pca: Autoencoder, data: TrainingData) -> float:
    """Return the share of the variance that PCA leaves, and what noise adds to it."""
    if data.rows is data.clean:
        return start.unexplained_share
    noisy, clean = (
        row_losses(pca, data.loss, _sample(rows, data.index)).mean()
        for rows in (data.rows, data.clean)
    )
    return min(start.unexplained_share + max((noisy - clean).item(), 0.0), 1.0)


def _pca_loss(networks: list[Autoencoder], data: TrainingData) -> float | None:
    """Return PCA's loss on the validation rows."""
    if not data.parts:
        return None
    losses = [
        row_losses(pca, data.loss, Batches(data.judged, part, EVALUATION_ROWS))
        for pca, part in zip(networks, data.parts, strict=True)
    ]
    loss = torch.cat(losses).mean().item()
    if not math.isfinite(loss):
        raise ValueError(
            f"PCA's loss on the validation rows must be finite, got {loss}; is X_val "
            "in the units of X?"
        )
    return loss


def _standardizes(estimator, columns: TableColumns) -> bool:
    """Tell whether each column gets a scale of its own; "auto" is for categories."""
    if estimator.standardize == "auto":
        return bool(columns.levels)
    return bool(estimator.standardize)


def _resolve_device(device) -> torch.device:
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.ones(1, device=device).cpu()
    except (AssertionError, NotImplementedError, RuntimeError) as error:
        raise ValueError(
            f"device must be one that torch can use here, got {device!r}: {error}"
        ) from error
    return torch.device(device)


def _layer_sizes(hidden_layer_sizes) -> tuple[int, ...]:
    sizes = tuple(np.atleast_1d(np.asarray(hidden_layer_sizes, dtype=object)))
    for size in sizes:
        if not isinstance(size, Integral) or size < 1:
            raise ValueError(
                "hidden_layer_sizes must be integers of at least 1, got "
                f"{hidden_layer_sizes!r}."
            )
    return tuple(int(size) for size in sizes)


def _n_components(n_components, start: LinearStart) -> int:
    if isinstance(n_components, Integral):
        return int(n_components)
    return len(start.components)
