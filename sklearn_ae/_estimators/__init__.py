"""The estimators, and what meta-estimators build on."""

from .autoencoder import AutoencoderTransformer
from .base import BaseAutoencoder
from .convolutional import ConvolutionalAutoencoder
from .denoising import DenoisingAutoencoder
from .encoder_decoder import EncoderDecoderRegressor
from .latent_model import (
    LatentModel,
    RowStatistics,
    encode_dense,
    latent_model_of,
    unwrap_autoencoder,
)
from .mixins import fit_transaction
from .parameters import CategoryParameters, TrainingParameters, training_options
from .sklearn_callbacks import FitTasks
from .sparse import SparseAutoencoder
from .variational import VariationalAutoencoder
from .wrapper import (
    BaseWrapper,
    count_wrapped_fits,
    fit_wrapped,
    or_default,
    with_seeds,
)
