"""Sparse codes by matching pursuit, many rows at a time."""

import torch
from torch import Tensor, nn

_BLOCK = 32  # numbers that a processor compares at once
_REFIT = 3  # atoms, after which least squares corrects their shares


def pursue(
    x: Tensor, atoms: Tensor, k: int, products: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    r"""Return which k atoms explain each row, and how much of each.

    Atom after atom, the one with the largest scalar product with what is left of a row
    is taken, and its share is removed,

    .. math:: j_t = \arg\max_j |a_j^\top r_t|, \qquad
              r_{t+1} = r_t - (a_{j_t}^\top r_t) \, a_{j_t}.

    Whenever three more are taken, and at the end, least squares finds the coefficients
    of all atoms taken, and what they leave. Orthonormal atoms give the k largest scalar
    products with the row.

    Parameters
    ----------
    x : Tensor of shape (n_rows, n_features)
        The rows.

    atoms : Tensor of shape (n_atoms, n_features)
        Rows of unit length, or zero: those are taken last, with a coefficient of zero.

    k : int
        Atoms a row, at most `n_atoms`.

    products : Tensor of shape (n_atoms, n_atoms), default=None
        ``atoms @ atoms.T``. None means that it is computed.

    Returns
    -------
    index : Tensor of int of shape (n_rows, k)
        Distinct atoms, unless nothing is left of a row.

    coefficients : Tensor of shape (n_rows, k)
        Of each atom taken.

    References
    ----------
    Mallat, S. G. and Zhang, Z. (1993). Matching pursuits with time-frequency
    dictionaries. IEEE Transactions on Signal Processing, 41(12), 3397-3415.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._matching_pursuit import pursue
    >>> index, coefficients = pursue(torch.tensor([[1.0, -3.0, 2.0]]), torch.eye(3), 2)
    >>> index, coefficients.round()
    (tensor([[1, 2]]), tensor([[-3.,  2.]]))
    """
    if products is None:
        products = atoms @ atoms.T
    scores = x @ atoms.T
    index = choose(scores.detach(), k, products.detach())
    return index, _solve(_pairs(products, index), scores.gather(1, index))


@torch.no_grad()
def choose(scores: Tensor, k: int, products: Tensor) -> Tensor:
    """Return the atoms that matching pursuit takes, in their order.

    Parameters
    ----------
    scores : Tensor of shape (n_rows, n_atoms)
        Scalar products of rows and atoms.

    k, products
        As in :func:`pursue`; rounded products will do.

    Returns
    -------
    index : Tensor of int of shape (n_rows, k)
        Numbers of atoms.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._matching_pursuit import choose
    >>> choose(torch.tensor([[1.0, -3.0, 2.0]]), 2, torch.eye(3))
    tensor([[1, 2]])
    """
    left, sizes = scores.clone(), torch.empty_like(scores)
    index = torch.zeros((len(left), k), dtype=torch.long, device=left.device)
    for step in range(k):
        index[:, step] = latest = _largest(torch.abs(left, out=sizes))
        taken = index[:, : step + 1]
        if step == k - 1:
            return index
        if (step + 1) % _REFIT:
            share = left.gather(1, latest.unsqueeze(1))
            left.addcmul_(products.index_select(0, latest), share, value=-1)
        else:
            shares = _solve(_pairs(products, taken), scores.gather(1, taken))
            explained = nn.functional.embedding_bag(
                taken, products, per_sample_weights=shares, mode="sum"
            )
            torch.sub(scores, explained, out=left)
        left.scatter_(1, taken, 0.0)
    return index


def _pairs(products: Tensor, index: Tensor) -> Tensor:
    """Return the products of each row's atoms with each other."""
    return products.take(index.unsqueeze(2) * len(products) + index.unsqueeze(1))


def _largest(sizes: Tensor) -> Tensor:
    """Return the position of the largest number of each row.

    It is argmax, which looks at one number after the other: the maxima of blocks come
    first here, which take a fraction of the time.
    """
    n_rows, n_columns = sizes.shape
    if n_columns <= 2 * _BLOCK:
        return sizes.argmax(dim=1)
    if n_columns % _BLOCK:
        sizes = nn.functional.pad(sizes, (0, -n_columns % _BLOCK), value=-1.0)
    blocks = sizes.view(n_rows, -1, _BLOCK)
    best = blocks.amax(dim=2).argmax(dim=1)
    first = torch.arange(n_rows, device=sizes.device) * blocks.shape[1]
    place = blocks.view(-1, _BLOCK).index_select(0, first + best).argmax(dim=1)
    return best * _BLOCK + place


def fit_chosen(x: Tensor, chosen: Tensor) -> Tensor:
    """Return the coefficients with which chosen atoms are nearest to each row.

    Parameters
    ----------
    x : Tensor of shape (n_rows, n_features)
        The rows.

    chosen : Tensor of shape (n_rows, k, n_features)
        The atoms of each row.

    Returns
    -------
    coefficients : Tensor of shape (n_rows, k)
        Those of least squares.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._matching_pursuit import fit_chosen
    >>> fit_chosen(torch.tensor([[3.0, 4.0]]), torch.tensor([[[0.0, 1.0]]])).round()
    tensor([[4.]])
    """
    scores = (chosen @ x.unsqueeze(2)).squeeze(2)
    return _solve(chosen @ chosen.transpose(1, 2), scores)


def _solve(products: Tensor, scores: Tensor) -> Tensor:
    """Solve the normal equations; a touch of ridge keeps equal atoms solvable."""
    ridge = torch.finfo(scores.dtype).eps ** 0.7
    eye = torch.eye(products.shape[1], dtype=scores.dtype, device=scores.device)
    factor, _ = torch.linalg.cholesky_ex(products + ridge * eye)
    return torch.cholesky_solve(scores.unsqueeze(2), factor).squeeze(2)
