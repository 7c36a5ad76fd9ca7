"""Networks, noise and losses in plain torch, usable without scikit-learn."""

from ._autoencoder import Autoencoder
from ._corruption import (
    CORRUPTIONS,
    Corruption,
    GaussianNoise,
    MaskingNoise,
    SwapNoise,
    UniformNoise,
)
from ._layout import Layout
from ._mlp import ACTIVATIONS
from ._objective import observed_reconstruction_loss, reconstruction_loss
from ._range import RangeHold, record_ranges, recording_ranges

__all__ = [
    "ACTIVATIONS",
    "CORRUPTIONS",
    "Autoencoder",
    "Corruption",
    "GaussianNoise",
    "Layout",
    "MaskingNoise",
    "RangeHold",
    "SwapNoise",
    "UniformNoise",
    "observed_reconstruction_loss",
    "reconstruction_loss",
    "record_ranges",
    "recording_ranges",
]
