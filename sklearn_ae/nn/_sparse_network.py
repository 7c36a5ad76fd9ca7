"""Network with sparse codes, and its loss."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ._losses import observed_error
from ._mlp import linear, mlp
from ._network import Network, fill_missing, safe_deviations
from ._sparse_coding import CODINGS, CodeSettings

# A step of an atom's entries over their size, in learning rates.
_RELATIVE_STEP = 80.0


class SparseNetwork(Network):
    r"""Autoencoder whose reconstructions are sums of few atoms.

    With atoms :math:`a_j` of length 1, the decoder's columns, and optional hidden
    layers :math:`h`,

    .. math:: x' = d + \sum_j z_j a_j + h(z).

    The code comes from matching pursuit with "topk", from soft thresholds with "l1" and
    from logistic units with "kl". :meth:`start_at_components` sets the first atoms to
    PCA's components and the others to zero, and :meth:`awaken` points those along rows.

    A missing cell is NaN and enters as 0, the column's centre.

    Parameters
    ----------
    n_features : int
        Width of a row.

    n_components : int
        Number of atoms, the width of the code.

    hidden_layer_sizes : sequence of int, default=()
        Widths of the encoder's hidden layers; the decoder has them in reverse. The
        encoder of "topk" has none.

    activation : str, default="relu"
        A key of `sklearn_ae.nn.ACTIVATIONS`.

    sparsity : {"topk", "l1", "kl"}, default="topk"
        A key of `sklearn_ae.nn.CODINGS`.

    k : int, default=None
        Number of nonzero codes with "topk". None means a tenth of `n_features`, at
        least 1 and at most `n_components`.

    alpha : float, default=1.0
        Weight of the penalty of "l1" and "kl".

    target_activity : float, default=0.05
        Mean of a code for which "kl" has no penalty.

    generator : torch.Generator, default=None
        Source of the initial weights. None means torch's global generator.

    device : torch.device or str, default=None
        Where the parameters live.

    fuse : bool, default=False
        Not used: no layers are fused.

    See Also
    --------
    sparse_loss : Its objective.
    sklearn_ae.SparseAutoencoder : Trains it.

    Notes
    -----
    Shapes: input ``(n_rows, n_features)``, output ``(n_rows, n_features)``.

    References
    ----------
    Mallat, S. G. and Zhang, Z. (1993). Matching pursuits with time-frequency
    dictionaries. IEEE Transactions on Signal Processing, 41(12), 3397-3415.

    Makhzani, A. and Frey, B. (2014). k-sparse autoencoders. ICLR.

    Ng, A. (2011). Sparse autoencoder. CS294A lecture notes, Stanford University.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import SparseNetwork
    >>> network = SparseNetwork(n_features=5, n_components=20, k=2).eval()
    >>> (network.encode(torch.randn(3, 5)) != 0).sum(dim=1)
    tensor([2, 2, 2])
    """

    starts_as_pca: ClassVar[bool] = False
    takes_noise: ClassVar[bool] = False
    linear_arguments: ClassVar[dict[str, Any]] = {"hidden_layer_sizes": ()}

    def __init__(
        self,
        n_features: int,
        n_components: int,
        hidden_layer_sizes: Sequence[int] = (),
        activation: str = "relu",
        *,
        sparsity: str = "topk",
        k: int | None = None,
        alpha: float = 1.0,
        target_activity: float = 0.05,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
        fuse: bool = False,
    ) -> None:
        super().__init__()
        options = {"generator": generator, "device": device}
        layer = linear(n_components, n_features, **options)
        self.atoms = nn.Parameter(layer.weight.detach().T.contiguous())
        self.bias = layer.bias
        settings = CodeSettings(
            n_features=n_features,
            n_components=n_components,
            hidden_layer_sizes=tuple(hidden_layer_sizes),
            activation=activation,
            k=k,
            alpha=alpha,
            target_activity=target_activity,
        )
        self.coding = CODINGS[sparsity](settings, **options)
        self.residual_decoder = None
        if hidden_layer_sizes:
            sizes = hidden_layer_sizes[::-1]
            self.residual_decoder = mlp(
                n_components, sizes, n_features, activation, **options
            )

    @property
    def is_linear(self) -> bool:
        """Whether there are no residual paths."""
        return self.residual_decoder is None

    @property
    def codes_have_units(self) -> bool:
        """Whether codes are in the units of rows."""
        return self.coding.has_units

    @property
    def n_silent(self) -> int:
        """Number of atoms that are zero."""
        return int((self.atoms == 0).all(dim=1).sum())

    def active(self, x: Tensor) -> Tensor:
        """Tell which codes of `x` count as nonzero, ``(n_rows, n_components)``."""
        return self.coding.is_active(self.encode(x))

    def encode(self, x: Tensor) -> Tensor:
        """Map rows ``(n_rows, n_features)`` to codes ``(n_rows, n_components)``."""
        return self.coding.encode(fill_missing(x) - self.bias, unit_rows(self.atoms))

    def decode(self, code: Tensor) -> Tensor:
        """Map codes ``(n_rows, n_components)`` to rows ``(n_rows, n_features)``."""
        weights = self.coding.atom_weights(code)
        return self._plus_residual(weights @ unit_rows(self.atoms) + self.bias, code)

    def forward(self, x: Tensor) -> Tensor:
        """Map rows ``(n_rows, n_features)`` to reconstructions of the same shape."""
        return self.reconstruct(x)[0]

    def reconstruct(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return reconstructions, and the penalty of each row's codes.

        Parameters
        ----------
        x : Tensor of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        reconstruction : Tensor of shape (n_rows, n_features)
            In the units of `x`.

        penalty : Tensor of shape (n_rows,)
            In units of squared error, summed over cells.
        """
        coded = self.coding.reconstruct(fill_missing(x) - self.bias, self.atoms)
        reconstruction = self._plus_residual(coded.sum + self.bias, coded.code)
        return reconstruction, coded.penalty

    def _plus_residual(self, base: Tensor, code: Tensor) -> Tensor:
        if self.residual_decoder is None:
            return base
        return base + self.residual_decoder(code)

    def learning_rate_scales(self, residual_scale: float) -> dict[str, float]:
        """Return the learning rate of each parameter, as a factor.

        Atoms turn by about the same angle whatever the width of a row: their entries
        are of the size ``1 / sqrt(n_features)``, and so are their steps.

        Parameters
        ----------
        residual_scale : float
            Root mean square of the residuals at the start, at most 1.

        Returns
        -------
        scales : dict of str to float
            Factors of the learning rate, by the names of parameters.
        """
        scales = {name: 1.0 for name, _ in self.named_parameters()}
        step = _RELATIVE_STEP / math.sqrt(self.atoms.shape[1])
        for name in scales:
            if name == "bias" or ".last." in name:
                scales[name] = residual_scale
            elif name in {"atoms", "coding.linear_encoder.weight"}:
                scales[name] = step * residual_scale
        return scales

    @torch.no_grad()
    def start_at_components(
        self,
        components: Tensor,
        code_deviations: Tensor,
        noise_deviation: float = 0.0,
    ) -> None:
        """Set the first atoms to PCA's components, and the others to zero.

        Parameters
        ----------
        components : Tensor of shape (n_start, n_features)
            Orthonormal rows, PCA's ``components_``, at most `n_components`. With all of
            them "topk" is never worse than PCA with k components on centred rows.

        code_deviations : Tensor of shape (n_start,)
            Standard deviation of each of their codes.

        noise_deviation : float, default=0.0
            Standard deviation of the residuals, in each direction. Not used here.
        """
        n_start = len(components)
        self.atoms.zero_()
        self.atoms[:n_start].copy_(components)
        self.bias.zero_()
        deviations = code_deviations.new_ones(len(self.atoms))
        deviations[:n_start] = safe_deviations(code_deviations)
        self.coding.start_at_atoms(self.atoms, deviations.to(self.atoms))
        if self.residual_decoder is not None:
            self.residual_decoder.last.weight.zero_()
            self.residual_decoder.hidden0.weight.div_(deviations.to(self.atoms))

    @torch.no_grad()
    def awaken(self, rows: Tensor) -> None:
        """Point each atom that is zero along a row.

        Parameters
        ----------
        rows : Tensor of shape (n_rows, n_features)
            Centred rows, one for each atom. Where rows are equal, zero, or too few,
            atoms stay zero.
        """
        index = (self.atoms == 0).all(dim=1).nonzero().flatten()
        if not len(index):
            return
        # With equal atoms, rounding would decide which of them is chosen.
        directions = unit_rows(fill_missing(rows)[: len(index)]).unique(dim=0)
        directions = directions[directions.any(dim=1)].to(self.atoms)
        index = index[: len(directions)]
        self.atoms.index_copy_(0, index, directions)
        self.coding.start_new_atoms(index, directions)

    @torch.no_grad()
    def settle(self) -> None:
        """Make `encode` faster for weights that no longer change, in ``eval()``.

        The Gram matrix of the atoms is computed once, until the mode is set again.
        """
        self.coding.settle(unit_rows(self.atoms))

    @torch.no_grad()
    def fold(self) -> None:
        """Set the length of the atoms to 1, which changes no reconstruction."""
        self.atoms.copy_(unit_rows(self.atoms))


def sparse_loss(
    module: SparseNetwork, batch: tuple[Tensor, Tensor], *, n_cells: float
) -> Tensor:
    r"""Return the squared error and penalty of each row, over its number of cells.

    .. math:: \ell_i = \frac{1}{m} \Big(\sum_j (x'_{ij} - x_{ij})^2 + p_i\Big)

    Parameters
    ----------
    module : SparseNetwork
        Gives reconstructions :math:`x'` and penalties :math:`p`.

    batch : tuple of two Tensors of shape (n_rows, n_features)
        Encoded rows as inputs, and as targets. A NaN in the targets takes no part in
        the loss.

    n_cells : float
        Mean number of observed cells in a row, :math:`m`.

    Returns
    -------
    loss : Tensor of shape (n_rows,)
        In the units of the rows, squared.

    See Also
    --------
    observed_reconstruction_loss : The same without a penalty.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn import SparseNetwork, sparse_loss
    >>> network, rows = SparseNetwork(3, 4, k=3).eval(), torch.ones(2, 3)
    >>> sparse_loss(network, (rows, rows), n_cells=3).shape
    torch.Size([2])
    """
    x, target = batch
    reconstruction, penalty = module.reconstruct(x)
    return (observed_error(reconstruction, target) + penalty) / n_cells


def unit_rows(rows: Tensor) -> Tensor:
    """Return rows divided by their lengths; zero stays zero."""
    return nn.functional.normalize(rows, dim=1, eps=torch.finfo(rows.dtype).tiny)
