"""Outlier detection by cells, codes, reconstructions and residuals of rows."""

import warnings
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import OutlierMixin
from sklearn.utils.validation import check_is_fitted

from .._estimators import (
    BaseWrapper,
    FitTasks,
    count_wrapped_fits,
    fit_transaction,
    fit_wrapped,
    latent_model_of,
)
from .._persistence import Nested, Number
from .._sklearn import Interval, _fit_context
from .._tables import make_indexable, numbers_frame, select_rows
from .robust_fit import (
    beats_linear_start,
    is_trainable,
    linear_start_of,
    select_inliers,
)
from .tail_score import TailScore, fit_tail_score

# Warn if there are fewer distinct scores than one for this many rows.
_ROWS_A_SCORE = 100


@dataclass(kw_only=True, eq=False, repr=False)
class ReconstructionOutlierDetector(OutlierMixin, BaseWrapper):
    r"""Outlier detection on top of an autoencoder, PCA or another transformer.

    Use it to find rows unlike the others, among the training rows themselves or in new
    ones, and to ask which of their columns make them so.

    The plain squared error of reconstruction fails where columns differ in scale and
    tail, and where the transformer reconstructs outliers too. Here the score of a row
    sums up how extreme all its parts are:

    .. math::

        a(x) &= \sum_j s_j(x_j) + \sum_j t_j(x_j - x'_j) + \sum_l v_l(a_l^\top x) \\
             &+ w \sum_k u_k(z_k) + w' \sum_j r_j(x'_j)

    over its cells, over the residuals of its reconstruction, over the principal axes of
    the standardized columns, which do not depend on the network, and, with half the
    weight or less, over its codes and its reconstruction. Each term is minus the
    logarithm of the share of training rows that are at least as extreme. For the most
    extreme tenth of the rows, a generalized Pareto distribution of the column's tail
    gives that share (Pickands 1975). So terms do not depend on the scale and the
    skewness of a column. Their sum is a negative log-likelihood, a rough one, as it
    takes the terms for independent. A categorical column has one term for the rarity of
    its category and one for the length of its residuals. A missing cell gets the mean
    term of its column.

    A network also learns to reconstruct outliers that are among its training rows. So
    it is fitted without the share of rows that are the most abnormal by its linear
    start (other transformers are first fitted to all rows). The score's statistics are
    those of all rows.

    A network may learn to reconstruct any row at all. So it is used only if it leaves
    less than a quarter of its linear start's squared residuals of the rows it was
    fitted to, or reduces them, in the mean of logarithms, more than those of the rows
    left out. Otherwise the linear start, fitted to the same rows, replaces it.

    Parameters
    ----------
    estimator : estimator or None, default=None
        An autoencoder, or any transformer with `inverse_transform`, such as PCA. None
        means ``AutoencoderTransformer()``. It is cloned and fitted, unless it is a
        FrozenEstimator, which is used as it is.

    contamination : float, default=0.1
        Share of the training rows that are predicted to be outliers, in (0, 0.5]. It
        sets `offset_` and changes no score.

    trimmed_fraction : float, default=0.1
        Share of the training rows, the most abnormal ones, that the estimator is not
        fitted to. 0 is for training rows known to be normal, takes less time, and uses
        the network without a test. No row is left out for a frozen estimator, nor where
        there would be fewer rows than codes.

    random_state : int, RandomState instance or None, default=None
        Unless None, seeds each random state of `estimator` that is None. What else a
        fit draws depends on it, too. An int gives the same bits again on one machine,
        one set of versions and one number of threads.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator. If an autoencoder is no better than its linear start, it
        is a clone with ``max_epochs=0``.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit. Defined only if X has names that are all
        strings.

    n_features_in_ : int
        Number of columns seen in fit.

    offset_ : float
        Score below which rows are outliers.

    See Also
    --------
    AutoencoderTransformer : The autoencoder that is the default.
    VariationalAutoencoder : Log-likelihoods of rows.
    sklearn.decomposition.PCA : A linear `estimator`, which takes less time.
    sklearn.ensemble.IsolationForest : Outlier detection by random trees.

    References
    ----------
    C. C. Aggarwal, *Outlier Analysis*, 2nd edition, Springer, 2017.

    Z. Li, Y. Zhao, X. Hu, N. Botta, C. Ionescu and G. H. Chen, "ECOD: unsupervised
    outlier detection using empirical cumulative distribution functions", IEEE
    Transactions on Knowledge and Data Engineering, 2022.

    J. Pickands, "Statistical inference using extreme order statistics", Annals of
    Statistics 3, 1975.

    J. R. M. Hosking and J. R. Wallis, "Parameter and quantile estimation for the
    generalized Pareto distribution", Technometrics 29, 1987.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> from sklearn_ae import ReconstructionOutlierDetector
    >>> angle = np.linspace(0, 6, 100)
    >>> X = np.column_stack([angle, np.sin(angle), np.cos(angle)])
    >>> X[7, 1] = 9
    >>> detector = ReconstructionOutlierDetector(PCA(1), contamination=0.01).fit(X)
    >>> np.flatnonzero(detector.predict(X) == -1)
    array([7])
    >>> detector.explain(X).loc[7].idxmax()
    'x1'
    """

    contamination: float = 0.1
    trimmed_fraction: float = 0.1
    random_state: Any = None

    _parameter_constraints: ClassVar[dict] = {
        **BaseWrapper._parameter_constraints,
        "contamination": [Interval(Real, 0, 0.5, closed="right")],
        "trimmed_fraction": [Interval(Real, 0, 0.5, closed="left")],
        "random_state": ["random_state"],
    }
    _schema: ClassVar[dict] = {
        **BaseWrapper._schema,
        "_fitted": Nested(TailScore),
        "offset_": Number(),
    }

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the estimator and the score to training rows.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Training rows, as `estimator` takes them.

        y : Ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If `estimator` can't be fitted to X. The detector is left as it was.

        Warns
        -----
        UserWarning
            If so many training rows have the same score that the share of outliers can
            not be `contamination`.
        """
        tasks = FitTasks(self, X, y)
        X = make_indexable(X)
        with fit_transaction(self, tasks):
            tasks.begin("fit", self._most_fits())
            estimator, tail_score, abnormality = self._fit_score(X, tasks)
            scores = -abnormality
            offset = float(np.percentile(scores, 100 * self.contamination))
            _check_distinct(scores, offset, self.contamination)
            self.estimator_, self._fitted = estimator, tail_score
            self.offset_ = offset
        return self

    def _check_restored(self):
        super()._check_restored()
        fitted = latent_model_of(self.estimator_).fitted
        sizes = self._fitted.n_codes, len(self._fitted.cells)
        if sizes != (fitted.network["n_components"], fitted.n_features):
            raise ValueError(
                f"_fitted must be about codes and columns of estimator_, got {sizes}."
            )

    def score_samples(self, X):
        """Return how normal rows are.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Sums of log tail probabilities, in nats: the lower, the more abnormal.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        check_is_fitted(self)
        return -self._fitted.score(self.estimator_, make_indexable(X))

    def decision_function(self, X):
        """Return how far the scores of rows are above those of outliers.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            ``score_samples(X) - offset_``, negative for outliers.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X):
        """Tell outliers from other rows.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        is_inlier : ndarray of int of shape (n_samples,)
            -1 for outliers, 1 for other rows.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def explain(self, X):
        """Return the share of each column in the score of each row.

        A column has the terms of its own cells, residuals and reconstructions. The term
        of an axis or a code is distributed over the columns, by its squared correlation
        with a column at training times the term of the row's cell there.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        shares : pandas.DataFrame of shape (n_samples, n_features)
            Shares of each row's score, not negative and of sum 1, by the columns' names
            (x0, x1, ... where fit saw none) and with the index of X. 0 for missing
            cells.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        check_is_fitted(self)
        shares = self._fitted.shares(self.estimator_, make_indexable(X))
        return numbers_frame(
            latent_model_of(self.estimator_).column_names(), shares, like=X
        )

    def _trims(self) -> bool:
        return self.trimmed_fraction > 0 and count_wrapped_fits(self.estimator) > 0

    def _most_fits(self) -> int:
        """Return the most estimators that a fit fits."""
        return 3 if self._trims() else count_wrapped_fits(self.estimator)

    def _fit_score(self, X, tasks):
        """Return the fitted estimator, the tail score, and that of each row of X."""
        if self._trims():
            estimator = self._fit_trusted(X, self._select(X, tasks), tasks)
        else:
            estimator = fit_wrapped(self.estimator, X, self.random_state, tasks)
        return estimator, *fit_tail_score(estimator, X)

    def _select(self, X, tasks):
        """Return which rows to fit to, by the scores of the linear start."""
        start = self._fit_start(X, tasks)
        tail_score, scores = fit_tail_score(start, X)
        kept = select_inliers(scores, self.trimmed_fraction, start, X)
        if kept.sum() <= max(2, tail_score.n_codes):
            kept[:] = True
        return kept

    def _fit_start(self, X, tasks):
        """Return the linear start of the estimator."""
        start = linear_start_of(self.estimator)
        return fit_wrapped(start, X, self.random_state, tasks, "fit-start")

    def _fit_trusted(self, X, kept, tasks):
        """Return the estimator fitted to some rows, or its start if that is better."""
        rows = select_rows(X, kept)
        network = fit_wrapped(self.estimator, rows, self.random_state, tasks)
        if kept.all() or not is_trainable(network):
            return network
        start = self._fit_start(rows, tasks)
        return network if beats_linear_start(network, start, X, kept) else start


def _check_distinct(scores: np.ndarray, offset: float, contamination: float) -> None:
    """Warn if scores have collapsed to few values, or ties leave out outliers."""
    n_distinct = len(np.unique(scores.astype(np.float32)))
    n_outliers = np.count_nonzero(scores < offset)
    few = n_distinct == 1 or n_distinct * _ROWS_A_SCORE < len(scores)
    if few or 2 * (n_outliers + 1) < contamination * len(scores):
        warnings.warn(
            f"The {len(scores)} training rows have only {n_distinct} distinct scores, "
            "so the share of outliers can't be as in contamination. Use more columns "
            "or finer ones, or another estimator.",
            UserWarning,
            stacklevel=4,
        )
