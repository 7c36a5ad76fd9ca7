"""Hidden units held near the range they are known for."""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

_RANGE_MARGIN = 0.25


class ActivationClamp(nn.Module):
    """Keeps each unit near the range it had on training rows.

    Far from the training rows a hidden layer is a guess that grows with the distance.
    Held to the range it is known for, and a quarter of it on either side, it adds a
    constant there and leaves the extrapolation to what runs beside it. In ``train()``
    it is the identity and takes down the range of all rows since it was switched to;
    in ``eval()`` it holds it. Without any rows it is the identity.

    Parameters
    ----------
    size : int
        Number of units.

    device : torch.device or str, default=None
        Where the bounds live.

    See Also
    --------
    record_ranges : Sets the range by given rows.

    Notes
    -----
    Shapes: input ``(n_rows, size)``, output ``(n_rows, size)``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import ActivationClamp
    >>> hold = ActivationClamp(1).eval()
    >>> _ = hold.train()(torch.tensor([[0.0], [2.0]]))
    >>> hold.eval()(torch.tensor([[-1.0], [1.0], [5.0]])).flatten()
    tensor([-0.5000,  1.0000,  2.5000])
    """

    low: Tensor
    high: Tensor

    def __init__(self, size: int, *, device: torch.device | str | None = None) -> None:
        super().__init__()
        self._begins = True
        make = {"device": device or "cpu", "dtype": torch.float32}
        self.register_buffer("low", torch.full((size,), -math.inf, **make))
        self.register_buffer("high", torch.full((size,), math.inf, **make))

    def train(self, mode: bool = True) -> "ActivationClamp":
        """Switch mode; the next rows after ``eval()`` begin a new range.

        Parameters
        ----------
        mode : bool, default=True
            Whether ranges are taken down, or held.

        Returns
        -------
        self : ActivationClamp
            The module.
        """
        self._begins = mode and (self._begins or not self.training)
        return super().train(mode)

    def forward(self, x: Tensor) -> Tensor:
        """Map rows ``(n_rows, size)`` to the same, each column held in ``eval()``."""
        if not self.training:
            margin = _RANGE_MARGIN * (self.high - self.low)
            return x.clamp(self.low - margin, self.high + margin)
        self.record(x.detach())
        return x

    def record(self, x: Tensor) -> None:
        """Take down the range of rows.

        Parameters
        ----------
        x : Tensor of shape (n_rows, size)
            The rows, without a gradient.
        """
        # On a CPU aminmax(dim=0) takes more than ten times as long.
        low, high = x.amin(dim=0), x.amax(dim=0)
        if self._begins:
            self.low.copy_(low)
            self.high.copy_(high)
            self._begins = False
            return
        torch.minimum(self.low, low, out=self.low)
        torch.maximum(self.high, high, out=self.high)


class ChannelActivationClamp(ActivationClamp):
    """A :class:`ActivationClamp` with one range a channel, over all cells.

    A convolution is the same unit at every cell, so its range is known from all of
    them.

    Parameters
    ----------
    size : int
        Number of channels.

    device : torch.device or str, default=None
        Where the bounds live.

    Notes
    -----
    Shapes: input ``(n_rows, size, *axes)``, output ``(n_rows, size, *axes)``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._activation_range import ChannelActivationClamp
    >>> hold = ChannelActivationClamp(1)
    >>> _ = hold.train()(torch.tensor([[[0.0, 2.0]]]))
    >>> hold.eval()(torch.tensor([[[5.0, 1.0]]]))
    tensor([[[2.5000, 1.0000]]])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return `x`, in ``eval()`` with each channel held."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)

    def record(self, x: Tensor) -> None:
        """Take down the range of rows.

        Parameters
        ----------
        x : Tensor of shape (n_rows, *axes, size)
            The rows, channels last, without a gradient.
        """
        # Over rows first: they are long, and that is several times as fast.
        units = x.flatten(1)
        bounds = torch.cat([units.amin(dim=0), units.amax(dim=0)])
        super().record(bounds.view(-1, x.shape[-1]))


@contextmanager
def recording_ranges(module: nn.Module) -> Iterator[None]:
    """Set the ranges of a module by the rows that it sees in this context alone.

    Nothing is held meanwhile. The module is left in ``eval()``.

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
    record_ranges : The same for given rows.
    extending_ranges : Keeps what ranges were before, too.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import ActivationClamp, recording_ranges
    >>> hold = ActivationClamp(1)
    >>> with recording_ranges(hold):
    ...     _ = hold(torch.tensor([[0.0], [1.0]]))
    >>> hold(torch.tensor([[9.0]]))
    tensor([[1.2500]])
    """
    module.eval()
    for part in module.modules():
        if isinstance(part, ActivationClamp):
            part.train()
    try:
        yield
    finally:
        module.eval()


@contextmanager
def extending_ranges(module: nn.Module) -> Iterator[None]:
    """Let the ranges of a module also span what they were before this context.

    Parameters
    ----------
    module : torch.nn.Module
        Holds any number of :class:`ActivationClamp`; those without a range get only the
        new one.

    Yields
    ------
    None
        Nothing is given to the context.

    See Also
    --------
    record_ranges : Sets ranges by given rows.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import ActivationClamp, extending_ranges, record_ranges
    >>> hold = ActivationClamp(1)
    >>> for low in (0.0, 5.0):
    ...     rows = torch.tensor([[low], [low + 1]])
    ...     with extending_ranges(hold):
    ...         record_ranges(hold, [(rows, rows)])
    >>> hold.low, hold.high
    (tensor([0.]), tensor([6.]))
    """
    holds = [part for part in module.modules() if isinstance(part, ActivationClamp)]
    before = [(hold.low.clone(), hold.high.clone()) for hold in holds]
    yield
    for hold, (low, high) in zip(holds, before, strict=True):
        known = low.isfinite() & high.isfinite()
        hold.low.copy_(torch.where(known, torch.minimum(hold.low, low), hold.low))
        hold.high.copy_(torch.where(known, torch.maximum(hold.high, high), hold.high))


@torch.no_grad()
def record_ranges(module: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
    """Set the ranges of a trained module by these rows alone, and leave it in eval().

    Parameters
    ----------
    module : torch.nn.Module
        Holds any number of :class:`ActivationClamp`.

    batches : iterable of tuple of two Tensors of shape (n_rows, n_features)
        Inputs and targets; only the inputs count.

    See Also
    --------
    recording_ranges : The same for rows that a context brings.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import ActivationClamp, record_ranges
    >>> hold = ActivationClamp(1)
    >>> rows = torch.tensor([[0.0], [1.0]])
    >>> record_ranges(hold, [(rows, rows)])
    >>> hold(torch.tensor([[9.0]]))
    tensor([[1.2500]])
    """
    with recording_ranges(module):
        for rows, _ in batches:
            module(rows)
