"""Linear starts: what the network is before its first step."""

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
_FAR = 1e4  # scales from zero
_COVARIANCE_ROWS = 1_024  # enough for BLAS, few enough for the cache
_COVARIANCE_COLUMNS = 128  # a product at a time, to leave out the lower triangle


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

    noise_variance : float
        Mean variance in the directions that they leave, PCA's ``noise_variance_``.
    """

    components: np.ndarray
    explained_variance: np.ndarray
    unexplained_share: float
    noise_variance: float

    def apply_to(self, module: nn.Module, deviations: np.ndarray | None = None) -> None:
        """Start a network at these components.

        `deviations` are those of the codes it is to see, by default those explained.
        """
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
    """Fit PCA on encoded rows, missing cells filled, in float64.

    It is scikit-learn's. For tall and large dense tables their covariance, which PCA
    would take of tall ones, is gathered in chunks and the same is made of it, so that
    the encoded rows are never in memory as a whole.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers of a table, before the codec.

    table : EncodedTable
        Fitted on a table that has these rows.

    n_components : int or float
        As in PCA.

    random_state : int
        For PCA's arpack solver; the others draw nothing.

    parts : sequence of ndarray of int, default=()
        Disjoint sets of rows, by number.

    Returns
    -------
    starts : list of LinearStart
        First that of all rows, then for each part that of the rows outside it, with as
        many components; where these rows are too few for that, the first once more.
    """
    n_rows = X.shape[0]
    outside = [_all_but(part, n_rows) for part in parts]
    if sparse.issparse(X):
        fewest = min(map(len, outside), default=n_rows)
        in_chunks = _needs_centring(X[:fewest], table.codec, n_components)
    else:
        in_chunks = _takes_covariance(n_rows, table.codec.n_encoded)
    if in_chunks and not table.is_constant:
        rest = _all_but(np.concatenate(parts), n_rows) if parts else None
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
            theirs = moments[:number] + moments[number + 1 :]
            starts.append(_from_moments(theirs, n_components))
    return starts


def _all_but(part: np.ndarray, n_rows: int) -> np.ndarray:
    """Return the numbers of the rows outside a part."""
    return np.delete(np.arange(n_rows), part)


def _fit_pca(X, table, n_components, random_state) -> LinearStart:
    """Let PCA fit all rows of X."""
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
        # One row counts as contiguous even backwards, which torch refuses.
        np.array(pca.components_, order="C"),
        np.array(pca.explained_variance_),
        float(max(share, 0.0)),
        float(max(pca.noise_variance_, 0.0)),
    )


def _start_without_variance(n_components, codec: TableCodec) -> LinearStart:
    """Return any start: where rows do not vary, all explain them."""
    n_components = n_components if n_components >= 1 else 1
    components = np.eye(n_components, codec.n_encoded)
    return LinearStart(components, np.zeros(n_components), 0.0, 0.0)


def _takes_covariance(n_rows: int, n_columns: int) -> bool:
    """Tell whether PCA would take the covariance of dense rows, or has to.

    The latter is where the rows take much memory, and their covariance at most a tenth.
    """
    narrow = n_columns <= _COVARIANCE_MAX_FEATURES
    large = 8 * n_rows * n_columns > _MOST_BYTES
    return n_rows >= 10 * n_columns and (narrow or large)


class _Moments(NamedTuple):
    """What makes the covariance of some rows.

    Their number, sums of columns, and sums of products, of which the upper triangle
    counts.
    """

    n_rows: int
    total: np.ndarray
    product: np.ndarray


def _moments(X, table: EncodedTable, index: np.ndarray | None) -> _Moments:
    """Gather the moments of encoded rows chunk by chunk; None means of all.

    torch multiplies: the threads of NumPy's BLAS would still wait for more, in its way,
    when training begins.
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
    """Add ``rows.T @ rows`` to the upper triangle of `product`, and some below it."""
    for first in range(0, len(product), _COVARIANCE_COLUMNS):
        some = slice(first, first + _COVARIANCE_COLUMNS)
        product[some, first:].addmm_(rows[:, some].T, rows[:, first:])


def _from_moments(moments: list[_Moments], n_components: int | float) -> LinearStart:
    """Return what PCA makes of the covariance of rows whose moments these are."""
    n_rows, total, product = (sum(parts) for parts in zip(*moments, strict=True))
    mean = total / n_rows
    product = np.triu(product) + np.triu(product, 1).T
    covariance = (product - n_rows * np.outer(mean, mean)) / (n_rows - 1)
    return _from_covariance(covariance, n_components)


def _from_covariance(covariance: np.ndarray, n_components: int | float) -> LinearStart:
    """Return the start that a covariance makes, by torch, see :func:`_moments`."""
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
    """Return PCA's own choice, but for arpack where that is not exact.

    The network is never worse than its start, so the start is exact: not randomized,
    and no covariance of sparse rows so far from zero that centring it afterwards
    leaves nothing.
    """
    if sparse.issparse(X):
        return "arpack" if _is_far(codec) else sparse_solver(X)
    few = 1 <= n_components < 0.8 * min(X.shape)
    return "arpack" if few and max(X.shape) > 500 else "auto"


def _is_far(codec: TableCodec) -> bool:
    """Tell whether a column lies so far from zero that centring leaves few digits."""
    varies = ~codec.constant
    mean, scale = codec.mean[varies], codec.scale[varies]
    return bool(np.abs(mean).max(initial=0) > _FAR * scale.min(initial=np.inf))


def _needs_centring(X, codec: TableCodec, n_components: int | float) -> bool:
    """Tell whether sparse rows are to be centred chunk by chunk: no solver is exact."""
    exists = 1 <= n_components < min(X.shape)
    return _is_far(codec) and not exists and sparse_solver(X) != "arpack"


def sparse_solver(X) -> str:
    """Return PCA's solver for a CSR matrix: exact where its columns allow it."""
    wide = X.shape[1] > _SPARSE_COVARIANCE_MAX_FEATURES
    return "arpack" if wide else "covariance_eigh"


def component_limit(X, codec: TableCodec, n_rows: int | None = None) -> int:
    """Return the most components that PCA can find in (some) encoded rows of X."""
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
        Fitted on a table that has these rows.

    limited : bool
        Whether an integer must be one that PCA can have.

    Returns
    -------
    n_components : int or float
        A float is left to PCA.

    Raises
    ------
    ValueError
        If PCA can't have so many components.
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
        words = f"min(n_samples, {columns})" + " - 1" * from_arpack
        raise ValueError(
            f'n_components must be at most {words}={limit} with init="pca", '
            f"got n_components={n_components} (n_samples={X.shape[0]}, "
            f"n_features={X.shape[1]})."
        )
    return n_components
