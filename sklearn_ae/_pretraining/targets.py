"""What a head learns: the classes or the numbers of the labelled rows."""

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor

from .._training import Objective
from ..nn import class_loss, squared_loss

_LABELS_A_CLASS, _FEWEST_NUMBERS = 5, 10
_MAX_ITERATIONS = 5_000
_ALPHAS = np.logspace(-3, 4, 15)
_FEW_FOR_RIDGE = 3


class LinearHead(NamedTuple):
    """A linear model of centred and scaled codes.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_components,)
        What is taken from codes, and what they are divided by then.

    weight, bias : ndarray of shape (n_outputs, n_components), (n_outputs,)
        The linear model of such codes.
    """

    mean: np.ndarray
    scale: np.ndarray
    weight: np.ndarray
    bias: np.ndarray

    def tensors(self) -> list[Tensor]:
        """Return what :meth:`Head.start_at` takes."""
        return [torch.from_numpy(array) for array in self]

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the weights of a :class:`Head` without hidden layers."""
        names = ("mean", "scale", "linear.weight", "linear.bias")
        return dict(zip(names, self, strict=True))


class ClassTargets:
    """Classes of the labelled rows.

    Parameters
    ----------
    numbers : ndarray of int of shape (n_labelled,)
        The class of each row, as a position in `classes`.

    classes : ndarray of shape (n_classes,)
        At least two.

    class_weight : dict, "balanced" or None
        As in scikit-learn.

    unlabelled_weight : float
        Weight of what unlabelled rows add to the loss.
    """

    def __init__(
        self,
        numbers: np.ndarray,
        classes: np.ndarray,
        class_weight,
        unlabelled_weight: float = 0.0,
    ) -> None:
        self.numbers, self.unlabelled_weight = numbers, unlabelled_weight
        self.weight = compute_class_weight(
            class_weight, classes=classes, y=classes[numbers]
        )
        _check_weights(self.weight)

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def are_few(self) -> bool:
        """Whether there are too few labels to set any aside."""
        return len(self) < _LABELS_A_CLASS * len(self.weight)

    @property
    def teach_unlabelled(self) -> bool:
        """Whether rows without labels are trained on."""
        return self.unlabelled_weight > 0 and not self.are_few

    def tensor(self) -> Tensor:
        """Return the targets of :func:`class_loss`."""
        return torch.from_numpy(self.numbers)

    def judged(self) -> Tensor:
        """Return the targets of :func:`brier_loss`, by which epochs are judged."""
        return torch.eye(len(self.weight), dtype=torch.float32)[self.tensor()]

    def objective(self, device: torch.device) -> Objective:
        """Return what a network minimizes."""
        weight = torch.from_numpy(self.weight).float().to(device)
        return partial(
            class_loss, weight=weight, unlabelled_weight=self.unlabelled_weight
        )

    def linear_head(self, codes: np.ndarray, index: np.ndarray, scaling) -> LinearHead:
        """Return the logistic regression of some rows.

        Parameters
        ----------
        codes : ndarray of shape (n_labelled, n_components)
            Codes of all labelled rows.

        index : ndarray of int
            Which of them to fit.

        scaling : tuple of two ndarrays of shape (n_components,)
            Centre and scale of codes.

        Returns
        -------
        head : LinearHead
            With rows of zero class weight left out.
        """
        mean, scale = scaling
        weights = dict(enumerate(self.weight))
        model = LogisticRegression(max_iter=_MAX_ITERATIONS, class_weight=weights)
        model.fit((codes[index] - mean) / scale, self.numbers[index])
        return LinearHead(mean, scale, model.coef_, model.intercept_)

    def layers(self, generator: np.random.Generator) -> list[np.ndarray]:
        """Return the rows of each class, shuffled."""
        order = generator.permutation(len(self))
        numbers = self.numbers[order]
        return [order[numbers == number] for number in range(len(self.weight))]


def _check_weights(weight: np.ndarray) -> None:
    if not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
        raise ValueError(
            "class_weight must be finite, not negative, and not zero for all classes, "
            f"got {weight.tolist()}."
        )


class NumberTargets:
    """Numbers of the labelled rows, centred and scaled.

    Parameters
    ----------
    numbers : ndarray of shape (n_labelled, n_outputs)
        The targets.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_outputs,)
        Of the targets.
    """

    teach_unlabelled = False

    def __init__(self, numbers: np.ndarray) -> None:
        # Powers of two are exact, and squares of what is left neither over- nor
        # underflow.
        _, exponent = np.frexp(np.abs(numbers).max(axis=0))
        numbers = np.ldexp(numbers, -exponent)
        mean, deviation = numbers.mean(axis=0), numbers.std(axis=0)
        size = np.abs(mean) * np.finfo(np.float64).eps
        scale = np.where(deviation > 10 * size, deviation, 1.0)
        self.numbers = (numbers - mean) / scale
        self.mean, self.scale = np.ldexp(mean, exponent), np.ldexp(scale, exponent)

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def are_few(self) -> bool:
        """Whether there are too few labels to set any aside."""
        return len(self) < _FEWEST_NUMBERS

    def tensor(self) -> Tensor:
        """Return the targets of :func:`squared_loss`."""
        return torch.from_numpy(self.numbers).float()

    def judged(self) -> Tensor:
        """Return the same, by which epochs are judged."""
        return self.tensor()

    def objective(self, device: torch.device) -> Objective:
        """Return what a network minimizes."""
        return squared_loss

    def linear_head(self, codes: np.ndarray, index: np.ndarray, scaling) -> LinearHead:
        """Return the ridge regression of some rows, see :class:`ClassTargets`."""
        mean, scale = scaling
        few = len(index) < _FEW_FOR_RIDGE
        model = Ridge() if few else RidgeCV(_ALPHAS)
        model.fit((codes[index] - mean) / scale, self.numbers[index])
        weight = model.coef_.reshape(self.numbers.shape[1], -1)
        return LinearHead(mean, scale, weight, np.atleast_1d(model.intercept_))

    def layers(self, generator: np.random.Generator) -> list[np.ndarray]:
        """Return all rows, shuffled."""
        return [generator.permutation(len(self))]
