"""scikit-learn's IterativeImputer on encoded tables."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer


class IterativeBaseline:
    """scikit-learn's IterativeImputer on an encoded matrix, for its numeric columns.

    Parameters
    ----------
    numeric : array of int
        The numeric columns of the matrix.

    with_categories : bool
        Whether the other columns, 0 where not observed, predict along.

    seed : int
        Seed of the imputer.
    """

    def __init__(self, numeric, with_categories, seed):
        self.numeric, self.with_categories = numeric, with_categories
        self.seed = seed
        # Only columns with gaps at fit are modelled then, so not the indicators.
        self.imputer = IterativeImputer(
            skip_complete=with_categories, random_state=seed
        )

    def fit(self, matrix):
        numbers = matrix[:, self.numeric]
        if self.with_categories:
            rng = np.random.default_rng(self.seed)
            complete = np.flatnonzero(~np.isnan(numbers).any(axis=0))
            numbers[rng.integers(len(numbers), size=len(complete)), complete] = np.nan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.imputer.fit(self._predictors(matrix, numbers))
        return self

    def impute(self, matrix):
        """Return the numeric columns without gaps."""
        rows = self._predictors(matrix, matrix[:, self.numeric])
        return self.imputer.transform(rows)[:, : len(self.numeric)]

    def _predictors(self, matrix, numbers):
        if not self.with_categories:
            return numbers
        others = np.delete(matrix, self.numeric, axis=1)
        return np.hstack([numbers, np.nan_to_num(others)])
