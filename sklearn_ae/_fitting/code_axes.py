"""The axes of codes: what a fit turns, orders or signs them to."""

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
        The map, orthogonal. None means that codes stay what they are.

    variance : ndarray of shape (n_components,)
        Variance of each new code.
    """

    mean: np.ndarray
    rotation: np.ndarray | None
    variance: np.ndarray


class CodeMoments(NamedTuple):
    """What is known of the codes of many rows.

    Attributes
    ----------
    n_rows : int
        Their number.

    mean : ndarray of shape (n_components,)
        Their mean.

    scatter : ndarray of shape (n_components, n_components)
        Their covariance, times n - 1.
    """

    n_rows: int
    mean: np.ndarray
    scatter: np.ndarray

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the codes, with n - 1."""
        return self.scatter / (self.n_rows - 1)

    def merged(self, others: "CodeMoments") -> "CodeMoments":
        """Return the moments of these codes and others (Chan et al. 1979)."""
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

        Signs follow scikit-learn's rule: the largest entry of an axis is positive.
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
        The trained network; its ranges become those over these rows, as it was trained
        on them and as they are, so that nothing is held on any of them.

    rows : RowSource
        The rows. Codes are those of the targets.

    Returns
    -------
    moments : CodeMoments
        Gathered in float64.
    """
    total, product = 0.0, 0.0
    for code in _recorded(module, rows):
        total = total + code.sum(dim=0)
        product = product + code.T @ code
    mean = total / len(rows)
    scatter = product - len(rows) * torch.outer(mean, mean)
    return CodeMoments(len(rows), mean.cpu().numpy(), scatter.cpu().numpy())


@torch.no_grad()
def gather_code_variances(module: nn.Module, rows: RowSource) -> np.ndarray:
    """Gather the variances of codes alone, else as :func:`gather_code_moments`."""
    total, square = 0.0, 0.0
    for code in _recorded(module, rows):
        total = total + code.sum(dim=0)
        square = square + code.square().sum(dim=0)
    variance = (square - total**2 / len(rows)) / (len(rows) - 1)
    return variance.clamp_min(0).cpu().numpy()


def _recorded(module: nn.Module, rows: RowSource) -> Iterator[Tensor]:
    """Yield the codes of all rows in float64, and record the network's ranges."""
    with recording_ranges(module):
        for seen, clean in iterate_rows(rows):
            code = module.record(seen)
            if clean is not seen:
                code = module.record(clean)
            yield code.double()


def principal_axes(module: nn.Module, rows: RowSource) -> CodeAxes:
    """Return the principal axes of codes.

    Parameters
    ----------
    module : torch.nn.Module
        The trained network, whose ranges are recorded; its codes may be turned.

    rows : RowSource
        The training rows, at least two.

    Returns
    -------
    axes : CodeAxes
        The axes.
    """
    return gather_code_moments(module, rows).principal_axes()


def ordered_axes(module: nn.Module, rows: RowSource) -> CodeAxes:
    """Return the axes that codes have, ordered by variance, and signed.

    Parameters
    ----------
    module : torch.nn.Module
        The trained network, whose ranges are recorded. The largest of each code's
        `loadings` becomes positive, as in scikit-learn's rule.

    rows : RowSource
        The training rows.

    Returns
    -------
    axes : CodeAxes
        Codes are not centred.
    """
    variance = gather_code_variances(module, rows)
    order = np.argsort(-variance, kind="stable")
    columns = module.loadings.detach().cpu().double().numpy()
    largest = np.take_along_axis(columns, np.abs(columns).argmax(axis=0)[None], axis=0)
    signs = np.where(largest[0] < 0, -1.0, 1.0)
    rotation = np.diag(signs)[order]
    return CodeAxes(np.zeros(len(order)), rotation, variance[order])


def unrotated_axes(module: nn.Module, rows: RowSource) -> CodeAxes:
    """Return the axes that codes have.

    Parameters
    ----------
    module : torch.nn.Module
        The trained network, whose ranges are recorded; its codes stay what they are.

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
    """Return the weights of a network whose codes are turned to `axes`.

    They are folded in float64, then cast to `dtype`.
    """
    turned = copy.deepcopy(module).cpu().double()
    if axes.rotation is not None:
        turned.turn_codes(
            torch.from_numpy(axes.rotation),
            torch.from_numpy(axes.mean),
            torch.from_numpy(axes.rotation.T.copy()),
        )
    state = turned.state_dict()
    return {name: value.numpy().astype(dtype) for name, value in state.items()}
