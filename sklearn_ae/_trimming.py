"""Which training rows an estimator is fitted to again, once the worst are known."""

import numpy as np
from sklearn.base import clone

from ._held import or_default, own_autoencoder


def untrained(estimator):
    """Return the start of an autoencoder of this package; other estimators as is."""
    estimator = or_default(estimator)
    own = own_autoencoder(estimator)
    return estimator if own is None else clone(own).set_params(max_epochs=0)


def trains(estimator) -> bool:
    """Tell whether an estimator is an autoencoder of this package that trains."""
    own = own_autoencoder(estimator)
    return own is not None and own.max_epochs != 0


def kept_rows(abnormality: np.ndarray, fraction: float, estimator, X) -> np.ndarray:
    """Tell which rows stay when the most abnormal share is left out.

    Parameters
    ----------
    abnormality : ndarray of shape (n_samples,)
        Of each row.

    fraction : float
        Share of the rows to leave out, rounded down.

    estimator : estimator
        The transformer that was fitted to them.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        The rows. Those with a category that no other row would show stay, so that it is
        known to the estimator.

    Returns
    -------
    kept : ndarray of bool of shape (n_samples,)
        Which rows stay.
    """
    n_left_out = int(fraction * len(abnormality))
    order = np.argsort(abnormality, kind="stable")
    kept = np.ones(len(order), dtype=bool)
    kept[order[len(order) - n_left_out :]] = False
    own = own_autoencoder(estimator)
    levels = {} if own is None else own._fitted.codec.columns.levels
    if levels:
        numbers = own._rows_of(X)
        for position, known in levels.items():
            column = numbers[:, position]
            absent = np.setdiff1d(column, column[kept])
            rare = [len(known.alone)] if known.rare else []
            kept |= np.isin(column, [*absent, *rare])
    return kept
