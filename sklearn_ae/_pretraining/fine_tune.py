"""Fine-tuning: training of a head on codes, together with the encoder."""

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from .._estimators import latent_model_of
from .._fitting import FittedAutoencoder, Observe, make_row_source
from .._training import (
    Networks,
    RandomStreams,
    RowSource,
    RowSplit,
    TensorRows,
    TrainingOptions,
    TrainingSettings,
    TrainingState,
    train_networks,
)
from ..nn import Head, HeadedNetwork, Layout, SwapNoise
from .fitted_predictor import FittedHead, FittedPredictor
from .label_split import LabelSplit, split_labelled_rows
from .labelled_rows import LabelledRows, PartlyLabelledRows
from .targets import LinearHead

_FEWEST_STEPS, _FULL_RATE_WIDTH = 300, 64
# Rounding errors by which codes of equal rows may differ, in units of the dtype's eps.
_ROUNDING = 64
_SIGNIFICANCE = 0.05


class HeadRecipe(NamedTuple):
    """Network and training of a fine-tuning.

    Attributes
    ----------
    training : TrainingOptions
        Options of training. The learning rate is that of the head.

    head_layer_sizes : tuple of int
        Widths of the head's hidden layers.

    encoder_learning_rate : float
        Learning rate of the encoder. With 0 it is not trained.

    swap_level : float
        Share of the encoder's input cells that are swapped between rows.
    """

    training: TrainingOptions
    head_layer_sizes: tuple[int, ...]
    encoder_learning_rate: float
    swap_level: float


class LabelledCodes(NamedTuple):
    """Labelled rows, their codes and their encoder.

    Attributes
    ----------
    rows : RowSource
        The labelled rows as `encoder` takes them.

    codes : ndarray of shape (n_labelled, n_components)
        Their codes.

    scaling : tuple of two ndarrays of shape (n_components,)
        Centre and scale of the codes of all rows.

    encoder : FittedAutoencoder or None
        Makes codes. None if `rows` are codes, centred and scaled.

    unlabelled : RowSource or None
        Rows that are trained on without labels, if there are any.
    """

    rows: RowSource
    codes: np.ndarray
    scaling: tuple[np.ndarray, np.ndarray]
    encoder: FittedAutoencoder | None
    unlabelled: RowSource | None


class FineTuned(NamedTuple):
    """Result of fine-tuning.

    Attributes
    ----------
    fitted : FittedPredictor
        Encoder and head.

    state : TrainingState
        Curves, best epoch, and Ctrl-C if it ended training.
    """

    fitted: FittedPredictor
    state: TrainingState


def gather_labelled_codes(
    estimator, X, labelled: np.ndarray, unlabelled: np.ndarray, device: torch.device
) -> LabelledCodes:
    """Return the labelled rows of a table, and what a fitted estimator makes of them.

    Parameters
    ----------
    estimator : estimator
        Fitted. The encoder of an autoencoder of this package can be trained on.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        The table.

    labelled : ndarray of bool of shape (n_samples,)
        Which of its rows are labelled.

    unlabelled : ndarray of bool of shape (n_samples,)
        Which to train an encoder on without labels.

    device : torch.device
        Where rows go.

    Returns
    -------
    labelled : LabelledCodes
        Codes are in float64.
    """
    model = latent_model_of(estimator)
    table, encoder = model.read(X), model.fitted
    codes = model.encode(table)
    if encoder is None:
        codes = codes.astype(np.float64)
        scaling = mean, scale = _scaling(codes)
        rows = torch.from_numpy((codes[labelled] - mean) / scale).float().to(device)
        return LabelledCodes(TensorRows(rows), codes[labelled], scaling, None, None)
    scaling = _scaling(codes, encoder.code_units.max())
    source, others = (
        make_row_source(table[some], encoder.codec, device) if some.any() else None
        for some in (labelled, unlabelled)
    )
    codes = codes[labelled].astype(np.float64)
    return LabelledCodes(source, codes, scaling, encoder, others)


def _scaling(
    codes: np.ndarray, unit: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the centre of codes, and one scale for all of them.

    With one scale, a penalty on the head's weights acts least on the codes that vary
    most, which helps with few labels: these are likely to matter most. If the unit of
    codes is known, differences that are rounding errors are not scaled up.
    """
    mean = codes.mean(axis=0, dtype=np.float64)
    variances = codes.var(axis=0, dtype=np.float64)
    scale = float(np.sqrt(variances.mean()))
    if unit is not None and scale <= _ROUNDING * np.finfo(codes.dtype).eps * unit:
        scale = unit
    return mean, np.full(len(mean), scale or 1.0)


def fine_tune(
    recipe: HeadRecipe,
    targets,
    labelled: LabelledCodes,
    streams: RandomStreams,
    observe: Observe,
) -> FineTuned:
    """Fit a head to codes, then train it together with the encoder.

    Parameters
    ----------
    recipe : HeadRecipe
        Network and training.

    targets : ClassTargets or NumberTargets
        Targets of the labelled rows.

    labelled : LabelledCodes
        Labelled rows and their codes.

    streams : RandomStreams
        Source of the split, the weights, the order of rows and the noise.

    observe : callable
        Returns the observer of epochs.

    Returns
    -------
    tuned : FineTuned
        Encoder, head and curves.
    """
    split = split_labelled_rows(recipe.training, targets, streams)
    everything = np.arange(len(targets))
    start, *starts = (
        targets.linear_head(labelled.codes, index, labelled.scaling)
        for index in [everything, *map(split.without, range(len(split.parts)))]
    )
    arguments = _head_arguments(recipe, start)
    module, *fold_networks = (
        _network(labelled, arguments, head, streams).to(recipe.training.device)
        for head in [start, *starts]
    )

    def make_result(state):
        if state.best_epoch == 0:
            head = FittedHead(arguments | {"hidden_layer_sizes": ()}, start.arrays())
            return FineTuned(FittedPredictor(labelled.encoder, head), state)
        return FineTuned(_make_predictor(labelled, arguments, state), state)

    n_train = len(split.without(0))
    settings = _settings(recipe, labelled, module, 0 if targets.are_few else n_train)
    observer = observe(settings.max_epochs, len(split.parts), make_result)
    state = train_networks(
        Networks(module, fold_networks),
        targets.objective(recipe.training.device),
        _row_split(recipe, targets, labelled, split, streams),
        replace(settings, observer=observer),
        streams,
    )
    return make_result(state)


def _row_split(
    recipe: HeadRecipe, targets, labelled: LabelledCodes, split: LabelSplit, streams
) -> RowSplit:
    return RowSplit(
        rows=_training_rows(recipe, targets, labelled, streams),
        validation_rows=LabelledRows(labelled.rows, targets.validation_tensor()),
        index=torch.from_numpy(split.without(0)),
        parts=tuple(map(torch.from_numpy, split.parts)),
        always_train=torch.from_numpy(split.always_train),
    )


def _settings(
    recipe: HeadRecipe, labelled: LabelledCodes, module: nn.Module, n_train: int
) -> TrainingSettings:
    """Return the settings of training, which has no epochs without training rows."""
    options = recipe.training
    share = _encoder_rate(recipe, labelled) / options.learning_rate
    scales = {
        name: share if name.startswith("encoder.") else 1.0
        for name, _ in module.named_parameters()
    }
    return options.settings(
        module,
        learning_rate_scales=scales,
        max_epochs=options.n_epochs(n_train, _FEWEST_STEPS) if n_train else 0,
        ends_early=options.n_iter_no_change is not None,
        significance_level=_SIGNIFICANCE,
    )


def _encoder_rate(recipe: HeadRecipe, labelled: LabelledCodes) -> float:
    """Return the encoder's learning rate.

    It is lower for many columns, as a step changes the weights of all of them.
    """
    if labelled.encoder is None:
        return 0.0
    width = labelled.encoder.codec.n_encoded / _FULL_RATE_WIDTH
    return recipe.encoder_learning_rate / math.sqrt(max(width, 1.0))


def _training_rows(
    recipe: HeadRecipe, targets, labelled: LabelledCodes, streams
) -> LabelledRows:
    noise = _noise(recipe, labelled, streams)
    rows = LabelledRows(labelled.rows, targets.tensor(), noise)
    if noise is None or labelled.unlabelled is None:
        return rows
    return PartlyLabelledRows(
        rows,
        labelled.unlabelled,
        noise,
        recipe.training.batch_size,
        streams.torch("unlabelled"),
    )


def _noise(recipe: HeadRecipe, labelled: LabelledCodes, streams) -> SwapNoise | None:
    """Return the noise of the encoder's inputs, if there is any."""
    if labelled.encoder is None or recipe.swap_level == 0:
        return None
    widths = labelled.encoder.codec.schema.widths
    unit = torch.ones(int(widths.sum()), dtype=torch.float32)
    layout = Layout(
        column=torch.from_numpy(np.repeat(np.arange(len(widths)), widths)),
        missing=unit,
        noise_unit=unit,
        n_cells=len(widths),
    )
    return SwapNoise(layout, recipe.swap_level, generator=streams.torch("noise"))


def _head_arguments(recipe: HeadRecipe, start: LinearHead) -> dict[str, Any]:
    n_outputs, n_components = start.weight.shape
    return {
        "n_components": n_components,
        "n_outputs": n_outputs,
        "hidden_layer_sizes": recipe.head_layer_sizes,
    }


def _network(
    labelled: LabelledCodes, arguments, start: LinearHead, streams
) -> nn.Module:
    """Return the network to train. Its head gets scaled codes, so float32 suffices."""
    head = Head(**arguments, generator=streams.torch("weights"))
    mean, scale = labelled.scaling
    centre = np.zeros_like(mean) if labelled.encoder is None else mean / scale
    start = start._replace(mean=centre, scale=np.ones_like(scale))
    head.start_at(*start.tensors())
    if labelled.encoder is None:
        return head
    unit = torch.from_numpy(labelled.encoder.code_units / scale).float()
    return HeadedNetwork(labelled.encoder.module(), head, unit)


def _make_predictor(
    labelled: LabelledCodes, arguments, state: TrainingState
) -> FittedPredictor:
    arrays = {name: value.cpu().numpy() for name, value in state.weights.items()}
    scaling = dict(zip(("mean", "scale"), labelled.scaling, strict=True))
    if labelled.encoder is None:
        return FittedPredictor(None, FittedHead(arguments, arrays | scaling))
    encoder = FittedAutoencoder(
        labelled.encoder.codec,
        labelled.encoder.kind,
        labelled.encoder.network,
        _with_prefix("encoder.", arrays),
        labelled.encoder.code_units,
    )
    head = FittedHead(arguments, _with_prefix("head.", arrays) | scaling)
    return FittedPredictor(encoder, head)


def _with_prefix(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
