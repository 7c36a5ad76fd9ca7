"""Networks, noise and losses in plain torch, usable without scikit-learn.

Four dicts map the names that estimators use to classes: ``ACTIVATIONS`` (hidden
layers), ``CODINGS`` (sparse codes), ``CORRUPTIONS`` (noise) and ``NETWORKS``.
"""

from ._activation_range import ActivationClamp, extending_ranges, recording_ranges
from ._autoencoder import Autoencoder
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
from ._elbo import NegativeELBO
from ._head import Head, HeadedNetwork
from ._layout import Layout
from ._losses import (
    agreement_loss,
    brier_loss,
    class_loss,
    observed_reconstruction_loss,
    reconstruction_loss,
    squared_loss,
)
from ._mlp import ACTIVATIONS
from ._network import Network
from ._sparse_coding import CODINGS
from ._sparse_network import SparseNetwork, sparse_loss
from ._variational_network import VariationalNetwork

__all__ = [
    "ACTIVATIONS",
    "CODINGS",
    "CORRUPTIONS",
    "NETWORKS",
    "ActivationClamp",
    "Autoencoder",
    "ConvolutionalMap",
    "Corruption",
    "GaussianNoise",
    "Head",
    "HeadedNetwork",
    "Layout",
    "MaskingNoise",
    "NegativeELBO",
    "Network",
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
    "recording_ranges",
    "sparse_loss",
    "squared_loss",
]

#: Networks by name. States of fitted estimators name one of these.
NETWORKS: dict[str, type[Network]] = {
    network.__name__: network
    for network in (Autoencoder, ConvolutionalMap, SparseNetwork, VariationalNetwork)
}

# Pickles name networks by where users import them, so that their files may move.
for _public in tuple(vars().values()):
    if isinstance(_public, type):
        _public.__module__ = __name__
