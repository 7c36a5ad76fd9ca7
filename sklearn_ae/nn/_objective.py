"""Losses, one number a row."""

import torch
from torch import Tensor, nn

Pair = tuple[Tensor, Tensor]  # inputs and targets


def reconstruction_loss(module: nn.Module, batch: Pair, *, n_cells: float) -> Tensor:
    r"""Return the squared error of each row's reconstruction, over its size.

    .. math:: \ell_i = \frac{1}{m} \sum_j (x'_{ij} - x_{ij})^2

    Parameters
    ----------
    module : torch.nn.Module
        Maps rows to reconstructions.

    batch : tuple of two Tensors of shape (n_rows, n_features)
        Encoded rows as the module sees them, and as they should come back; without
        missing cells.

    n_cells : float
        Number of cells in a row, :math:`m`.

    Returns
    -------
    loss : Tensor of shape (n_rows,)
        In the units of the rows, squared.

    See Also
    --------
    observed_reconstruction_loss : The same for rows with missing cells.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import reconstruction_loss
    >>> rows = torch.ones(2, 3)
    >>> reconstruction_loss(torch.nn.Identity(), (rows, rows), n_cells=3)
    tensor([0., 0.])
    """
    x, target = batch
    return (module(x) - target).square().sum(dim=1) / n_cells


def observed_reconstruction_loss(
    module: nn.Module, batch: Pair, *, n_cells: float
) -> Tensor:
    """Return :func:`reconstruction_loss` over the cells that are not missing.

    Parameters
    ----------
    module : torch.nn.Module
        Maps rows to reconstructions.

    batch : tuple of two Tensors of shape (n_rows, n_features)
        Encoded rows as the module sees them, and as they should come back. Where the
        latter is NaN, nothing is asked of the reconstruction.

    n_cells : float
        Mean number of observed cells in a row. It is the same for all rows, so that
        every cell counts alike.

    Returns
    -------
    loss : Tensor of shape (n_rows,)
        In the units of the rows, squared.

    See Also
    --------
    reconstruction_loss : The same for rows without missing cells.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import observed_reconstruction_loss
    >>> rows = torch.tensor([[1.0, torch.nan]])
    >>> observed_reconstruction_loss(torch.nn.Identity(), (rows, rows), n_cells=1)
    tensor([0.])
    """
    x, target = batch
    return observed_error(module(x), target) / n_cells


def observed_error(reconstruction: Tensor, target: Tensor) -> Tensor:
    """Return each row's sum of squared errors over cells that are not missing."""
    error = torch.where(target.isnan(), 0.0, reconstruction - target)
    return error.square().sum(dim=1)
