"""Codes of tables, and squared errors of rows that are decoded from them."""

from typing import Any, NamedTuple

import numpy as np

from .._estimators import LatentModel, latent_model_of
from .._tables import find_container

_LARGEST_ERROR = 1e290


class TableCodes(NamedTuple):
    """A table and its codes.

    Attributes
    ----------
    model : LatentModel
        The adapter that read and encoded the table.

    table : object
        The table, as the adapter read it.

    codes : ndarray of shape (n_samples, n_components)
        Its codes.
    """

    model: LatentModel
    table: Any
    codes: np.ndarray


def encode_table(estimator, X) -> TableCodes:
    """Return X and its codes, by a fitted estimator."""
    model = latent_model_of(estimator)
    table = model.read(X)
    return TableCodes(model, table, model.encode(table))


def row_errors(model: LatentModel, rows: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Return each row's mean squared error over its observed cells.

    It is NaN for rows without one. Raises ValueError where the sum over many rows might
    be beyond float64.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        cells = model.cells(np.square(rows - decoded))
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


def mean_errors(encoded: TableCodes, rounded: np.ndarray) -> MeanErrors:
    """Return the errors of a table's codes and of the same codes quantized.

    Parameters
    ----------
    encoded : TableCodes
        The table and its codes.

    rounded : ndarray of shape (n_samples, n_components)
        The quantized codes.

    Returns
    -------
    errors : MeanErrors
        Over rows with any observed cell; 0 without one.
    """
    model, table, codes = encoded
    totals, n_rows = np.zeros(3), np.zeros(3)
    for chunk, rows in model.rows(table):
        exact, quantized = model.decode(codes[chunk]), model.decode(rounded[chunk])
        pairs = ((rows, exact), (rows, quantized), (exact, quantized))
        errors = np.array([row_errors(model, *pair) for pair in pairs])
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
