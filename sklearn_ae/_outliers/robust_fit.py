"""Fits that outliers among the training rows change little."""

import numpy as np
from sklearn.base import clone

from .._estimators import latent_model_of, or_default, unwrap_autoencoder

# A network that leaves less than this part of the squared residuals of its linear start
# is trusted, whatever it does to the rows left out.
_MOST_SHARE_LEFT = 1 / 4
# Least squared residual of a row in logarithms, as a part of the mean.
_LEAST_RESIDUAL = 1e-6


def linear_start_of(estimator):
    """Return an untrained autoencoder of this package; other estimators as they are."""
    estimator = or_default(estimator)
    autoencoder = unwrap_autoencoder(estimator)
    if autoencoder is None:
        return estimator
    return clone(autoencoder).set_params(max_epochs=0)


def is_trainable(estimator) -> bool:
    """Tell whether an estimator is an autoencoder of this package that trains."""
    autoencoder = unwrap_autoencoder(estimator)
    return autoencoder is not None and autoencoder.max_epochs != 0


def select_inliers(scores: np.ndarray, fraction: float, estimator, X) -> np.ndarray:
    """Select all rows but the share with the highest scores.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Of each row: the higher, the more abnormal.

    fraction : float
        Share of the rows to leave out, rounded down.

    estimator : estimator
        The transformer that was fitted to them.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        The rows. Those with a category that no other selected row has are selected,
        too, so that the estimator knows all categories.

    Returns
    -------
    kept : ndarray of bool of shape (n_samples,)
        Whether a row is selected.
    """
    n_left_out = int(fraction * len(scores))
    order = np.argsort(scores, kind="stable")
    kept = np.ones(len(order), dtype=bool)
    kept[order[len(order) - n_left_out :]] = False
    model = latent_model_of(estimator)
    return model.keep_all_categories(model.read(X), kept)


def beats_linear_start(network, start, X, kept: np.ndarray) -> bool:
    r"""Tell whether training makes rows that were left out stand out more.

    A network that has learned what the kept rows have in common reduces their residuals
    more than those of other rows. One that gains as much on the rows left out has
    learned to reconstruct any row, or the outliers among the rows it was fitted to. The
    gain on a row is

    .. math:: g = \log (\|s\|^2 / \|r\|^2),

    with its residual s before training and r after it. A network is trusted if its mean
    gain on the kept rows is above that on the rows left out. It is also trusted if it
    leaves less than a quarter of the kept rows' squared residuals: they then lie on a
    curved surface, and so may those rows left out that are no outliers.

    Parameters
    ----------
    network, start : estimator
        The transformer, trained and not, both fitted to the kept rows.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Training rows.

    kept : ndarray of bool of shape (n_samples,)
        Which of them they were fitted to; at least one is not.

    Returns
    -------
    beats_linear_start : bool
        False if there is no gain on the kept rows.
    """
    before, after = residual_squares(start, X), residual_squares(network, X)
    if after[kept].sum() < _MOST_SHARE_LEFT * before[kept].sum():
        return True
    least = _LEAST_RESIDUAL * before.mean()
    if least == 0:
        return False
    gains = np.log(np.maximum(before, least) / np.maximum(after, least))
    return bool(gains[kept].mean() > max(gains[~kept].mean(), 0))


def residual_squares(estimator, X) -> np.ndarray:
    """Return the summed squares of each row's residuals, without missing cells."""
    model = latent_model_of(estimator)
    return np.concatenate(
        [
            np.nansum(np.square(statistics.residuals, dtype=np.float64), axis=1)
            for statistics in model.statistics(model.read(X))
        ]
    )
