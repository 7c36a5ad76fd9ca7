"""A network's parameters as a few long tensors: their steps and running average."""

from collections.abc import Iterable
from inspect import unwrap

import torch
from torch import nn

_AVERAGE_POWER = 8
_SMALL_NORM = 1e-6


class FlatParameters:
    """Parameters laid end to end, one tensor a group.

    To clip, to step and to average is one call a group then, instead of one a
    parameter, which on small networks takes longer than the arithmetic. The parameters
    and their gradients become views of the long tensors.

    The running average counts step t by about ``t ** 8`` (polynomial decay, Shamir and
    Zhang 2013): the last tenth of the steps so far makes more than half of it.

    Parameters
    ----------
    groups : iterable of iterable of Parameter
        Which parameters go together. Those of a group share device and dtype.

    Attributes
    ----------
    tensors : list of Parameter of shape (n_weights,)
        One a group, with gradients of zero.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae._parameters import FlatParameters
    >>> layer = torch.nn.Linear(3, 2)
    >>> flat = FlatParameters([layer.parameters()])
    >>> flat.tensors[0].data.fill_(1.0).shape
    torch.Size([8])
    >>> layer.bias.detach()
    tensor([1., 1.])
    """

    def __init__(self, groups: Iterable[Iterable[nn.Parameter]]) -> None:
        self.tensors = [_flatten(list(group)) for group in groups]
        self._others = [tensor.detach().clone() for tensor in self.tensors]
        self._n_steps, self._averaged = 0, False

    def clear(self) -> None:
        """Set the gradients to zero."""
        for tensor in self.tensors:
            tensor.grad.zero_()

    @torch.no_grad()
    def clip(self, norm: float) -> None:
        """Scale the gradients so that their norm over all groups is at most `norm`."""
        gradients = [tensor.grad for tensor in self.tensors]
        norms = torch.stack([torch.linalg.vector_norm(part) for part in gradients])
        share = (norm / (torch.linalg.vector_norm(norms) + _SMALL_NORM)).clamp(max=1.0)
        for gradient in gradients:
            gradient.mul_(share)

    @torch.no_grad()
    def average(self) -> None:
        """Take the weights of one more step into the average."""
        share = (_AVERAGE_POWER + 1) / (self._n_steps + _AVERAGE_POWER + 1)
        for average, tensor in zip(self._others, self.tensors, strict=True):
            average.lerp_(tensor, share)
        self._n_steps += 1

    @torch.no_grad()
    def show(self, *, averaged: bool) -> None:
        """Let the network have the average, or again the weights that steps made."""
        if averaged == self._averaged:
            return
        for other, tensor in zip(self._others, self.tensors, strict=True):
            shown = tensor.detach().clone()
            tensor.copy_(other)
            other.copy_(shown)
        self._averaged = averaged


class AdamW(torch.optim.AdamW):
    """torch's AdamW without its wrappers for ``torch.compile``.

    They load the compiler, which takes a second in every new process and sets
    environment variables, at the first step of any optimizer. Nothing is compiled here.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae._parameters import AdamW
    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> weight.grad = torch.ones(1)
    >>> optimizer = AdamW([weight], lr=0.25, weight_decay=0.0)
    >>> optimizer.step()
    >>> weight.data
    tensor([0.7500])
    """

    add_param_group = unwrap(torch.optim.AdamW.add_param_group)
    step = torch.no_grad()(unwrap(torch.optim.AdamW.step))


def _flatten(parameters: list[nn.Parameter]) -> nn.Parameter:
    """Return one tensor of which the parameters and their gradients are views."""
    flat = nn.Parameter(torch.cat([p.detach().flatten() for p in parameters]))
    flat.grad = torch.zeros_like(flat)
    sizes = [p.numel() for p in parameters]
    views = zip(flat.data.split(sizes), flat.grad.split(sizes), strict=True)
    for parameter, (weights, gradient) in zip(parameters, views, strict=True):
        parameter.data = weights.view_as(parameter)
        parameter.grad = gradient.view_as(parameter)
    return flat
