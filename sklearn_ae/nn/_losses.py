"""Losses of rows."""

import torch
from torch import Tensor, nn

Pair = tuple[Tensor, Tensor]  # inputs and targets
_CONFIDENT = 0.95  # probability of a class


def reconstruction_loss(module: nn.Module, batch: Pair, *, n_cells: float) -> Tensor:
    r"""Return the squared error of each row, over its number of cells.

    .. math:: \ell_i = \frac{1}{m} \sum_j (x'_{ij} - x_{ij})^2

    Parameters
    ----------
    module : torch.nn.Module
        Maps rows to reconstructions.

    batch : tuple of two Tensors of shape (n_rows, n_features)
        Encoded rows as inputs, and as targets, without missing cells.

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
    """Return :func:`reconstruction_loss` over the observed cells.

    Parameters
    ----------
    module : torch.nn.Module
        Maps rows to reconstructions.

    batch : tuple of two Tensors of shape (n_rows, n_features)
        Encoded rows as inputs, and as targets. A NaN in the targets takes no part in
        the loss.

    n_cells : float
        Mean number of observed cells in a row. It is the same for all rows, so that
        every cell has the same weight.

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
    """Return each row's sum of squared errors over observed cells."""
    error = torch.where(target.isnan(), 0.0, reconstruction - target)
    return error.square().sum(dim=1)


def class_loss(
    module: nn.Module, batch: Pair, *, weight: Tensor, unlabelled_weight: float = 0.0
) -> Tensor:
    r"""Return the cross-entropy of each row's class, times the weight of the class.

    .. math:: \ell_i = w_{y_i} \Big(\log \sum_k e^{f_k(x_i)} - f_{y_i}(x_i)\Big)

    A single score is that of the second of two classes, and the first has 0. If targets
    are indicators of classes, the loss is :func:`brier_loss`. Rows without a class come
    twice, noisy and clean; the mean of their :func:`agreement_loss` is added.

    Parameters
    ----------
    module : torch.nn.Module
        Maps rows to scores :math:`f`.

    batch : tuple of two Tensors of shape (n_inputs, n_features), (n_rows,)
        Rows, and the numbers :math:`y` of classes. The first `n_rows` rows have a
        class. Half of the others are noisy, and then the same rows follow clean.

    weight : Tensor of shape (n_classes,)
        The weights :math:`w`.

    unlabelled_weight : float, default=0.0
        Weight of rows without a class.

    Returns
    -------
    loss : Tensor of shape (n_rows,)
        In nats, times the weights.

    See Also
    --------
    agreement_loss : The loss of rows without a class.
    brier_loss : The loss of validation rows.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import class_loss
    >>> rows, classes = torch.zeros(2, 3), torch.tensor([0, 1])
    >>> class_loss(torch.nn.Identity(), (rows, classes), weight=torch.ones(3))
    tensor([1.0986, 1.0986])
    """
    x, target = batch
    if target.ndim == 2:
        return brier_loss(module, batch, weight=weight)
    scores, unlabelled = _all_scores(module(x)).tensor_split([len(target)])
    loss = weight[target] * nn.functional.cross_entropy(
        scores, target, reduction="none"
    )
    if not len(unlabelled):
        return loss
    return loss + unlabelled_weight * agreement_loss(*unlabelled.chunk(2)).mean()


def agreement_loss(noisy: Tensor, clean: Tensor) -> Tensor:
    r"""Return the cross-entropy of noisy rows and the likeliest classes of clean ones.

    .. math:: \ell_i = [\max_k p_{ik} > 0.95] \; (-\log q_{i, \arg\max_k p_{ik}})

    Rows count only if their class is nearly certain, and :math:`p` passes no gradient.

    Parameters
    ----------
    noisy, clean : Tensor of shape (n_rows, n_classes)
        Scores of the same rows, whose softmax is :math:`q` and :math:`p`.

    Returns
    -------
    loss : Tensor of shape (n_rows,)
        In nats.

    See Also
    --------
    class_loss : The loss it is added to.

    References
    ----------
    Sohn, K. et al. (2020). FixMatch: simplifying semi-supervised learning with
    consistency and confidence. Advances in Neural Information Processing Systems, 33.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import agreement_loss
    >>> agreement_loss(torch.zeros(2, 2), torch.tensor([[0.0, 9.0], [0.0, 1.0]]))
    tensor([0.6931, 0.0000])
    """
    confidence, likeliest = clean.detach().softmax(dim=1).max(dim=1)
    entropy = nn.functional.cross_entropy(noisy, likeliest, reduction="none")
    return (confidence > _CONFIDENT) * entropy


def brier_loss(module: nn.Module, batch: Pair, *, weight: Tensor) -> Tensor:
    r"""Return the Brier score of each row, times the weight of its class.

    .. math:: \ell_i = w_{y_i} \sum_k (p_k(x_i) - [y_i = k])^2

    Unlike cross-entropy it is bounded, so a few confident errors don't outweigh many
    rows that are right.

    Parameters
    ----------
    module : torch.nn.Module
        Maps rows to scores, whose softmax is :math:`p`.

    batch : tuple of two Tensors of shape (n_rows, n_features), (n_rows, n_classes)
        Rows, and indicators of their classes.

    weight : Tensor of shape (n_classes,)
        The weights :math:`w`.

    Returns
    -------
    loss : Tensor of shape (n_rows,)
        From 0 to 2, times the weight.

    See Also
    --------
    class_loss : The loss of training rows.

    References
    ----------
    Brier, G. W. (1950). Verification of forecasts expressed in terms of probability.
    Monthly Weather Review, 78(1), 1-3.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import brier_loss
    >>> rows, classes = torch.zeros(1, 2), torch.tensor([[0.0, 1.0]])
    >>> brier_loss(torch.nn.Identity(), (rows, classes), weight=torch.ones(2))
    tensor([0.5000])
    """
    x, target = batch
    probabilities = _all_scores(module(x)).softmax(dim=1)
    return (target @ weight) * (probabilities - target).square().sum(dim=1)


def _all_scores(scores: Tensor) -> Tensor:
    """Return scores with one for each class."""
    return nn.functional.pad(scores, (1, 0)) if scores.shape[1] == 1 else scores


def squared_loss(module: nn.Module, batch: Pair) -> Tensor:
    """Return the mean squared error of each row's outputs.

    Parameters
    ----------
    module : torch.nn.Module
        Maps rows to outputs.

    batch : tuple of two Tensors of shape (n_rows, n_features), (n_rows, n_outputs)
        Rows, and their target outputs.

    Returns
    -------
    loss : Tensor of shape (n_rows,)
        In the units of the outputs, squared.

    See Also
    --------
    class_loss : The loss for classes.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import squared_loss
    >>> squared_loss(torch.nn.Identity(), (torch.ones(2, 3), torch.zeros(2, 3)))
    tensor([1., 1.])
    """
    x, target = batch
    return (module(x) - target).square().mean(dim=1)
