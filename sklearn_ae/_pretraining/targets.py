"""Targets of a head: classes or numbers of the labelled rows."""

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
_FEWEST_FOR_RIDGE_CV = 3


class LinearHead(NamedTuple):
    """A linear model of centred and scaled codes.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_components,)
        Centre and divisor of codes.

    weight, bias : ndarray of shape (n_outputs, n_components), (n_outputs,)
        Linear model of the centred and scaled codes.
    """

    mean: np.ndarray
    scale: np.ndarray
    weight: np.ndarray
    bias: np.ndarray

    def tensors(self) -> list[Tensor]:
        """Return the arguments of :meth:`Head.start_at`."""
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
        Class of each row, as a position in `classes`.

    classes : ndarray of shape (n_classes,)
        Classes, at least two.

    class_weight : dict, "balanced" or None
        Weights of classes, as in scikit-learn.

    unlabelled_weight : float
        Weight of unlabelled rows in the loss.
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
        """Whether there are too few labels for validation rows."""
        return len(self) < _LABELS_A_CLASS * len(self.weight)

    @property
    def teach_unlabelled(self) -> bool:
        """Whether unlabelled rows are training rows, too."""
        return self.unlabelled_weight > 0 and not self.are_few

    def tensor(self) -> Tensor:
        """Return the targets of :func:`class_loss`."""
        return torch.from_numpy(self.numbers)

    def validation_tensor(self) -> Tensor:
        """Return the targets of :func:`brier_loss`, which compares epochs."""
        return torch.eye(len(self.weight), dtype=torch.float32)[self.tensor()]

    def objective(self, device: torch.device) -> Objective:
        """Return the objective of training."""
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
            Rows to fit.

        scaling : tuple of two ndarrays of shape (n_components,)
            Centre and scale of codes.

        Returns
        -------
        head : LinearHead
            Fitted head. Rows of zero class weight have no effect on it.
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
        Targets.

    Attributes
    ----------
    numbers : ndarray of shape (n_labelled, n_outputs)
        Centred and scaled targets.

    mean, scale : ndarray of shape (n_outputs,)
        Mean and scale of the targets.
    """

    teach_unlabelled = False

    def __init__(self, numbers: np.ndarray) -> None:
        # Division by powers of two is exact, and lets no square over- or underflow.
        _, exponent = np.frexp(np.abs(numbers).max(axis=0))
        numbers = np.ldexp(numbers, -exponent)
        mean, deviation = numbers.mean(axis=0), numbers.std(axis=0)
        rounding = np.abs(mean) * np.finfo(np.float64).eps
        scale = np.where(deviation > 10 * rounding, deviation, 1.0)
        self.numbers = (numbers - mean) / scale
        self.mean, self.scale = np.ldexp(mean, exponent), np.ldexp(scale, exponent)

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def are_few(self) -> bool:
        """Whether there are too few labels for validation rows."""
        return len(self) < _FEWEST_NUMBERS

    def tensor(self) -> Tensor:
        """Return the targets of :func:`squared_loss`."""
        return torch.from_numpy(self.numbers).float()

    def validation_tensor(self) -> Tensor:
        """Return the same targets for the comparison of epochs."""
        return self.tensor()

    def objective(self, device: torch.device) -> Objective:
        """Return the objective of training."""
        return squared_loss

    def linear_head(self, codes: np.ndarray, index: np.ndarray, scaling) -> LinearHead:
        """Return the ridge regression of some rows, see :class:`ClassTargets`."""
        mean, scale = scaling
        # Leave-one-out validation needs a few rows.
        model = Ridge() if len(index) < _FEWEST_FOR_RIDGE_CV else RidgeCV(_ALPHAS)
        model.fit((codes[index] - mean) / scale, self.numbers[index])
        weight = model.coef_.reshape(self.numbers.shape[1], -1)
        return LinearHead(mean, scale, weight, np.atleast_1d(model.intercept_))

    def layers(self, generator: np.random.Generator) -> list[np.ndarray]:
        """Return all rows, shuffled."""
        return [generator.permutation(len(self))]
