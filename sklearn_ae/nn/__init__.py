"""Networks and losses in plain torch, usable without scikit-learn."""

from ._autoencoder import Autoencoder
from ._mlp import ACTIVATIONS
from ._objective import reconstruction_loss
from ._range import RangeHold, record_ranges

__all__ = [
    "ACTIVATIONS",
    "Autoencoder",
    "RangeHold",
    "reconstruction_loss",
    "record_ranges",
]
