"""Scores of outputs that have axes."""

from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from ._pair_reading import read_outputs


class PairRegressorMixin(RegressorMixin):
    """scikit-learn's mixin, but for `score`, which takes outputs with axes too."""

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
