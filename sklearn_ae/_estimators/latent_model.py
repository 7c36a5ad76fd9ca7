"""LatentModel: one adapter for autoencoders of this package and other transformers."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_array

from .._fitting import FittedAutoencoder
from .._sklearn import _check_feature_names_in, _num_samples
from .._tables import float_dtype, row_chunks, select_rows, to_dense
from .base import BaseAutoencoder

_N_PROBES = 64
_LEAST_WIDTH = 64  # columns of a row, where chunks of rows are sized


class RowStatistics(NamedTuple):
    """Statistics of some rows, NaN where a cell is missing.

    Attributes
    ----------
    cells : ndarray of shape (n_rows, n_features)
        The numbers of a row; of a category, minus the logarithm of its frequency.

    residuals : ndarray of shape (n_rows, n_features)
        Cells minus reconstructions; of a category, the length of its block.

    reconstructions : ndarray of shape (n_rows, n_features)
        Reconstructed cells; of a category, the rarity that is expected.

    codes : ndarray of shape (n_rows, n_components)
        The codes.
    """

    cells: np.ndarray
    residuals: np.ndarray
    reconstructions: np.ndarray
    codes: np.ndarray


class LatentModel(ABC):
    """A fitted transformer into codes and back.

    Methods on rows take a table that :meth:`read` returned. Rows are in the units of
    errors: squared differences of rows, summed by :meth:`cells`, are squared errors of
    cells.

    Attributes
    ----------
    fitted : FittedAutoencoder or None
        Codec and network of an autoencoder of this package; None for others.
    """

    fitted: FittedAutoencoder | None = None

    @abstractmethod
    def column_names(self) -> list[str]:
        """Return the names of the columns seen in fit, or x0, x1, ..."""

    @abstractmethod
    def categorical_columns(self) -> list[int]:
        """Return the positions of the columns that are not numeric."""

    @abstractmethod
    def read(self, X) -> Any:
        """Return a table as the other methods take it."""

    @abstractmethod
    def encode(self, table) -> np.ndarray:
        """Return the codes of a table, dense, as float32 or float64."""

    @abstractmethod
    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the rows that codes stand for."""

    @abstractmethod
    def rows(self, table) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (chunk, rows) of a table, NaN where cells are missing."""

    @abstractmethod
    def cells(self, squares: np.ndarray) -> np.ndarray:
        """Return sums over what belongs to one cell, ``(n_samples, n_features)``."""

    @abstractmethod
    def statistics(self, table) -> Iterator[RowStatistics]:
        """Yield the statistics of all rows, in chunks."""

    @abstractmethod
    def keep_all_categories(self, table, kept: np.ndarray) -> np.ndarray:
        """Return the kept rows, and those with a category that no kept row has."""

    @abstractmethod
    def identity(self, codes: np.ndarray) -> Any:
        """Return plain values and arrays that differ between different decoders.

        Parameters
        ----------
        codes : ndarray of shape (n_samples, n_components)
            Codes like those to decode.
        """


class AutoencoderModel(LatentModel):
    """An autoencoder of this package; rows are not rounded.

    Parameters
    ----------
    autoencoder : BaseAutoencoder
        Fitted.
    """

    def __init__(self, autoencoder: BaseAutoencoder) -> None:
        self._autoencoder, self.fitted = autoencoder, autoencoder._fitted
        self._codec = self.fitted.codec
        self._empty = self._codec.starts[self._codec.empty]

    def column_names(self) -> list[str]:
        """Return the names of the columns."""
        return list(self._codec.schema.names)

    def categorical_columns(self) -> list[int]:
        """Return the positions of the categorical columns."""
        return np.flatnonzero(~self._codec.schema.numeric).tolist()

    def read(self, X):
        """Return the numbers of a table."""
        return self._autoencoder._validate_rows(X)

    def encode(self, table) -> np.ndarray:
        """Return the codes of numbers."""
        return self.fitted.encode(table)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the rows that codes stand for."""
        parts = [part for _, part in self.fitted.decoded(codes)]
        rows = np.concatenate(parts).astype(np.float64) * self._codec.error_unit
        rows[:, self._empty] = np.nan
        return rows

    def rows(self, table) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (chunk, rows) of numbers, NaN where cells are missing."""
        for chunk in row_chunks(table.shape[0], self._codec.n_encoded):
            yield chunk, self._codec.encode(table[chunk]) * self._codec.error_unit

    def cells(self, squares: np.ndarray) -> np.ndarray:
        """Return sums over the indicators of each categorical column."""
        return self._codec.cells(squares)

    def statistics(self, table) -> Iterator[RowStatistics]:
        """Yield the statistics of all rows, in chunks."""
        codec = self._codec
        for chunk, encoded, reconstruction in self.fitted.pairs(table):
            missing = codec.is_missing(table[chunk], encoded)
            parts = (
                codec.cell_statistics(encoded),
                codec.cell_residuals(encoded - reconstruction),
                codec.cell_statistics(reconstruction),
            )
            parts = [np.where(missing, np.nan, part) for part in parts]
            yield RowStatistics(*parts, self.fitted.codes(encoded))

    def keep_all_categories(self, table, kept: np.ndarray) -> np.ndarray:
        """Return the kept rows, and those with a category that no kept row has."""
        return self._codec.schema.keep_all_categories(table, kept)

    def identity(self, codes: np.ndarray) -> Any:
        """Return the arrays, the columns and the network's description."""
        return self.fitted.__getstate__()


class TransformerModel(LatentModel):
    """Any transformer of numbers with `inverse_transform`.

    Parameters
    ----------
    transformer : estimator
        Fitted.
    """

    def __init__(self, transformer) -> None:
        self._transformer = transformer

    def column_names(self) -> list[str]:
        """Return the names of the columns, or x0, x1, ..."""
        return list(_check_feature_names_in(self._transformer))

    def categorical_columns(self) -> list[int]:
        """Return no column: what comes back is numbers."""
        return []

    def read(self, X):
        """Return the table as it is."""
        return X

    def encode(self, table) -> np.ndarray:
        """Return the codes of a table."""
        return encode_dense(self._transformer, table)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the rows that codes stand for."""
        rows = self._transformer.inverse_transform(codes)
        return np.asarray(rows.toarray() if issparse(rows) else rows, np.float64)

    def rows(self, table) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (chunk, rows) of a table, NaN where cells are missing."""
        X = check_array(table, accept_sparse="csr", ensure_all_finite="allow-nan")
        for chunk in row_chunks(*X.shape):
            part = X[chunk].toarray() if issparse(X) else X[chunk]
            yield chunk, part.astype(np.float64)

    def cells(self, squares: np.ndarray) -> np.ndarray:
        """Return the squares."""
        return squares

    def statistics(self, table) -> Iterator[RowStatistics]:
        """Yield the statistics of all rows, in chunks."""
        width = max(self._transformer.n_features_in_, _LEAST_WIDTH)
        # With no rows, call the estimator once, so that it raises its own error.
        for chunk in row_chunks(max(1, _num_samples(table)), width):
            rows = select_rows(table, chunk)
            codes = self._transformer.transform(rows)
            reconstructions = to_dense(self._transformer.inverse_transform(codes))
            cells = to_dense(rows)
            reconstructions = np.where(np.isnan(cells), np.nan, reconstructions)
            residuals = cells - reconstructions
            yield RowStatistics(cells, residuals, reconstructions, to_dense(codes))

    def keep_all_categories(self, table, kept: np.ndarray) -> np.ndarray:
        """Return the kept rows."""
        return kept

    def identity(self, codes: np.ndarray) -> Any:
        """Return the class's name, and the rows of random codes like those given."""
        rng = np.random.default_rng(0)
        probes = rng.normal(size=(_N_PROBES, codes.shape[1]))
        probes = codes.mean(axis=0) + probes * codes.std(axis=0)
        return [type(self._transformer).__name__, self.decode(probes)]


def latent_model_of(estimator) -> LatentModel:
    """Return the adapter of a fitted transformer, which may be frozen."""
    autoencoder = unwrap_autoencoder(estimator)
    if autoencoder is None:
        return TransformerModel(estimator)
    return AutoencoderModel(autoencoder)


def unwrap_autoencoder(estimator) -> BaseAutoencoder | None:
    """Return the autoencoder of this package that an estimator is, or None.

    Parameters
    ----------
    estimator : estimator
        It may be frozen.

    Returns
    -------
    autoencoder : BaseAutoencoder or None
        None for other transformers.
    """
    while isinstance(estimator, FrozenEstimator):
        estimator = estimator.estimator
    return estimator if isinstance(estimator, BaseAutoencoder) else None


def encode_dense(transformer, X) -> np.ndarray:
    """Return ``transform(X)`` of any transformer, dense, as float32 or float64."""
    codes = transformer.transform(X)
    codes = np.asarray(codes.toarray() if issparse(codes) else codes)
    codes = codes.astype(float_dtype(codes), copy=False)
    if not np.isfinite(codes).all():
        raise ValueError(
            "Codes must be finite, got NaN or infinity; fill missing cells first."
        )
    return codes
