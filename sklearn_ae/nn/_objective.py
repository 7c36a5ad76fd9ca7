"""Losses, one number a row."""

from torch import Tensor, nn


def reconstruction_loss(module: nn.Module, x: Tensor) -> Tensor:
    r"""Return the mean squared error of each row's reconstruction.

    .. math:: \ell_i = \frac{1}{d} \sum_j (x'_{ij} - x_{ij})^2

    Parameters
    ----------
    module : torch.nn.Module
        Maps rows to reconstructions.

    x : Tensor of shape (n_rows, n_features)
        Encoded rows.

    Returns
    -------
    loss : Tensor of shape (n_rows,)
        In the units of `x`, squared.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import reconstruction_loss
    >>> reconstruction_loss(torch.nn.Identity(), torch.ones(2, 3))
    tensor([0., 0.])
    """
    return (module(x) - x).square().mean(dim=1)
