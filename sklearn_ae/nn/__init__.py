"""Networks, noise and losses in plain torch, usable without scikit-learn.

Four tables give classes by the names that estimators have for them: ``ACTIVATIONS`` of
hidden layers, ``CODINGS`` that keep codes sparse, ``CORRUPTIONS`` of rows, and
``NETWORKS``.
"""

from ._autoencoder import Autoencoder
from ._bound import NegativeBound
from ._coding import CODINGS
from ._conv import cells_per_cell
from ._convolutional_map import ConvolutionalMap
from ._corruption import (
    CORRUPTIONS,
    Corruption,
    GaussianNoise,
    MaskingNoise,
    SwapNoise,
    UniformNoise,
)
from ._head import (
    Head,
    HeadedNetwork,
    agreement_loss,
    brier_loss,
    class_loss,
    squared_loss,
)
from ._layout import Layout
from ._mlp import ACTIVATIONS
from ._network import Network
from ._networks import NETWORKS
from ._objective import observed_reconstruction_loss, reconstruction_loss
from ._range import RangeHold, extending_ranges, record_ranges, recording_ranges
from ._sparse import SparseNetwork, sparse_loss
from ._variational import VariationalNetwork

__all__ = [
    "ACTIVATIONS",
    "CODINGS",
    "CORRUPTIONS",
    "NETWORKS",
    "Autoencoder",
    "ConvolutionalMap",
    "Corruption",
    "GaussianNoise",
    "Head",
    "HeadedNetwork",
    "Layout",
    "MaskingNoise",
    "NegativeBound",
    "Network",
    "RangeHold",
    "SparseNetwork",
    "SwapNoise",
    "UniformNoise",
    "VariationalNetwork",
    "agreement_loss",
    "brier_loss",
    "cells_per_cell",
    "class_loss",
    "extending_ranges",
    "observed_reconstruction_loss",
    "reconstruction_loss",
    "record_ranges",
    "recording_ranges",
    "sparse_loss",
    "squared_loss",
]
