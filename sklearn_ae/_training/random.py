"""Named streams of random numbers, all derived from one random_state."""

import contextlib
import zlib
from collections.abc import Iterator

import numpy as np
import torch
from sklearn.utils import check_random_state


class RandomStreams:
    """Independent generators, one for each purpose.

    A stream depends only on the seed and its name, so draws for one purpose never shift
    those for another. Global generators are not used, except for one draw from NumPy's
    with ``random_state=None``, as is scikit-learn's convention.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        As in scikit-learn. One number is drawn from an instance.

    Attributes
    ----------
    seed : int
        That number. It may be replaced before the first stream is used.

    Examples
    --------
    >>> from sklearn_ae._training.random import RandomStreams
    >>> streams = RandomStreams(0)
    >>> streams.integer("start") == RandomStreams(0).integer("start")
    True
    >>> streams.integer("start") == streams.integer("weights")
    False
    """

    def __init__(self, random_state: int | np.random.RandomState | None) -> None:
        self.seed = int(check_random_state(random_state).randint(2**31))
        self._latest: dict[str, torch.Generator] = {}

    def numpy(self, name: str) -> np.random.Generator:
        """Return a fresh NumPy generator at the beginning of stream `name`."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def integer(self, name: str) -> int:
        """Return the first number of stream `name`, a valid ``random_state``."""
        return int(self.numpy(name).integers(2**31))

    def torch(self, name: str) -> torch.Generator:
        """Return a fresh torch generator on the CPU at the beginning of `name`."""
        generator = torch.Generator(device="cpu")
        generator.manual_seed(int(self.numpy(name).integers(2**63)))
        self._latest[name] = generator
        return generator

    def state(self) -> dict[str, np.ndarray]:
        """Return the states of torch's generators, the latest of each name."""
        return {
            name: generator.get_state().numpy()
            for name, generator in self._latest.items()
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Set the states of torch's generators.

        Parameters
        ----------
        state : dict of str to ndarray
            What :meth:`state` returned.
        """
        for name, numbers in state.items():
            self._latest[name].set_state(torch.from_numpy(numbers))

    @contextlib.contextmanager
    def untouched(self) -> Iterator[None]:
        """Restore the states of torch's generators at the end of the block."""
        latest, state = dict(self._latest), self.state()
        try:
            yield
        finally:
            self._latest = latest
            self.restore(state)
