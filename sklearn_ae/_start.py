"""Linear starts: what the network is before its first step."""

from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.utils.sparsefuncs import min_max_axis

from ._tables import NumericCodec
from .nn import Autoencoder

_SPARSE_COVARIANCE_MAX_FEATURES = 2_000
_FAR = 1e4  # scales from zero


class LinearStart(NamedTuple):
    """Principal components of the encoded training rows.

    Attributes
    ----------
    components : ndarray of shape (n_components, n_features)
        Orthonormal rows in float64.

    explained_variance : ndarray of shape (n_components,)
        Variance of each code, in encoded units squared.

    unexplained_share : float
        Share of the variance that the components leave.
    """

    components: np.ndarray
    explained_variance: np.ndarray
    unexplained_share: float

    def network(self) -> Autoencoder:
        """Return PCA as a network without hidden layers, in float64."""
        n_components, n_features = self.components.shape
        network = Autoencoder(
            n_features, n_components, (), generator=torch.Generator()
        ).double()
        self.apply_to(network)
        return network

    def apply_to(self, module: Autoencoder) -> None:
        """Make a network equal to these components."""
        deviations = np.sqrt(self.explained_variance)
        floor = deviations.max(initial=0) * np.finfo(np.float32).eps
        deviations = np.maximum(deviations, floor or 1.0)
        module.start_at_components(
            torch.from_numpy(self.components), torch.from_numpy(deviations)
        )


def pca_start(
    X, codec: NumericCodec, n_components: int | float, random_state: int
) -> LinearStart:
    """Fit scikit-learn's PCA on encoded rows, in float64.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Rows as validated, before the codec.

    codec : NumericCodec
        Fitted on X.

    n_components : int or float
        As in PCA.

    random_state : int
        For PCA's arpack solver; the others draw nothing.

    Returns
    -------
    start : LinearStart
        The start.
    """
    if _is_constant(X):
        n_components = n_components if n_components >= 1 else 1
        components = np.eye(n_components, X.shape[1])
        return LinearStart(components, np.zeros(n_components), 0.0)
    rows = codec.encode_sparse(X) if sparse.issparse(X) else codec.encode(X)
    pca = PCA(
        n_components,
        svd_solver=_solver(X, codec, n_components),
        copy=False,
        random_state=random_state,
    )
    pca.fit(rows)
    share = 1 - pca.explained_variance_ratio_.sum()
    return LinearStart(
        np.ascontiguousarray(pca.components_),
        np.ascontiguousarray(pca.explained_variance_),
        float(max(share, 0.0)),
    )


def _is_constant(X) -> bool:
    if sparse.issparse(X):
        return np.array_equal(*min_max_axis(X, axis=0))
    return np.array_equal(X.min(axis=0), X.max(axis=0))


def _solver(X, codec: NumericCodec, n_components: int | float) -> str:
    """Return PCA's own choice, but for arpack where that is not exact.

    The network is never worse than its start, so the start is exact: not randomized,
    and no covariance of sparse rows so far from zero that centring it afterwards
    leaves nothing.
    """
    if sparse.issparse(X):
        far = np.abs(codec.mean).max() > _FAR * codec.scale.min()
        exists = 1 <= n_components < min(X.shape)
        return "arpack" if far and exists else sparse_solver(X)
    few = 1 <= n_components < 0.8 * min(X.shape)
    tall = X.shape[1] <= 1_000 and X.shape[0] >= 10 * X.shape[1]
    return "arpack" if few and not tall and max(X.shape) > 500 else "auto"


def sparse_solver(X) -> str:
    """Return PCA's solver for a CSR matrix: exact where its columns allow it."""
    wide = X.shape[1] > _SPARSE_COVARIANCE_MAX_FEATURES
    return "arpack" if wide else "covariance_eigh"


def component_limit(X) -> int:
    """Return the most components that PCA can find in X."""
    return min(X.shape) - (sparse.issparse(X) and sparse_solver(X) == "arpack")


def resolve_n_components(n_components, X, init: str) -> int | float:
    """Check `n_components` against the shape of X, and fill in None as PCA does.

    Parameters
    ----------
    n_components : int, float or None
        The parameter.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        The training rows.

    init : {"pca", "random"}
        A random start has no upper limit.

    Returns
    -------
    n_components : int or float
        A float is left to PCA.

    Raises
    ------
    ValueError
        If PCA can't have so many components.
    """
    limit = component_limit(X)
    if n_components is None:
        return limit
    if isinstance(n_components, float) and limit < min(X.shape):
        raise ValueError(
            "n_components must be an integer or None for sparse X with more than "
            f"{_SPARSE_COVARIANCE_MAX_FEATURES} columns, got "
            f"n_components={n_components!r}."
        )
    if n_components > limit and init == "pca":
        words = "min(n_samples, n_features)" + " - 1" * (limit < min(X.shape))
        raise ValueError(
            f'n_components must be at most {words}={limit} with init="pca", '
            f"got n_components={n_components}."
        )
    return n_components
