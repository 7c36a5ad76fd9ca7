"""Fitting: from encoded rows to a fitted network."""

from .code_axes import ordered_axes, unrotated_axes
from .data import PairedTables, make_row_source
from .density import describe_density, draw_rows, fit_prior, log_likelihood
from .fit import Observe, fit_problem
from .fitted import FittedAutoencoder, FittedPair, check_weights, with_weights
from .networks import layer_sizes
from .partial_fit import fit_chunk
from .predict_outputs import OutputPrediction, RegressionOptions
from .recipe import Recipe
from .reconstruct_rows import RowReconstruction
from .resume import open_checkpoint
from .streams import (
    Published,
    StreamState,
    begin_stream,
    resume_after_fit,
    resume_stream,
)
