"""Cells, residuals, reconstructions and codes of rows, from a fitted transformer."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .._estimators import BaseAutoencoder, own_autoencoder
from .._sklearn import _check_feature_names_in, _num_samples
from .._tables import row_chunks, select_rows, to_dense

_CHUNK_COLUMNS = 64


class RowStatistics(NamedTuple):
    """Statistics of some rows, NaN where a cell is missing.

    Attributes
    ----------
    cells : ndarray of shape (n_rows, n_features)
        Numbers; for a category, minus the logarithm of its frequency at training.

    residuals : ndarray of shape (n_rows, n_features)
        Cells minus reconstructions; for a category, the Euclidean length of the
        residuals of its indicators.

    reconstructions : ndarray of shape (n_rows, n_features)
        Reconstructed numbers; for a category, the expectation of minus the logarithm of
        its frequency.

    codes : ndarray of shape (n_rows, n_components)
        The codes.
    """

    cells: np.ndarray
    residuals: np.ndarray
    reconstructions: np.ndarray
    codes: np.ndarray


def iterate_row_statistics(estimator, X) -> Iterator[RowStatistics]:
    """Yield the statistics of all rows, in chunks.

    Parameters
    ----------
    estimator : estimator
        A fitted transformer with `inverse_transform`.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows as it takes them.
    """
    own = own_autoencoder(estimator)
    return (
        _transformer_statistics(estimator, X)
        if own is None
        else _autoencoder_statistics(own, X)
    )


def categorical(estimator) -> list[int]:
    """Return the positions of the categorical columns of a fitted transformer."""
    own = own_autoencoder(estimator)
    return (
        []
        if own is None
        else np.flatnonzero(~own._fitted.codec.schema.numeric).tolist()
    )


def column_names(estimator) -> list[str]:
    """Return the names of the columns seen in fit, x0, x1, ... where it saw none."""
    own = own_autoencoder(estimator)
    if own is not None:
        return list(own._fitted.codec.schema.names)
    return list(_check_feature_names_in(estimator))


def _autoencoder_statistics(estimator: BaseAutoencoder, X) -> Iterator[RowStatistics]:
    rows, fitted = estimator._rows_of(X), estimator._fitted
    codec = fitted.codec
    for chunk, encoded, reconstruction in fitted.pairs(rows):
        missing = codec.is_missing(rows[chunk], encoded)
        parts = (
            codec.cell_statistics(encoded),
            codec.cell_residuals(encoded - reconstruction),
            codec.cell_statistics(reconstruction),
        )
        parts = [np.where(missing, np.nan, part) for part in parts]
        yield RowStatistics(*parts, fitted.codes(encoded))


def _transformer_statistics(estimator, X) -> Iterator[RowStatistics]:
    width = max(estimator.n_features_in_, _CHUNK_COLUMNS)
    # With no rows, call the estimator once, so that it raises its own error.
    for chunk in row_chunks(max(1, _num_samples(X)), width):
        rows = select_rows(X, chunk)
        codes = estimator.transform(rows)
        reconstruction = to_dense(estimator.inverse_transform(codes))
        cells = to_dense(rows)
        reconstruction = np.where(np.isnan(cells), np.nan, reconstruction)
        yield RowStatistics(
            cells, cells - reconstruction, reconstruction, to_dense(codes)
        )
