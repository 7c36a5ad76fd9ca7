"""A network's parameters as one long tensor: its steps and running average."""

from collections.abc import Iterable
from inspect import unwrap
from typing import Any

import torch
from torch import nn

_AVERAGE_POWER = 8
_SMALL_NORM = 1e-6
_MOMENTS = ("exp_avg", "exp_avg_sq")  # AdamW's names for them


class FlatParameters:
    """Parameters laid end to end, group by group.

    To clip and to average is one call then, and to step is one a group, instead of one
    a parameter, which on small networks takes longer than the arithmetic. The
    parameters and their gradients become views of long tensors.

    The running average counts step t by about ``t ** 8`` (polynomial decay, Shamir and
    Zhang 2013): the last tenth of the steps so far makes more than half of it.

    Parameters
    ----------
    groups : iterable of iterable of Parameter
        Which parameters go together. All share device and dtype.

    Attributes
    ----------
    tensors : list of Parameter of shape (n_weights,)
        One a group, with gradients of zero.

    n_steps : int
        Steps that the average has seen.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae._training.flat_parameters import FlatParameters
    >>> layer = torch.nn.Linear(3, 2)
    >>> flat = FlatParameters([layer.parameters()])
    >>> flat.tensors[0].data.fill_(1.0).shape
    torch.Size([8])
    >>> layer.bias.detach()
    tensor([1., 1.])
    """

    def __init__(self, groups: Iterable[Iterable[nn.Parameter]]) -> None:
        groups = [list(group) for group in groups]
        parameters = [parameter for group in groups for parameter in group]
        self._weights = torch.cat([p.detach().flatten() for p in parameters])
        self._gradients = torch.zeros_like(self._weights)
        self._other = self._weights.clone()
        self.n_steps, self._averaged = 0, False
        sizes = [sum(parameter.numel() for parameter in group) for group in groups]
        self.tensors = [nn.Parameter(part) for part in self._weights.split(sizes)]
        for tensor, part in zip(
            self.tensors, self._gradients.split(sizes), strict=True
        ):
            tensor.grad = part
        sizes = [parameter.numel() for parameter in parameters]
        views = zip(
            self._weights.split(sizes), self._gradients.split(sizes), strict=True
        )
        for parameter, (weights, gradient) in zip(parameters, views, strict=True):
            parameter.data = weights.view_as(parameter)
            parameter.grad = gradient.view_as(parameter)

    def clear(self) -> None:
        """Set the gradients to zero; the optimizer's own way loads the compiler."""
        self._gradients.zero_()

    @torch.no_grad()
    def clip(self, max_norm: float) -> None:
        """Scale the gradients so that their norm over all groups is at most this."""
        norm = torch.linalg.vector_norm(self._gradients)
        self._gradients.mul_((max_norm / (norm + _SMALL_NORM)).clamp(max=1.0))

    @torch.no_grad()
    def average(self) -> None:
        """Take the weights of one more step into the average."""
        share = (_AVERAGE_POWER + 1) / (self.n_steps + _AVERAGE_POWER + 1)
        self._other.lerp_(self._weights, share)
        self.n_steps += 1

    @torch.no_grad()
    def show(self, *, averaged: bool) -> None:
        """Let the network have the average, or again the weights that steps made."""
        if averaged == self._averaged:
            return
        shown = self._weights.clone()
        self._weights.copy_(self._other)
        self._other.copy_(shown)
        self._averaged = averaged

    def state(self, optimizer: torch.optim.AdamW) -> dict[str, Any]:
        """Return all that steps have made so far, as numbers and copied arrays.

        Parameters
        ----------
        optimizer : AdamW
            What makes the steps of `tensors`.

        Returns
        -------
        state : dict
            Weights, their average and the optimizer's moments, each end to end, and
            the number of steps.
        """
        weights, average = self._weights, self._other
        if self._averaged:
            weights, average = average, weights
        groups = [optimizer.state.get(tensor, {}) for tensor in self.tensors]
        moments = {
            name: torch.cat(
                [
                    group.get(name, torch.zeros_like(tensor)).detach()
                    for group, tensor in zip(groups, self.tensors, strict=True)
                ]
            )
            for name in _MOMENTS
        }
        parts = {"weights": weights, "average": average, **moments}
        arrays = {name: part.cpu().numpy().copy() for name, part in parts.items()}
        return {"n_steps": self.n_steps, **arrays}

    @torch.no_grad()
    def restore(self, optimizer: torch.optim.AdamW, state: dict[str, Any]) -> None:
        """Go on where :meth:`state` was taken, of parameters of the same sizes.

        Parameters
        ----------
        optimizer : AdamW
            What will make the steps of `tensors`.

        state : dict
            What :meth:`state` returned.
        """
        self.n_steps, self._averaged = state["n_steps"], False
        self._weights.copy_(torch.from_numpy(state["weights"]))
        self._other.copy_(torch.from_numpy(state["average"]))
        if not self.n_steps:
            return
        sizes = [len(tensor) for tensor in self.tensors]
        parts = [torch.from_numpy(state[name]).split(sizes) for name in _MOMENTS]
        for tensor, *moments in zip(self.tensors, *parts, strict=True):
            optimizer.state[tensor] = {
                "step": torch.tensor(float(self.n_steps), device=tensor.device),
                **{
                    name: moment.to(tensor.device, copy=True)
                    for name, moment in zip(_MOMENTS, moments, strict=True)
                },
            }


class UncompiledAdamW(torch.optim.AdamW):
    """torch's AdamW without its wrappers for ``torch.compile``.

    They load the compiler, which takes a second in every new process and sets
    environment variables, at the first step of any optimizer. Nothing is compiled here.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae._training.flat_parameters import UncompiledAdamW
    >>> weight = torch.nn.Parameter(torch.ones(1))
    >>> weight.grad = torch.ones(1)
    >>> optimizer = UncompiledAdamW([weight], lr=0.25, weight_decay=0.0)
    >>> optimizer.step()
    >>> weight.data
    tensor([0.7500])
    """

    add_param_group = unwrap(torch.optim.AdamW.add_param_group)
    step = torch.no_grad()(unwrap(torch.optim.AdamW.step))
