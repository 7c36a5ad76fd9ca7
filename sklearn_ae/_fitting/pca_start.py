"""PCA as the linear start of autoencoders."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.utils.extmath import svd_flip
from torch import Tensor, nn

from .._tables import EncodedTable, TableCodec

_COVARIANCE_MAX_FEATURES, _SPARSE_COVARIANCE_MAX_FEATURES = 1_000, 2_000
_MOST_BYTES = 2**30  # of rows in float64
_MAX_MEAN_IN_SCALES = 1e4
_COVARIANCE_ROWS = 1_024  # per chunk: enough for BLAS, few enough for the cache
_COVARIANCE_COLUMNS = 128  # per product, to leave out most of the lower triangle


class LinearStart(NamedTuple):
    """Principal components of the encoded training rows.

    Attributes
    ----------
    components : ndarray of shape (n_components, n_features)
        Orthonormal rows in float64.

    explained_variance : ndarray of shape (n_components,)
        Variance of each code, in encoded units squared.

    unexplained_share : float
        Share of the variance that the components do not explain.

    noise_variance : float
        Mean variance in the other directions, PCA's ``noise_variance_``.
    """

    components: np.ndarray
    explained_variance: np.ndarray
    unexplained_share: float
    noise_variance: float

    def apply_to(self, module: nn.Module, deviations: np.ndarray | None = None) -> None:
        """Set a network to these components, see :class:`Start`."""
        if deviations is None:
            deviations = np.sqrt(self.explained_variance)
        module.start_at_components(
            torch.from_numpy(self.components),
            torch.from_numpy(deviations),
            self.noise_variance**0.5,
        )


def fit_pca_starts(
    X,
    table: EncodedTable,
    n_components: int | float,
    random_state: int,
    parts: Sequence[np.ndarray] = (),
) -> list[LinearStart]:
    """Fit scikit-learn's PCA to encoded rows in float64, missing cells at the mean.

    Of tall and of large dense tables the covariance is gathered in chunks, and the
    components are its eigenvectors, as PCA computes them for tall ones. So the encoded
    rows are never in memory as a whole.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers of a table, before encoding.

    table : EncodedTable
        Codec that was fitted to a table with these rows.

    n_components : int or float
        As in PCA.

    random_state : int
        Seed of PCA's arpack solver; the others use none.

    parts : sequence of ndarray of int, default=()
        Disjoint sets of rows, by number.

    Returns
    -------
    starts : list of LinearStart
        First the start of all rows, then for each part that of the rows outside it,
        with as many components. If these rows are too few, it is the first start.
    """
    n_rows = X.shape[0]
    outside = [_rows_outside(part, n_rows) for part in parts]
    if sparse.issparse(X):
        fewest = min(map(len, outside), default=n_rows)
        in_chunks = _needs_centring(X[:fewest], table.codec, n_components)
    else:
        in_chunks = _takes_covariance(n_rows, table.codec.n_encoded)
    if in_chunks and not table.is_constant:
        rest = _rows_outside(np.concatenate(parts), n_rows) if parts else None
        moments = [_moments(X, table, piece) for piece in [*parts, rest]]
        first = _from_moments(moments, n_components)
    else:
        moments, first = None, _fit_pca(X, table, n_components, random_state)
    starts, n_components = [first], len(first.components)
    for number, others in enumerate(outside):
        limit = component_limit(X, table.codec, len(others))
        if n_components > limit or len(others) < 2:
            starts.append(first)
        elif moments is None:
            starts.append(_fit_pca(X[others], table, n_components, random_state))
        else:
            other_moments = moments[:number] + moments[number + 1 :]
            starts.append(_from_moments(other_moments, n_components))
    return starts


def _rows_outside(part: np.ndarray, n_rows: int) -> np.ndarray:
    """Return the numbers of the rows outside a part."""
    return np.delete(np.arange(n_rows), part)


def _fit_pca(X, table, n_components, random_state) -> LinearStart:
    """Fit PCA to all rows of X at once."""
    codec = table.codec
    if table.is_constant:
        return _start_without_variance(n_components, codec)
    rows = codec.encode_sparse(X) if sparse.issparse(X) else codec.encode(X)
    if table.has_gaps and not sparse.issparse(X):
        rows[np.isnan(rows)] = 0
    widest = (rows.max(axis=0) - rows.min(axis=0)).max()
    if widest**2 < np.finfo(np.float64).tiny:
        return _start_without_variance(n_components, codec)
    pca = PCA(
        n_components,
        svd_solver=_solver(rows, codec, n_components),
        copy=False,
        random_state=random_state,
    )
    pca.fit(rows)
    share = 1 - pca.explained_variance_ratio_.sum()
    return LinearStart(
        # A reversed array of one row counts as contiguous, but torch refuses it.
        np.array(pca.components_, order="C"),
        np.array(pca.explained_variance_),
        float(max(share, 0.0)),
        float(max(pca.noise_variance_, 0.0)),
    )


def _start_without_variance(n_components, codec: TableCodec) -> LinearStart:
    """Return an arbitrary start, as any explains rows that do not vary."""
    n_components = n_components if n_components >= 1 else 1
    components = np.eye(n_components, codec.n_encoded)
    return LinearStart(components, np.zeros(n_components), 0.0, 0.0)


def _takes_covariance(n_rows: int, n_columns: int) -> bool:
    """Return whether to gather the covariance of dense rows.

    PCA does for narrow tables. Larger ones would take much memory, and their covariance
    takes at most a tenth of it.
    """
    is_narrow = n_columns <= _COVARIANCE_MAX_FEATURES
    is_large = 8 * n_rows * n_columns > _MOST_BYTES
    return n_rows >= 10 * n_columns and (is_narrow or is_large)


class _Moments(NamedTuple):
    """Number of rows, sums of columns, and the upper triangle of sums of products."""

    n_rows: int
    total: np.ndarray
    product: np.ndarray


def _moments(X, table: EncodedTable, index: np.ndarray | None) -> _Moments:
    """Gather the moments of encoded rows in chunks; the index None means all rows.

    Products are torch's: after those of NumPy, its BLAS threads would still spin when
    training begins, and slow it down.
    """
    codec = table.codec
    total = np.zeros(codec.n_encoded)
    product = torch.zeros((codec.n_encoded, codec.n_encoded), dtype=torch.float64)
    n_rows = X.shape[0] if index is None else len(index)
    for begin in range(0, n_rows, _COVARIANCE_ROWS):  # gen_batches wants a row
        chunk = slice(begin, begin + _COVARIANCE_ROWS)
        rows = codec.encode(X[chunk if index is None else index[chunk]])
        if table.has_gaps:
            rows[np.isnan(rows)] = 0
        total += rows.sum(axis=0)
        _add_products(product, torch.from_numpy(rows))
    return _Moments(n_rows, total, product.numpy())


def _add_products(product: Tensor, rows: Tensor) -> None:
    """Add ``rows.T @ rows`` to the upper triangle of `product`, block by block."""
    for first in range(0, len(product), _COVARIANCE_COLUMNS):
        block = slice(first, first + _COVARIANCE_COLUMNS)
        product[block, first:].addmm_(rows[:, block].T, rows[:, first:])


def _from_moments(moments: list[_Moments], n_components: int | float) -> LinearStart:
    """Return the start of all rows that have these moments."""
    n_rows, total, product = (sum(parts) for parts in zip(*moments, strict=True))
    mean = total / n_rows
    product = np.triu(product) + np.triu(product, 1).T
    covariance = (product - n_rows * np.outer(mean, mean)) / (n_rows - 1)
    return _from_covariance(covariance, n_components)


def _from_covariance(covariance: np.ndarray, n_components: int | float) -> LinearStart:
    """Return the start for a covariance, by torch, see :func:`_moments`."""
    variance, vectors = map(np.asarray, torch.linalg.eigh(torch.from_numpy(covariance)))
    variance = np.maximum(variance[::-1], 0)
    shares = variance / (variance.sum() or 1.0)
    if n_components < 1:
        n_components = np.searchsorted(shares.cumsum(), n_components, "right") + 1
    _, components = svd_flip(None, vectors.T[::-1], u_based_decision=False)
    return LinearStart(
        components[:n_components].copy(),
        variance[:n_components],
        float(shares[n_components:].sum()),
        float(variance[n_components:].mean()) if n_components < len(variance) else 0.0,
    )


def _solver(X, codec: TableCodec, n_components: int | float) -> str:
    """Return PCA's solver: arpack where PCA would choose an inexact one.

    The start must be exact, as the network is never worse than it. So it is not
    randomized, and not the centred covariance of sparse rows that are so far from zero
    that centring cancels all digits.
    """
    if sparse.issparse(X):
        return "arpack" if _is_far_from_zero(codec) else sparse_solver(X)
    is_partial = 1 <= n_components < 0.8 * min(X.shape)
    return "arpack" if is_partial and max(X.shape) > 500 else "auto"


def _is_far_from_zero(codec: TableCodec) -> bool:
    """Return whether a column is so far from zero that centring leaves few digits."""
    varies = ~codec.constant
    mean, scale = codec.mean[varies], codec.scale[varies]
    return bool(
        np.abs(mean).max(initial=0) > _MAX_MEAN_IN_SCALES * scale.min(initial=np.inf)
    )


def _needs_centring(X, codec: TableCodec, n_components: int | float) -> bool:
    """Return whether to centre sparse rows in chunks, as no solver of PCA is exact."""
    suits_arpack = 1 <= n_components < min(X.shape)
    is_far = _is_far_from_zero(codec)
    return is_far and not suits_arpack and sparse_solver(X) != "arpack"


def sparse_solver(X) -> str:
    """Return PCA's exact solver for a CSR matrix of so many columns."""
    wide = X.shape[1] > _SPARSE_COVARIANCE_MAX_FEATURES
    return "arpack" if wide else "covariance_eigh"


def component_limit(X, codec: TableCodec, n_rows: int | None = None) -> int:
    """Return how many components PCA can find in encoded rows of X, or in `n_rows`."""
    limit = min(n_rows or X.shape[0], codec.n_encoded)
    return limit - (sparse.issparse(X) and sparse_solver(X) == "arpack")


def resolve_n_components(
    n_components, X, codec: TableCodec, *, limited: bool
) -> int | float:
    """Check `n_components` against the shape of X, and fill in None as PCA does.

    Parameters
    ----------
    n_components : int, float or None
        The parameter.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        The training rows.

    codec : TableCodec
        Codec that was fitted to a table with these rows.

    limited : bool
        Whether an integer must be at most what PCA can find.

    Returns
    -------
    n_components : int or float
        A float is resolved by PCA.

    Raises
    ------
    ValueError
        If PCA can't find so many components.
    """
    limit = component_limit(X, codec)
    if n_components is None:
        return limit
    from_arpack = limit < min(X.shape[0], codec.n_encoded)
    if isinstance(n_components, float) and from_arpack:
        raise ValueError(
            "n_components must be an integer or None for sparse X with more than "
            f"{_SPARSE_COVARIANCE_MAX_FEATURES} columns, got "
            f"n_components={n_components!r}."
        )
    if n_components > limit and limited:
        columns = "n_features" if codec.schema.is_numeric else "n_encoded_features"
        bound = f"min(n_samples, {columns})" + " - 1" * from_arpack
        raise ValueError(
            f'n_components must be at most {bound}={limit} with init="pca", '
            f"got n_components={n_components} (n_samples={X.shape[0]}, "
            f"n_features={X.shape[1]})."
        )
    return n_components
