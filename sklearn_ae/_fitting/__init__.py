"""Fitting: from encoded rows to a fitted network."""

from .code_axes import ordered_axes, principal_axes, unrotated_axes
from .data import PairedTables, make_row_source
from .density import draw_rows, fit_prior, kl_per_component, log_likelihood
from .fit import fit_rows, n_epochs
from .fit_pairs import fit_paired_rows
from .fitted import FittedAutoencoder, FittedPair, check_weights, with_weights
from .networks import layer_sizes
from .partial_fit import learn_chunk
from .stream_start import begin_stream, resume_after_fit, resume_stream
from .stream_state import StreamState

__all__ = [
    "FittedAutoencoder",
    "FittedPair",
    "PairedTables",
    "StreamState",
    "begin_stream",
    "check_weights",
    "draw_rows",
    "fit_paired_rows",
    "fit_prior",
    "fit_rows",
    "kl_per_component",
    "layer_sizes",
    "learn_chunk",
    "log_likelihood",
    "make_row_source",
    "n_epochs",
    "ordered_axes",
    "principal_axes",
    "resume_after_fit",
    "resume_stream",
    "unrotated_axes",
    "with_weights",
]
