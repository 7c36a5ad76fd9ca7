"""A network's parameters as views of one tensor, and their running average."""

from collections.abc import Iterable
from inspect import unwrap
from typing import Any

import torch
from torch import nn

_AVERAGE_POWER = 8
_SMALL_NORM = 1e-6
_MOMENTS = ("exp_avg", "exp_avg_sq")  # as AdamW names them


class FlatParameters:
    """Parameters of a network, concatenated by group.

    Clipping and averaging are one call, and a step is one call per group. One call per
    parameter takes longer than the arithmetic on small networks. The parameters and
    their gradients become views of the concatenated tensors.

    The running average gives step t a weight of about ``t ** 8`` (polynomial decay,
    Shamir and Zhang 2013): the last tenth of the steps has more than half of it.

    Parameters
    ----------
    groups : iterable of iterable of Parameter
        Parameters by group. All share device and dtype.

    Attributes
    ----------
    tensors : list of Parameter of shape (n_weights,)
        One per group, with gradients of zero.

    n_steps : int
        Number of steps in the average.

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
        self._unused = self._weights.clone()  # the average, or the steps' weights
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

    def zero_grad(self) -> None:
        """Set the gradients to zero; the optimizer's method loads the compiler."""
        self._gradients.zero_()

    @torch.no_grad()
    def clip_gradients(self, max_norm: float) -> None:
        """Scale the gradients so that their norm over all groups is at most this."""
        norm = torch.linalg.vector_norm(self._gradients)
        self._gradients.mul_((max_norm / (norm + _SMALL_NORM)).clamp(max=1.0))

    @torch.no_grad()
    def update_average(self) -> None:
        """Add the weights of one more step to the average."""
        share = (_AVERAGE_POWER + 1) / (self.n_steps + _AVERAGE_POWER + 1)
        self._unused.lerp_(self._weights, share)
        self.n_steps += 1

    @torch.no_grad()
    def load_weights(self, *, averaged: bool) -> None:
        """Give the network the average, or the weights of the latest step."""
        if averaged == self._averaged:
            return
        former = self._weights.clone()
        self._weights.copy_(self._unused)
        self._unused.copy_(former)
        self._averaged = averaged

    def state(self, optimizer: torch.optim.AdamW) -> dict[str, Any]:
        """Return the state of the steps so far, as plain values and copied arrays.

        Parameters
        ----------
        optimizer : AdamW
            Optimizer of `tensors`.

        Returns
        -------
        state : dict
            Weights, their average and the optimizer's moments, each concatenated, and
            the number of steps.
        """
        weights, average = self._weights, self._unused
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
        """Continue from a state of parameters of the same sizes.

        Parameters
        ----------
        optimizer : AdamW
            Optimizer of `tensors`.

        state : dict
            What :meth:`state` returned.
        """
        self.n_steps, self._averaged = state["n_steps"], False
        self._weights.copy_(torch.from_numpy(state["weights"]))
        self._unused.copy_(torch.from_numpy(state["average"]))
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

    At the first step of an optimizer they load the compiler, which takes a second in
    every new process and sets environment variables. Nothing is compiled here.

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
