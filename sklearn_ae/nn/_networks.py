"""The table of networks."""

from torch import nn

from ._autoencoder import Autoencoder
from ._sparse import SparseNetwork
from ._variational import VariationalNetwork

NETWORKS: dict[str, type[nn.Module]] = {
    network.__name__: network
    for network in (Autoencoder, SparseNetwork, VariationalNetwork)
}
