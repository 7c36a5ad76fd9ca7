"""Named streams of random numbers, all derived from one random_state."""

import contextlib
import zlib
from collections.abc import Iterator

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

    Attributes
    ----------
    seed : int
        That number, which may be set to another before the first stream is asked for.

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
        """Return where torch's generators stand, the latest of each name."""
        return {
            name: generator.get_state().numpy()
            for name, generator in self._latest.items()
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Set torch's generators of these names to where they stood.

        Parameters
        ----------
        state : dict of str to ndarray
            What :meth:`state` returned.
        """
        for name, numbers in state.items():
            self._latest[name].set_state(torch.from_numpy(numbers))

    @contextlib.contextmanager
    def untouched(self) -> Iterator[None]:
        """Leave torch's generators as they stood, whatever the block draws."""
        latest, state = dict(self._latest), self.state()
        try:
            yield
        finally:
            self._latest = latest
            self.restore(state)
