"""Layout of a table's columns in its encoded rows."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Layout:
    """Layout of a table's columns in its encoded rows, for noise.

    A categorical column is a block of several encoded columns, any other is one. A
    missing cell is NaN, which the network takes for the column's centre.

    Parameters
    ----------
    column : Tensor of int of shape (n_features,)
        The number of the table's column that each encoded column belongs to, ascending.

    missing : Tensor of shape (n_features,)
        Encoding of a missing cell: NaN, or the indicators of a level of its own.

    noise_unit : Tensor of shape (n_features,)
        Standard deviation of Gaussian noise of level 1.

    n_cells : float
        Mean number of observed cells in a row, a block being one cell.

    See Also
    --------
    Corruption : Noise for rows of a layout.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import Layout
    >>> layout = Layout(
    ...     column=torch.tensor([0, 1, 1]),
    ...     missing=torch.full((3,), torch.nan),
    ...     noise_unit=torch.ones(3),
    ...     n_cells=2.0,
    ... )
    >>> layout.n_columns
    2
    """

    column: Tensor
    missing: Tensor
    noise_unit: Tensor
    n_cells: float

    @property
    def n_columns(self) -> int:
        """Number of the table's columns."""
        return int(self.column[-1]) + 1

    def to(self, device) -> "Layout":
        """Move the tensors to a device.

        Parameters
        ----------
        device : torch.device or str
            Where the tensors go.

        Returns
        -------
        layout : Layout
            The same one if they are there, else a new one.
        """
        if self.column.device == torch.device(device):
            return self
        moved = (t.to(device) for t in (self.column, self.missing, self.noise_unit))
        return Layout(*moved, self.n_cells)
