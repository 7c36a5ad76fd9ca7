"""Methods of autoencoders that give reconstructions, and errors of these."""

import numpy as np
from scipy.sparse import issparse

from .._tables import float_dtype


class ReconstructionMixin:
    """Mixin of estimators with `_fitted`, a :class:`FittedAutoencoder`."""

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
        return self._fitted.codec.schema.write(rows, like=X)

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
        schema = self._fitted.codec.schema
        if issparse(X):
            return self._fitted.fill_sparse(rows).asformat(X.format)
        rows = rows.toarray() if issparse(rows) else rows  # of sparse columns
        filled = self._fitted.reconstruct(rows, observed=True)
        missing = schema.is_missing(rows) & ~np.isnan(filled)
        return schema.fill(X, missing, filled)

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
