"""Axes of codes: rotation, order and signs after training."""

import copy
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from sklearn.utils.extmath import svd_flip
from torch import Tensor, nn

from .._training import RowSource, iterate_rows
from ..nn import recording_ranges


class CodeAxes(NamedTuple):
    """An invertible map of codes, ``z' = rotation @ (z - mean)``.

    Attributes
    ----------
    mean : ndarray of shape (n_components,)
        Centre of the codes.

    rotation : ndarray of shape (n_components, n_components) or None
        Orthogonal matrix. None means that codes are not changed.

    variance : ndarray of shape (n_components,)
        Variance of each new code.
    """

    mean: np.ndarray
    rotation: np.ndarray | None
    variance: np.ndarray


class CodeMoments(NamedTuple):
    """Moments of the codes of many rows.

    Attributes
    ----------
    n_rows : int
        Number of rows.

    mean : ndarray of shape (n_components,)
        Mean code.

    scatter : ndarray of shape (n_components, n_components)
        Covariance of the codes, times n - 1.
    """

    n_rows: int
    mean: np.ndarray
    scatter: np.ndarray

    @classmethod
    def uncorrelated(cls, variance: np.ndarray, n_rows: int) -> "CodeMoments":
        """Return the moments of centred, uncorrelated codes."""
        scatter = np.diag(variance) * (n_rows - 1)
        return cls(n_rows, np.zeros(len(variance)), scatter)

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the codes, with denominator n - 1."""
        return self.scatter / (self.n_rows - 1)

    def merge(self, others: "CodeMoments") -> "CodeMoments":
        """Return the moments of both sets of codes (Chan et al. 1979)."""
        n_rows = self.n_rows + others.n_rows
        change = others.mean - self.mean
        share = others.n_rows / n_rows
        between = self.n_rows * share * np.outer(change, change)
        return CodeMoments(
            n_rows,
            self.mean + share * change,
            self.scatter + others.scatter + between,
        )

    def principal_axes(self) -> CodeAxes:
        """Return the principal axes of the codes.

        Signs follow scikit-learn's ``svd_flip``: the largest entry of an axis is
        positive.
        """
        variance, vectors = np.linalg.eigh(self.covariance)
        _, rotation = svd_flip(None, vectors.T[::-1].copy(), u_based_decision=False)
        return CodeAxes(self.mean, rotation, np.maximum(variance[::-1], 0))


@torch.no_grad()
def gather_code_moments(module: nn.Module, rows: RowSource) -> CodeMoments:
    """Gather the moments of a network's codes, and record its ranges, in one pass.

    Parameters
    ----------
    module : torch.nn.Module
        The trained network. It records its ranges over these rows, corrupted and clean,
        so that none of them is clamped later.

    rows : RowSource
        The rows. Codes are those of the targets, which are clean.

    Returns
    -------
    moments : CodeMoments
        In float64.
    """
    total, product = 0.0, 0.0
    for code in _record_codes(module, rows):
        total = total + code.sum(dim=0)
        product = product + code.T @ code
    mean = total / len(rows)
    scatter = product - len(rows) * torch.outer(mean, mean)
    return CodeMoments(len(rows), mean.cpu().numpy(), scatter.cpu().numpy())


@torch.no_grad()
def gather_code_variances(module: nn.Module, rows: RowSource) -> np.ndarray:
    """Gather the variances of codes, as :func:`gather_code_moments` does moments."""
    total, square = 0.0, 0.0
    for code in _record_codes(module, rows):
        total = total + code.sum(dim=0)
        square = square + code.square().sum(dim=0)
    variance = (square - total**2 / len(rows)) / (len(rows) - 1)
    return variance.clamp_min(0).cpu().numpy()


def _record_codes(module: nn.Module, rows: RowSource) -> Iterator[Tensor]:
    """Yield the codes of all rows in float64, and record the network's ranges."""
    with recording_ranges(module):
        for inputs, clean in iterate_rows(rows):
            code = module.record(inputs)
            if clean is not inputs:
                code = module.record(clean)
            yield code.double()


def principal_axes(module: nn.Module, rows: RowSource) -> CodeAxes:
    """Return the principal axes of codes.

    Parameters
    ----------
    module : torch.nn.Module
        The trained network, whose ranges are recorded. A rotation of its codes must
        change no reconstruction.

    rows : RowSource
        The training rows, at least two.

    Returns
    -------
    axes : CodeAxes
        The axes.
    """
    return gather_code_moments(module, rows).principal_axes()


def ordered_axes(module: nn.Module, rows: RowSource) -> CodeAxes:
    """Return the axes of codes without rotation, ordered by variance, with fixed signs.

    Parameters
    ----------
    module : torch.nn.Module
        The trained network, whose ranges are recorded. The largest of each code's
        `loadings` becomes positive, as in scikit-learn's ``svd_flip``.

    rows : RowSource
        The training rows.

    Returns
    -------
    axes : CodeAxes
        Codes are not centred.
    """
    variance = gather_code_variances(module, rows)
    order = np.argsort(-variance, kind="stable")
    loadings = module.loadings.detach().cpu().double().numpy()
    rows_of_largest = np.abs(loadings).argmax(axis=0)[None]
    largest = np.take_along_axis(loadings, rows_of_largest, axis=0)
    signs = np.where(largest[0] < 0, -1.0, 1.0)
    rotation = np.diag(signs)[order]
    return CodeAxes(np.zeros(len(order)), rotation, variance[order])


def unrotated_axes(module: nn.Module, rows: RowSource) -> CodeAxes:
    """Return the axes of codes without rotation, order or signs.

    Parameters
    ----------
    module : torch.nn.Module
        The trained network, whose ranges are recorded.

    rows : RowSource
        The training rows.

    Returns
    -------
    axes : CodeAxes
        Codes are not centred.
    """
    variance = gather_code_variances(module, rows)
    return CodeAxes(np.zeros(len(variance)), None, variance)


def rotated_arrays(
    module: nn.Module, axes: CodeAxes, dtype: type
) -> dict[str, np.ndarray]:
    """Return the weights of a network with its codes rotated to `axes`.

    The rotation is folded into them in float64, then they are cast to `dtype`.
    """
    rotated = copy.deepcopy(module).cpu().double()
    if axes.rotation is not None:
        rotated.turn_codes(
            torch.from_numpy(axes.rotation),
            torch.from_numpy(axes.mean),
            torch.from_numpy(axes.rotation.T.copy()),
        )
    state = rotated.state_dict()
    return {name: value.numpy().astype(dtype) for name, value in state.items()}
