"""Clamping of hidden units to the range that they had on training rows."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

_RANGE_MARGIN = 0.25


class ActivationClamp(nn.Module):
    """Clamps each unit to the range that it had on training rows, and a margin.

    Far from the training rows a hidden layer is a guess that grows with the distance.
    Clamped to its range plus a quarter of it on either side, the layer adds a constant
    there, and the linear path beside it does the extrapolation. In ``train()`` this
    module is the identity and records the range of all rows since ``eval()``; in
    ``eval()`` it clamps. It is the identity until it has recorded a row.

    Parameters
    ----------
    size : int
        Number of units.

    dim : int, default=-1
        Axis of the units. A convolution is the same unit at every cell, so its channels
        are the units: there it is 1, and a range is over rows and cells.

    device : torch.device or str, default=None
        Where the bounds live.

    See Also
    --------
    recording_ranges : Records the ranges of all clamps of a network.

    Notes
    -----
    Shapes: input ``(n_rows, size)``, or ``(n_rows, size, *axes)`` with ``dim=1``;
    output as the input.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import ActivationClamp
    >>> clamp = ActivationClamp(1)
    >>> _ = clamp.train()(torch.tensor([[0.0], [2.0]]))
    >>> clamp.eval()(torch.tensor([[-1.0], [1.0], [5.0]])).flatten()
    tensor([-0.5000,  1.0000,  2.5000])
    """

    low: Tensor
    high: Tensor

    def __init__(
        self, size: int, *, dim: int = -1, device: torch.device | str | None = None
    ) -> None:
        super().__init__()
        self.dim = dim
        self._begins = True
        options = {"device": device or "cpu", "dtype": torch.float32}
        self.register_buffer("low", torch.full((size,), -math.inf, **options))
        self.register_buffer("high", torch.full((size,), math.inf, **options))

    def train(self, mode: bool = True) -> "ActivationClamp":
        """Switch mode; the first rows after ``eval()`` begin a new range.

        Parameters
        ----------
        mode : bool, default=True
            Whether to record ranges, or to clamp.

        Returns
        -------
        self : ActivationClamp
            The module.
        """
        self._begins = mode and (self._begins or not self.training)
        return super().train(mode)

    def forward(self, x: Tensor) -> Tensor:
        """Return rows ``(n_rows, size)``, in ``eval()`` with each unit clamped."""
        if self.training:
            self.record(x.detach())
            return x
        margin = _RANGE_MARGIN * (self.high - self.low)
        units_last = x.movedim(self.dim, -1)
        clamped = units_last.clamp(self.low - margin, self.high + margin)
        return clamped.movedim(-1, self.dim)

    def record(self, x: Tensor) -> None:
        """Extend the range by that of some rows.

        Parameters
        ----------
        x : Tensor of shape (n_rows, size) or (n_rows, size, *axes)
            The rows, without a gradient.
        """
        # On a CPU aminmax(dim=0) takes more than ten times as long.
        if x.ndim == 2:
            low, high = x.amin(dim=0), x.amax(dim=0)
        else:
            # Over rows first, which is several times as fast, then over cells.
            cells = x.movedim(self.dim, -1).flatten(1)
            shape = -1, len(self.low)
            low = cells.amin(dim=0).view(shape).amin(dim=0)
            high = cells.amax(dim=0).view(shape).amax(dim=0)
        if self._begins:
            self.low.copy_(low)
            self.high.copy_(high)
            self._begins = False
            return
        torch.minimum(self.low, low, out=self.low)
        torch.maximum(self.high, high, out=self.high)


@contextmanager
def recording_ranges(module: nn.Module) -> Iterator[None]:
    """Set the ranges of a module to those of the rows it sees in this context.

    Units are not clamped meanwhile. The module is left in ``eval()``.

    Parameters
    ----------
    module : torch.nn.Module
        Holds any number of :class:`ActivationClamp`; nothing else in it is switched to
        ``train()``.

    Yields
    ------
    None
        Nothing is given to the context.

    See Also
    --------
    extending_ranges : Keeps the ranges from before, too.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import ActivationClamp, recording_ranges
    >>> clamp = ActivationClamp(1)
    >>> with recording_ranges(clamp):
    ...     _ = clamp(torch.tensor([[0.0], [1.0]]))
    >>> clamp(torch.tensor([[9.0]]))
    tensor([[1.2500]])
    """
    module.eval()
    for clamp in _clamps(module):
        clamp.train()
    try:
        yield
    finally:
        module.eval()


@contextmanager
def extending_ranges(module: nn.Module) -> Iterator[None]:
    """Make the ranges that a context records also span those from before it.

    Parameters
    ----------
    module : torch.nn.Module
        Holds any number of :class:`ActivationClamp`; one without a range gets only the
        new one.

    Yields
    ------
    None
        Nothing is given to the context.

    See Also
    --------
    recording_ranges : Records the new ranges.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import ActivationClamp, extending_ranges, recording_ranges
    >>> clamp = ActivationClamp(1)
    >>> for low in (0.0, 5.0):
    ...     with extending_ranges(clamp), recording_ranges(clamp):
    ...         _ = clamp(torch.tensor([[low], [low + 1]]))
    >>> clamp.low, clamp.high
    (tensor([0.]), tensor([6.]))
    """
    before = [
        (clamp, clamp.low.clone(), clamp.high.clone()) for clamp in _clamps(module)
    ]
    yield
    for clamp, low, high in before:
        known = low.isfinite() & high.isfinite()
        clamp.low.copy_(torch.where(known, clamp.low.minimum(low), clamp.low))
        clamp.high.copy_(torch.where(known, clamp.high.maximum(high), clamp.high))


def _clamps(module: nn.Module) -> list[ActivationClamp]:
    return [part for part in module.modules() if isinstance(part, ActivationClamp)]
