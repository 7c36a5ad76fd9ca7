"""Principal axes of the codes: turned, ordered, signed, and whitened if asked for."""

import copy
from typing import NamedTuple

import numpy as np
import torch
from sklearn.utils.extmath import svd_flip

from ._rows import EVALUATION_ROWS, Batches, RowSource
from ._start import LinearStart
from .nn import Autoencoder


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


def start_axes(start: LinearStart, *, whiten: bool) -> CodeAxes:
    """Return the axes of PCA's codes, which are principal as they are."""
    n_components = len(start.components)
    return _axes(
        np.zeros(n_components),
        np.eye(n_components),
        start.explained_variance,
        whiten=whiten,
    )


def principal_axes(module: Autoencoder, rows: RowSource, *, whiten: bool) -> CodeAxes:
    """Return the principal axes of a network's codes over all rows.

    Signs follow scikit-learn's rule: the largest entry of an axis is positive.

    Parameters
    ----------
    module : Autoencoder
        The trained network.

    rows : RowSource
        The training rows, at least two.

    whiten : bool
        Whether codes are divided by their deviations, floored as PCA does.

    Returns
    -------
    axes : CodeAxes
        The axes.
    """
    mean, covariance = _code_moments(module, rows)
    variance, vectors = np.linalg.eigh(covariance)
    _, rotation = svd_flip(None, vectors.T[::-1].copy(), u_based_decision=False)
    return _axes(mean, rotation, np.maximum(variance[::-1], 0), whiten=whiten)


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


def _code_moments(module: Autoencoder, rows: RowSource):
    """Mean and covariance (with n - 1) of the codes, gathered in float64."""
    n_rows = len(rows)
    batches = Batches(rows, torch.arange(n_rows), EVALUATION_ROWS)
    total, product = 0.0, 0.0
    module.eval()
    with torch.no_grad():
        for batch, _ in batches:
            code = module.encode(batch).double()
            total = total + code.sum(dim=0)
            product = product + code.T @ code
    mean = total / n_rows
    covariance = (product - n_rows * torch.outer(mean, mean)) / (n_rows - 1)
    return mean.cpu().numpy(), covariance.cpu().numpy()
