"""The codec between a table's numbers and centred, scaled rows of a network."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from ..nn import Layout
from .columns import BaseBlockColumn
from .moments import dense_moments, root_mean_square, sparse_moments
from .schema import TableSchema, abbreviate

_FLOAT32_LIMIT = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class TableCodec:
    """Encodes a table's numbers as centred, scaled rows, and decodes such rows.

    A column of numbers stays one column, any other becomes a block of columns: one
    indicator for each ordinal of a category. Missing cells are NaN.

    Parameters
    ----------
    schema : TableSchema
        The table's columns.

    mean : ndarray of shape (n_encoded,)
        Centre of each encoded column: the mean of the observed cells, in input units,
        or the frequency of a category.

    scale : ndarray of shape (n_encoded,)
        What the centred columns are divided by, positive. In a block it is
        ``sqrt(sum p (1 - p))`` over its frequencies p, which makes its total variance
        1. Columns of numbers share one scale, or each has its own deviation.

    empty : ndarray of bool of shape (n_features,)
        Columns without any observed cell at fit. They are constants that come back
        missing.

    constant : ndarray of bool of shape (n_features,)
        Columns of numbers that did not vary at fit.

    Attributes
    ----------
    starts : ndarray of int of shape (n_features,)
        First encoded column of each column.
    """

    schema: TableSchema
    mean: np.ndarray
    scale: np.ndarray
    empty: np.ndarray
    constant: np.ndarray
    starts: np.ndarray = field(init=False)
    _single: tuple[Tensor, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        widths = self.schema.widths
        object.__setattr__(self, "starts", np.cumsum(widths) - widths)
        object.__setattr__(self, "_single", self._single_parts())

    @property
    def n_encoded(self) -> int:
        """Width of an encoded row."""
        return len(self.mean)

    @property
    def error_unit(self) -> np.ndarray | float:
        """What errors of encoded rows are multiplied by.

        It gives errors in input units, if all columns have one.
        """
        return self.scale if self.schema.is_numeric else 1.0

    def blocks(self) -> Iterator[tuple[int, BaseBlockColumn, slice]]:
        """Yield position, column and encoded columns of what is encoded in a block."""
        for position, column in self.schema.blocks.items():
            start = self.starts[position]
            yield position, column, slice(start, start + column.width)

    def encode(self, X, dtype: type = np.float64, *, checked=True) -> np.ndarray:
        """Return rows of X, dense or CSR, as centred and scaled dense numbers.

        Numbers too large for float32 raise ValueError, or become infinite if it is not
        `checked`.
        """
        dense = X.toarray() if sparse.issparse(X) else X
        if dtype == np.float32 and dense.dtype == np.float32 and self._single:
            rows = self._encode_single(dense)
            if not checked or rows.sum().isfinite() or not rows.isinf().any():
                return rows.numpy()
        rows = self._with_blocks(dense).astype(np.float64)
        with np.errstate(over="ignore"):
            rows -= self.mean
            rows /= self.scale
            if self.empty.any():
                rows[:, self.starts[self.empty]] = np.nan
            single = rows.astype(np.float32)
        if np.isinf(single).any():
            self._check_size(rows)
        return single if dtype == np.float32 else rows.astype(dtype, copy=False)

    def _single_parts(self) -> tuple[Tensor, ...]:
        """Return mean and scale for `_encode_single`, or nothing where it can't be."""
        if not self.schema.is_numeric or self.empty.any():
            return ()
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            first = self.mean.astype(np.float32)
            reciprocal = (1 / self.scale).astype(np.float32)
        tiny = np.finfo(np.float32).tiny
        if not (
            np.isfinite(first) & np.isfinite(reciprocal) & (reciprocal > tiny)
        ).all():
            return ()
        parts, rest = [first, reciprocal], self.mean - first
        # Keep the remainder only if it changes the last bit of rows of unit scale.
        if np.abs(rest / self.scale).max() > np.finfo(np.float32).eps:
            parts.append(rest.astype(np.float32))
        return tuple(map(torch.from_numpy, parts))

    def _encode_single(self, X: np.ndarray) -> Tensor:
        """Return float32 rows encoded in float32, correct but for some last places.

        The mean is subtracted in two parts. The first is a float32 number, because the
        rounding error of a difference of two float32 numbers is relative to the
        difference, however large they are. Torch subtracts, so that its threads find
        the rows that they wrote in their own caches.
        """
        first, reciprocal, *rests = self._single
        rows = torch.from_numpy(np.require(X, requirements=["C", "W"])) - first
        for rest in rests:
            rows -= rest
        rows *= reciprocal
        return rows

    def decode(self, rows: np.ndarray, *, observed: bool = False) -> np.ndarray:
        """Return encoded rows as numbers of the table, of the dtype of `rows`.

        Parameters
        ----------
        rows : ndarray of shape (n_samples, n_encoded)
            Encoded rows. A block is decoded to its largest indicator.

        observed : bool, default=False
            Whether categories are chosen from those of observed cells.

        Returns
        -------
        numbers : ndarray of shape (n_samples, n_features)
            As :meth:`TableSchema.read` gives them; those beyond the dtype are its
            largest.
        """
        decoded = np.multiply(rows, self.scale, dtype=np.float64)
        decoded += self.mean
        numbers = decoded if self.schema.is_numeric else decoded[:, self.starts]
        for position, column, block in self.blocks():
            cells = column.decode(decoded[:, block], observed=observed)
            numbers[:, position] = cells
        numbers[:, self.empty] = np.nan
        try:
            with np.errstate(over="raise"):
                return numbers.astype(rows.dtype, copy=False)
        except FloatingPointError:
            most = np.finfo(rows.dtype).max
            return numbers.clip(-most, most).astype(rows.dtype)

    def draw(
        self, rows: np.ndarray, deviation: float, generator: np.random.RandomState
    ) -> np.ndarray:
        """Return random numbers of the table around encoded rows.

        Parameters
        ----------
        rows : ndarray of shape (n_samples, n_encoded)
            Expectations; in a block the encoded probabilities of the categories.

        deviation : float
            Deviation of the normal noise of columns of numbers, in encoded units.
            Constant columns get none.

        generator : RandomState
            Source of randomness.

        Returns
        -------
        numbers : ndarray of shape (n_samples, n_features)
            As :meth:`decode` gives them.
        """
        decoded = np.multiply(rows, self.scale, dtype=np.float64) + self.mean
        numbers = decoded[:, self.starts]
        noise = generator.standard_normal(numbers.shape)
        numbers += deviation * self.scale[self.starts] * noise
        for position, column, block in self.blocks():
            numbers[:, position] = column.draw(decoded[:, block], generator)
        numbers[:, self.constant] = self.mean[self.starts[self.constant]]
        numbers[:, self.empty] = np.nan
        return numbers

    def cells(self, squares: np.ndarray) -> np.ndarray:
        """Return sums over each column's block, ``(n_samples, n_features)``."""
        if self.schema.is_numeric:
            return squares
        return np.add.reduceat(squares, self.starts, axis=1)

    def is_missing(self, numbers, encoded: np.ndarray) -> np.ndarray:
        """Tell which cells are missing, from numbers and from encoded rows."""
        if self.schema.is_numeric:
            return np.isnan(encoded)
        return self.schema.is_missing(numbers)

    def cell_statistics(self, encoded: np.ndarray) -> np.ndarray:
        """Return one number a cell, by which unusual cells stand out.

        Encoded numbers stay as they are, a category becomes minus its log frequency.
        """
        if self.schema.is_numeric:
            return encoded
        cells = encoded[:, self.starts].astype(np.float64)
        for position, column, block in self.blocks():
            mean = self.mean[block]
            decoded = encoded[:, block] * self.scale[block] + mean
            cells[:, position] = column.statistic(decoded, mean)
        return cells

    def cell_residuals(self, residuals: np.ndarray) -> np.ndarray:
        """Return residuals of encoded rows, those of a block as their length."""
        if self.schema.is_numeric:
            return residuals
        cells = residuals[:, self.starts].copy()
        for position, _, block in self.blocks():
            cells[:, position] = np.linalg.norm(residuals[:, block], axis=1)
        return cells

    def noise_unit(self, *, standardized: bool) -> np.ndarray:
        """Return the deviation of each encoded column, ``(n_encoded,)``.

        Unless they are standardized, columns of numbers have the unit that they share.
        """
        unit = np.ones(self.n_encoded)
        if standardized:
            unit[self.starts[self.constant]] = 0.0
        for _, column, block in self.blocks():
            unit[block] = column.noise_unit(self.mean[block], self.scale[block])
        return unit

    def encode_sparse(self, X: sparse.csr_array) -> sparse.csr_array:
        """Return a CSR matrix scaled but not centred, so still sparse, in float64.

        Missing cells are filled with the column's mean. Constant columns are zero, as
        if centred: beside a large one, other columns would lose their digits.
        """
        scaled = X.astype(np.float64, copy=True)
        missing = np.isnan(scaled.data)
        scaled.data[missing] = self.mean[scaled.indices[missing]]
        scaled.data /= self.scale[scaled.indices]
        scaled.data[self.constant[scaled.indices]] = 0
        return scaled

    def _with_blocks(self, numbers: np.ndarray) -> np.ndarray:
        """Return numbers with blocks in the place of columns that are encoded so."""
        if self.schema.is_numeric:
            return numbers
        numeric = self.schema.numeric
        rows = np.zeros((len(numbers), self.n_encoded))
        rows[:, self.starts[numeric]] = numbers[:, numeric]
        for position, column, block in self.blocks():
            column.encode(numbers[:, position], rows[:, block])
        return rows

    def _check_size(self, rows: np.ndarray) -> None:
        large = (np.abs(rows) > _FLOAT32_LIMIT).any(axis=0)
        if large.any():
            column = int(np.searchsorted(self.starts, np.argmax(large), "right")) - 1
            raise ValueError(
                "Every value must be finite in float32 after centring and scaling, "
                f"got a larger one (column {self.schema.names[column]!r})."
            )


class EncodedTable(NamedTuple):
    """A table's fitted codec, and what else its numbers tell.

    Attributes
    ----------
    codec : TableCodec
        The fitted codec.

    noise_unit : ndarray of shape (n_encoded,)
        The deviation of each encoded column, or where numeric columns share one scale,
        the one that they share.

    observed : ndarray of shape (n_features,)
        Share of each column's cells that are observed.

    is_constant : bool
        Whether no column varies.
    """

    codec: TableCodec
    noise_unit: np.ndarray
    observed: np.ndarray
    is_constant: bool

    @property
    def has_gaps(self) -> bool:
        """Whether any cell was missing that no ordinal stands for."""
        return bool((self.observed < 1).any())

    @property
    def gap_columns(self) -> list[int]:
        """The encoded columns of those columns that had some missing cells."""
        some_missing = (self.observed > 0) & (self.observed < 1)
        return self.codec.starts[some_missing].tolist()

    def layout(self) -> Layout:
        """Return what noise and loss need to know of the encoded columns."""
        codec = self.codec
        missing = np.full(codec.n_encoded, np.nan)
        for _, column, block in codec.blocks():
            mean, scale = codec.mean[block], codec.scale[block]
            missing[block] = column.encoded_missing(mean, scale)
        widths = codec.schema.widths
        return Layout(
            column=torch.from_numpy(np.repeat(np.arange(len(widths)), widths)),
            missing=torch.from_numpy(missing).float(),
            noise_unit=torch.from_numpy(self.noise_unit).float(),
            n_cells=float(self.observed.sum()),
        )


def fit_codec(schema: TableSchema, X, *, standardize: bool) -> EncodedTable:
    """Fit centres and scales to a table's numbers.

    Parameters
    ----------
    schema : TableSchema
        The table's columns.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers as the schema reads them: finite, or NaN where missing.

    standardize : bool
        Whether each column of numbers is divided by its own deviation. Otherwise all
        are divided by one number, the root mean square of their centred cells.

    Returns
    -------
    table : EncodedTable
        The codec and what else the numbers tell.
    """
    moments = sparse_moments if sparse.issparse(X) else dense_moments
    mean, deviation, observed = moments(X)
    _check_moments(mean, deviation, schema.names)
    only_missing = sum(column.is_only_missing for column in schema.blocks.values())
    if np.count_nonzero(observed) == only_missing:
        raise ValueError(
            "X must hold at least one cell that is not missing, got none "
            f"(columns {abbreviate(schema.names)})."
        )
    numeric = schema.numeric
    if standardize:
        scale = np.where(deviation > 0, deviation, 1.0)
    else:
        common = root_mean_square(deviation[numeric], observed[numeric])
        scale = np.full(len(mean), common or 1.0)
    mean, scale = _fit_blocks(schema, X, mean, scale)
    codec = TableCodec(schema, mean, scale, observed == 0, (deviation == 0) & numeric)
    return EncodedTable(
        codec=codec,
        noise_unit=codec.noise_unit(standardized=standardize),
        observed=observed,
        is_constant=not deviation.any(),
    )


def _fit_blocks(schema, X, mean, scale) -> tuple[np.ndarray, np.ndarray]:
    """Return means and scales of encoded columns from those of columns."""
    if schema.is_numeric:
        return mean, scale
    widths = schema.widths
    mean, scale = np.repeat(mean, widths), np.repeat(scale, widths)
    stops = np.cumsum(widths)
    for position, column in schema.blocks.items():
        block = slice(stops[position] - column.width, stops[position])
        mean[block], scale[block] = column.fit_scaling(X[:, position])
    return mean, scale


def _check_moments(mean, deviation, names) -> None:
    finite = np.isfinite(mean) & np.isfinite(deviation)
    if not finite.all():
        raise ValueError(
            "Sum and spread of every column must be finite in float64, got values "
            f"too large for that (column {names[int(np.argmin(finite))]!r})."
        )
