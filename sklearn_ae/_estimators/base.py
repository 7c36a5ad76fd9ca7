"""The scikit-learn contract of every autoencoder, once."""

from dataclasses import dataclass, field
from numbers import Integral
from typing import ClassVar

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from .._fitting import FittedAutoencoder, fit_rows
from .._persistence import (
    COLUMNS_SCHEMA,
    TRAINING_SCHEMA,
    Array,
    Nested,
    Number,
    OrNone,
    PersistenceMixin,
)
from .._sklearn import Interval, RealNotInt, _fit_context
from .._tables import (
    FLOATS,
    check_validation_rows_used,
    float_dtype,
    frame_library,
    validate_fit_rows,
    validate_rows,
)
from .._training import check_checkpoint, default_torch_modes
from .mixins import DocLinkMixin, LatentFeaturesMixin, restore_on_error
from .parameters import (
    CategoryParameters,
    CodeParameters,
    LayerParameters,
    ScaleParameters,
    TrainingParameters,
)
from .sklearn_callbacks import CallbackMixin, FitTasks
from .variant import Variant


@dataclass(kw_only=True, eq=False, repr=False)
class BaseAutoencoder(
    PersistenceMixin,
    Variant,
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

    A subclass says what it is in the hooks of :class:`Variant`.
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
            Validation rows, instead of a share of X. In a Pipeline they are transformed
            as X is, with ``transform_input=["X_val"]``.

        checkpoint : str or path-like, default=None
            File that is written at the end of every epoch. A fit that was cut off, by
            Ctrl-C or a power failure, goes on from there if it is called again with the
            same arguments, and ends with the same bits as without the cut, as far as
            `random_state` promises them; of None or a RandomState instance the file
            keeps the number drawn first. Each fit has its own file, which stays. A kill
            while it is written may leave a useless one beside it, ending in ``.part``.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X holds infinity or dates, a parameter does not fit X, or the loss turns
            non-finite. If `checkpoint` is of other data, other parameters (but
            `verbose`) or other versions; is no file of ours, and is left alone; or
            comes with `callbacks`. The estimator is left as it was.

        TypeError
            If a column holds cells of different kinds.

        OSError
            If `checkpoint` can't be read or written.

        Warns
        -----
        UserWarning
            If all columns are constant, or a categorical one differs in all rows.
        """
        check_validation_rows_used(self, X_val)
        check_checkpoint(self, checkpoint)
        tasks = FitTasks(self, X, y)
        with restore_on_error(self):
            columns, X = validate_fit_rows(self, self._flattened(X))
            self._check_columns(columns)
            if X_val is not None:
                X_val = self._flattened(X_val)
                X_val = validate_rows(self, X_val, columns, input_name="X_val")
            with default_torch_modes():
                learned = fit_rows(self, columns, X, X_val, tasks, checkpoint)
            self._publish(learned)
            if learned.state.interruption is None:
                tasks.finish()
        if learned.state.interruption is not None:
            raise learned.state.interruption
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
            the columns' deviations with ``standardize=True`` or categories; of unit
            variance with ``whiten=True``).

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        rows = self._rows_of(X)
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
            Rows in input units: a dataframe like the one at fit, if it was one, with
            its columns and dtypes. Categories are the likeliest, integers are rounded.

        Raises
        ------
        ValueError
            If X has other than `n_components_` columns, or cells that are not finite.
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
        return self._fitted.codec.columns.write(self._fitted.decode(codes), like=X)

    def reconstruct(self, X):
        """Return what the codes of X keep of it.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        X_original : {ndarray, dataframe} of shape (n_samples, n_features)
            ``inverse_transform(transform(X))``.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        rows = self._rows_of(X)
        rows = self._fitted.reconstruct(rows)
        return self._fitted.codec.columns.write(rows, like=X)

    def impute(self, X):
        """Return X with its missing cells replaced by their reconstruction.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        X_filled : {ndarray, sparse matrix, dataframe} of shape (n_samples, n_features)
            X, in its own container and dtypes, with nothing but its missing cells
            replaced. Columns without a single observed cell in fit stay missing; those
            without one in X take their dtype in fit.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        X = self._flattened(X)
        rows = self._rows_of(X)
        columns = self._fitted.codec.columns
        if issparse(X):
            return self._fitted.fill_sparse(rows).asformat(X.format)
        rows = rows.toarray() if issparse(rows) else rows  # of sparse columns
        filled = self._fitted.reconstruct(rows, observed=True)
        missing = columns.missing(rows) & ~np.isnan(filled)
        if frame_library(X) is not None:
            return columns.fill(X, missing, filled)
        if not missing.any():
            return np.array(X)
        X = np.array(X, dtype=rows.dtype)
        X[missing] = columns.write_array(filled)[missing]
        return X

    def reconstruction_error(self, X):
        """Return how far each row is from its reconstruction.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        error : ndarray of shape (n_samples,)
            Means of :meth:`feature_reconstruction_error` over observed cells, or NaN.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        X = self._rows_of(X)
        error = np.empty(X.shape[0], float_dtype(X))
        for chunk, squares in self._fitted.squared_errors(X):
            observed = ~np.isnan(squares)
            total = squares.sum(axis=1, where=observed)
            with np.errstate(invalid="ignore"):
                error[chunk] = total / observed.sum(axis=1)
        return error

    def feature_reconstruction_error(self, X):
        """Return how far each cell is from its reconstruction.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        error : ndarray of shape (n_samples, n_features)
            Squared error of each cell, NaN where it is missing (a missing category is
            one like others if fit saw any) or its column had no cell in fit. In input
            units squared; for tables with categories in the loss's units: a numeric
            cell's in deviations squared, a category's as the Brier score over that of
            guessing the frequencies.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        X = self._rows_of(X)
        error = np.empty(X.shape, float_dtype(X))
        for chunk, squares in self._fitted.squared_errors(X):
            error[chunk] = squares
        return error

    def score(self, X, y=None):
        """Return the share of the variance of X that the codes explain.

        It grows with `n_components`; to choose that, search by a later step's score.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        y : Ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        score : float
            One minus squared error over squared deviation from the training mean, both
            over the observed cells, in the loss's units. At most 1; higher is better.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        X = self._rows_of(X)
        error = deviation = 0.0
        for _, rows, reconstruction in self._fitted.pairs(X):
            difference = np.subtract(rows, reconstruction, dtype=np.float64)
            error += np.nansum(np.square(difference))
            deviation += np.nansum(np.square(rows, dtype=np.float64))
        if deviation == 0:
            return 1.0 if error == 0 else 0.0
        return float(1 - error / deviation)

    @property
    def module_(self):
        """A fresh copy of the network, for going on in torch.

        It maps rows ``(X - mean_) / scale_``, with indicators in the place of
        categories and NaN where cells are missing, to their reconstructions in the same
        units, as its codes are (before whitening), and comes in ``eval()``. Training it
        leaves the estimator as it is.
        """
        check_is_fitted(self)
        return self._fitted.module()

    def _publish(self, learned):
        """Assign everything a fit learns, at once."""
        vars(self).pop("_stream", None)
        self._fitted = learned.fitted
        vars(self).update(
            {name: derive(self) for name, derive in self._derived.items()},
            explained_variance_=learned.explained_variance,
            pca_validation_loss_=learned.pca_validation_loss,
            **learned.state.attributes(),
            **learned.more,
        )

    def _check_fitted(self):
        self._fitted.check_works()

    def _check_restored(self):
        self._check_parameters()
        self._check_columns(self._fitted.codec.columns)

    def _rows_of(self, X):
        """Return the numbers of a table with the columns seen in fit."""
        check_is_fitted(self)
        return validate_rows(self, self._flattened(X), self._fitted.codec.columns)
