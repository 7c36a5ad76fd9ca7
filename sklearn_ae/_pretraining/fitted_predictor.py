"""What predicts: an encoder and a head, as plain arguments and arrays."""

from typing import Any

import numpy as np
import torch
from sklearn.utils import gen_batches

from .._estimators import latent_model_of
from .._fitting import FittedAutoencoder, check_weights, with_weights
from .._persistence import check_and_infer_shapes, check_arrays, check_keys, restored
from ..nn import Head

_CHUNK_ROWS = 4_096


class FittedHead:
    """Maps codes to scores in chunks, as a pure function of arrays.

    It computes in float64: codes may be in units that float32 does not reach.

    Parameters
    ----------
    arguments : dict
        Those of :class:`Head`, plain values.

    arrays : dict of str to ndarray
        Its weights, by name.
    """

    def __init__(
        self, arguments: dict[str, Any], arrays: dict[str, np.ndarray]
    ) -> None:
        self.arguments, self.arrays = arguments, arrays
        head = Head(**arguments, device="meta")
        self._module = with_weights(head, arrays, np.float64)

    def scores(self, codes: np.ndarray) -> np.ndarray:
        """Return the scores of codes, ``(n_samples, n_outputs)``, in their dtype."""
        scores = np.empty((len(codes), self.arguments["n_outputs"]), codes.dtype)
        with torch.inference_mode(), torch.autocast("cpu", enabled=False):
            for chunk in gen_batches(len(codes), _CHUNK_ROWS):
                part = torch.from_numpy(codes[chunk].astype(np.float64, order="C"))
                scores[chunk] = self._module(part).numpy()
        return scores

    def __getstate__(self) -> dict[str, Any]:
        return {"arguments": self.arguments, "arrays": self.arrays}

    def __setstate__(self, state: dict[str, Any]) -> None:
        check_keys("a head", state, {"arguments", "arrays"})
        arguments, arrays = state["arguments"], state["arrays"]
        check_arrays(arrays, check_and_infer_shapes(Head, arguments, arrays))
        arrays = {name: np.array(array) for name, array in arrays.items()}
        self.__init__(dict(arguments), arrays)
        check_weights(self._module)


class FittedPredictor:
    """An encoder that may have been fine-tuned, and the head on its codes.

    Parameters
    ----------
    encoder : FittedAutoencoder or None
        None if codes are those of another library's transformer.

    head : FittedHead
        Maps codes to scores.
    """

    def __init__(self, encoder: FittedAutoencoder | None, head: FittedHead) -> None:
        self.encoder, self.head = encoder, head

    def __getstate__(self) -> dict[str, Any]:
        encoder = None if self.encoder is None else self.encoder.__getstate__()
        return {"encoder": encoder, "head": self.head.__getstate__()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        check_keys("a predictor", state, {"encoder", "head"})
        encoder = state["encoder"]
        if encoder is not None:
            encoder = restored(FittedAutoencoder, encoder)
        head = restored(FittedHead, state["head"])
        n_codes = head.arguments["n_components"]
        if encoder is not None and encoder.network["n_components"] != n_codes:
            raise ValueError(
                f"The head must be one of {encoder.network['n_components']} codes, got "
                f"one of {n_codes}."
            )
        self.__init__(encoder, head)

    def codes(self, estimator, X) -> np.ndarray:
        """Return the codes of a table.

        Parameters
        ----------
        estimator : estimator
            The fitted one that the encoder is from: it reads the table.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            The table.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components)
            In float32 for float32 rows, else in float64.
        """
        model = latent_model_of(estimator)
        encoder = model if self.encoder is None else self.encoder
        return encoder.encode(model.read(X))
