"""Three ways to make codes sparse: what makes a code, and what it costs."""

import math
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from ._matching_pursuit import choose, fit_chosen, pursue
from ._mlp import linear, mlp
from ._precision import product_dtype

_IDLE_PICKS = 100  # that would be an atom's share until it counts as idle
_SLOPE = 0.5  # of the logistic function's input, in deviations of PCA's codes
_SILENT = 1e-3
_SILENT_ACTIVITY = 0.01  # of what is asked for


class CodeSettings(NamedTuple):
    """What a code is to be, see :class:`SparseNetwork`.

    Attributes
    ----------
    n_features, n_components : int
        Width of a row and of a code.

    hidden_layer_sizes : tuple of int
        Of the encoder.

    activation : str
        Of the hidden layers.

    k : int or None
        Numbers of a code that are not zero.

    alpha : float
        Weight of the penalty.

    target_activity : float
        Mean code.
    """

    n_features: int
    n_components: int
    hidden_layer_sizes: tuple[int, ...] = ()
    activation: str = "relu"
    k: int | None = None
    alpha: float = 1.0
    target_activity: float = 0.05


class Coded(NamedTuple):
    """What a way of sparsity makes of rows.

    Attributes
    ----------
    sum : Tensor of shape (n_rows, n_features)
        Of the atoms, weighted.

    code : Tensor of shape (n_rows, n_components)
        The codes.

    penalty : Tensor of shape (n_rows,)
        In units of squared error, summed over cells.
    """

    sum: Tensor
    code: Tensor
    penalty: Tensor


class Coding(nn.Module):
    """Base of the ways of sparsity: what most of them share, and hooks for the rest."""

    #: Whether codes are in the units of rows.
    has_units: ClassVar[bool] = True

    def is_active(self, code: Tensor) -> Tensor:
        """Tell of each code whether it is at work."""
        return code != 0

    def weights(self, code: Tensor) -> Tensor:
        """Return the factor of each atom."""
        return code

    def settle(self, atoms: Tensor) -> None:
        """Prepare for atoms that stay as they are."""

    def start(self, atoms: Tensor, deviations: Tensor) -> None:
        """Begin with these atoms, whose codes have these deviations."""

    def awaken(self, silent: Tensor, directions: Tensor) -> None:
        """Take note of atoms that are no longer zero."""


class TopK(Coding):
    r"""Codes of k numbers that are not zero, by :func:`pursue`.

    The encoder has no weights of its own: it looks for the atoms that the decoder adds
    up. Where they are orthonormal, as at the start, the k largest scalar products with
    a row stay, signed, and the others are zero.

    Codes are the best for their atoms, so the loss changes with the atoms as if codes
    stayed what they are, and only the sum of atoms is differentiated. In ``train()``

    - the atoms' products with each other, which only serve to choose, are as old as
      makes them cost no more than the rows' products with atoms do,
    - an atom that has not been chosen for long goes along a row, when they are.

    Parameters
    ----------
    settings : CodeSettings
        Of these k counts.

    generator, device
        As in :class:`SparseNetwork`.
    """

    def __init__(
        self,
        settings: CodeSettings,
        *,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        n_components, k = settings.n_components, settings.k
        self.k = min(k or max(settings.n_features // 10, 1), n_components)
        self._n_steps_left, self._products = 0, None
        # Not weights: they stay out of the state.
        idle = torch.zeros(n_components, dtype=torch.long)
        self.register_buffer("_idle", idle, persistent=False)

    def train(self, mode: bool = True) -> "TopK":
        """Switch mode, and forget what is known of the atoms."""
        self._n_steps_left, self._products = 0, None
        return super().train(mode)

    def settle(self, atoms: Tensor) -> None:
        """Compute once for all what `encode` needs of atoms that stay as they are."""
        self._products = atoms @ atoms.T

    def encode(self, rows: Tensor, atoms: Tensor) -> Tensor:
        """Return codes ``(n_rows, n_components)`` of centred rows."""
        products = None if self.training else self._products
        return _dense(*pursue(rows, atoms, self.k, products), len(atoms))

    def reconstruct(self, rows: Tensor, atoms: Tensor) -> Coded:
        """Return sums of atoms, whose length counts as 1."""
        with torch.no_grad():
            tiny = torch.finfo(atoms.dtype).tiny
            lengths = torch.linalg.vector_norm(atoms, dim=1).clamp_min(tiny)
            if self.training:
                index, values = self._pursue(rows, atoms, lengths)
            else:
                unit = atoms / lengths[:, None]
                index, values = pursue(rows, unit, self.k, self._products)
            factors = values / lengths[index]
            code = _dense(index, values, len(atoms))
        total = nn.functional.embedding_bag(
            index, atoms, per_sample_weights=factors, mode="sum"
        )
        return Coded(total, code, total.new_zeros(len(total)))

    def _pursue(self, rows, atoms, lengths) -> tuple[Tensor, Tensor]:
        """Pursue as training does, with products that may be rounded and old."""
        dtype = product_dtype(atoms.numel(), rows)
        if self._n_steps_left == 0:
            self._revive(rows, atoms, lengths)
            rough = (atoms / lengths[:, None]).to(dtype)
            self._products = (rough @ rough.T).to(rows.dtype)
            self._n_steps_left = math.ceil(len(atoms) / len(rows))
        self._n_steps_left -= 1
        unit = atoms / lengths[:, None]
        scores = (rows.to(dtype) @ unit.to(dtype).T).to(rows.dtype)
        index = choose(scores, self.k, self._products)
        self._idle.add_(len(rows)).index_fill_(0, index.flatten(), 0)
        return index, fit_chosen(rows, unit[index])

    def _revive(self, rows: Tensor, atoms: Tensor, lengths: Tensor) -> None:
        """Let atoms that have not been chosen for long go along rows."""
        patience = _IDLE_PICKS * len(atoms) / self.k
        idle = (self._idle > patience).nonzero().flatten()[: len(rows)]
        fresh = nn.functional.normalize(rows[: len(idle)], dim=1)
        atoms.index_copy_(0, idle, fresh * lengths.max())
        lengths.index_fill_(0, idle, lengths.max())
        self._idle.index_fill_(0, idle, 0)


class _Encoded(Coding):
    """A linear map and hidden layers; subclasses say what becomes of their sum."""

    def __init__(
        self,
        settings: CodeSettings,
        *,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        make = {"generator": generator, "device": device}
        n_features, n_components = settings.n_features, settings.n_components
        self.settings = settings
        self.linear_encoder = linear(n_features, n_components, **make)
        self.residual_encoder = None
        if settings.hidden_layer_sizes:
            self.residual_encoder = mlp(
                n_features,
                settings.hidden_layer_sizes,
                n_components,
                settings.activation,
                **make,
            )

    def encode(self, rows: Tensor, atoms: Tensor) -> Tensor:
        """Return codes ``(n_rows, n_components)`` of centred rows."""
        code = self.linear_encoder(rows)
        if self.residual_encoder is not None:
            code = code + self.residual_encoder(rows)
        return self._sparsify(code)

    def reconstruct(self, rows: Tensor, atoms: Tensor) -> Coded:
        """Return sums of atoms, whose length counts as 1."""
        unit = nn.functional.normalize(atoms, dim=1)
        code = self.encode(rows, unit)
        return Coded(self.weights(code) @ unit, code, self._penalty(code))

    def start(self, atoms: Tensor, deviations: Tensor) -> None:
        """Encode by scalar products with atoms."""
        self.linear_encoder.weight.copy_(atoms)
        self.linear_encoder.bias.zero_()
        if self.residual_encoder is not None:
            self.residual_encoder.last.weight.zero_()

    def awaken(self, silent: Tensor, directions: Tensor) -> None:
        """Let codes be moved a little by the directions of their atoms."""
        self.linear_encoder.weight.index_copy_(0, silent, _SILENT * directions)


class L1(_Encoded):
    r"""Codes that are shrunk towards zero, and cost their absolute values.

    .. math:: z = \operatorname{sign}(u) \max(|u| - t, 0), \qquad
              u = E x + e + g(x), \qquad p = 2 \alpha \sum_j |z_j|

    The penalty is that of the Lasso, and t, which starts at zero, is learned.

    Parameters
    ----------
    settings, generator, device
        As in :class:`TopK`.
    """

    def __init__(
        self,
        settings: CodeSettings,
        *,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(settings, generator=generator, device=device)
        self.threshold = nn.Parameter(
            torch.zeros(settings.n_components, dtype=torch.float32, device=device)
        )

    def _sparsify(self, code: Tensor) -> Tensor:
        return code.sign() * (code.abs() - self.threshold).relu()

    def _penalty(self, code: Tensor) -> Tensor:
        return 2 * self.settings.alpha * code.abs().sum(dim=1)


class KL(_Encoded):
    r"""Logistic codes whose means over a batch are asked to be small.

    With the logistic function :math:`\sigma`, atoms are weighted by
    :math:`s_j (z_j - \rho)`,

    .. math:: z = \sigma(E x + e + g(x)), \qquad
              p = \alpha \sum_j \operatorname{KL}(\rho \,\|\, \bar z_j).

    At the start, :math:`s_j` undoes the slope of the logistic function where it is
    :math:`\rho`, and to first order reconstructions are PCA's.

    Parameters
    ----------
    settings, generator, device
        As in :class:`TopK`.

    References
    ----------
    Ng, A. (2011). Sparse autoencoder. CS294A lecture notes, Stanford University.
    """

    has_units: ClassVar[bool] = False

    def __init__(
        self,
        settings: CodeSettings,
        *,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(settings, generator=generator, device=device)
        self.reach = nn.Parameter(
            torch.ones(settings.n_components, dtype=torch.float32, device=device)
        )

    def is_active(self, code: Tensor) -> Tensor:
        """Tell of each code whether it is at work: above a share of the target."""
        return code > _SILENT_ACTIVITY * self.settings.target_activity

    def weights(self, code: Tensor) -> Tensor:
        """Return the factor of each atom."""
        return (code - self.settings.target_activity) * self.reach

    def start(self, atoms: Tensor, deviations: Tensor) -> None:
        """Encode by scalar products with atoms, where the function is nearly linear."""
        super().start(atoms, deviations)
        target = self.settings.target_activity
        self.linear_encoder.weight.mul_(_SLOPE / deviations[:, None])
        self.linear_encoder.bias.fill_(math.log(target / (1 - target)))
        self.reach.copy_(deviations / (_SLOPE * target * (1 - target)))

    def _sparsify(self, code: Tensor) -> Tensor:
        return code.sigmoid()

    def _penalty(self, code: Tensor) -> Tensor:
        target, eps = self.settings.target_activity, torch.finfo(code.dtype).eps
        mean = code.mean(dim=0).clamp(eps, 1 - eps)
        divergence = target * (target / mean).log()
        divergence = divergence + (1 - target) * ((1 - target) / (1 - mean)).log()
        # Rounding can take it below 0 where the mean is the target.
        divergence = divergence.clamp_min(0)
        return (self.settings.alpha * divergence.sum()).expand(len(code))


#: Ways to make codes sparse, by name.
CODINGS: dict[str, type[Coding]] = {"kl": KL, "l1": L1, "topk": TopK}


def _dense(index: Tensor, values: Tensor, n_components: int) -> Tensor:
    code = values.new_zeros(len(values), n_components)
    return code.scatter_add_(1, index, values)
