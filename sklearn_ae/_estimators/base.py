"""Base of all autoencoders: scikit-learn's contract."""

from dataclasses import dataclass, field
from functools import partial
from numbers import Integral
from typing import ClassVar

from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from .._fitting import (
    FittedAutoencoder,
    Recipe,
    RowReconstruction,
    fit_problem,
    layer_sizes,
    open_checkpoint,
)
from .._persistence import (
    COLUMNS_SCHEMA,
    TRAINING_SCHEMA,
    Array,
    Nested,
    Number,
    OrNone,
    PersistenceMixin,
    describe_settings,
)
from .._sklearn import Interval, RealNotInt, _fit_context
from .._tables import (
    FLOATS,
    check_validation_rows_used,
    validate_fit_rows,
    validate_rows,
)
from .._training import RandomStreams, check_checkpoint, default_torch_modes
from .mixins import DocLinkMixin, LatentFeaturesMixin, fit_transaction
from .parameters import (
    CategoryParameters,
    CodeParameters,
    LayerParameters,
    ScaleParameters,
    TrainingParameters,
)
from .reconstruction_methods import ReconstructionMixin
from .sklearn_callbacks import CallbackMixin, FitTasks


@dataclass(kw_only=True, eq=False, repr=False)
class BaseAutoencoder(
    PersistenceMixin,
    ReconstructionMixin,
    TrainingParameters,
    CategoryParameters,
    ScaleParameters,
    CodeParameters,
    LayerParameters,
    LatentFeaturesMixin,
    CallbackMixin,
    DocLinkMixin,
    BaseEstimator,
):
    """Base of all autoencoders: parameters, fit, transform and scores.

    A subclass overrides `_recipe`, and where it needs to `_check_parameters`,
    `_check_columns` and `_flatten`.
    """

    n_components: int | float | None = field(default=2, kw_only=False)

    _parameter_constraints: ClassVar[dict] = {
        "n_components": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
            None,
        ],
        **LayerParameters._parameter_constraints,
        **CodeParameters._parameter_constraints,
        **ScaleParameters._parameter_constraints,
        **CategoryParameters._parameter_constraints,
        **TrainingParameters._parameter_constraints,
    }
    _schema: ClassVar[dict] = {
        "_fitted": Nested(FittedAutoencoder),
        **COLUMNS_SCHEMA,
        **TRAINING_SCHEMA,
        "explained_variance_": Array(("n_components",)),
        "pca_validation_loss_": OrNone(Number()),
    }
    _derived: ClassVar[dict] = {
        "n_components_": lambda self: self._fitted.network["n_components"],
        "mean_": lambda self: self._fitted.codec.mean.copy(),
        "scale_": lambda self: self._fitted.codec.scale.copy(),
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, X_val=None, checkpoint=None):
        """Learn the codes of X.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Training rows, at least two: numbers, and in dataframes categories. Cells
            may be missing (NaN, None, pandas.NA).

        y : Ignored
            Present for scikit-learn's conventions.

        X_val : {array-like, sparse matrix, dataframe} of shape (n_val, n_features), \
                default=None
            Validation rows, instead of a share of X. A Pipeline transforms them like X
            if it has ``transform_input=["X_val"]``.

        checkpoint : str or path-like, default=None
            File that is written at the end of every epoch. A fit that was interrupted,
            for instance by Ctrl-C or a power failure, is resumed from there if it is
            called again with the same arguments. It ends with the same bits as without
            the interruption, as far as `random_state` allows; if that is None or a
            RandomState instance, the file keeps the number that was drawn first. Use
            another file for each fit; files are not deleted. If the process is killed
            while it writes, a useless file that ends in ``.part`` may be left. Fits of
            few rows, which are cross-fitted, start from the beginning: they take
            seconds.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X holds infinity or dates, a parameter does not fit X, or the loss turns
            non-finite. If `checkpoint` belongs to other data, other parameters (except
            `verbose`) or other versions, is not a checkpoint (the file is not changed),
            or is given together with `callbacks`. The estimator stays as it was.

        TypeError
            If a column has cells of different types.

        OSError
            If `checkpoint` can't be read or written.

        Warns
        -----
        UserWarning
            If all columns are constant, or a categorical column has another category
            in every row.
        """
        check_validation_rows_used(self, X_val)
        check_checkpoint(checkpoint, self.callbacks)
        tasks = FitTasks(self, X, y)
        with fit_transaction(self, tasks) as outcome:
            columns, X = validate_fit_rows(self, self._flatten(X))
            self._check_columns(columns)
            if X_val is not None:
                X_val = self._flatten(X_val)
                X_val = validate_rows(self, X_val, columns, input_name="X_val")
            with default_torch_modes():
                recipe = self._recipe()
                streams = RandomStreams(recipe.random_state)
                identity = describe_settings(self, recipe.training.device)
                tables = {"X": X, "X_val": X_val}
                saved = open_checkpoint(checkpoint, identity, columns, tables, streams)
                problem = RowReconstruction(recipe, columns, X, X_val)
                observe = partial(tasks.observe, "fit", type(self)._assign_result)
                result = fit_problem(recipe, problem, streams, saved, observe)
            self._assign_result(result)
            outcome.interruption = result.state.interruption
        return self

    def transform(self, X):
        """Return the codes of X.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components)
            Centred on the training rows and ordered by variance, in input units (in
            the columns' standard deviations with ``standardize=True`` or categories; of
            unit variance with ``whiten=True``).

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        rows = self._validate_rows(X)
        return self._fitted.encode(rows)

    def inverse_transform(self, X):
        """Return rows from codes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_components)
            Codes, in the units of :meth:`transform`.

        Returns
        -------
        X_original : {ndarray, dataframe} of shape (n_samples, n_features)
            Rows in input units. After a fit to a dataframe they are one, with the same
            columns and dtypes. Categories are the most likely ones; integers are
            rounded.

        Raises
        ------
        ValueError
            If X does not have `n_components_` columns, or has cells that are not
            finite.
        """
        check_is_fitted(self)
        codes = check_array(
            X, accept_sparse="csr", dtype=FLOATS, input_name="X", estimator=self
        )
        if codes.shape[1] != self.n_components_:
            raise ValueError(
                f"X must have n_components_={self.n_components_} columns, got "
                f"{codes.shape[1]}."
            )
        return self._fitted.codec.schema.write(self._fitted.decode(codes), like=X)

    @property
    def module_(self):
        """A fresh copy of the network in ``eval()``, for use in torch.

        It maps rows ``(X - mean_) / scale_``, with indicators in the place of
        categories and NaN where cells are missing, to their reconstructions in the same
        units. Its codes are in these units, too, and not whitened. Training it does not
        change the estimator.
        """
        check_is_fitted(self)
        return self._fitted.module()

    def _check_parameters(self) -> None:
        """Raise if parameters contradict each other."""
        return

    def _check_columns(self, columns) -> None:
        """Raise if the estimator can't be fitted to columns of these kinds."""
        return

    def _flatten(self, X):
        """Return X as rows and columns; a subclass may accept X with more axes."""
        return X

    def _recipe(self) -> Recipe:
        """Return the recipe of fits; raise if parameters are invalid.

        A subclass returns ``dataclasses.replace(super()._recipe(), ...)``.
        """
        self._check_parameters()
        training = self._training_options()
        return Recipe(
            training=training,
            random_state=self.random_state,
            n_components=self.n_components,
            hidden_layer_sizes=layer_sizes(self.hidden_layer_sizes),
            activation=self.activation,
            init=self.init,
            standardize=self.standardize,
            whiten=self.whiten,
        )

    def _assign_result(self, result):
        """Assign all fitted attributes at once."""
        vars(self).pop("_stream", None)
        self._fitted = result.fitted
        self._assign_derived()
        vars(self).update(
            explained_variance_=result.explained_variance,
            pca_validation_loss_=result.start_loss,
            **result.state.attributes(),
            **result.attributes,
        )

    def _check_fitted(self):
        self._fitted.check_works()

    def _check_restored(self):
        self._check_parameters()
        self._check_columns(self._fitted.codec.schema)

    def _validate_rows(self, X):
        """Check a table with the columns seen in fit, and return its numbers."""
        check_is_fitted(self)
        return validate_rows(self, self._flatten(X), self._fitted.codec.schema)
