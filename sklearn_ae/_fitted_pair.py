"""What a fit of pairs leaves behind: a network, and how outputs are scaled."""

from typing import Any

import numpy as np

from ._columns import TableColumns
from ._fitted import FittedAutoencoder, check_arrays, float_dtype
from ._moments import row_chunks
from ._persistence import restored


class FittedPair:
    """Predicts outputs in chunks, as a pure function of arrays.

    Parameters
    ----------
    network : FittedAutoencoder
        The codec of inputs and the network, whose outputs are encoded.

    output_mean, output_scale : ndarray of shape (n_outputs,)
        What encoded outputs are made outputs by.
    """

    def __init__(
        self,
        network: FittedAutoencoder,
        output_mean: np.ndarray,
        output_scale: np.ndarray,
    ) -> None:
        self.network = network
        self.output_mean, self.output_scale = output_mean, output_scale

    @property
    def columns(self) -> TableColumns:
        """The columns of inputs."""
        return self.network.codec.columns

    def predict(self, X) -> np.ndarray:
        """Return the outputs of rows, ``(n_samples, n_outputs)``."""
        dtype, codec = float_dtype(X), self.network.codec
        outputs = np.empty((X.shape[0], len(self.output_mean)), dtype)
        width = max(codec.n_encoded, outputs.shape[1])
        for chunk in row_chunks(X.shape[0], width):
            encoded = self.network.apply("forward", codec.encode(X[chunk], dtype))
            scaled = np.multiply(encoded, self.output_scale, dtype=np.float64)
            with np.errstate(over="ignore"):
                outputs[chunk] = scaled + self.output_mean
        if not np.isfinite(outputs).all():
            raise ValueError(
                f"Outputs must be finite in {outputs.dtype}, got larger ones; pass X "
                "as float64."
            )
        return outputs

    def check_works(self) -> None:
        """Raise unless the centre has a finite code and finite outputs."""
        row = self.network.codec.decode(np.zeros((1, self.network.codec.n_encoded)))
        self.network.encode(row)
        self.predict(row)

    def __getstate__(self) -> dict[str, Any]:
        return self.network.__getstate__() | {
            "output_mean": self.output_mean,
            "output_scale": self.output_scale,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        scaling = {name: state.get(name) for name in ("output_mean", "output_scale")}
        rest = {name: part for name, part in state.items() if name not in scaling}
        network = restored(FittedAutoencoder, rest)
        n_outputs = (network.network.get("n_outputs"),)
        check_arrays(scaling, dict.fromkeys(scaling, n_outputs))
        if not (scaling["output_scale"] > 0).all():
            raise ValueError(
                "Units must be positive, got those of outputs from "
                f"{scaling['output_scale'].min()}."
            )
        self.__init__(network, **{name: np.array(scaling[name]) for name in scaling})
