"""Uniform quantizers of codes, by an error bound or by a number of bits."""

import heapq
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .._estimators import LatentModel
from .._persistence import Array, Number, OrNone, Rule
from .code_errors import row_errors

MOST_BITS = 32
LARGEST_EXPONENT = 255
_EXPONENTS_AN_OCTAVE = 8
# Larger integers are not exact in float64.
_LARGEST = 2**53
_SMALL_CHANGE = 0.1  # of a standard deviation
_MOST_CHANGED_CELLS = 2**26
_MOST_PASSES = 16
# Shares of rows that the levels leave out at either end, of which the best is chosen.
_TAILS = (0, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.18, 0.25)


# Of the fitted attributes that make a quantizer.
QUANTIZER_SCHEMA: dict[str, Rule] = {
    "origins_": Array(("n_codes",), sets="n_codes"),
    "steps_": Array(("n_codes",), "> 0"),
    "bits_": OrNone(Array(("n_codes",), ">= 0", f"<= {MOST_BITS}", dtypes=(np.int64,))),
    "error_bound_": OrNone(Number("> 0")),
}


class Quantizer(NamedTuple):
    """Levels at equal distances for each component.

    `exponent` in its methods makes steps narrower, by ``2 ** (-exponent / 8)``.

    Attributes
    ----------
    origins : ndarray of shape (n_components,)
        The codes of level 0.

    steps : ndarray of shape (n_components,)
        Distances of neighbouring levels.

    bits : ndarray of int of shape (n_components,) or None
        Levels are numbered from 0 to ``2 ** bits - 1``. None means any integer.
    """

    origins: np.ndarray
    steps: np.ndarray
    bits: np.ndarray | None

    def quantize(self, codes: np.ndarray, exponent: int = 0) -> np.ndarray:
        """Return the number of the level next to each code, as int64."""
        lowest, highest = -_LARGEST, _LARGEST
        if self.bits is not None:
            lowest, highest = 0, 2**self.bits - 1
        numbers = np.rint(self._in_steps(codes, exponent))
        return numbers.clip(lowest, highest).astype(np.int64)

    def dequantize(
        self, numbers: np.ndarray, dtype: type, exponent: int = 0
    ) -> np.ndarray:
        """Return the codes of numbered levels."""
        steps = _narrow(self.steps, exponent)
        return (self.origins + numbers * steps).astype(dtype)

    def round(self, codes: np.ndarray, exponent: int = 0) -> np.ndarray:
        """Return the levels next to codes, in the dtype of codes."""
        numbers = self.quantize(codes, exponent)
        return self.dequantize(numbers, codes.dtype.type, exponent)

    def covers(self, codes: np.ndarray, exponent: int = 0) -> bool:
        """Return whether float64 holds the numbers of all levels next to codes."""
        return bool((np.abs(self._in_steps(codes, exponent)) < _LARGEST).all())

    def _in_steps(self, codes, exponent):
        with np.errstate(over="ignore"):
            steps = _narrow(self.steps, exponent)
            return (codes.astype(np.float64) - self.origins) / steps


def exponent_for(ratio: float) -> int:
    """Return the exponent by which squared steps become `ratio` times smaller.

    It is at least 1.
    """
    return max(1, int(np.ceil(_EXPONENTS_AN_OCTAVE * np.log2(ratio) / 2)))


def _narrow(steps: np.ndarray, exponent: int) -> np.ndarray:
    return steps * 2.0 ** (-exponent / _EXPONENTS_AN_OCTAVE)


def sensitivities(model: LatentModel, codes: np.ndarray) -> np.ndarray:
    """Return the squared error of rows per squared change of each component.

    It is measured at changes of a tenth of the component's standard deviation, up and
    down, so that it holds for decoders of any kind.

    Parameters
    ----------
    model : LatentModel
        The decoder.

    codes : ndarray of shape (n_samples, n_components)
        Codes to change.

    Returns
    -------
    weights : ndarray of shape (n_components,)
        Positive.
    """
    deviation = codes.std(axis=0, dtype=np.float64)
    deviation = np.maximum(deviation, 1e-3 * deviation.max() or 1.0)
    n_cells = model.decode(codes[:1]).size * codes.shape[1]
    codes = codes[: max(32, _MOST_CHANGED_CELLS // n_cells)]
    exact = model.decode(codes)
    weights = np.empty(codes.shape[1])
    for component, change in enumerate(_SMALL_CHANGE * deviation):
        errors = [
            row_errors(model, exact, model.decode(_shift(codes, component, signed)))
            for signed in (change, -change)
        ]
        weights[component] = np.nanmean(errors) / change**2
    largest = weights.max()
    return (
        np.maximum(weights, 1e-12 * largest) if largest > 0 else np.ones_like(weights)
    )


def _shift(codes: np.ndarray, component: int, change: float) -> np.ndarray:
    shifted = codes.copy()
    shifted[:, component] += change
    return shifted


def bounded_quantizer(
    codes: np.ndarray,
    weights: np.ndarray,
    bound: float,
    added_error: Callable[[Quantizer], float],
) -> Quantizer:
    """Return the quantizer of the widest steps that add at most `bound` to the error.

    Squared steps are inversely proportional to the weights, so that all components add
    the same error. Of uniform quantizers followed by entropy coding, these need the
    fewest bits at high rates (Gish and Pierce, 1968). The median is a level, so that a
    code that half of the rows share stays as it is.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, n_components)
        Training codes.

    weights : ndarray of shape (n_components,)
        What `sensitivities` returned.

    bound : float
        The largest error that may be added, positive.

    added_error : callable
        Returns the error that a quantizer adds.

    Returns
    -------
    quantizer : Quantizer
        Its numbers are not bounded.
    """
    origins = np.median(codes, axis=0).astype(np.float64)
    units = 1 / np.sqrt(weights)
    # Rounding in steps of width w adds w**2 / 12 a component.
    width, widest = np.sqrt(12 / codes.shape[1]) * np.sqrt(bound), 0.0
    for _ in range(_MOST_PASSES):
        error = added_error(Quantizer(origins, width * units, None))
        if error <= bound:
            widest = max(width, widest)
        change = np.sqrt(bound) / np.sqrt(max(error, 1e-300))
        width *= float(np.clip(change, 0.25, 2.0))
    return Quantizer(origins, (widest or width) * units, None)


def levelled_quantizer(
    codes: np.ndarray, weights: np.ndarray, n_bits: int
) -> Quantizer:
    """Return the quantizer of `n_bits` a row that adds the least to the error.

    Bit after bit goes to the component whose weighted squared error it reduces most
    (block quantization, Huang and Schultheiss, 1963; here errors are measured, not
    those of Gaussian codes). The level of a component without bits is its mean.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, n_components)
        Training codes.

    weights : ndarray of shape (n_components,)
        What `sensitivities` returned.

    n_bits : int
        Bits a row, at most `MOST_BITS` a component.

    Returns
    -------
    quantizer : Quantizer
        With bits that sum to `n_bits`.
    """
    bits = np.zeros(codes.shape[1], np.int64)
    levels = [_fit_levels(column, 0) for column in codes.T]

    def with_one_more_bit(component):
        """Return a heap's entry, of which the largest gain comes first."""
        finer = _fit_levels(codes[:, component], bits[component] + 1)
        gain = weights[component] * (levels[component].error - finer.error)
        return -gain, bits[component], component, finer

    heap = [with_one_more_bit(component) for component in range(len(bits))]
    heapq.heapify(heap)
    for _ in range(n_bits):
        *_, component, finer = heapq.heappop(heap)
        levels[component] = finer
        bits[component] += 1
        if bits[component] < MOST_BITS:
            heapq.heappush(heap, with_one_more_bit(component))
    origins, steps, _ = np.array(levels).T
    return Quantizer(origins, steps, bits)


class _Levels(NamedTuple):
    """Lowest level, step, and mean squared error of a component's levels."""

    origin: float
    step: float
    error: float


def _fit_levels(column: np.ndarray, n_bits: int) -> _Levels:
    """Return ``2 ** n_bits`` levels, of those tried the ones of the least error."""
    column = column.astype(np.float64)
    if n_bits == 0:
        return _Levels(column.mean(), 1.0, column.var())
    lows, highs = np.quantile(column, [_TAILS, 1 - np.array(_TAILS)])
    tried = [
        _levels_between(column, n_bits, low, high)
        for low, high in zip(lows, highs, strict=True)
    ]
    return min(tried, key=lambda levels: levels.error)


def _levels_between(column, n_bits, low, high):
    """Return the levels in the middle of equal parts of an interval."""
    width = (high - low) / 2**n_bits
    origin, step = low + width / 2, width or 1.0
    numbers = np.rint((column - origin) / step).clip(0, 2.0**n_bits - 1)
    error = np.square(origin + numbers * step - column).mean()
    return _Levels(origin, step, error)
