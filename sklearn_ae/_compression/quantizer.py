"""Codes to whole numbers and back: steps, and how many bits each component gets."""

import heapq
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .._persistence import Array, Number, OrNone, Rule
from .coders import Coder, row_errors

MOST_BITS = 32
LARGEST_EXPONENT = 255
_EXPONENTS_AN_OCTAVE = 8
# Above, whole numbers are not exact in float64.
_LARGEST = 2**53
_NUDGE = 0.1  # of a deviation
_MOST_NUDGED_CELLS = 2**26
_MOST_PASSES = 16
# Shares of rows beyond either end of the levels that are tried.
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

    Attributes
    ----------
    origins : ndarray of shape (n_components,)
        The codes that 0 stands for.

    steps : ndarray of shape (n_components,)
        Distances of levels.

    bits : ndarray of int of shape (n_components,) or None
        The levels' numbers go from 0 to ``2 ** bits - 1``. None means any number.
    """

    origins: np.ndarray
    steps: np.ndarray
    bits: np.ndarray | None

    def numbers(self, codes: np.ndarray, exponent: int = 0) -> np.ndarray:
        """Return the number of the level next to each code, as int64."""
        low, high = -_LARGEST, _LARGEST
        if self.bits is not None:
            low, high = 0, 2**self.bits - 1
        numbers = np.rint(self._places(codes, exponent))
        return numbers.clip(low, high).astype(np.int64)

    def codes(self, numbers: np.ndarray, dtype: type, exponent: int = 0) -> np.ndarray:
        """Return the codes that numbers stand for."""
        steps = _shrunk(self.steps, exponent)
        return (self.origins + numbers * steps).astype(dtype)

    def can_number(self, codes: np.ndarray, exponent: int = 0) -> bool:
        """Return whether all levels next to codes have numbers."""
        return bool((np.abs(self._places(codes, exponent)) < _LARGEST).all())

    def _places(self, codes, exponent):
        with np.errstate(over="ignore"):
            steps = _shrunk(self.steps, exponent)
            return (codes.astype(np.float64) - self.origins) / steps

    def rounded(self, codes: np.ndarray, exponent: int = 0) -> np.ndarray:
        """Return the levels next to codes, in the dtype of codes."""
        numbers = self.numbers(codes, exponent)
        return self.codes(numbers, codes.dtype.type, exponent)


def exponent_for(ratio: float) -> int:
    """Return the exponent that makes squares of steps `ratio` times smaller, or 1."""
    return max(1, int(np.ceil(_EXPONENTS_AN_OCTAVE * np.log2(ratio) / 2)))


def _shrunk(steps: np.ndarray, exponent: int) -> np.ndarray:
    return steps * 2.0 ** (-exponent / _EXPONENTS_AN_OCTAVE)


def sensitivities(coder: Coder, codes: np.ndarray) -> np.ndarray:
    """Return the error that a change of each component by 1 makes, per its square.

    It is measured at changes of a tenth of the component's deviation, up and down, so
    that it holds for decoders of any kind.

    Parameters
    ----------
    coder : Coder
        What rows codes stand for.

    codes : ndarray of shape (n_samples, n_components)
        Where to measure it.

    Returns
    -------
    weights : ndarray of shape (n_components,)
        Positive.
    """
    deviation = codes.std(axis=0, dtype=np.float64)
    deviation = np.maximum(deviation, 1e-3 * deviation.max() or 1.0)
    n_cells = coder.decode(codes[:1]).size * codes.shape[1]
    codes = codes[: max(32, _MOST_NUDGED_CELLS // n_cells)]
    exact = coder.decode(codes)
    weights = np.empty(codes.shape[1])
    for component, nudge in enumerate(_NUDGE * deviation):
        errors = [
            row_errors(coder, exact, coder.decode(_moved(codes, component, step)))
            for step in (nudge, -nudge)
        ]
        weights[component] = np.nanmean(errors) / nudge**2
    most = weights.max()
    return np.maximum(weights, 1e-12 * most) if most > 0 else np.ones_like(weights)


def _moved(codes: np.ndarray, component: int, step: float) -> np.ndarray:
    moved = codes.copy()
    moved[:, component] += step
    return moved


def bounded_quantizer(
    codes: np.ndarray,
    weights: np.ndarray,
    bound: float,
    added: Callable[[Quantizer], float],
) -> Quantizer:
    """Return the quantizer of the widest steps that add at most `bound` to the error.

    A step's square is inversely proportional to the component's weight. Then all add
    the same to the error, and for their entropy, the least. Where half of a component's
    codes are one number, it is a level.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, n_components)
        Training codes.

    weights : ndarray of shape (n_components,)
        What `sensitivities` returned.

    bound : float
        The most that may be added to the error, positive.

    added : callable
        Returns what a quantizer adds to the error.

    Returns
    -------
    quantizer : Quantizer
        It takes any number.
    """
    origins = np.median(codes, axis=0).astype(np.float64)
    units = 1 / np.sqrt(weights)
    width, widest = np.sqrt(12 / codes.shape[1]) * np.sqrt(bound), 0.0
    for _ in range(_MOST_PASSES):
        error = added(Quantizer(origins, width * units, None))
        if error <= bound:
            widest = max(width, widest)
        change = np.sqrt(bound) / np.sqrt(max(error, 1e-300))
        width *= float(np.clip(change, 0.25, 2.0))
    return Quantizer(origins, (widest or width) * units, None)


def levelled_quantizer(
    codes: np.ndarray, weights: np.ndarray, n_bits: int
) -> Quantizer:
    """Return the quantizer of `n_bits` a row that adds the least to the error.

    Bit after bit goes to the component whose weighted squared error it lowers most, as
    measured on the codes. A component without bits is its mean.

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
    n_components = codes.shape[1]
    bits = np.zeros(n_components, np.int64)
    levels = [_levels(column, 0) for column in codes.T]
    queue = []
    for component in range(n_components):
        _offer(queue, codes, weights, levels, bits, component)
    for _ in range(n_bits):
        *_, component, better = heapq.heappop(queue)
        bits[component] += 1
        levels[component] = better
        if bits[component] < MOST_BITS:
            _offer(queue, codes, weights, levels, bits, component)
    origins, steps, _ = np.array(levels).T
    return Quantizer(origins, steps, bits)


def _offer(queue, codes, weights, levels, bits, component) -> None:
    """Put what one more bit for a component gains into the queue."""
    better = _levels(codes[:, component], bits[component] + 1)
    gain = weights[component] * (levels[component][2] - better[2])
    heapq.heappush(queue, (-gain, bits[component], component, better))


def _levels(column: np.ndarray, n_bits: int) -> tuple[float, float, float]:
    """Return lowest level, step and mean squared error of the best tried levels."""
    column = column.astype(np.float64)
    if n_bits == 0:
        return column.mean(), 1.0, column.var()
    lows, highs = np.quantile(column, [_TAILS, 1 - np.array(_TAILS)])
    best = None
    for low, high in zip(lows, highs, strict=True):
        width = (high - low) / 2**n_bits
        origin, step = low + width / 2, width or 1.0
        numbers = np.rint((column - origin) / step).clip(0, 2.0**n_bits - 1)
        error = np.square(origin + numbers * step - column).mean()
        if best is None or error < best[2]:
            best = origin, step, error
    return best
