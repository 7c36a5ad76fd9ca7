"""Pairs of inputs and outputs: validation, recipes, scores and state."""

from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_array, check_consistent_length

from .._fitting import (
    FittedPair,
    OutputPrediction,
    PairedTables,
    Recipe,
    RegressionOptions,
    layer_sizes,
    open_checkpoint,
)
from .._persistence import (
    COLUMNS_SCHEMA,
    TRAINING_SCHEMA,
    Array,
    Count,
    ListOf,
    Nested,
    Number,
    OrNone,
    PersistenceMixin,
    describe_settings,
)
from .._tables import (
    FLOATS,
    TableSchema,
    check_image_shape,
    check_kernel_size,
    check_positive_integers,
    check_validation_rows_used,
    fit_kernel_size,
    flatten_rows,
    read_image_shape,
    validate_fit_rows,
    validate_rows,
)
from .._training import Checkpoint, RandomStreams
from ..nn import Autoencoder, ConvolutionalMap, cells_per_cell


def check_pair_parameters(estimator, X_val, y_val) -> None:
    """Raise if parameters are invalid, or contradict the validation rows.

    Parameters
    ----------
    estimator : EncoderDecoderRegressor
        Estimator with the parameters.

    X_val, y_val : object
        Validation rows, or None.
    """
    alphas = np.asarray(estimator.alphas)
    numbers = alphas.ndim == 1 and alphas.size and alphas.dtype.kind in "iuf"
    if not numbers or not (np.isfinite(alphas) & (alphas > 0)).all():
        raise ValueError(f"alphas must be positive numbers, got {estimator.alphas!r}.")
    check_positive_integers("hidden_channels", estimator.hidden_channels)
    check_kernel_size(estimator.kernel_size)
    if (X_val is None) != (y_val is None):
        missing = "X_val" if X_val is None else "y_val"
        raise ValueError(f"X_val and y_val must be given together, got no {missing}.")
    check_validation_rows_used(estimator, X_val)


def validate_fit_pairs(
    estimator, X, y
) -> tuple[TableSchema, PairedTables, tuple[int, ...]]:
    """Check training pairs, and infer the columns of X.

    Parameters
    ----------
    estimator : EncoderDecoderRegressor
        Gets `n_features_in_` and, if columns have names, `feature_names_in_`.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, ...)
        Inputs.

    y : array-like of shape (n_samples, ...)
        Outputs.

    Returns
    -------
    columns, pairs, axes : TableSchema, PairedTables, tuple of int
        Columns of X, training rows, and axes of a row of y.
    """
    columns, rows = validate_fit_rows(
        estimator, _flatten(estimator, X, "input_shape", "X")
    )
    check_shape(estimator, "input_shape", "X", len(columns.names))
    pairs = PairedTables(rows, read_outputs(estimator, y, "y"))
    check_consistent_length(*pairs)
    check_shape(estimator, "output_shape", "y", pairs.Y.shape[1])
    shape = y.shape if hasattr(y, "shape") else np.asarray(y).shape
    return columns, pairs, tuple(shape[1:])


def validate_pairs(
    estimator, X_val, y_val, columns: TableSchema, pairs: PairedTables
) -> PairedTables | None:
    """Check validation pairs, and return their numbers.

    Parameters
    ----------
    estimator : EncoderDecoderRegressor
        Estimator with `n_features_in_` of training rows.

    X_val, y_val : array-like or None
        Inputs and outputs.

    columns : TableSchema
        Columns of X.

    pairs : PairedTables
        The training rows.

    Returns
    -------
    pairs : PairedTables or None
        The validation rows.
    """
    if X_val is None:
        return None
    rows = read_inputs(estimator, X_val, columns, input_name="X_val")
    validation = PairedTables(rows, read_outputs(estimator, y_val, "y_val"))
    check_consistent_length(*validation)
    n_outputs = pairs.Y.shape[1]
    if validation.Y.shape[1] != n_outputs:
        raise ValueError(
            f"y_val must have as many columns as y, {n_outputs}, got "
            f"{validation.Y.shape[1]}."
        )
    return validation


def read_inputs(estimator, X, columns: TableSchema, input_name: str = "X"):
    """Check inputs with the columns seen in fit, and return their numbers.

    Parameters
    ----------
    estimator : EncoderDecoderRegressor
        Estimator with `n_features_in_` of training rows.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, ...)
        Inputs.

    columns : TableSchema
        Columns seen in fit.

    input_name : str, default="X"
        Name of the inputs in errors.

    Returns
    -------
    rows : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers: finite, or NaN where cells are missing.
    """
    rows = _flatten(estimator, X, "input_shape", input_name)
    return validate_rows(estimator, rows, columns, input_name=input_name)


def read_outputs(estimator, y, input_name: str) -> np.ndarray:
    """Check outputs, and return them as a table.

    Parameters
    ----------
    estimator : EncoderDecoderRegressor
        Estimator with the parameter `output_shape`.

    y : array-like of shape (n_samples, ...)
        Outputs.

    input_name : str
        Name of the outputs in errors.

    Returns
    -------
    rows : ndarray of shape (n_samples, n_outputs)
        Finite numbers.
    """
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but "
            "the target y is None."
        )
    outputs = check_array(
        _flatten(estimator, y, "output_shape", input_name),
        dtype=FLOATS,
        ensure_2d=False,
        input_name=input_name,
        estimator=estimator,
    )
    return outputs.reshape(len(outputs), -1)


def _flatten(estimator, array, name: str, array_name: str):
    """Return rows without the axes of the parameter `name`."""
    axes = getattr(estimator, name)
    if axes is None:
        return array
    shape = read_image_shape(name, axes, estimator.channels_last)
    return flatten_rows(array, shape, array_name=array_name, name=name, given=axes)


def check_shape(estimator, name: str, array_name: str, n_columns: int) -> None:
    """Raise if a shape does not have as many cells as there are columns.

    Parameters
    ----------
    estimator : EncoderDecoderRegressor
        Estimator with the shape.

    name, array_name : str
        Names of the parameter and of the rows in errors.

    n_columns : int
        Number of columns.
    """
    axes = getattr(estimator, name)
    if axes is not None:
        shape = read_image_shape(name, axes, estimator.channels_last)
        check_image_shape(name, axes, shape, array_name, n_columns)


def make_pair_recipe(estimator) -> Recipe:
    """Return the recipe of fits; raise if parameters are invalid."""
    training = estimator._training_options()
    standardize = estimator.standardize_inputs
    if standardize == "auto":
        standardize = estimator.input_shape is None
    convolutions = _convolutions(estimator)
    return Recipe(
        training=training,
        random_state=estimator.random_state,
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
    """Return the arguments of :func:`fit_problem`, except `observe`.

    Parameters
    ----------
    estimator : EncoderDecoderRegressor
        Estimator with the parameters.

    columns : TableSchema
        Columns of the inputs.

    pairs, validation : PairedTables, PairedTables or None
        Training rows and validation rows.

    checkpoint : str, path-like or None
        Path of the checkpoint.
    """
    recipe = make_pair_recipe(estimator)
    streams = RandomStreams(recipe.random_state)
    X_val, y_val = validation or (None, None)
    tables = {"X": pairs.X, "y": pairs.Y, "X_val": X_val, "y_val": y_val}
    identity = describe_settings(estimator, recipe.training.device)
    saved = open_checkpoint(checkpoint, identity, columns, tables, streams)
    options = RegressionOptions(estimator.alphas, bool(estimator.standardize_outputs))
    problem = OutputPrediction(recipe, options, columns, pairs, validation)
    return recipe, problem, streams, saved


def _convolutions(estimator) -> dict[str, Any]:
    """Return the arguments of convolutions from X to y, empty if layers are dense.

    With fewer codes layers are dense, as convolutions would bypass the codes.
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
        "kernel_size": fit_kernel_size(estimator.kernel_size, shapes["input_shape"]),
    }


class PairRegressorMixin(RegressorMixin):
    """scikit-learn's RegressorMixin, with a `score` that accepts outputs with axes."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def score(self, X, y, sample_weight=None):
        """Return the coefficient of determination of the predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, ...)
            Rows with the columns seen in fit.

        y : array-like of shape (n_samples, ...)
            Their outputs, flat or with the axes of `output_shape`.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            Mean over the outputs of 1 - squared error / variance, at most 1. The mean
            of y as prediction has score 0.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity, or y has other
            outputs.
        """
        outputs = self.predict(X)
        return r2_score(
            read_outputs(self, y, "y"),
            outputs.reshape(len(outputs), -1),
            sample_weight=sample_weight,
        )


class PairPersistenceMixin(PersistenceMixin):
    """Mixin of the state of :class:`EncoderDecoderRegressor`."""

    _schema: ClassVar[dict] = {
        "_fitted": Nested(FittedPair),
        **COLUMNS_SCHEMA,
        **TRAINING_SCHEMA,
        "_output_axes": ListOf(Count("> 0"), product="n_outputs", kinds=(tuple,)),
        "alpha_": Number("> 0"),
        "explained_variance_": Array(("n_components",)),
        "ridge_validation_loss_": OrNone(Number()),
    }
    _derived: ClassVar[dict] = {
        "n_components_": lambda self: self._fitted.network.network["n_components"]
    }

    def _check_restored(self) -> None:
        fitted = self._fitted
        check_pair_parameters(self, None, None)
        check_shape(self, "input_shape", "X", len(fitted.columns.names))
        check_shape(self, "output_shape", "y", len(fitted.output_mean))

    def _check_fitted(self) -> None:
        self._fitted.check_works()
