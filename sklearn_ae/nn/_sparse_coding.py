"""Sparse codings: how codes are computed from rows and atoms, and penalized."""

import math
from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from ._matching_pursuit import choose_atoms, fit_coefficients, matching_pursuit
from ._mlp import linear, mlp
from ._precision import product_dtype

# An atom is replaced after as many rows as should have chosen it this many times.
_MISSED_CHOICES = 100
# Deviation of the logistic function's input at the start.
_START_DEVIATION = 0.5
# Length of the encoder's weights for an atom that was zero.
_NEW_WEIGHTS_LENGTH = 1e-3
# Share of the target activity below which a logistic code counts as zero.
_LEAST_ACTIVITY = 0.01


class CodeSettings(NamedTuple):
    """Arguments of :class:`SparseNetwork` that its coding needs.

    Attributes
    ----------
    n_features, n_components : int
        Width of a row and of a code.

    hidden_layer_sizes : tuple of int
        Of the encoder.

    activation : str
        Of the hidden layers.

    k : int or None
        Number of nonzero codes of a row.

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
    """Codes of rows, and what the loss needs of them.

    Attributes
    ----------
    sum : Tensor of shape (n_rows, n_features)
        Weighted sum of the atoms.

    code : Tensor of shape (n_rows, n_components)
        The codes.

    penalty : Tensor of shape (n_rows,)
        In units of squared error, summed over cells.
    """

    sum: Tensor
    code: Tensor
    penalty: Tensor


class Coding(nn.Module, ABC):
    """Base of the sparse codings.

    A subclass takes a `CodeSettings`, and `generator` and `device` as in
    :class:`SparseNetwork`.
    """

    #: Whether codes are in the units of rows.
    has_units: ClassVar[bool] = True

    @abstractmethod
    def encode(self, rows: Tensor, atoms: Tensor) -> Tensor:
        """Return codes ``(n_rows, n_components)`` of centred rows, by unit atoms."""

    @abstractmethod
    def reconstruct(self, rows: Tensor, atoms: Tensor) -> Coded:
        """Encode centred rows, and sum atoms of any length as if it were 1."""

    def is_active(self, code: Tensor) -> Tensor:
        """Tell which codes count as nonzero."""
        return code != 0

    def atom_weights(self, code: Tensor) -> Tensor:
        """Return the weight of each atom in the sum."""
        return code

    def settle(self, atoms: Tensor) -> None:
        """Compute in advance what `encode` needs of atoms that no longer change."""

    def start_at_atoms(self, atoms: Tensor, deviations: Tensor) -> None:
        """Start from atoms whose codes have these deviations."""

    def start_new_atoms(self, index: Tensor, directions: Tensor) -> None:
        """Start from directions for the atoms `index`, which were zero."""


class TopK(Coding):
    r"""Codes with k nonzero numbers, by :func:`matching_pursuit`.

    The encoder has no weights of its own: it searches the decoder's atoms. Where they
    are orthonormal, as at the start, the codes are the k largest scalar products with a
    row.

    Codes are optimal for their atoms. By the envelope theorem the gradient of the loss
    is that of fixed codes, so only the sum of atoms is differentiated. In ``train()``

    - the atoms' Gram matrix, which only serves to choose atoms, is reused for so many
      steps that it costs no more than the scalar products of rows and atoms do,
    - an atom that has not been chosen for long is replaced by a row, whenever that
      matrix is computed.

    Parameters
    ----------
    settings : CodeSettings
        Only `n_features`, `n_components` and `k` are used.

    generator, device
        Not used: there are no weights.
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
        self._n_steps_left, self._gram = 0, None
        # Not weights: they stay out of the state.
        n_rows_unused = torch.zeros(n_components, dtype=torch.long)
        self.register_buffer("_n_rows_unused", n_rows_unused, persistent=False)

    def train(self, mode: bool = True) -> "TopK":
        """Switch mode, and discard the atoms' Gram matrix."""
        self._n_steps_left, self._gram = 0, None
        return super().train(mode)

    def settle(self, atoms: Tensor) -> None:
        """Compute the Gram matrix of atoms that no longer change."""
        self._gram = atoms @ atoms.T

    def encode(self, rows: Tensor, atoms: Tensor) -> Tensor:
        """Return codes ``(n_rows, n_components)`` of centred rows, by unit atoms."""
        gram = None if self.training else self._gram
        return _to_dense(*matching_pursuit(rows, atoms, self.k, gram), len(atoms))

    def reconstruct(self, rows: Tensor, atoms: Tensor) -> Coded:
        """Encode centred rows, and sum atoms of any length as if it were 1."""
        with torch.no_grad():
            tiny = torch.finfo(atoms.dtype).tiny
            lengths = torch.linalg.vector_norm(atoms, dim=1).clamp_min(tiny)
            if self.training:
                index, values = self._pursue_fast(rows, atoms, lengths)
            else:
                unit = atoms / lengths[:, None]
                index, values = matching_pursuit(rows, unit, self.k, self._gram)
            weights = values / lengths[index]
            code = _to_dense(index, values, len(atoms))
        total = nn.functional.embedding_bag(
            index, atoms, per_sample_weights=weights, mode="sum"
        )
        return Coded(total, code, total.new_zeros(len(total)))

    def _pursue_fast(self, rows, atoms, lengths) -> tuple[Tensor, Tensor]:
        """Choose atoms by products that may be rounded, and a Gram matrix of before."""
        dtype = product_dtype(atoms.numel(), rows)
        if self._n_steps_left == 0:
            self._replace_unused(rows, atoms, lengths)
            rounded = (atoms / lengths[:, None]).to(dtype)
            self._gram = (rounded @ rounded.T).to(rows.dtype)
            self._n_steps_left = math.ceil(len(atoms) / len(rows))
        self._n_steps_left -= 1
        unit = atoms / lengths[:, None]
        scores = (rows.to(dtype) @ unit.to(dtype).T).to(rows.dtype)
        index = choose_atoms(scores, self.k, self._gram)
        self._n_rows_unused.add_(len(rows)).index_fill_(0, index.flatten(), 0)
        return index, fit_coefficients(rows, unit[index])

    def _replace_unused(self, rows: Tensor, atoms: Tensor, lengths: Tensor) -> None:
        """Replace atoms that have not been chosen for long by rows, in place."""
        patience = _MISSED_CHOICES * len(atoms) / self.k
        unused = (self._n_rows_unused > patience).nonzero().flatten()[: len(rows)]
        directions = nn.functional.normalize(rows[: len(unused)], dim=1)
        atoms.index_copy_(0, unused, directions * lengths.max())
        lengths.index_fill_(0, unused, lengths.max())
        self._n_rows_unused.index_fill_(0, unused, 0)


class EncoderCoding(Coding):
    """Base of codings by a linear encoder and hidden layers beside it.

    Parameters
    ----------
    settings : CodeSettings
        All but `k` are used.

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
        options = {"generator": generator, "device": device}
        n_features, n_components = settings.n_features, settings.n_components
        self.settings = settings
        self.linear_encoder = linear(n_features, n_components, **options)
        self.residual_encoder = None
        if settings.hidden_layer_sizes:
            self.residual_encoder = mlp(
                n_features,
                settings.hidden_layer_sizes,
                n_components,
                settings.activation,
                **options,
            )
        self._add_parameter(device=device, dtype=torch.float32)

    @abstractmethod
    def _add_parameter(self, **options) -> None:
        """Add the parameter that the coding has for each code."""

    @abstractmethod
    def _sparsify(self, u: Tensor) -> Tensor:
        """Map the encoder's output to codes, both ``(n_rows, n_components)``."""

    @abstractmethod
    def _penalty(self, code: Tensor) -> Tensor:
        """Return the penalty of each row's codes, ``(n_rows,)``."""

    def encode(self, rows: Tensor, atoms: Tensor) -> Tensor:
        """Return codes ``(n_rows, n_components)`` of centred rows."""
        u = self.linear_encoder(rows)
        if self.residual_encoder is not None:
            u = u + self.residual_encoder(rows)
        return self._sparsify(u)

    def reconstruct(self, rows: Tensor, atoms: Tensor) -> Coded:
        """Encode centred rows, and sum atoms of any length as if it were 1."""
        unit = nn.functional.normalize(atoms, dim=1)
        code = self.encode(rows, unit)
        return Coded(self.atom_weights(code) @ unit, code, self._penalty(code))

    def start_at_atoms(self, atoms: Tensor, deviations: Tensor) -> None:
        """Encode by scalar products with atoms."""
        self.linear_encoder.weight.copy_(atoms)
        self.linear_encoder.bias.zero_()
        if self.residual_encoder is not None:
            self.residual_encoder.last.weight.zero_()

    def start_new_atoms(self, index: Tensor, directions: Tensor) -> None:
        """Let the codes of new atoms depend a little on their directions."""
        weights = _NEW_WEIGHTS_LENGTH * directions
        self.linear_encoder.weight.index_copy_(0, index, weights)


class L1(EncoderCoding):
    r"""Codes by soft thresholds, with their absolute values as the penalty.

    .. math:: z = \operatorname{sign}(u) \max(|u| - t, 0), \qquad
              u = E x + e + g(x), \qquad p = 2 \alpha \sum_j |z_j|

    The penalty is that of the Lasso. The thresholds t start at zero and are learned.

    Parameters
    ----------
    settings, generator, device
        As in :class:`EncoderCoding`.
    """

    def _add_parameter(self, **options) -> None:
        zeros = torch.zeros(self.settings.n_components, **options)
        self.threshold = nn.Parameter(zeros)

    def _sparsify(self, u: Tensor) -> Tensor:
        return u.sign() * (u.abs() - self.threshold).relu()

    def _penalty(self, code: Tensor) -> Tensor:
        return 2 * self.settings.alpha * code.abs().sum(dim=1)


class KL(EncoderCoding):
    r"""Logistic codes whose means over a batch are penalized unless small.

    With the logistic function :math:`\sigma`, atoms are weighted by
    :math:`s_j (z_j - \rho)`,

    .. math:: z = \sigma(E x + e + g(x)), \qquad
              p = \alpha \sum_j \operatorname{KL}(\rho \,\|\, \bar z_j).

    At the start, :math:`s_j` is the inverse of the logistic function's slope where it
    is :math:`\rho`, and to first order reconstructions are PCA's.

    Parameters
    ----------
    settings, generator, device
        As in :class:`EncoderCoding`.

    References
    ----------
    Ng, A. (2011). Sparse autoencoder. CS294A lecture notes, Stanford University.
    """

    has_units: ClassVar[bool] = False

    def is_active(self, code: Tensor) -> Tensor:
        """Tell which codes are above a share of the target activity."""
        return code > _LEAST_ACTIVITY * self.settings.target_activity

    def atom_weights(self, code: Tensor) -> Tensor:
        """Return the weight of each atom in the sum."""
        return (code - self.settings.target_activity) * self.reach

    def start_at_atoms(self, atoms: Tensor, deviations: Tensor) -> None:
        """Encode by scalar products with atoms, where the function is nearly linear."""
        super().start_at_atoms(atoms, deviations)
        target = self.settings.target_activity
        self.linear_encoder.weight.mul_(_START_DEVIATION / deviations[:, None])
        self.linear_encoder.bias.fill_(math.log(target / (1 - target)))
        self.reach.copy_(deviations / (_START_DEVIATION * target * (1 - target)))

    def _add_parameter(self, **options) -> None:
        self.reach = nn.Parameter(torch.ones(self.settings.n_components, **options))

    def _sparsify(self, u: Tensor) -> Tensor:
        return u.sigmoid()

    def _penalty(self, code: Tensor) -> Tensor:
        target, eps = self.settings.target_activity, torch.finfo(code.dtype).eps
        mean = code.mean(dim=0).clamp(eps, 1 - eps)
        divergence = target * (target / mean).log()
        divergence = divergence + (1 - target) * ((1 - target) / (1 - mean)).log()
        # Rounding can take it below 0 where the mean is the target.
        divergence = divergence.clamp_min(0)
        return (self.settings.alpha * divergence.sum()).expand(len(code))


#: Sparse codings by name.
CODINGS: dict[str, type[Coding]] = {"kl": KL, "l1": L1, "topk": TopK}


def _to_dense(index: Tensor, values: Tensor, n_components: int) -> Tensor:
    """Return codes ``(n_rows, n_components)`` with values at an index, else zero."""
    code = values.new_zeros(len(values), n_components)
    return code.scatter_add_(1, index, values)
