"""State of partial_fit that is not part of the fitted network."""

from typing import Any, NamedTuple

import numpy as np

from .._persistence import (
    Array,
    Count,
    DictOf,
    Known,
    Nested,
    NetworkArguments,
    Number,
    Rule,
)
from .code_axes import CodeMoments


class UpperTriangle(Rule):
    """Rule of the upper triangle of a symmetric matrix, row by row."""

    def read(self, value: Any, name: str, known: Known) -> np.ndarray:
        """Return the matrix, of shape (n_components, n_components)."""
        n = known["n_components"]
        upper = Array((n * (n + 1) // 2,)).read(value, name, known)
        matrix = np.zeros((n, n))
        matrix[np.triu_indices(n)] = upper
        return matrix + np.triu(matrix, 1).T

    def write(self, value: np.ndarray) -> np.ndarray:
        """Return the triangle."""
        return value[np.triu_indices(len(value))]


_STEPS = {
    "n_steps": Count(),
    "average": Array(("n_weights",)),
    "ahead": Array(("n_weights",)),
    "squares": Array(("n_weights",), ">= 0"),
}
_CODES = {
    "n_rows": Count("> 1"),
    "mean": Array(("n_components",)),
    "scatter": UpperTriangle(),
}


class StreamState(NamedTuple):
    """State of a stream of chunks.

    Attributes
    ----------
    seed : int
        Seed of all random numbers.

    n_calls, n_rows : int
        Numbers of chunks and of rows so far.

    start_loss : float or None
        Mean loss of the first chunk at the start, with a row's loss limited to 1. None
        before the first chunk of a start at PCA.

    mean_loss : float
        Mean of the same loss over all rows so far, each before its chunk was learned.

    unit : float
        Loss by which losses are divided for `steps`.

    n_cells : float
        Number of cells in a row.

    code_unit : float
        Factor from the network's codes to those of the estimator.

    network : dict
        Arguments of the network in training, plain values.

    noise_unit : ndarray of shape (n_encoded,)
        As in :class:`EncodedTable`.

    steps : dict
        State of the optimizer, see :class:`ScheduleFreeAdamW`.

    codes : CodeMoments
        Moments of the network's codes, before rotation to principal axes.
    """

    seed: int
    n_calls: int
    n_rows: int
    start_loss: float | None
    mean_loss: float
    unit: float
    n_cells: float
    code_unit: float
    network: dict[str, Any]
    noise_unit: np.ndarray
    steps: dict[str, Any]
    codes: CodeMoments

    # Without ClassVar, which a NamedTuple takes for a field.
    _schema = {  # noqa: RUF012
        "seed": Count(),
        "n_calls": Count(),
        "n_rows": Count(),
        "start_loss": Number(),
        "mean_loss": Number(),
        "unit": Number(">= 0"),
        "n_cells": Number("> 0"),
        "code_unit": Number("> 0"),
        "network": NetworkArguments(),
        "noise_unit": Array(("n_features",)),
        "steps": DictOf(_STEPS),
        "codes": Nested(CodeMoments, _CODES),
    }
