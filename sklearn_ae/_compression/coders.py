"""Encoding and decoding of tables by fitted estimators, and squared errors of rows."""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array

from .._estimators import encode_dense, own_autoencoder
from .._tables import find_container, row_chunks

_N_PROBES = 64
_LARGEST_ERROR = 1e290


class Coder(Protocol):
    """A fitted estimator's codes of a table, and the rows that codes stand for.

    Rows are in the units of errors: squared differences of rows, summed by `cells`, are
    squared errors of cells.
    """

    def read(self, X):
        """Return the table as `encode` and `rows` take it."""
        ...

    def encode(self, table) -> np.ndarray:
        """Return the codes of a table that was read, dense."""
        ...

    def rows(self, table) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (chunk, rows) of a table that was read, NaN where cells are missing."""
        ...

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the rows that codes stand for."""
        ...

    def cells(self, squares: np.ndarray) -> np.ndarray:
        """Return sums over what belongs to one cell, ``(n_samples, n_features)``."""
        ...

    def state(self, codes: np.ndarray) -> Any:
        """Return plain values and arrays that differ between different decoders."""
        ...


class AutoencoderCoder:
    """Codes and rows of an autoencoder of this package, before rows are rounded.

    Parameters
    ----------
    estimator : BaseAutoencoder
        The fitted autoencoder.
    """

    def __init__(self, estimator) -> None:
        self._estimator, self._fitted = estimator, estimator._fitted
        codec = self._fitted.codec
        self._unit = codec.error_unit
        self._empty = codec.starts[codec.empty]

    def read(self, X):
        """Return the numbers of a table."""
        return self._estimator._rows_of(X)

    def encode(self, table) -> np.ndarray:
        """Return the codes of numbers."""
        return self._fitted.encode(table)

    def rows(self, table) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (chunk, rows) of numbers, NaN where cells are missing."""
        codec = self._fitted.codec
        for chunk in row_chunks(table.shape[0], codec.n_encoded):
            yield chunk, codec.encode(table[chunk]) * self._unit

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the rows that codes stand for."""
        parts = [part for _, part in self._fitted.decoded(codes)]
        rows = np.concatenate(parts).astype(np.float64) * self._unit
        rows[:, self._empty] = np.nan
        return rows

    def cells(self, squares: np.ndarray) -> np.ndarray:
        """Return sums over the indicators of each categorical column."""
        return self._fitted.codec.cells(squares)

    def state(self, codes: np.ndarray) -> Any:
        """Return the arrays, the columns and the network's description."""
        state = self._fitted.__getstate__()
        return {name: state[name] for name in state if name != "version"}


class TransformerCoder:
    """Codes and rows of any transformer of numbers with `inverse_transform`.

    Parameters
    ----------
    estimator : object
        The fitted transformer.
    """

    def __init__(self, estimator) -> None:
        self._estimator = estimator

    def read(self, X):
        """Return the table as it is."""
        return X

    def encode(self, table) -> np.ndarray:
        """Return the codes of a table, as float32 if they are, else float64."""
        return encode_dense(self._estimator, table)

    def rows(self, table) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (chunk, rows) of a table, NaN where cells are missing."""
        X = check_array(table, accept_sparse="csr", ensure_all_finite="allow-nan")
        for chunk in row_chunks(*X.shape):
            part = X[chunk].toarray() if issparse(X) else X[chunk]
            yield chunk, part.astype(np.float64)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the rows that codes stand for."""
        rows = self._estimator.inverse_transform(codes)
        return np.asarray(rows.toarray() if issparse(rows) else rows, np.float64)

    def cells(self, squares: np.ndarray) -> np.ndarray:
        """Return the squares."""
        return squares

    def state(self, codes: np.ndarray) -> Any:
        """Return the class's name, and the rows of random codes like those given."""
        rng = np.random.default_rng(0)
        probes = rng.normal(size=(_N_PROBES, codes.shape[1]))
        probes = codes.mean(axis=0) + probes * codes.std(axis=0)
        return [type(self._estimator).__name__, self.decode(probes)]


def make_coder(estimator) -> Coder:
    """Return the coder of a fitted estimator."""
    autoencoder = own_autoencoder(estimator)
    if autoencoder is None:
        return TransformerCoder(estimator)
    return AutoencoderCoder(autoencoder)


class EncodedTable(NamedTuple):
    """A table and its codes.

    Attributes
    ----------
    coder : Coder
        The coder that read and encoded the table.

    table : object
        The table, as the coder read it.

    codes : ndarray of shape (n_samples, n_components)
        Its codes.
    """

    coder: Coder
    table: Any
    codes: np.ndarray


def encode_table(estimator, X) -> EncodedTable:
    """Return X and its codes, by the coder of a fitted estimator."""
    coder = make_coder(estimator)
    table = coder.read(X)
    return EncodedTable(coder, table, coder.encode(table))


def row_errors(coder: Coder, rows: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Return each row's mean squared error over its observed cells.

    It is NaN for rows without one. Raises ValueError where the sum over many rows might
    be beyond float64.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        cells = coder.cells(np.square(rows - decoded))
        observed = ~np.isnan(cells)
        errors = cells.sum(axis=1, where=observed) / observed.sum(axis=1)
    if (errors > _LARGEST_ERROR).any():
        raise ValueError(
            f"Squared errors of rows must be at most {_LARGEST_ERROR:.0e}, got errors "
            f"up to {np.nanmax(np.abs(rows - decoded)):.3g}; give X in larger units."
        )
    return errors


class MeanErrors(NamedTuple):
    """Mean squared errors over cells and rows.

    Attributes
    ----------
    reconstruction : float
        Of the reconstructions.

    quantized : float
        Of the rows that are decoded from quantized codes.

    shift : float
        Of those rows from the reconstructions.
    """

    reconstruction: float
    quantized: float
    shift: float

    @property
    def added(self) -> float:
        """Error that quantizing adds: the shift, or the error's growth if larger."""
        return max(self.shift, self.quantized - self.reconstruction)


def mean_errors(encoded: EncodedTable, rounded: np.ndarray) -> MeanErrors:
    """Return the errors of a table's codes and of the same codes quantized.

    Parameters
    ----------
    encoded : EncodedTable
        The table and its codes.

    rounded : ndarray of shape (n_samples, n_components)
        The quantized codes.

    Returns
    -------
    errors : MeanErrors
        Over rows with any observed cell; 0 without one.
    """
    coder, table, codes = encoded
    totals, n_rows = np.zeros(3), np.zeros(3)
    for chunk, rows in coder.rows(table):
        exact, quantized = coder.decode(codes[chunk]), coder.decode(rounded[chunk])
        pairs = ((rows, exact), (rows, quantized), (exact, quantized))
        errors = np.array([row_errors(coder, *pair) for pair in pairs])
        totals += np.nansum(errors, axis=1)
        n_rows += np.count_nonzero(~np.isnan(errors), axis=1)
    return MeanErrors(*(totals / np.maximum(n_rows, 1)).tolist())


class CompressionReport(NamedTuple):
    """Sizes and errors of compressed rows.

    Attributes
    ----------
    n_bytes : int
        Length of the bytes.

    bytes_per_row : float
        `n_bytes` over the number of rows.

    raw_bytes_per_row : float
        Bytes of a row as it was given.

    ratio : float
        `raw_bytes_per_row` over `bytes_per_row`: higher is better.

    error : float
        Mean squared error of decompressed rows, in the units of
        `reconstruction_error`.

    reconstruction_error : float
        Mean squared error of reconstructions, whose codes are not quantized.
    """

    n_bytes: int
    bytes_per_row: float
    raw_bytes_per_row: float
    ratio: float
    error: float
    reconstruction_error: float


def raw_bytes(X) -> int:
    """Return the bytes of a table as it is.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        The table.

    Returns
    -------
    n_bytes : int
        Of an array, or of a sparse matrix's three arrays. Of a frame, by the dtypes of
        its columns; each cell of a categorical column takes as many bytes as it takes
        to number the categories in it.
    """
    return find_container(X).n_bytes(X)
