"""Ridge regression, of reduced rank, as the linear start of regression."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from sklearn.utils.extmath import svd_flip
from torch import nn

from .._tables import TableCodec, row_chunks

_MIN_DEVIATION = 1e-3  # of codes, relative to the residuals of the start


class RidgeStart(NamedTuple):
    """Ridge regression as two linear maps, from encoded rows to codes to outputs.

    Attributes
    ----------
    encoder : ndarray of shape (n_components, n_features)
        Coefficients times `directions`.

    directions : ndarray of shape (n_components, n_outputs)
        Orthonormal rows: the leading right singular vectors of the fitted values.

    intercept : ndarray of shape (n_outputs,)
        Intercept of the outputs.

    explained_variance : ndarray of shape (n_components,)
        Variance of each code over the rows of the fit, with denominator n - 1.

    alpha : float
        Penalty of the coefficients.

    unexplained_share : float
        Share of the outputs' variance that is not explained, by leave-one-out.
    """

    encoder: np.ndarray
    directions: np.ndarray
    intercept: np.ndarray
    explained_variance: np.ndarray
    alpha: float
    unexplained_share: float

    def apply_to(self, module: nn.Module, deviations: np.ndarray | None = None) -> None:
        """Set a network to this regression, see :class:`Start`.

        Hidden layers divide codes by their deviations. If these are much smaller than
        the residuals, small changes in training become large ones, so the largest
        deviation is used instead.
        """
        if deviations is None:
            smallest = _MIN_DEVIATION * np.sqrt(self.unexplained_share)
            deviations = np.sqrt(self.explained_variance)
            too_small = deviations < smallest
            deviations[too_small] = max(deviations.max(), smallest)
        module.start_at_maps(
            torch.from_numpy(self.encoder),
            torch.from_numpy(self.directions.T),
            torch.from_numpy(deviations),
            torch.from_numpy(self.intercept),
        )


class _Spectrum(NamedTuple):
    """Singular values and vectors of centred rows."""

    mean: np.ndarray
    values: np.ndarray  # squared
    right: np.ndarray  # (n_features, rank)
    scores: np.ndarray  # (n_rows, rank), rows times right


def fit_ridge_start(
    X,
    Y: np.ndarray,
    codecs: tuple[TableCodec, TableCodec],
    alphas: Sequence[float],
    n_components: int,
) -> RidgeStart:
    r"""Fit ridge regression of encoded outputs on encoded rows, in float64.

    As in scikit-learn's :class:`~sklearn.linear_model.RidgeCV`, the penalty is the one
    of `alphas` with the smallest leave-one-out squared error, which takes one
    eigendecomposition of a matrix as large as the smaller of X's sides. Let B be the
    coefficients, and the columns of V the leading right singular vectors of the fitted
    values X B: then :math:`B V V^T` is the best regression of that rank.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Numbers of a table, before encoding. Missing cells count as the mean.

    Y : ndarray of shape (n_samples, n_outputs)
        Outputs, before encoding.

    codecs : tuple of two TableCodec
        Codecs of X and of Y.

    alphas : sequence of float
        Penalties to choose from, positive.

    n_components : int
        Maximum number of codes.

    Returns
    -------
    start : RidgeStart
        Start with `n_components` codes, or as many as rows allow.
    """
    outputs = codecs[1].encode(Y)
    centre = outputs.mean(axis=0)
    outputs = outputs - centre
    spectrum = _spectrum(_encoded(X, codecs[0]))
    product = spectrum.scores.T @ outputs
    alpha, error = _best_alpha(spectrum, product, outputs, alphas)
    shrunk = product / (spectrum.values + alpha)[:, None]
    # Fitted values are orthonormal columns times this matrix.
    fitted = np.sqrt(spectrum.values)[:, None] * shrunk
    _, deviations, directions = np.linalg.svd(fitted, full_matrices=False)
    _, directions = svd_flip(None, directions, u_based_decision=False)
    directions = directions[:n_components].copy()
    encoder = directions @ (shrunk.T @ spectrum.right.T)
    variance = np.square(outputs).sum() / len(outputs)
    return RidgeStart(
        encoder=encoder,
        directions=directions,
        intercept=centre - spectrum.mean @ encoder.T @ directions,
        explained_variance=deviations[:n_components] ** 2 / max(len(Y) - 1, 1),
        alpha=float(alpha),
        unexplained_share=float(min(error / variance, 1.0)) if variance else 0.0,
    )


def _encoded(X, codec: TableCodec) -> np.ndarray:
    """Return encoded rows in float64, missing cells at the mean."""
    rows = np.empty((X.shape[0], codec.n_encoded))
    for chunk in row_chunks(*rows.shape):
        rows[chunk] = codec.encode(X[chunk])
    return np.nan_to_num(rows, copy=False)


def _spectrum(rows: np.ndarray) -> _Spectrum:
    """Centre rows, and decompose the smaller of their two Gram matrices."""
    mean = rows.mean(axis=0)
    rows -= mean
    n_rows, n_features = rows.shape
    if n_rows > n_features:
        values, right = _eigh(rows.T @ rows)
        return _Spectrum(mean, values, right, rows @ right)
    values, left = _eigh(rows @ rows.T)
    scores = left * np.sqrt(values)
    # Smaller values are rounding errors; their directions are arbitrary.
    is_real = values > np.finfo(np.float64).eps * len(values) * values.max()
    is_real[-1] = True
    scores, values = scores[:, is_real], values[is_real]
    right = rows.T @ (scores / np.where(values > 0, values, 1))
    return _Spectrum(mean, values, right, scores)


def _eigh(gram: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values, vectors = np.linalg.eigh(gram)
    return np.maximum(values, 0), vectors


def _best_alpha(spectrum, product, outputs, alphas) -> tuple[float, float]:
    """Return the penalty with the smallest leave-one-out squared error, and that error.

    The error is the mean over rows of the sum over outputs. A row's leave-one-out
    residual is its residual in the fit to all rows, divided by one minus its leverage,
    the intercept's included.
    """
    weights = [1 / (spectrum.values + alpha) for alpha in alphas]
    errors = np.zeros(len(weights))
    for chunk in row_chunks(*outputs.shape):
        scores = spectrum.scores[chunk]
        for number, weight in enumerate(weights):
            residual = outputs[chunk] - scores @ (weight[:, None] * product)
            one_minus_leverage = 1 - 1 / len(outputs) - np.square(scores) @ weight
            residual /= np.maximum(one_minus_leverage, np.finfo(np.float64).eps)[
                :, None
            ]
            errors[number] += np.square(residual).sum()
    best = int(np.argmin(errors))
    return alphas[best], errors[best] / len(outputs)
