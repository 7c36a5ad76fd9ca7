"""Problem of autoencoders: rows are reconstructed from their codes."""

import warnings
from functools import partial
from numbers import Integral

import numpy as np
from scipy import sparse

from .._tables import EncodedTable, TableSchema, abbreviate, fit_codec, row_chunks
from .._training import (
    CorruptedRows,
    FixedCorruptedRows,
    RandomStreams,
    split_rows,
)
from ..nn import observed_reconstruction_loss, reconstruction_loss
from .data import TrainingData, make_row_source
from .pca_start import component_limit, fit_pca_starts, resolve_n_components
from .problem import Problem, check_variance
from .recipe import Recipe


class RowReconstruction(Problem):
    """Reconstruct rows of a table from their codes.

    Parameters
    ----------
    recipe : Recipe
        Recipe with the number of codes and the scaling of columns.

    columns : TableSchema
        Schema of X.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Training rows as `columns` reads them: finite, or NaN where missing.

    X_val : {ndarray, CSR matrix} or None, default=None
        Validation rows, read alike. None means a fraction of X.
    """

    start_name = "PCA"

    def __init__(self, recipe: Recipe, columns: TableSchema, X, X_val=None) -> None:
        self.table = fit_table(recipe, columns, X)
        self.codec = self.table.codec
        self._X, self._X_val = X, X_val
        limited = recipe.starts_at_pca and not recipe.allows_overcomplete
        self._n_components = resolve_n_components(
            recipe.n_components, X, self.codec, limited=limited
        )

    def prepare_data(self, recipe: Recipe, streams: RandomStreams) -> TrainingData:
        """Split off validation rows, add noise to inputs, and choose the loss."""
        table, layout, options = self.table, self.table.layout(), recipe.training
        clean = validation = make_row_source(self._X, self.codec, options.device)
        if self._X_val is not None:
            validation = make_row_source(self._X_val, self.codec, options.device)
        split = split_rows(options, clean, validation, streams)
        gap_columns = set(table.gap_columns)
        noise = recipe.noise(layout, streams.torch("noise"))
        if noise is not None:
            gap_columns |= set(noise.gap_columns())
            fixed = recipe.noise(layout, streams.torch("validation noise"))
            split = split._replace(
                rows=CorruptedRows(clean, noise),
                validation_rows=FixedCorruptedRows(validation, fixed),
            )
        has_gaps = table.has_gaps or _has_gaps(self._X_val)
        loss = observed_reconstruction_loss if has_gaps else reconstruction_loss
        return TrainingData(
            clean=clean,
            split=split,
            code_rows=split.rows,
            validation_given=self._X_val is not None,
            loss=partial(loss, n_cells=layout.n_cells),
            n_cells=layout.n_cells,
            gap_columns=tuple(sorted(gap_columns)),
            complete=not has_gaps and noise is None,
            layout=layout,
        )

    def fit_starts(self, parts, seed):
        """Return PCA of all rows, and for each part that of the other rows."""
        n_components = min(self._n_components, component_limit(self._X, self.codec))
        return fit_pca_starts(self._X, self.table, n_components, seed, parts)

    def arguments(self, recipe, start, gap_columns):
        """Return common arguments; PCA resolves an `n_components` below 1."""
        n_components = recipe.n_components
        if not isinstance(n_components, Integral):
            n_components = len(start.components)
        return recipe.common_arguments(
            self.codec.n_encoded, int(n_components), gap_columns
        )

    def code_unit(self, recipe, network):
        """Return the shared scale of all columns, see :func:`code_unit`."""
        return code_unit(recipe, self.codec, network)

    def fitted(self, network):
        """Return the network, which is the whole state."""
        return network

    def attributes(self, start):
        """Return none."""
        return {}


def fit_table(recipe: Recipe, columns: TableSchema, X) -> EncodedTable:
    """Fit the codec of a table with a recipe's scaling."""
    standardize = recipe.scales_columns(columns)
    table = fit_codec(columns, X, standardize=standardize)
    if not standardize:
        check_variance(table, "X", "standardize")
    if table.is_constant:
        warnings.warn(
            "Every column of X is constant, so there is nothing to learn (columns "
            f"{abbreviate(columns.names)}).",
            UserWarning,
            stacklevel=2,
        )
    return table


def code_unit(recipe: Recipe, codec, network) -> float:
    """Return the factor from the network's codes to the codes that are returned.

    If all columns share one scale, codes are in input units, as PCA's are.
    """
    schema = codec.schema
    has_shared_scale = schema.is_numeric and not recipe.scales_columns(schema)
    is_in_units = has_shared_scale and network.codes_have_units
    return float(codec.scale[0]) if is_in_units else 1.0


def _has_gaps(X_val) -> bool:
    """Return whether validation rows have missing cells; raise if all are missing."""
    if X_val is None:
        return False
    cells = X_val.data[:, None] if sparse.issparse(X_val) else X_val
    n_missing = sum(
        np.count_nonzero(np.isnan(cells[chunk])) for chunk in row_chunks(*cells.shape)
    )
    if n_missing == np.prod(X_val.shape):
        raise ValueError("X_val must hold at least one cell that is not missing.")
    return n_missing > 0
