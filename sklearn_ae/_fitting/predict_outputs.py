"""Problem of regression: outputs are predicted from inputs."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from .._tables import TableSchema, fit_codec, infer_schema
from .._training import PairedRows, RandomStreams, split_rows
from ..nn import reconstruction_loss
from .data import PairedTables, TrainingData, make_row_source
from .fitted import FittedPair
from .problem import Problem, check_variance
from .recipe import Recipe
from .ridge_start import fit_ridge_start


class RegressionOptions(NamedTuple):
    """Parameters that only :class:`~sklearn_ae.EncoderDecoderRegressor` has.

    Attributes
    ----------
    alphas : sequence of float
        Penalties of ridge regression to choose from.

    standardize_outputs : bool
        Whether to scale each output by its own standard deviation.
    """

    alphas: Sequence[float]
    standardize_outputs: bool


class OutputPrediction(Problem):
    """Predict outputs from codes of inputs.

    Parameters
    ----------
    recipe : Recipe
        Recipe with the number of codes and the scaling of inputs.

    options : RegressionOptions
        Parameters of regression.

    columns : TableSchema
        Schema of the inputs.

    pairs : PairedTables
        Training rows.

    validation : PairedTables or None
        Validation rows. None means a fraction of the training rows.
    """

    start_name = "ridge"

    def __init__(
        self,
        recipe: Recipe,
        options: RegressionOptions,
        columns: TableSchema,
        pairs: PairedTables,
        validation: PairedTables | None,
    ) -> None:
        self._options, self._pairs, self._validation = options, pairs, validation
        self._inputs = fit_codec(
            columns, pairs.X, standardize=recipe.scales_columns(columns)
        )
        names = [f"y{position}" for position in range(pairs.Y.shape[1])]
        output_columns, outputs = infer_schema(pairs.Y, names, "from_dtype", None)
        standardize = options.standardize_outputs
        table = fit_codec(output_columns, outputs, standardize=standardize)
        if not standardize:
            check_variance(table, "y", "standardize_outputs")
        self.codec, self._outputs = self._inputs.codec, table.codec
        self._n_components = self._resolve_n_components(recipe.n_components)

    def _resolve_n_components(self, n_components: int | None) -> int:
        limit = min(self.codec.n_encoded, self._outputs.n_encoded)
        if n_components is None:
            return limit
        if n_components > limit:
            encoded = "_encoded" * (not self.codec.schema.is_numeric)
            raise ValueError(
                f"n_components must be at most min(n{encoded}_features, n_outputs)="
                f"{limit}, got n_components={n_components}."
            )
        return int(n_components)

    def _make_rows(self, pairs: PairedTables, device) -> PairedRows:
        """Return the row source of pairs."""
        return PairedRows(
            make_row_source(pairs.X, self.codec, device),
            make_row_source(pairs.Y, self._outputs, device),
        )

    def prepare_data(self, recipe: Recipe, streams: RandomStreams) -> TrainingData:
        """Pair inputs with outputs, and split off validation rows."""
        options = recipe.training
        rows = validation_rows = self._make_rows(self._pairs, options.device)
        if self._validation is not None:
            validation_rows = self._make_rows(self._validation, options.device)
        n_cells = float(self._pairs.Y.shape[1])
        return TrainingData(
            clean=rows,
            split=split_rows(options, rows, validation_rows, streams),
            code_rows=rows.rows,
            validation_given=self._validation is not None,
            loss=partial(reconstruction_loss, n_cells=n_cells),
            n_cells=n_cells,
            gap_columns=tuple(self._inputs.gap_columns),
            complete=not self._inputs.has_gaps,
        )

    def fit_starts(self, parts, seed):
        """Return ridge regression of all rows, and for each part of the other rows."""
        X, Y = self._pairs
        all_rows = np.arange(len(Y))
        outside = [np.delete(all_rows, part) for part in parts]
        tables = [(X, Y), *((X[rows], Y[rows]) for rows in outside)]
        codecs = self.codec, self._outputs
        return [
            fit_ridge_start(*table, codecs, self._options.alphas, self._n_components)
            for table in tables
        ]

    def arguments(self, recipe, start, gap_columns):
        """Return common arguments of the network, and the number of outputs."""
        common = recipe.common_arguments(
            self.codec.n_encoded, self._n_components, gap_columns
        )
        return common | {"n_outputs": self._outputs.n_encoded}

    def code_unit(self, recipe, network):
        """Return the shared scale of the outputs, as codes are in their units."""
        standardized = self._options.standardize_outputs
        return 1.0 if standardized else float(self._outputs.scale[0])

    def fitted(self, network):
        """Return the network with means and scales of outputs."""
        outputs = self._outputs
        return FittedPair(network, outputs.mean.copy(), outputs.scale.copy())

    def attributes(self, start):
        """Return the penalty of ridge regression as ``alpha_``."""
        return {"alpha_": start.alpha}
