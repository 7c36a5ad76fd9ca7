"""Networks and losses in plain torch, usable without scikit-learn."""

from ._autoencoder import Autoencoder
from ._mlp import ACTIVATIONS, RangeHold, record_ranges
from ._objective import reconstruction_loss

__all__ = [
    "ACTIVATIONS",
    "Autoencoder",
    "RangeHold",
    "reconstruction_loss",
    "record_ranges",
]
