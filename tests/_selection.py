"""Choice of tests: the estimators of a file, and what `make test` leaves out.

`make test` runs each public behaviour once. The mark `extended` is for what it leaves
out: other estimators that share the code of the first one, other processes, real
tables, and what takes seconds. `make test-all` runs everything.
"""

import pytest

from _cases import ESTIMATORS
from sklearn_ae import (
    AutoencoderTransformer,
    CodeCompressor,
    DenoisingAutoencoder,
    EncoderDecoderRegressor,
    PretrainedClassifier,
    ReconstructionOutlierDetector,
    SparseAutoencoder,
    VariationalAutoencoder,
)

ONE = [AutoencoderTransformer]
TWO = [AutoencoderTransformer, DenoisingAutoencoder]
# One of each kind of network, of codes and of loss.
THREE = [AutoencoderTransformer, SparseAutoencoder, VariationalAutoencoder]
# Containers, validation and the steps of a fit are the same code for all autoencoders,
# so these files test a few of them. What the others make of tables is in
# contract/test_common_family.py.
FEWER_ESTIMATORS = {
    "test_base": THREE,
    "test_base_mixed": TWO,
    "test_common_edges": ONE,
    "test_common_mixed": ONE,
    "test_common_real": TWO,
    "test_fit": TWO,
    "test_fit_small": ONE,
    "test_frames": ONE,
    "test_frames_limits": ONE,
    "test_loss_curve": ONE,
    "test_mixins": THREE,
    "test_parameters": ONE,
    "test_random": [DenoisingAutoencoder, SparseAutoencoder, VariationalAutoencoder],
    "test_reconstruction_impute": [DenoisingAutoencoder],
    "test_reconstruction_methods": THREE,
    "test_streaming": TWO,
    "test_validation": ONE,
}

# Files of which `make test` runs nothing: other processes, real tables, damaged files,
# and what is in the repository beside the package.
EXTENDED_FILES = (
    "test_benchmarks",
    "test_checkpoint_kills",
    "test_common_processes",
    "test_common_real",
    "test_docs",
    "test_mutations",
    "test_new_variant",
)

# One estimator of each kind. `make test` runs tests of all public estimators for these.
KINDS = {
    AutoencoderTransformer,
    CodeCompressor,
    EncoderDecoderRegressor,
    PretrainedClassifier,
    ReconstructionOutlierDetector,
}

# Coverage is not measured in these files, as tracing doubles their time: the files of
# each part of the package run the same lines.
NOT_MEASURED = (
    "test_autoencoder",
    "test_base",
    "test_benchmarks",
    "test_common",
    "test_denoising",
    "test_engine_interrupts",
    "test_fit_small",
    "test_mutations",
    "test_properties",
    "test_random",
    "test_reconstruction_",
    "test_variational",
)


def estimators_of(module):
    """Return the parameters of `estimator_class` in a module of tests."""
    name = module.__name__.rsplit(".", 1)[-1]
    return first_in_make_test(FEWER_ESTIMATORS.get(name, ESTIMATORS))


def first_in_make_test(values):
    """Return parameters of which `make test` takes the first one alone."""
    first, *others = values
    return [
        first,
        *(pytest.param(other, marks=pytest.mark.extended) for other in others),
    ]


def marks_of(estimator_class):
    """Return the marks of tests of one of all public estimators."""
    return () if estimator_class in KINDS else pytest.mark.extended
