"""Heads: from codes to scores of classes, or to numbers."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ._mlp import linear, mlp
from ._objective import Pair

_CONFIDENT = 0.95


class Head(nn.Module):
    r"""Linear model of codes that hidden layers are added to.

    With codes :math:`z`, their centre :math:`m` and scale :math:`s`,

    .. math:: f(z) = W u + b + h(u), \qquad u = (z - m) / s.

    The last layer of :math:`h` starts at zero, so a head is its linear model until it
    is trained. Outside the range of its training rows :math:`h` stays bounded, see
    :class:`RangeHold`.

    Parameters
    ----------
    n_components : int
        Width of the code.

    n_outputs : int
        Number of scores.

    hidden_layer_sizes : sequence of int, default=(64,)
        Widths of the layers of :math:`h`. Empty means that there are none.

    activation : str, default="relu"
        A key of `sklearn_ae.nn.ACTIVATIONS`.

    generator : torch.Generator, default=None
        Source of the initial weights. None means torch's global generator.

    device : torch.device or str, default=None
        Where the parameters live.

    See Also
    --------
    HeadedNetwork : An encoder with it.
    sklearn_ae.PretrainedClassifier : Trains it.
    sklearn_ae.PretrainedRegressor : Trains it.

    Notes
    -----
    Shapes: input ``(n_rows, n_components)``, output ``(n_rows, n_outputs)``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import Head
    >>> Head(n_components=2, n_outputs=3)(torch.zeros(5, 2)).shape
    torch.Size([5, 3])
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self,
        n_components: int,
        n_outputs: int,
        hidden_layer_sizes: Sequence[int] = (64,),
        activation: str = "relu",
        *,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        make = {"generator": generator, "device": device}
        place = {"device": device, "dtype": torch.float32}
        self.register_buffer("mean", torch.zeros(n_components, **place))
        self.register_buffer("scale", torch.ones(n_components, **place))
        self.linear = linear(n_components, n_outputs, **make)
        self.residual = None
        if hidden_layer_sizes:
            sizes = tuple(hidden_layer_sizes)
            self.residual = mlp(n_components, sizes, n_outputs, activation, **make)
            nn.init.zeros_(self.residual.last.weight)

    def forward(self, code: Tensor) -> Tensor:
        """Map codes ``(n_rows, n_components)`` to scores ``(n_rows, n_outputs)``."""
        unit = (code - self.mean) / self.scale
        scores = self.linear(unit)
        return scores if self.residual is None else scores + self.residual(unit)

    def check(self) -> None:
        """Raise where weights are numbers that can't be computed with.

        Raises
        ------
        ValueError
            If a scale of codes is not positive.
        """
        if not (self.scale > 0).all():
            raise ValueError(
                "Scales of codes must be positive, got them from "
                f"{self.scale.min().item()}."
            )

    @torch.no_grad()
    def start_at(
        self, mean: Tensor, scale: Tensor, weight: Tensor, bias: Tensor
    ) -> None:
        """Make the head equal to a linear model.

        Parameters
        ----------
        mean, scale : Tensor of shape (n_components,)
            What is taken from codes, and what they are divided by then.

        weight : Tensor of shape (n_outputs, n_components)
            Coefficients of the linear model of such codes.

        bias : Tensor of shape (n_outputs,)
            Its intercepts.
        """
        self.mean.copy_(mean)
        self.scale.copy_(scale)
        self.linear.weight.copy_(weight)
        self.linear.bias.copy_(bias)


class HeadedNetwork(nn.Module):
    """An encoder with a head on its codes.

    Parameters
    ----------
    encoder : Network
        Gives codes.

    head : Head
        Gives scores of codes.

    code_unit : Tensor of shape (n_components,)
        What codes are multiplied by in between.

    See Also
    --------
    Head : The head.

    Notes
    -----
    Shapes: input ``(n_rows, n_features)``, output ``(n_rows, n_outputs)``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import Autoencoder, Head, HeadedNetwork
    >>> network = HeadedNetwork(Autoencoder(4, 2), Head(2, 3), torch.ones(2))
    >>> network(torch.zeros(5, 4)).shape
    torch.Size([5, 3])
    """

    code_unit: Tensor

    def __init__(self, encoder: nn.Module, head: Head, code_unit: Tensor) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head
        self.register_buffer("code_unit", code_unit)

    def forward(self, x: Tensor) -> Tensor:
        """Map rows ``(n_rows, n_features)`` to scores ``(n_rows, n_outputs)``."""
        return self.head(self.encoder.encode(x) * self.code_unit)


def class_loss(
    module: nn.Module, batch: Pair, *, weight: Tensor, unlabelled_weight: float = 0.0
) -> Tensor:
    r"""Return the cross-entropy of each row's class, times the weight of the class.

    .. math:: \ell_i = w_{y_i} \Big(\log \sum_k e^{f_k(x_i)} - f_{y_i}(x_i)\Big)

    One score is that of the second of two classes, over the first. Of rows that come
    with indicators of classes it is the Brier score, :func:`brier_loss`. Rows beyond
    those that have a class come twice, noisy and clean; :func:`agreement_loss` of these
    is added, its mean.

    Parameters
    ----------
    module : torch.nn.Module
        Maps rows to scores :math:`f`.

    batch : tuple of two Tensors of shape (n_taken, n_features), (n_rows,)
        Rows, and the numbers :math:`y` of their classes. Of the rows after the first
        `n_rows`, one half is noisy and the other the same rows clean.

    weight : Tensor of shape (n_classes,)
        The weights :math:`w`.

    unlabelled_weight : float, default=0.0
        Factor of what rows without a class add.

    Returns
    -------
    loss : Tensor of shape (n_rows,)
        In nats, but for the weights.

    See Also
    --------
    agreement_loss : What rows without a class add.
    brier_loss : What judges on validation rows.

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
    scores, others = _all_scores(module(x)).tensor_split([len(target)])
    loss = weight[target] * nn.functional.cross_entropy(
        scores, target, reduction="none"
    )
    if not len(others):
        return loss
    return loss + unlabelled_weight * agreement_loss(*others.chunk(2)).mean()


def agreement_loss(noisy: Tensor, clean: Tensor) -> Tensor:
    r"""Return how far noisy rows are from the likeliest classes of the same rows clean.

    .. math:: \ell_i = [\max_k p_{ik} > 0.95] \; (-\log q_{i, \arg\max_k p_{ik}})

    Nothing is learned from rows whose class is in doubt, nor through :math:`p`.

    Parameters
    ----------
    noisy, clean : Tensor of shape (n_rows, n_classes)
        Scores, whose softmax is :math:`q` and :math:`p`.

    Returns
    -------
    loss : Tensor of shape (n_rows,)
        In nats.

    See Also
    --------
    class_loss : The loss of which it is a part.

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
    r"""Return the Brier score of each row's probabilities, times its class's weight.

    .. math:: \ell_i = w_{y_i} \sum_k (p_k(x_i) - [y_i = k])^2

    Unlike cross-entropy it is bounded, so a few rows that are wrong for sure don't
    outweigh many that are right.

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
        From 0 to 2, but for the weight.

    See Also
    --------
    class_loss : The cross-entropy, which is trained on.

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
        Rows, and what their outputs should be.

    Returns
    -------
    loss : Tensor of shape (n_rows,)
        In the units of the outputs, squared.

    See Also
    --------
    class_loss : The same for classes.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import squared_loss
    >>> squared_loss(torch.nn.Identity(), (torch.ones(2, 3), torch.zeros(2, 3)))
    tensor([1., 1.])
    """
    x, target = batch
    return (module(x) - target).square().mean(dim=1)
