"""Named streams of random numbers, all derived from one random_state."""

import zlib

import numpy as np
import torch
from sklearn.utils import check_random_state


class RandomStreams:
    """Independent generators, one for each purpose.

    A stream depends on the seed and on its own name alone: what one purpose draws
    never shifts another. No global generator is touched, save for the one draw from
    NumPy's that scikit-learn's convention prescribes for ``random_state=None``.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        As in scikit-learn. One number is drawn from an instance.

    Examples
    --------
    >>> from sklearn_ae._random import RandomStreams
    >>> streams = RandomStreams(0)
    >>> streams.integer("start") == RandomStreams(0).integer("start")
    True
    >>> streams.integer("start") == streams.integer("weights")
    False
    """

    def __init__(self, random_state: int | np.random.RandomState | None) -> None:
        self._seed = int(check_random_state(random_state).randint(2**31))

    def numpy(self, name: str) -> np.random.Generator:
        """Return a fresh NumPy generator at the beginning of stream `name`."""
        return np.random.default_rng([self._seed, zlib.crc32(name.encode())])

    def integer(self, name: str) -> int:
        """Return the first number of stream `name`, a valid ``random_state``."""
        return int(self.numpy(name).integers(2**31))

    def torch(self, name: str) -> torch.Generator:
        """Return a fresh torch generator on the CPU at the beginning of `name`."""
        generator = torch.Generator(device="cpu")
        generator.manual_seed(int(self.numpy(name).integers(2**63)))
        return generator
