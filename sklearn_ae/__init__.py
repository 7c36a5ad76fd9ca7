"""Autoencoders that behave like scikit-learn's PCA, and are never worse than it."""

from ._compression import CodeCompressor
from ._estimators import (
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
    EncoderDecoderRegressor,
    SparseAutoencoder,
    VariationalAutoencoder,
)
from ._outliers import ReconstructionOutlierDetector
from ._persistence import InvalidFileError, load, skops_names
from ._plotting import (
    ComponentsErrorDisplay,
    LatentSpaceDisplay,
    LossCurveDisplay,
    ReconstructionDisplay,
)
from ._pretraining import PretrainedClassifier, PretrainedRegressor
from ._training import use_one_thread_after_fork
from ._version import __version__

__all__ = [
    "SKOPS_TRUSTED",
    "AutoencoderTransformer",
    "CodeCompressor",
    "ComponentsErrorDisplay",
    "ConvolutionalAutoencoder",
    "DenoisingAutoencoder",
    "EncoderDecoderRegressor",
    "InvalidFileError",
    "LatentSpaceDisplay",
    "LossCurveDisplay",
    "PretrainedClassifier",
    "PretrainedRegressor",
    "ReconstructionDisplay",
    "ReconstructionOutlierDetector",
    "SparseAutoencoder",
    "VariationalAutoencoder",
    "__version__",
    "load",
]

# Pickles, skops' files and links in notebooks name classes by where users import them,
# so that their files may move. `inspect.getsource` then finds no classes, only methods,
# as for those of NumPy.
for _public in tuple(vars().values()):
    if isinstance(_public, type):
        _public.__module__ = __name__

#: Names of all classes that skops must trust to load estimators of this package.
SKOPS_TRUSTED = skops_names()

use_one_thread_after_fork()
