"""Methods of autoencoders for reconstructions and their errors."""

import numpy as np
from scipy.sparse import issparse

from .._tables import float_dtype


class ReconstructionMixin:
    """Mixin of estimators with `_fitted`, a :class:`FittedAutoencoder`.

    They have the methods `_flatten` and `_validate_rows`, too.
    """

    def reconstruct(self, X):
        """Return the reconstructions of X from its codes.

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
        rows = self._validate_rows(X)
        rows = self._fitted.reconstruct(rows)
        return self._fitted.codec.schema.write(rows, like=X)

    def impute(self, X):
        """Return X with missing cells replaced by their reconstructions.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        X_filled : {ndarray, sparse matrix, dataframe} of shape (n_samples, n_features)
            X in its own container and dtypes; only missing cells are replaced. Columns
            without an observed cell in fit stay missing. Columns without one in X get
            the dtype that they had in fit.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        X = self._flatten(X)
        rows = self._validate_rows(X)
        schema = self._fitted.codec.schema
        if issparse(X):
            return self._fitted.fill_sparse(rows).asformat(X.format)
        rows = rows.toarray() if issparse(rows) else rows  # of sparse columns
        filled = self._fitted.reconstruct(rows, observed=True)
        missing = schema.is_missing(rows) & ~np.isnan(filled)
        return schema.fill(X, missing, filled)

    def reconstruction_error(self, X):
        """Return the mean squared reconstruction error of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        error : ndarray of shape (n_samples,)
            Means of :meth:`feature_reconstruction_error` over observed cells, NaN for
            rows without any.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        X = self._validate_rows(X)
        error = np.empty(X.shape[0], float_dtype(X))
        for chunk, squares in self._fitted.squared_errors(X):
            observed = ~np.isnan(squares)
            total = squares.sum(axis=1, where=observed)
            with np.errstate(invalid="ignore"):
                error[chunk] = total / observed.sum(axis=1)
        return error

    def feature_reconstruction_error(self, X):
        """Return the squared reconstruction error of each cell.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        error : ndarray of shape (n_samples, n_features)
            Squared error of each cell, in input units squared. In tables with
            categories it is in the units of the loss: in standard deviations squared
            for numeric cells, and for categories the Brier score divided by that of
            the frequencies. It is NaN for missing cells, and in columns without a cell
            in fit. If fit saw missing cells of a categorical column, "missing" is one
            of its categories.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        X = self._validate_rows(X)
        error = np.empty(X.shape, float_dtype(X))
        for chunk, squares in self._fitted.squared_errors(X):
            error[chunk] = squares
        return error

    def score(self, X, y=None):
        """Return the share of the variance of X that is explained by the codes.

        It grows with `n_components`. To choose that parameter, use the score of a later
        step.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        y : Ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        score : float
            One minus the squared error divided by the squared deviation from the
            training mean. Both are sums over observed cells, in the units of the loss.
            At most 1; higher is better.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        X = self._validate_rows(X)
        error = deviation = 0.0
        for _, rows, reconstruction in self._fitted.pairs(X):
            difference = np.subtract(rows, reconstruction, dtype=np.float64)
            error += np.nansum(np.square(difference))
            deviation += np.nansum(np.square(rows, dtype=np.float64))
        if deviation == 0:
            return 1.0 if error == 0 else 0.0
        return float(1 - error / deviation)
