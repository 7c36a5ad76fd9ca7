"""Recipe of regression: parameters of EncoderDecoderRegressor for its fits."""

from typing import Any

from .._fitting import (
    OutputPrediction,
    PairedTables,
    Recipe,
    RegressionOptions,
    layer_sizes,
    open_checkpoint,
)
from .._persistence import describe_settings
from .._tables import TableSchema, check_positive_integers, read_image_shape
from .._training import Checkpoint, RandomStreams
from ..nn import Autoencoder, ConvolutionalMap, cells_per_cell


def make_pair_recipe(estimator) -> Recipe:
    """Return what a fit is to do; raise if parameters can't be used."""
    training = estimator._training_options()
    standardize = estimator.standardize_inputs
    if standardize == "auto":
        standardize = estimator.input_shape is None
    convolutions = _convolutions(estimator)
    return Recipe(
        training=training,
        random_state=estimator.random_state,
        identity=describe_settings(estimator, training.device),
        n_components=estimator.n_components,
        hidden_layer_sizes=layer_sizes(estimator.hidden_layer_sizes),
        activation=estimator.activation,
        standardize=standardize,
        network_class=ConvolutionalMap if convolutions else Autoencoder,
        arguments=lambda common: common | convolutions,
    )


def prepare_pairs(
    estimator,
    columns: TableSchema,
    pairs: PairedTables,
    validation: PairedTables | None,
    checkpoint,
) -> tuple[Recipe, OutputPrediction, RandomStreams, Checkpoint | None]:
    """Return what :func:`fit_problem` takes, but for who is told of epochs.

    Parameters
    ----------
    estimator : EncoderDecoderRegressor
        Gives the parameters.

    columns : TableSchema
        The columns of inputs.

    pairs, validation : PairedTables, PairedTables or None
        Training rows and validation rows.

    checkpoint : str, path-like or None
        Path of a file.
    """
    recipe = make_pair_recipe(estimator)
    streams = RandomStreams(recipe.random_state)
    judged = validation or (None, None)
    tables = dict(zip(("X", "y", "X_val", "y_val"), (*pairs, *judged), strict=True))
    saved = open_checkpoint(checkpoint, recipe.identity, columns, tables, streams)
    options = RegressionOptions(estimator.alphas, bool(estimator.standardize_outputs))
    problem = OutputPrediction(recipe, options, columns, pairs, validation)
    return recipe, problem, streams, saved


def _convolutions(estimator) -> dict[str, Any]:
    """Return arguments of convolutions from X to y, or none.

    There are none with few codes: nothing shall lead around these.
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
    # Beyond that a kernel sees nothing but the padding.
    widest = 2 * max(shapes["input_shape"][:-1]) - 1
    return shapes | {
        "channels": check_positive_integers(
            "hidden_channels", estimator.hidden_channels
        ),
        "kernel_size": min(int(estimator.kernel_size), widest),
    }
