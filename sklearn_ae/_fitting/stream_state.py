"""What partial_fit goes on from, beside what it published."""

import math
from typing import Any, NamedTuple

import numpy as np
from torch import nn

from .._persistence import check_and_infer_shapes, check_arrays, check_format
from ..nn import NETWORKS
from .code_axes import CodeMoments
from .fitted import FittedAutoencoder

_FORMAT = 1
_COUNTS = ("seed", "n_calls", "n_rows", "n_steps", "n_codes")
_NUMBERS = ("start_loss", "mean_loss", "unit", "n_cells", "code_unit")
_ARRAYS = ("noise_unit", "average", "ahead", "squares", "code_mean", "code_scatter")
_KEYS = {"format", "network", *_COUNTS, *_NUMBERS, *_ARRAYS}


class StreamState(NamedTuple):
    """Where a stream of chunks stands.

    Attributes
    ----------
    seed : int
        Source of all that is drawn.

    n_calls, n_rows : int
        Chunks so far, and their rows.

    start_loss : float
        Mean loss of the start, where no row counts more than 1.

    mean_loss : float
        The same of all rows so far, each before its chunk was learned from.

    unit : float
        Unit of the losses that `steps` come from.

    n_cells : float
        Number of cells in a row.

    code_unit : float
        Size of one unit of the network's codes in those of codes given.

    network : dict
        Arguments of the network that is trained, plain values.

    noise_unit : ndarray of shape (n_encoded,)
        As in :class:`EncodedTable`.

    steps : dict
        State of the steps, see :class:`ScheduleFreeAdamW`.

    codes : CodeMoments
        Those of the network's codes, before they are turned.
    """

    seed: int
    n_calls: int
    n_rows: int
    start_loss: float
    mean_loss: float
    unit: float
    n_cells: float
    code_unit: float
    network: dict[str, Any]
    noise_unit: np.ndarray
    steps: dict[str, Any]
    codes: CodeMoments

    def state(self) -> dict[str, Any]:
        """Return the same as one dict of plain values and arrays."""
        plain = {"format": _FORMAT, **self._asdict()}
        codes, steps = plain.pop("codes"), plain.pop("steps")
        upper = np.triu_indices(len(codes.mean))
        return {
            **plain,
            **steps,
            "n_codes": codes.n_rows,
            "code_mean": codes.mean,
            "code_scatter": codes.scatter[upper],
        }

    @classmethod
    def from_state(
        cls, state: dict[str, Any], fitted: FittedAutoencoder
    ) -> "StreamState":
        """Return the stream that a state describes, and raise if it is none."""
        _check_state(state, fitted)
        plain = dict(state)
        steps = {
            name: plain.pop(name) for name in ("n_steps", "average", "ahead", "squares")
        }
        mean, packed = plain.pop("code_mean"), plain.pop("code_scatter")
        scatter = np.zeros((len(mean), len(mean)))
        scatter[np.triu_indices(len(mean))] = packed
        scatter += np.triu(scatter, 1).T
        codes = CodeMoments(plain.pop("n_codes"), mean, scatter)
        # A copy, as the array may be a file's that is written again.
        plain["noise_unit"] = np.array(plain["noise_unit"])
        del plain["format"]
        return cls(**plain, steps=steps, codes=codes)


def is_stream_state(state: dict[str, Any], owner) -> bool:
    """Return True if a state describes a stream of an estimator, or raise."""
    StreamState.from_state(state, owner._fitted)
    return True


def _check_state(state: dict[str, Any], fitted: FittedAutoencoder) -> None:
    """Check a state that may come from a file before anything is built of it."""
    check_format("The state of a stream", state, _FORMAT, _KEYS)
    counts = {name: state[name] for name in _COUNTS}
    numbers = {name: state[name] for name in _NUMBERS}
    whole = all(type(n) is int and n >= 0 for n in counts.values())
    finite = all(type(n) is float and math.isfinite(n) for n in numbers.values())
    if not (whole and finite and state["n_codes"] > 1):
        raise ValueError(
            "The state of a stream must have counts and finite numbers, got "
            f"{counts | numbers}."
        )
    arguments, kind = state["network"], NETWORKS[fitted.kind]
    arrays = {name: state[name] for name in _ARRAYS}
    check_and_infer_shapes(kind, arguments, arrays)
    widths = [fitted.network["n_features"], fitted.network["n_components"]]
    if [arguments["n_features"], arguments["n_components"]] != widths:
        raise ValueError(
            f"The network of a stream must have n_features and n_components {widths}, "
            f"got {arguments}."
        )
    check_arrays(arrays, _shapes(kind(**arguments, device="meta"), *widths))
    positive = state["code_unit"] > 0 and state["n_cells"] > 0 and state["unit"] >= 0
    if not positive or (state["squares"] < 0).any():
        raise ValueError("Units, numbers of cells and squares must not be negative.")


def _shapes(network: nn.Module, n_features: int, n_components: int) -> dict[str, tuple]:
    """Return the shape that each array must have."""
    n_weights = sum(part.numel() for part in network.parameters())
    return {
        "noise_unit": (n_features,),
        "average": (n_weights,),
        "ahead": (n_weights,),
        "squares": (n_weights,),
        "code_mean": (n_components,),
        "code_scatter": (n_components * (n_components + 1) // 2,),
    }
