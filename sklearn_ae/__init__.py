"""Autoencoders that behave like scikit-learn's PCA, and are never worse than it."""

from ._archive import InvalidFileError
from ._autoencoder import AutoencoderTransformer
from ._components_error_display import ComponentsErrorDisplay
from ._compression import CodeCompressor
from ._convolutional import ConvolutionalAutoencoder
from ._denoising import DenoisingAutoencoder
from ._encoder_decoder import EncoderDecoderRegressor
from ._forks import survive_forks
from ._latent_space_display import LatentSpaceDisplay
from ._loss_curve_display import LossCurveDisplay
from ._outlier import ReconstructionOutlierDetector
from ._persistence import load, skops_names
from ._pretrained_classifier import PretrainedClassifier
from ._pretrained_regressor import PretrainedRegressor
from ._reconstruction_display import ReconstructionDisplay
from ._sparse import SparseAutoencoder
from ._variational import VariationalAutoencoder
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

#: Names of all classes that skops must trust to load estimators of this package.
SKOPS_TRUSTED = skops_names()

survive_forks()
