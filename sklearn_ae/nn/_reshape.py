"""Layers that reshape rows to grids of cells, and back."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class ToGrid(nn.Module):
    """Reshapes rows to grids of cells, channels first.

    If flags of missing cells follow a row's cells, each channel gets another one for
    them: 1 where the cell is missing, 0 elsewhere.

    Parameters
    ----------
    shape : sequence of int
        Axes of a row, in C order, and its channels last.

    flagged : sequence of int, default=()
        Cells that the flags belong to.

    Notes
    -----
    Shapes: input ``(n_rows, n_cells + n_flags)``, output
    ``(n_rows, n_channels, *axes)``, with ``2 * n_channels`` if there are flags.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._reshape import ToGrid
    >>> ToGrid((2, 1, 3))(torch.arange(6.0)[None])[0, 0]
    tensor([[0.],
            [3.]])
    """

    def __init__(self, shape: Sequence[int], flagged: Sequence[int] = ()) -> None:
        super().__init__()
        self.shape, self.n_cells = tuple(shape), math.prod(shape)
        # Not a weight: it stays out of the state, and off the meta device.
        flagged = torch.tensor(flagged, dtype=torch.long)
        self.register_buffer("_flagged", flagged, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` as grids."""
        cells = self._to_grid(x[:, : self.n_cells])
        if not len(self._flagged):
            return cells
        flags = x.new_zeros(len(x), self.n_cells)
        flags = flags.index_copy(1, self._flagged, x[:, self.n_cells :])
        return torch.cat([cells, self._to_grid(flags)], dim=1)

    def _to_grid(self, cells: Tensor) -> Tensor:
        return cells.unflatten(1, self.shape).movedim(-1, 1)


class Flatten(nn.Module):
    """Reshapes grids of cells to rows, channels last: the inverse of `ToGrid`.

    Notes
    -----
    Shapes: input ``(n_rows, n_channels, *axes)``, output ``(n_rows, n_cells)``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._reshape import ToGrid, Flatten
    >>> rows = torch.arange(6.0)[None]
    >>> torch.equal(Flatten()(ToGrid((1, 2, 3))(rows)), rows)
    True
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` as rows."""
        return x.movedim(1, -1).flatten(1)


class PixelShuffle(nn.Module):
    r"""Reshapes channels to cells: a cell becomes ``factor`` cells along each axis.

    It is the pixel shuffle of Shi et al. (2016) for any number of axes, channels last.

    Parameters
    ----------
    axes : sequence of int
        Cells along each axis of the output; those beyond are cut off.

    factor : int, default=2
        Output cells per input cell, along each axis.

    Notes
    -----
    Shapes: input ``(n_rows, factor**n_axes * n_channels, *smaller)``, output
    ``(n_rows, n_channels, *axes)``.

    References
    ----------
    Shi, W. et al. (2016). Real-time single image and video super-resolution using an
    efficient sub-pixel convolutional neural network. CVPR.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._reshape import PixelShuffle
    >>> PixelShuffle((3,))(torch.tensor([[[0.0, 2.0], [1.0, 3.0]]]))
    tensor([[[0., 1., 2.]]])
    """

    def __init__(self, axes: Sequence[int], factor: int = 2) -> None:
        super().__init__()
        self.axes, self.factor = tuple(axes), factor

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` with more cells and fewer channels."""
        n_axes = len(self.axes)
        smaller = x.shape[2:]
        # (B, s * s * C, H, W) -> (B, H, W, s, s, C) -> (B, H, s, W, s, C)
        x = x.movedim(1, -1).unflatten(-1, (*(self.factor,) * n_axes, -1))
        order = [axis for i in range(n_axes) for axis in (1 + i, 1 + n_axes + i)]
        x = x.permute(0, *order, 1 + 2 * n_axes)
        x = x.reshape(len(x), *(size * self.factor for size in smaller), -1)
        for axis, size in enumerate(self.axes):
            x = x.narrow(1 + axis, 0, size)
        return x.movedim(-1, 1)
