"""Problems that a network is fitted to."""

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
    """A linear model of the encoded training rows, at which a network can start.

    Attributes
    ----------
    explained_variance : ndarray of shape (n_start,)
        Variance of each code.

    unexplained_share : float
        Share of the variance that the model leaves.
    """

    explained_variance: np.ndarray
    unexplained_share: float

    def apply_to(self, module: nn.Module, deviations: np.ndarray | None = None) -> None:
        """Make a network compute this model.

        Parameters
        ----------
        module : torch.nn.Module
            The network.

        deviations : ndarray of shape (n_start,), default=None
            Standard deviations of the codes that hidden layers are to see. None means
            those of the model's codes.
        """
        ...


class Problem(ABC):
    """Tables of a fit, and what differs between kinds of fits."""

    #: Name of the linear start, for the progress bar.
    start_name: ClassVar[str]

    #: Codec of the inputs.
    codec: TableCodec

    @abstractmethod
    def prepare_data(self, recipe: Recipe, streams: RandomStreams) -> TrainingData:
        """Return the rows that training sees, and those that judge."""

    @abstractmethod
    def fit_starts(self, parts: list[np.ndarray], seed: int) -> list[Start]:
        """Return the start of all rows, and for each part that of the other rows.

        Parameters
        ----------
        parts : list of ndarray of int
            Numbers of rows.

        seed : int
            Source of what is drawn.
        """

    @abstractmethod
    def arguments(
        self, recipe: Recipe, start: Start, gap_columns: tuple[int, ...]
    ) -> dict[str, Any]:
        """Return the arguments of the network that all networks take."""

    @abstractmethod
    def code_unit(self, recipe: Recipe, network: nn.Module) -> float:
        """Return the size of one unit of the network's codes in units of the table."""

    @abstractmethod
    def fitted(self, network) -> Any:
        """Return what an estimator keeps, given the fitted network with its codec."""

    @abstractmethod
    def attributes(self, start: Start) -> dict[str, Any]:
        """Return fitted attributes that tell of the start of all rows."""


def fit_starts(
    problem: Problem, data: TrainingData, streams: RandomStreams
) -> list[Start]:
    """Return the start of all rows, and one for each part of the validation rows.

    A linear model fits its own rows better than others: judged by them, it would look
    better than it is. So a part is judged by the model of the other rows. The
    difference fades with the number of rows, and beyond `EPOCH_ROWS` the start of all
    rows serves.
    """
    parts = data.split.parts
    shared = data.validation_given or len(data.clean) > EPOCH_ROWS
    outside = [] if shared else [part.numpy() for part in parts]
    start, *starts = problem.fit_starts(outside, streams.integer("start"))
    return [start, *(starts or [start] * len(parts))]


def start_axes(start: Start, n_components: int) -> CodeAxes:
    """Return the axes of a start's codes, which are principal as they are.

    Codes beyond those of the start are zero.
    """
    variance = start.explained_variance
    variance = np.pad(variance, (0, n_components - len(variance)))
    return CodeAxes(np.zeros(n_components), None, variance)


def check_variance(table: EncodedTable, array_name: str, parameter: str) -> None:
    """Raise if the one scale of all columns is too large for its square."""
    largest = table.codec.scale.max()
    if largest > _LARGEST_SCALE:
        raise ValueError(
            f"The variance of {array_name} must be finite in float64, got a deviation "
            f"of {largest:.3g}; {parameter}=True takes such columns."
        )
