"""Base of the problems to which networks are fitted."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Protocol

import numpy as np
from torch import nn

from .._tables import EncodedTable, TableCodec
from .._training import EPOCH_ROWS, RandomStreams
from .code_axes import CodeAxes
from .data import TrainingData
from .recipe import Recipe

_LARGEST_SCALE = 1e150


class Start(Protocol):
    """Linear model of encoded training rows, from which a network can start.

    Attributes
    ----------
    explained_variance : ndarray of shape (n_start,)
        Variance of each code.

    unexplained_share : float
        Share of the variance that the model does not explain.
    """

    explained_variance: np.ndarray
    unexplained_share: float

    def apply_to(self, module: nn.Module, deviations: np.ndarray | None = None) -> None:
        """Set a network to this model.

        Parameters
        ----------
        module : torch.nn.Module
            The network.

        deviations : ndarray of shape (n_start,), default=None
            Standard deviations of the codes that hidden layers get, if they are not
            those of the model's codes.
        """
        ...


class Problem(ABC):
    """Tables of a fit, and all steps that depend on its kind."""

    #: Name of the linear start, for the progress bar.
    start_name: ClassVar[str]

    #: Codec of the inputs.
    codec: TableCodec

    @abstractmethod
    def prepare_data(self, recipe: Recipe, streams: RandomStreams) -> TrainingData:
        """Return training rows, validation rows and the loss."""

    @abstractmethod
    def fit_starts(self, parts: list[np.ndarray], seed: int) -> list[Start]:
        """Return the start of all rows, and for each part that of the other rows.

        Parameters
        ----------
        parts : list of ndarray of int
            Row numbers.

        seed : int
            Seed of random numbers.
        """

    @abstractmethod
    def arguments(
        self, recipe: Recipe, start: Start, gap_columns: tuple[int, ...]
    ) -> dict[str, Any]:
        """Return the common arguments of all networks."""

    @abstractmethod
    def code_unit(self, recipe: Recipe, network: nn.Module) -> float:
        """Return the factor from the network's codes to the codes that are returned.

        Whitening replaces it, see :func:`code_units`.
        """

    @abstractmethod
    def fitted(self, network) -> Any:
        """Return the fitted state for a fitted network with its codec."""

    @abstractmethod
    def attributes(self, start: Start) -> dict[str, Any]:
        """Return fitted attributes that depend on the start of all rows, by name."""


def fit_starts(
    problem: Problem, data: TrainingData, streams: RandomStreams
) -> list[Start]:
    """Return the start of all rows, and one for each part of the validation rows.

    The loss of a linear model is biased on the rows that it is fitted to. So each part
    is evaluated by a model of the other rows. The bias falls with the number of rows;
    beyond `EPOCH_ROWS` rows all parts share the start of all rows.
    """
    parts = data.split.parts
    is_shared = data.validation_given or len(data.clean) > EPOCH_ROWS
    separate = [] if is_shared else [part.numpy() for part in parts]
    start, *starts = problem.fit_starts(separate, streams.integer("start"))
    return [start, *(starts or [start] * len(parts))]


def start_axes(start: Start, n_components: int) -> CodeAxes:
    """Return the axes of a start's codes, which are principal without rotation.

    Further codes than the start has are zero.
    """
    variance = start.explained_variance
    variance = np.pad(variance, (0, n_components - len(variance)))
    return CodeAxes(np.zeros(n_components), None, variance)


def check_variance(table: EncodedTable, array_name: str, parameter: str) -> None:
    """Raise if the square of the shared scale of all columns is not finite."""
    largest = table.codec.scale.max()
    if largest > _LARGEST_SCALE:
        raise ValueError(
            f"The variance of {array_name} must be finite in float64, got a deviation "
            f"of {largest:.3g}; {parameter}=True takes such columns."
        )
