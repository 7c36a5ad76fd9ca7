"""What a regressor of pairs is outside of a process."""

import math
from typing import Any, ClassVar

from ._fitted_pair import FittedPair
from ._learned import A_COMPONENT, NUMBER, POSITIVE, TRAINED, columns_rules, optional
from ._pair_reading import check_pair_parameters, check_shape
from ._persistence import Persistent


def _are_axes(value: Any, estimator) -> bool:
    if type(value) is not tuple or not all(type(size) is int for size in value):
        return False
    n_outputs = len(estimator._fitted.output_mean)
    return min(value, default=1) >= 1 and math.prod(value) == n_outputs


class PersistentPair(Persistent):
    """Mixin: the fitted attributes of :class:`EncoderDecoderRegressor`."""

    _parts: ClassVar[dict] = {"_fitted": FittedPair}
    _derived: ClassVar[dict] = {
        "n_components_": lambda self: self._fitted.network.network["n_components"]
    }
    _rules: ClassVar[dict] = {
        **columns_rules(lambda self: self._fitted.columns),
        **TRAINED,
        "_output_axes": ("axes with as many cells as there are outputs", _are_axes),
        "alpha_": POSITIVE,
        "explained_variance_": A_COMPONENT,
        "ridge_validation_loss_": optional(NUMBER),
    }

    def _check_restored(self) -> None:
        fitted = self._fitted
        check_pair_parameters(self, None, None)
        check_shape(self, "input_shape", "X", len(fitted.columns.names))
        check_shape(self, "output_shape", "y", len(fitted.output_mean))

    def _check_fitted(self) -> None:
        self._fitted.check_works()
