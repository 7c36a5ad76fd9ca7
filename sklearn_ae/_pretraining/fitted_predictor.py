"""Fitted predictors: an encoder and a head on its codes."""

from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils import gen_batches

from .._estimators import latent_model_of
from .._fitting import FittedAutoencoder, check_weights, with_weights
from .._persistence import Nested, NetworkArguments, OrNone, StateMixin, Weights
from ..nn import Head

_CHUNK_ROWS = 4_096


class FittedHead(StateMixin):
    """Fitted head, which maps codes to scores in chunks.

    It computes in float64, because codes may be beyond the range of float32.

    Parameters
    ----------
    arguments : dict
        Arguments of :class:`Head`, plain values.

    arrays : dict of str to ndarray
        Weights of the head, by name.
    """

    _schema: ClassVar[dict] = {
        "arguments": NetworkArguments(Head),
        "arrays": Weights(),
    }

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

    def _check_state(self) -> None:
        check_weights(self._module)


class FittedPredictor(StateMixin):
    """Encoder that may have been fine-tuned, and the head on its codes.

    Parameters
    ----------
    encoder : FittedAutoencoder or None
        None if another library's transformer encodes.

    head : FittedHead
        Head that maps codes to scores.
    """

    _schema: ClassVar[dict] = {
        "encoder": OrNone(Nested(FittedAutoencoder)),
        "head": Nested(FittedHead),
    }

    def __init__(self, encoder: FittedAutoencoder | None, head: FittedHead) -> None:
        self.encoder, self.head = encoder, head

    def codes(self, estimator, X) -> np.ndarray:
        """Return the codes of a table.

        Parameters
        ----------
        estimator : estimator
            The fitted estimator of the encoder, which reads the table.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            The table.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components)
            Of dtype float32 for float32 rows, else of float64.
        """
        model = latent_model_of(estimator)
        encoder = model if self.encoder is None else self.encoder
        return encoder.encode(model.read(X))
