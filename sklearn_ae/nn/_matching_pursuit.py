"""Matching pursuit of many rows at a time."""

import torch
from torch import Tensor, nn

_BLOCK = 32  # numbers that a processor compares at once
_REFIT = 3  # atoms, after which least squares corrects their coefficients


def matching_pursuit(
    x: Tensor, atoms: Tensor, k: int, gram: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    r"""Approximate each row by a sum of k atoms.

    Step by step, the atom with the largest scalar product with the residual of a row
    is taken, and its share is subtracted,

    .. math:: j_t = \arg\max_j |a_j^\top r_t|, \qquad
              r_{t+1} = r_t - (a_{j_t}^\top r_t) \, a_{j_t}.

    After every third atom, and at the end, least squares finds the coefficients of all
    atoms taken, and the residual. With orthonormal atoms these are the k largest scalar
    products with the row.

    Parameters
    ----------
    x : Tensor of shape (n_rows, n_features)
        The rows.

    atoms : Tensor of shape (n_atoms, n_features)
        Rows of unit length, or zero: those are taken last, with a coefficient of zero.

    k : int
        Atoms a row, at most `n_atoms`.

    gram : Tensor of shape (n_atoms, n_atoms), default=None
        ``atoms @ atoms.T``. None means that it is computed.

    Returns
    -------
    index : Tensor of int of shape (n_rows, k)
        The atoms taken, distinct unless the residual becomes zero.

    coefficients : Tensor of shape (n_rows, k)
        Of the atoms taken.

    References
    ----------
    Mallat, S. G. and Zhang, Z. (1993). Matching pursuits with time-frequency
    dictionaries. IEEE Transactions on Signal Processing, 41(12), 3397-3415.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._matching_pursuit import matching_pursuit
    >>> row = torch.tensor([[1.0, -3.0, 2.0]])
    >>> index, coefficients = matching_pursuit(row, torch.eye(3), 2)
    >>> index, coefficients.round()
    (tensor([[1, 2]]), tensor([[-3.,  2.]]))
    """
    if gram is None:
        gram = atoms @ atoms.T
    scores = x @ atoms.T
    index = choose_atoms(scores.detach(), k, gram.detach())
    return index, _solve(_gram_of(gram, index), scores.gather(1, index))


@torch.no_grad()
def choose_atoms(scores: Tensor, k: int, gram: Tensor) -> Tensor:
    """Return the atoms that matching pursuit takes, in their order.

    Parameters
    ----------
    scores : Tensor of shape (n_rows, n_atoms)
        Scalar products of rows and atoms.

    k, gram
        As in :func:`matching_pursuit`; `gram` may be rounded.

    Returns
    -------
    index : Tensor of int of shape (n_rows, k)
        Numbers of atoms.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._matching_pursuit import choose_atoms
    >>> choose_atoms(torch.tensor([[1.0, -3.0, 2.0]]), 2, torch.eye(3))
    tensor([[1, 2]])
    """
    residual, sizes = scores.clone(), torch.empty_like(scores)
    index = torch.zeros((len(residual), k), dtype=torch.long, device=residual.device)
    for step in range(k):
        index[:, step] = latest = _argmax(torch.abs(residual, out=sizes))
        chosen = index[:, : step + 1]
        if step == k - 1:
            return index
        if (step + 1) % _REFIT:
            share = residual.gather(1, latest.unsqueeze(1))
            residual.addcmul_(gram.index_select(0, latest), share, value=-1)
        else:
            shares = _solve(_gram_of(gram, chosen), scores.gather(1, chosen))
            explained = nn.functional.embedding_bag(
                chosen, gram, per_sample_weights=shares, mode="sum"
            )
            torch.sub(scores, explained, out=residual)
        residual.scatter_(1, chosen, 0.0)
    return index


def fit_coefficients(x: Tensor, atoms: Tensor) -> Tensor:
    """Return the coefficients of each row's atoms by least squares.

    Parameters
    ----------
    x : Tensor of shape (n_rows, n_features)
        The rows.

    atoms : Tensor of shape (n_rows, k, n_features)
        The atoms of each row.

    Returns
    -------
    coefficients : Tensor of shape (n_rows, k)
        Of the atoms.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._matching_pursuit import fit_coefficients
    >>> row, atom = torch.tensor([[3.0, 4.0]]), torch.tensor([[[0.0, 1.0]]])
    >>> fit_coefficients(row, atom).round()
    tensor([[4.]])
    """
    scores = (atoms @ x.unsqueeze(2)).squeeze(2)
    return _solve(atoms @ atoms.transpose(1, 2), scores)


def _gram_of(gram: Tensor, index: Tensor) -> Tensor:
    """Return the Gram matrix of each row's atoms, ``(n_rows, k, k)``."""
    return gram.take(index.unsqueeze(2) * len(gram) + index.unsqueeze(1))


def _argmax(sizes: Tensor) -> Tensor:
    """Return the position of the largest number of each row; none is negative.

    torch's argmax looks at one number after the other. The maxima of blocks come first
    here, which takes a fraction of the time.
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


def _solve(gram: Tensor, scores: Tensor) -> Tensor:
    """Solve normal equations; a small ridge keeps them solvable with equal atoms."""
    ridge = torch.finfo(scores.dtype).eps ** 0.7
    eye = torch.eye(gram.shape[1], dtype=scores.dtype, device=scores.device)
    factor, _ = torch.linalg.cholesky_ex(gram + ridge * eye)
    return torch.cholesky_solve(scores.unsqueeze(2), factor).squeeze(2)
