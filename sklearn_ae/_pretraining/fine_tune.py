"""Fine-tuning: a head on codes, trained together with the encoder of these."""

import copy
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
# Rounding units of the dtype by which codes of like rows may differ.
_ROUNDED = 64
_SIGNIFICANCE = 0.05


class HeadRecipe(NamedTuple):
    """What fine-tuning is to do.

    Attributes
    ----------
    training : TrainingOptions
        How to train. The learning rate is the head's.

    head_layer_sizes : tuple of int
        Widths of the head's hidden layers.

    encoder_learning_rate : float
        Learning rate of the encoder; 0 leaves it as it is.

    swap_level : float
        Share of an encoder's inputs that are swapped between rows.
    """

    training: TrainingOptions
    head_layer_sizes: tuple[int, ...]
    encoder_learning_rate: float
    swap_level: float


class LabelledCodes(NamedTuple):
    """The labelled rows, and what makes codes of them.

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
    """What fine-tuning ends with.

    Attributes
    ----------
    fitted : FittedPredictor
        What predicts.

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
    given : LabelledCodes
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
    scaling = _scaling(codes, encoder.code_unit.max())
    source, others = (
        make_row_source(table[some], encoder.codec, device) if some.any() else None
        for some in (labelled, unlabelled)
    )
    codes = codes[labelled].astype(np.float64)
    return LabelledCodes(source, codes, scaling, encoder, others)


def _scaling(
    codes: np.ndarray, unit: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the centre of codes, and one scale for all.

    With few labels a penalty on weights of such codes is a guess that helps: what the
    autoencoder found to vary most is likely to matter most. Where the unit of codes is
    known, what they differ by is not scaled up if it is rounding alone.
    """
    mean, variances = (of(codes, axis=0, dtype=np.float64) for of in (np.mean, np.var))
    scale = float(np.sqrt(variances.mean()))
    if unit is not None and scale <= _ROUNDED * np.finfo(codes.dtype).eps * unit:
        scale = unit
    return mean, np.full(len(mean), scale or 1.0)


def fine_tune(
    recipe: HeadRecipe,
    targets,
    given: LabelledCodes,
    streams: RandomStreams,
    observe: Observe,
) -> FineTuned:
    """Fit a head to codes, then train it together with the encoder of these.

    Parameters
    ----------
    recipe : HeadRecipe
        What to train, and how.

    targets : ClassTargets or NumberTargets
        What to learn.

    given : LabelledCodes
        What to learn from.

    streams : RandomStreams
        Source of the split, the weights, the order of rows and the noise.

    observe : callable
        Returns who is told of epochs.

    Returns
    -------
    tuned : FineTuned
        Nothing of it is assigned to an estimator.
    """
    split = split_labelled_rows(recipe.training, targets, streams)
    everything = np.arange(len(targets))
    start, *starts = (
        targets.linear_head(given.codes, index, given.scaling)
        for index in [everything, *map(split.without, range(len(split.parts)))]
    )
    arguments = _head_arguments(recipe, start)
    module, *fold_networks = (
        _network(given, arguments, one, streams).to(recipe.training.device)
        for one in [start, *starts]
    )

    def learn(state):
        if state.best_epoch == 0:
            head = FittedHead(arguments | {"hidden_layer_sizes": ()}, start.arrays())
            return FineTuned(FittedPredictor(given.encoder, head), state)
        return FineTuned(_tuned(given, arguments, state), state)

    n_train = len(split.without(0))
    settings = _settings(recipe, given, module, 0 if targets.are_few else n_train)
    observer = observe(settings.max_epochs, len(split.parts), learn)
    state = train_networks(
        Networks(module, fold_networks),
        targets.objective(recipe.training.device),
        _row_split(recipe, targets, given, split, streams),
        replace(settings, observer=observer),
        streams,
    )
    return learn(state)


def _row_split(
    recipe: HeadRecipe, targets, given: LabelledCodes, split: LabelSplit, streams
) -> RowSplit:
    return RowSplit(
        rows=_training_rows(recipe, targets, given, streams),
        validation_rows=LabelledRows(given.rows, targets.judged()),
        index=torch.from_numpy(split.without(0)),
        parts=tuple(map(torch.from_numpy, split.parts)),
        always_train=torch.from_numpy(split.alone),
    )


def _settings(
    recipe: HeadRecipe, given: LabelledCodes, module: nn.Module, n_train: int
) -> TrainingSettings:
    """Return the settings of a training; without training rows there is no epoch."""
    options = recipe.training
    share = _encoder_rate(recipe, given) / options.learning_rate
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


def _encoder_rate(recipe: HeadRecipe, given: LabelledCodes) -> float:
    """Return the encoder's rate, smaller where a step changes sums of many columns."""
    if given.encoder is None:
        return 0.0
    width = given.encoder.codec.n_encoded / _FULL_RATE_WIDTH
    return recipe.encoder_learning_rate / math.sqrt(max(width, 1.0))


def _training_rows(
    recipe: HeadRecipe, targets, given: LabelledCodes, streams
) -> LabelledRows:
    noise = _noise(recipe, given, streams)
    labelled = LabelledRows(given.rows, targets.tensor(), noise)
    if noise is None or given.unlabelled is None:
        return labelled
    return PartlyLabelledRows(
        labelled,
        given.unlabelled,
        noise,
        recipe.training.batch_size,
        streams.torch("unlabelled"),
    )


def _noise(recipe: HeadRecipe, given: LabelledCodes, streams) -> SwapNoise | None:
    """Return the noise of an encoder's rows."""
    if given.encoder is None or recipe.swap_level == 0:
        return None
    widths = given.encoder.codec.schema.widths
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


def _network(given: LabelledCodes, arguments, start: LinearHead, streams) -> nn.Module:
    """Return what is trained. Codes reach its head scaled, so float32 will do."""
    head = Head(**arguments, generator=streams.torch("weights"))
    mean, scale = given.scaling
    centre = np.zeros_like(mean) if given.encoder is None else mean / scale
    start = start._replace(mean=centre, scale=np.ones_like(scale))
    head.start_at(*start.tensors())
    if given.encoder is None:
        return head
    unit = torch.from_numpy(given.encoder.code_unit / scale).float()
    return HeadedNetwork(given.encoder.module(), head, unit)


def _tuned(given: LabelledCodes, arguments, state: TrainingState) -> FittedPredictor:
    arrays = {name: value.cpu().numpy() for name, value in state.weights.items()}
    scaling = dict(zip(("mean", "scale"), given.scaling, strict=True))
    if given.encoder is None:
        return FittedPredictor(None, FittedHead(arguments, arrays | scaling))
    encoder = FittedAutoencoder(
        given.encoder.codec,
        given.encoder.kind,
        copy.deepcopy(given.encoder.network),
        _under("encoder.", arrays),
        given.encoder.code_unit,
    )
    head = FittedHead(arguments, _under("head.", arrays) | scaling)
    return FittedPredictor(encoder, head)


def _under(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
