"""Noise layers, which are the identity in eval()."""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from ._layout import Layout


class Corruption(nn.Module, ABC):
    """Base of all noises: drawn anew for each batch in ``train()``, else the identity.

    By default the block of a categorical column is treated as one cell.

    Parameters
    ----------
    layout : Layout
        Layout of the rows.

    level : float or tuple of two floats
        Strength of the noise, or the range from which each batch draws it.

    generator : torch.Generator, default=None
        Source of the noise, on the CPU. None means torch's global generator.

    See Also
    --------
    sklearn_ae.DenoisingAutoencoder : Trains with noise.

    Notes
    -----
    Shapes: input ``(n_rows, n_features)``, output ``(n_rows, n_features)``.

    Examples
    --------
    >>> from sklearn_ae.nn import CORRUPTIONS, Corruption
    >>> sorted(name for name, n in CORRUPTIONS.items() if issubclass(n, Corruption))
    ['gaussian', 'masking', 'swap']
    """

    def __init__(
        self,
        layout: Layout,
        level: float | tuple[float, float],
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.layout, self.generator = layout, generator
        self.set_level(level)

    def set_level(self, level: float | tuple[float, float]) -> None:
        """Set the strength of the noise.

        Parameters
        ----------
        level : float or tuple of two floats
            As in the constructor.
        """
        self.low, self.high = level if isinstance(level, tuple) else (level, level)

    def gap_columns(self) -> list[int]:
        """Return the encoded columns in which the noise makes cells missing.

        Returns
        -------
        columns : list of int
            Positions in a row, ascending. By default none.
        """
        return []

    def forward(self, x: Tensor) -> Tensor:
        """Return rows ``(n_rows, n_features)``, corrupted in ``train()``."""
        if not self.training or self.high == 0:
            return x
        if not self.varies:
            return self.corrupted(x, 0.0)
        draw = torch.rand((), generator=self.generator, dtype=torch.float32)
        return self.corrupted(x, draw.item())

    @property
    def varies(self) -> bool:
        """Whether the level is a range."""
        return self.low < self.high

    def corrupted(self, x: Tensor, position: float) -> Tensor:
        """Return a corrupted copy of rows, with a level from the range.

        Parameters
        ----------
        x : Tensor of shape (n_rows, n_features)
            Rows.

        position : float
            From 0, the lowest level, to 1, the highest.

        Returns
        -------
        x : Tensor of shape (n_rows, n_features)
            The copy.
        """
        level = self.low + (self.high - self.low) * position
        return self._corrupt(x, self.layout.to(x.device), level)

    @abstractmethod
    def _corrupt(self, x: Tensor, layout: Layout, level: float) -> Tensor:
        """Return a corrupted copy of `x`."""

    def _choose_cells(self, n_rows: int, level: float) -> Tensor:
        """Choose a fraction of the table's cells, ``(n_rows, n_columns)``."""
        shape = n_rows, self.layout.n_columns
        draw = torch.rand(shape, generator=self.generator, dtype=torch.float32)
        return draw < level


class SwapNoise(Corruption):
    """Replaces a fraction of the cells by those of other rows of the batch.

    Each chosen cell takes the value of its column in a random other row, drawn for that
    cell. The block of a categorical column is replaced as a whole, so that rows stay
    valid.

    Parameters
    ----------
    layout : Layout
        Layout of the rows.

    level : float or tuple of two floats
        Fraction of the cells, or the range from which each batch draws it.

    generator : torch.Generator, default=None
        Source of the noise, on the CPU. None means torch's global generator.

    See Also
    --------
    MaskingNoise : Makes cells missing.
    sklearn_ae.DenoisingAutoencoder : Trains with it.

    Notes
    -----
    Shapes: input ``(n_rows, n_features)``, output ``(n_rows, n_features)``.

    References
    ----------
    Jahrer, M. (2017). Porto Seguro's Safe Driver Prediction, 1st place with
    representation learning. Kaggle.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import Layout, SwapNoise
    >>> one = torch.ones(1)
    >>> layout = Layout(
    ...     column=torch.tensor([0]), missing=one, noise_unit=one, n_cells=1
    ... )
    >>> SwapNoise(layout, 1.0)(torch.tensor([[1.0], [2.0]]))
    tensor([[2.],
            [1.]])
    """

    def _corrupt(self, x: Tensor, layout: Layout, level: float) -> Tensor:
        n_rows = len(x)
        chosen = self._choose_cells(n_rows, level)
        if n_rows == 1:
            return x
        row, _ = chosen.nonzero(as_tuple=True)
        step = torch.randint(1, n_rows, row.shape, generator=self.generator)
        donor = torch.arange(n_rows)[:, None].repeat(1, self.layout.n_columns)
        donor[chosen] = (row + step) % n_rows
        return x.gather(0, donor.to(x.device)[:, layout.column])


class MaskingNoise(Corruption):
    """Makes a fraction of the cells missing.

    A missing cell becomes NaN, which the network flags. In a categorical column with a
    level for missing cells it becomes that level.

    Parameters
    ----------
    layout : Layout
        Layout of the rows.

    level : float or tuple of two floats
        Fraction of the cells, or the range from which each batch draws it.

    generator : torch.Generator, default=None
        Source of the noise, on the CPU. None means torch's global generator.

    See Also
    --------
    SwapNoise : Replaces cells by those of other rows.
    sklearn_ae.DenoisingAutoencoder : Trains with it.

    Notes
    -----
    Shapes: input ``(n_rows, n_features)``, output ``(n_rows, n_features)``.

    References
    ----------
    Vincent, P., Larochelle, H., Bengio, Y. and Manzagol, P.-A. (2008). Extracting and
    composing robust features with denoising autoencoders. ICML.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import Layout, MaskingNoise
    >>> nan = torch.tensor([torch.nan])
    >>> layout = Layout(
    ...     column=torch.tensor([0]), missing=nan, noise_unit=nan, n_cells=1
    ... )
    >>> MaskingNoise(layout, 1.0)(torch.ones(2, 1))
    tensor([[nan],
            [nan]])
    """

    def gap_columns(self) -> list[int]:
        """Return the encoded columns in which the noise makes cells missing.

        Returns
        -------
        columns : list of int
            Positions in a row, ascending.
        """
        first = self.layout.column.diff(prepend=self.layout.column.new_tensor([-1])) > 0
        return (first & self.layout.missing.isnan()).nonzero().flatten().tolist()

    def _corrupt(self, x: Tensor, layout: Layout, level: float) -> Tensor:
        chosen = self._choose_cells(len(x), level).to(x.device)
        return torch.where(chosen[:, layout.column], layout.missing, x)


class GaussianNoise(Corruption):
    """Adds Gaussian noise to every encoded column, indicators included.

    Parameters
    ----------
    layout : Layout
        Layout of the rows.

    level : float or tuple of two floats
        Standard deviation in the layout's `noise_unit`, or the range from which each
        batch draws it.

    generator : torch.Generator, default=None
        Source of the noise, on the CPU. None means torch's global generator.

    See Also
    --------
    UniformNoise : Noise that takes less time to draw.
    sklearn_ae.DenoisingAutoencoder : Trains with it.

    Notes
    -----
    Shapes: input ``(n_rows, n_features)``, output ``(n_rows, n_features)``.

    References
    ----------
    Vincent, P., Larochelle, H., Lajoie, I., Bengio, Y. and Manzagol, P.-A. (2010).
    Stacked denoising autoencoders. Journal of Machine Learning Research, 11, 3371-3408.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import GaussianNoise, Layout
    >>> zero = torch.zeros(1)
    >>> layout = Layout(
    ...     column=torch.tensor([0]), missing=zero, noise_unit=zero, n_cells=1
    ... )
    >>> GaussianNoise(layout, 0.5)(torch.ones(1, 1))
    tensor([[1.]])
    """

    def _corrupt(self, x: Tensor, layout: Layout, level: float) -> Tensor:
        noise = torch.randn(x.shape, generator=self.generator, dtype=x.dtype)
        return x + level * layout.noise_unit * noise.to(x.device)


class UniformNoise(Corruption):
    """Adds uniform noise to every encoded column, indicators included.

    Its standard deviation is that of :class:`GaussianNoise` of the same level. It is
    drawn in a fifth of the time, in steps of 1/256 of its range.

    Parameters
    ----------
    layout : Layout
        Layout of the rows.

    level : float or tuple of two floats
        Standard deviation in the layout's `noise_unit`, or the range from which each
        batch draws it.

    generator : torch.Generator, default=None
        Source of the noise, on the CPU. None means torch's global generator.

    See Also
    --------
    GaussianNoise : Noise with a normal distribution.
    sklearn_ae.AutoencoderTransformer : Trains with it.

    Notes
    -----
    Shapes: input ``(n_rows, n_features)``, output ``(n_rows, n_features)``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import Layout, UniformNoise
    >>> zero = torch.zeros(1)
    >>> layout = Layout(
    ...     column=torch.tensor([0]), missing=zero, noise_unit=zero, n_cells=1
    ... )
    >>> UniformNoise(layout, 0.5)(torch.ones(1, 1))
    tensor([[1.]])
    """

    def _corrupt(self, x: Tensor, layout: Layout, level: float) -> Tensor:
        words = torch.empty(math.ceil(x.numel() / 8), dtype=torch.int64)
        words.random_(-(2**63), None, generator=self.generator)
        steps = words.view(torch.int8)[: x.numel()].view(x.shape)
        noise = steps.to(device=x.device, dtype=x.dtype).add_(0.5)
        return noise.mul_(level * math.sqrt(3) / 128 * layout.noise_unit).add_(x)


#: Noises by name.
CORRUPTIONS: dict[str, type[Corruption]] = {
    "gaussian": GaussianNoise,
    "masking": MaskingNoise,
    "swap": SwapNoise,
}
