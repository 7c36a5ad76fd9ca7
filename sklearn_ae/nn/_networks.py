"""The table of networks."""

from ._autoencoder import Autoencoder
from ._convolutional_map import ConvolutionalMap
from ._network import Network
from ._sparse import SparseNetwork
from ._variational import VariationalNetwork

#: Networks of estimators by name.
NETWORKS: dict[str, type[Network]] = {
    network.__name__: network
    for network in (Autoencoder, ConvolutionalMap, SparseNetwork, VariationalNetwork)
}
