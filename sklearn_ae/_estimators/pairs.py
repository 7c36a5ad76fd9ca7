"""Validation of pairs: tables and their outputs, flat or with the axes of pictures."""

from typing import ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_array, check_consistent_length

from .._fitting import FittedPair, PairedTables
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
)
from .._tables import (
    FLOATS,
    TableSchema,
    check_image_shape,
    check_positive_integers,
    check_validation_rows_used,
    flatten_rows,
    read_image_shape,
    validate_fit_rows,
    validate_rows,
)


def check_pair_parameters(estimator, X_val, y_val) -> None:
    """Raise where parameters are no numbers, or contradict what fit is given.

    Parameters
    ----------
    estimator : EncoderDecoderRegressor
        Gives the parameters.

    X_val, y_val : object
        Validation rows, or None.
    """
    alphas = np.asarray(estimator.alphas)
    numbers = alphas.ndim == 1 and alphas.size and alphas.dtype.kind in "iuf"
    if not numbers or not (np.isfinite(alphas) & (alphas > 0)).all():
        raise ValueError(f"alphas must be positive numbers, got {estimator.alphas!r}.")
    check_positive_integers("hidden_channels", estimator.hidden_channels)
    if estimator.kernel_size % 2 == 0:
        raise ValueError(
            f"kernel_size must be odd, got kernel_size={estimator.kernel_size}."
        )
    if (X_val is None) != (y_val is None):
        missing = "X_val" if X_val is None else "y_val"
        raise ValueError(f"X_val and y_val must be given together, got no {missing}.")
    check_validation_rows_used(estimator, X_val)


def validate_fit_pairs(
    estimator, X, y
) -> tuple[TableSchema, PairedTables, tuple[int, ...]]:
    """Check pairs to fit, and learn the columns of X.

    Parameters
    ----------
    estimator : EncoderDecoderRegressor
        Gets `n_features_in_` and, where there are any, `feature_names_in_`.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, ...)
        Inputs.

    y : array-like of shape (n_samples, ...)
        Outputs.

    Returns
    -------
    columns, pairs, axes : TableSchema, PairedTables, tuple of int
        The columns of X, what training reads, and the axes of a row of y as it came.
    """
    columns, rows = validate_fit_rows(
        estimator, _flat(estimator, X, "X", "input_shape")
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
    """Check validation rows, and read them as training rows are read.

    Parameters
    ----------
    estimator : EncoderDecoderRegressor
        Fitted, as far as names and number of columns go.

    X_val, y_val : array-like or None
        Inputs and outputs.

    columns : TableSchema
        Those of X.

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
    judged = PairedTables(rows, read_outputs(estimator, y_val, "y_val"))
    check_consistent_length(*judged)
    n_outputs = pairs.Y.shape[1]
    if judged.Y.shape[1] != n_outputs:
        raise ValueError(
            f"y_val must have as many columns as y, {n_outputs}, got "
            f"{judged.Y.shape[1]}."
        )
    return judged


def read_inputs(estimator, X, columns: TableSchema, input_name: str = "X"):
    """Check inputs with the columns of those at fit, and read their numbers.

    Parameters
    ----------
    estimator : EncoderDecoderRegressor
        Fitted, as far as names and number of columns go.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, ...)
        Inputs.

    columns : TableSchema
        Those at fit.

    input_name : str, default="X"
        What errors call the inputs.

    Returns
    -------
    rows : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Their numbers: finite, or NaN where missing.
    """
    rows = _flat(estimator, X, input_name, "input_shape")
    return validate_rows(estimator, rows, columns, input_name=input_name)


def read_outputs(estimator, y, input_name: str) -> np.ndarray:
    """Check outputs, and return them without axes.

    Parameters
    ----------
    estimator : EncoderDecoderRegressor
        Gives `output_shape`.

    y : array-like of shape (n_samples, ...)
        Outputs.

    input_name : str
        What errors call them.

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
        _flat(estimator, y, input_name, "output_shape"),
        dtype=FLOATS,
        ensure_2d=False,
        input_name=input_name,
        estimator=estimator,
    )
    return outputs.reshape(len(outputs), -1)


def _flat(estimator, array, array_name: str, name: str):
    """Return rows without the axes that a shape gives them."""
    given = getattr(estimator, name)
    if given is None:
        return array
    shape = read_image_shape(name, given, estimator.channels_last)
    return flatten_rows(array, shape, array_name=array_name, name=name, given=given)


def check_shape(estimator, name: str, array_name: str, n_columns: int) -> None:
    """Raise where a shape does not have as many cells as there are columns.

    Parameters
    ----------
    estimator : EncoderDecoderRegressor
        Gives the shape.

    name, array_name : str
        What errors call the parameter and the rows.

    n_columns : int
        Number of columns.
    """
    given = getattr(estimator, name)
    if given is not None:
        shape = read_image_shape(name, given, estimator.channels_last)
        check_image_shape(name, given, shape, array_name, n_columns)


class PairRegressorMixin(RegressorMixin):
    """scikit-learn's mixin, but for `score`, which takes outputs with axes too."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def score(self, X, y, sample_weight=None):
        """Return the coefficient of determination of predictions, at most 1.

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
            Mean over the outputs of 1 - squared error / variance. 0 is as bad as the
            mean.

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
