"""The codec: a table's columns to centred, scaled numbers and back."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from ..nn import Layout
from .moments import dense_moments, root_mean_square, sparse_moments
from .schema import TableSchema, some

_FLOAT32_LIMIT = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class TableCodec:
    """Turns a table's numbers into centred, scaled rows, in float64, and back.

    A categorical column becomes a block of indicators, one a level, any other column
    stays one. Missing cells are NaN.

    Parameters
    ----------
    columns : TableSchema
        The table's columns.

    mean : ndarray of shape (n_encoded,)
        Centre of each encoded column: the mean of the observed cells, in input units,
        or the frequency of a level.

    scale : ndarray of shape (n_encoded,)
        What the centred columns are divided by, positive. In a block it is
        ``sqrt(sum p (1 - p))`` over its frequencies p, which makes its total variance
        1. Other columns share one number, or have each its own deviation.

    empty : ndarray of bool of shape (n_features,)
        Columns without any observed cell at fit. They are constants that come back
        missing.

    constant : ndarray of bool of shape (n_features,)
        Columns that did not vary at fit.

    Attributes
    ----------
    starts : ndarray of int of shape (n_features,)
        First encoded column of each column.
    """

    columns: TableSchema
    mean: np.ndarray
    scale: np.ndarray
    empty: np.ndarray
    constant: np.ndarray
    starts: np.ndarray = field(init=False)
    _single: tuple[Tensor, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        widths = block_widths(self.columns)
        object.__setattr__(self, "starts", np.cumsum(widths) - widths)
        object.__setattr__(self, "_single", self._single_parts())

    @property
    def n_encoded(self) -> int:
        """Width of an encoded row."""
        return len(self.mean)

    def block(self, position: int) -> slice:
        """Return the encoded columns of a categorical column."""
        start = self.starts[position]
        return slice(start, start + len(self.columns.levels[position]))

    def encode(self, X, dtype: type = np.float64, *, checked=True) -> np.ndarray:
        """Return rows of X, dense or CSR, as centred and scaled dense numbers.

        Too large ones raise, or if not `checked`, may be infinite.
        """
        dense = X.toarray() if sparse.issparse(X) else X
        if dtype == np.float32 and dense.dtype == np.float32 and self._single:
            rows = self._encode_single(dense)
            if not checked or rows.sum().isfinite() or not rows.isinf().any():
                return rows.numpy()
        rows = self._spread(dense).astype(np.float64)
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
        if self.columns.levels or self.empty.any():
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
        # Less than the last place of rows of unit scale is left out.
        if np.abs(rest / self.scale).max() > np.finfo(np.float32).eps:
            parts.append(rest.astype(np.float32))
        return tuple(map(torch.from_numpy, parts))

    def _encode_single(self, X: np.ndarray) -> Tensor:
        """Return float32 rows encoded in float32, within some last places of exact.

        The mean is taken off in two parts, of which the first is a float32 number: a
        difference of two of them is rounded in proportion to itself, however large they
        are. It is torch that does it, whose threads go on with the rows they wrote.
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
            Encoded rows; a block counts as its largest indicator.

        observed : bool, default=False
            Whether missing cells' own level is out of the question.

        Returns
        -------
        numbers : ndarray of shape (n_samples, n_features)
            As :meth:`TableSchema.read` gives them; those beyond the dtype are its
            largest.
        """
        decoded = np.multiply(rows, self.scale, dtype=np.float64)
        decoded += self.mean
        numbers = decoded if not self.columns.levels else decoded[:, self.starts]
        for position, levels in self.columns.levels.items():
            block = decoded[:, self.block(position)]
            if observed and levels.values:
                block = block[:, : len(levels.values)]
            numbers[:, position] = block.argmax(axis=1)
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
        """Return numbers of the table, drawn around encoded rows.

        Parameters
        ----------
        rows : ndarray of shape (n_samples, n_encoded)
            What is expected. Of a block it is the levels' probabilities, encoded.

        deviation : float
            Of the normal noise of other columns that vary, in encoded units.

        generator : RandomState
            Source of what is drawn.

        Returns
        -------
        numbers : ndarray of shape (n_samples, n_features)
            As :meth:`decode` gives them.
        """
        decoded = np.multiply(rows, self.scale, dtype=np.float64) + self.mean
        numbers = decoded[:, self.starts]
        noise = generator.standard_normal(numbers.shape)
        numbers += deviation * self.scale[self.starts] * noise
        for position in self.columns.levels:
            shares = _nearest_shares(decoded[:, self.block(position)]).cumsum(axis=1)
            draws = generator.uniform(size=len(rows)) * shares[:, -1]
            level = (shares <= draws[:, None]).sum(axis=1)
            numbers[:, position] = level.clip(max=shares.shape[1] - 1)
        numbers[:, self.constant] = self.mean[self.starts[self.constant]]
        numbers[:, self.empty] = np.nan
        return numbers

    def cells(self, squares: np.ndarray) -> np.ndarray:
        """Return sums over each column's block, ``(n_samples, n_features)``."""
        if not self.columns.levels:
            return squares
        return np.add.reduceat(squares, self.starts, axis=1)

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

    def _spread(self, numbers: np.ndarray) -> np.ndarray:
        """Put indicators in the place of level numbers."""
        if not self.columns.levels:
            return numbers
        positions = list(self.columns.levels)
        others = np.delete(np.arange(len(self.starts)), positions)
        rows = np.zeros((len(numbers), self.n_encoded))
        rows[:, self.starts[others]] = numbers[:, others]
        level = numbers[:, positions]
        row, block = np.nonzero(level >= 0)
        hot = self.starts[positions][block] + level[row, block].astype(np.intp)
        rows[row, hot] = 1
        for position, numbers in zip(positions, level.T, strict=True):
            missing = np.isnan(numbers)
            if missing.any():
                rows[missing, self.block(position)] = np.nan
        return rows

    def _check_size(self, rows: np.ndarray) -> None:
        large = (np.abs(rows) > _FLOAT32_LIMIT).any(axis=0)
        if large.any():
            column = int(np.searchsorted(self.starts, np.argmax(large), "right")) - 1
            raise ValueError(
                "Every value must be finite in float32 after centring and scaling, "
                f"got a larger one (column {self.columns.names[column]!r})."
            )


def _nearest_shares(rows: np.ndarray) -> np.ndarray:
    """Return the shares nearest to rows: not negative, and of sum 1 (Held et al. 1974).

    Small entries, which are noise of the decoder, become zero.
    """
    order = -np.sort(-rows, axis=1)
    excess = order.cumsum(axis=1) - 1
    n_kept = np.arange(1, rows.shape[1] + 1)
    n_positive = np.count_nonzero(order * n_kept > excess, axis=1)
    shift = excess[np.arange(len(rows)), n_positive - 1] / n_positive
    return (rows - shift[:, None]).clip(min=0)


class EncodedTable(NamedTuple):
    """What a fit learns of a table's numbers.

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
        """Whether any cell was missing, those with a level of their own aside."""
        return bool((self.observed < 1).any())

    @property
    def gap_columns(self) -> list[int]:
        """The encoded columns of those columns that had some missing cells."""
        some_missing = (self.observed > 0) & (self.observed < 1)
        return self.codec.starts[some_missing].tolist()

    def layout(self) -> Layout:
        """Return what noise and loss need to know."""
        codec = self.codec
        missing = np.full(codec.n_encoded, np.nan)
        for position, levels in codec.columns.levels.items():
            if levels.has_missing:
                block = codec.block(position)
                missing[block] = -codec.mean[block] / codec.scale[block]
                missing[block.stop - 1] += 1 / codec.scale[block.stop - 1]
        widths = block_widths(codec.columns)
        return Layout(
            column=torch.from_numpy(np.repeat(np.arange(len(widths)), widths)),
            missing=torch.from_numpy(missing).float(),
            noise_unit=torch.from_numpy(self.noise_unit).float(),
            n_cells=float(self.observed.sum()),
        )


def fit_codec(columns: TableSchema, X, *, standardize: bool) -> EncodedTable:
    """Learn centres and scales from a table's numbers.

    Parameters
    ----------
    columns : TableSchema
        The table's columns.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers as `columns` reads them: finite, or NaN where missing.

    standardize : bool
        Whether each numeric column is divided by its own deviation. Otherwise all are
        divided by one number, the root mean square of the centred cells.

    Returns
    -------
    table : EncodedTable
        The codec and what else was learned.
    """
    moments = sparse_moments if sparse.issparse(X) else dense_moments
    mean, deviation, observed = moments(X)
    _check_moments(mean, deviation, columns.names)
    only_missing = sum(not levels.values for levels in columns.levels.values())
    if np.count_nonzero(observed) == only_missing:
        raise ValueError(
            "X must hold at least one cell that is not missing, got none "
            f"(columns {some(columns.names)})."
        )
    if standardize:
        scale = np.where(deviation > 0, deviation, 1.0)
        unit = deviation / scale
    else:
        numeric = np.delete(np.arange(len(mean)), list(columns.levels))
        common = root_mean_square(deviation[numeric], observed[numeric])
        scale, unit = np.full(len(mean), common or 1.0), np.ones(len(mean))
    constant = deviation == 0
    constant[list(columns.levels)] = False
    if columns.levels:
        mean, scale, unit = _with_blocks(columns, X, (mean, scale, unit))
    return EncodedTable(
        codec=TableCodec(columns, mean, scale, observed == 0, constant),
        noise_unit=unit,
        observed=observed,
        is_constant=not deviation.any(),
    )


def block_widths(columns: TableSchema) -> np.ndarray:
    """Return the number of encoded columns of each column."""
    widths = np.ones(len(columns.names), dtype=np.intp)
    for position, levels in columns.levels.items():
        widths[position] = len(levels)
    return widths


def _with_blocks(columns, X, moments) -> tuple[np.ndarray, ...]:
    """Spread means, scales and units of columns over the encoded columns."""
    widths = block_widths(columns)
    mean, scale, unit = (np.repeat(array, widths) for array in moments)
    stops = np.cumsum(widths)
    for position, levels in columns.levels.items():
        counts = np.bincount(X[:, position].astype(np.intp), minlength=len(levels))
        p = counts / counts.sum()
        variance = p * (1 - p)
        block = slice(stops[position] - widths[position], stops[position])
        mean[block], scale[block] = p, np.sqrt(variance.sum()) or 1.0
        unit[block] = np.sqrt(variance) / scale[block]
    return mean, scale, unit


def _check_moments(mean, deviation, names) -> None:
    finite = np.isfinite(mean) & np.isfinite(deviation)
    if not finite.all():
        raise ValueError(
            "Sum and spread of every column must be finite in float64, got values "
            f"too large for that (column {names[int(np.argmin(finite))]!r})."
        )


def float_dtype(X) -> type:
    """Return the dtype of results: float32 for float32, float64 for all else."""
    return np.float32 if X.dtype == np.float32 else np.float64
