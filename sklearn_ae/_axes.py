"""Principal axes of the codes: turned, ordered, signed, and whitened if asked for."""

import copy
from typing import NamedTuple

import numpy as np
import torch
from sklearn.utils.extmath import svd_flip

from ._rows import RowSource, every_row
from ._start import LinearStart
from .nn import Autoencoder, recording_ranges


class CodeAxes(NamedTuple):
    """An invertible map of codes, ``z' = rotation @ (z - mean)``.

    Attributes
    ----------
    mean : ndarray of shape (n_components,)
        Centre of the codes.

    rotation, inverse : ndarray of shape (n_components, n_components)
        The map and its inverse; with the deviations divided out if whitened.

    variance : ndarray of shape (n_components,)
        Variance of each new code before whitening.
    """

    mean: np.ndarray
    rotation: np.ndarray
    inverse: np.ndarray
    variance: np.ndarray


class CodeMoments(NamedTuple):
    """What is known of the codes of many rows.

    Attributes
    ----------
    mean : ndarray of shape (n_components,)
        Their mean.

    covariance : ndarray of shape (n_components, n_components)
        Their covariance, with n - 1.
    """

    mean: np.ndarray
    covariance: np.ndarray


def start_axes(start: LinearStart, *, whiten: bool) -> CodeAxes:
    """Return the axes of PCA's codes, which are principal as they are."""
    n_components = len(start.components)
    return _axes(
        np.zeros(n_components),
        np.eye(n_components),
        start.explained_variance,
        whiten=whiten,
    )


@torch.no_grad()
def record_codes(module: Autoencoder, rows: RowSource) -> CodeMoments:
    """Gather the moments of a network's codes, and record its ranges, in one pass.

    Parameters
    ----------
    module : Autoencoder
        The trained network; its ranges become those over these rows, as it was trained
        on them and as they are, so that nothing is held on any of them.

    rows : RowSource
        The training rows, at least two. Codes are those of the targets.

    Returns
    -------
    moments : CodeMoments
        Gathered in float64.
    """
    total, product = 0.0, 0.0
    with recording_ranges(module):
        for seen, clean in every_row(rows):
            code = module.encode(seen)
            module.decode(code)
            if clean is not seen:
                code = module.encode(clean)
                module.decode(code)
            code = code.double()
            total = total + code.sum(dim=0)
            product = product + code.T @ code
    mean = total / len(rows)
    covariance = (product - len(rows) * torch.outer(mean, mean)) / (len(rows) - 1)
    return CodeMoments(mean.cpu().numpy(), covariance.cpu().numpy())


def principal_axes(moments: CodeMoments, *, whiten: bool) -> CodeAxes:
    """Return the principal axes of codes.

    Signs follow scikit-learn's rule: the largest entry of an axis is positive.

    Parameters
    ----------
    moments : CodeMoments
        Of the codes of all training rows.

    whiten : bool
        Whether codes are divided by their deviations, floored as PCA does.

    Returns
    -------
    axes : CodeAxes
        The axes.
    """
    variance, vectors = np.linalg.eigh(moments.covariance)
    _, rotation = svd_flip(None, vectors.T[::-1].copy(), u_based_decision=False)
    variance = np.maximum(variance[::-1], 0)
    return _axes(moments.mean, rotation, variance, whiten=whiten)


def turned_arrays(
    module: Autoencoder, axes: CodeAxes, dtype: type
) -> dict[str, np.ndarray]:
    """Return the weights of a network whose codes are turned to `axes`.

    They are folded in float64, then cast to `dtype`.
    """
    turned = copy.deepcopy(module).cpu().double()
    turned.turn_codes(
        torch.from_numpy(axes.rotation),
        torch.from_numpy(axes.mean),
        torch.from_numpy(axes.inverse),
    )
    state = turned.state_dict()
    return {name: value.numpy().astype(dtype) for name, value in state.items()}


def _axes(mean, directions, variance, *, whiten: bool) -> CodeAxes:
    if not whiten:
        return CodeAxes(mean, directions, directions.T, variance)
    deviation = np.maximum(np.sqrt(variance), np.finfo(np.float64).eps)
    return CodeAxes(
        mean, directions / deviation[:, None], directions.T * deviation, variance
    )
