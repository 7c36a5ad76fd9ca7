"""The way of rows to codes and back, and how far off what comes back is."""

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
    """The way of a table to codes, and of codes to rows in the units of errors.

    Squared differences of rows, summed by `cells`, are squared errors of cells.
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
        """Return plain values and arrays that tell this way back from others."""
        ...


class AutoencoderCoder:
    """The way of an autoencoder of this package, before numbers are rounded.

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
        """Yield (chunk, rows) through numbers, NaN where cells are missing."""
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
    """The way of any transformer of numbers with `inverse_transform`.

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
        """Yield (chunk, rows) through a table, NaN where cells are missing."""
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
        """Return what becomes of some codes like those given."""
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


def row_errors(coder: Coder, rows: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Return each row's mean squared error over its observed cells.

    It is NaN where there are none. Raises ValueError where sums over many rows would be
    beyond float64.
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


class CompressionReport(NamedTuple):
    """What compression makes of rows.

    Attributes
    ----------
    n_bytes : int
        Length of the bytes.

    bytes_per_row : float
        That over the number of rows.

    raw_bytes_per_row : float
        Bytes of a row as it was given.

    ratio : float
        Those of raw rows over those of compressed ones: higher is better.

    error : float
        Mean squared error of decompressed rows, in the units of
        `reconstruction_error`.

    reconstruction_error : float
        That of reconstructions, whose codes are not quantized.
    """

    n_bytes: int
    bytes_per_row: float
    raw_bytes_per_row: float
    ratio: float
    error: float
    reconstruction_error: float


class MeanErrors(NamedTuple):
    """Mean squared errors over cells and rows.

    Attributes
    ----------
    exact : float
        Of reconstructions.

    quantized : float
        Of what is decoded from quantized codes.

    moved : float
        Of the latter, as if the former were what it should be.
    """

    exact: float
    quantized: float
    moved: float

    @property
    def added(self) -> float:
        """What quantizing adds: the move, or if that is more, the error's growth."""
        return max(self.moved, self.quantized - self.exact)


def mean_errors(
    coder: Coder, table, codes: np.ndarray, rounded: np.ndarray
) -> MeanErrors:
    """Return the errors of codes and of what they were rounded to.

    Parameters
    ----------
    coder : Coder
        What rows codes stand for.

    table : object
        The rows, as the coder read them.

    codes, rounded : ndarray of shape (n_samples, n_components)
        Their codes, as they are and quantized.

    Returns
    -------
    errors : MeanErrors
        Over rows with any observed cell; 0 without one.
    """
    totals, n_rows = np.zeros(3), np.zeros(3)
    for chunk, rows in coder.rows(table):
        exact, moved = coder.decode(codes[chunk]), coder.decode(rounded[chunk])
        pairs = ((rows, exact), (rows, moved), (exact, moved))
        errors = np.array([row_errors(coder, *pair) for pair in pairs])
        totals += np.nansum(errors, axis=1)
        n_rows += np.count_nonzero(~np.isnan(errors), axis=1)
    return MeanErrors(*(totals / np.maximum(n_rows, 1)).tolist())


def raw_bytes(X) -> int:
    """Return the bytes of a table as it is.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        The table.

    Returns
    -------
    n_bytes : int
        Of an array or the three of a sparse matrix. Of a frame, by the dtypes of its
        columns; a column of categories takes as many bytes as number those in it.
    """
    return find_container(X).n_bytes(X)
