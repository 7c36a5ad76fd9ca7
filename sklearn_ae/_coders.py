"""The way of rows to codes and back, and how far off what comes back is."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array

from ._held import codes_of, own_autoencoder
from ._moments import row_chunks

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
        self._unit = 1.0 if codec.columns.levels else codec.scale
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
        return codes_of(self._estimator, table)

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


def coder_of(estimator) -> Coder:
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


def fingerprint(*things) -> str:
    """Return SHA-256 of arrays and plain values, in hexadecimal digits."""
    digest = hashlib.sha256()
    for part in _plain(things):
        digest.update(part)
    return digest.hexdigest()


def is_fingerprint(value: Any, estimator: Any = None) -> bool:
    """Tell whether a value is what :func:`fingerprint` returns."""
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def _plain(thing) -> Iterator[bytes]:
    """Yield bytes by which values are told apart."""
    if isinstance(thing, np.ndarray):
        array = np.ascontiguousarray(thing)
        yield f"{array.dtype.str}{array.shape}".encode()
        yield array.tobytes()
    elif isinstance(thing, dict):
        for key in sorted(thing, key=repr):
            yield repr(key).encode()
            yield from _plain(thing[key])
        yield b"}"
    elif isinstance(thing, list | tuple):
        for part in thing:
            yield from _plain(part)
            yield b","
        yield b"]"
    else:
        yield repr(thing).encode()
