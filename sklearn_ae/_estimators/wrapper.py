"""Base of meta-estimators, and fits of the estimator that they wrap."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from .._persistence import Condition, Context, PersistenceMixin
from .._sklearn import HasMethods
from .._training import RandomStreams
from .autoencoder import AutoencoderTransformer
from .latent_model import unwrap_autoencoder
from .mixins import DocLinkMixin
from .sklearn_callbacks import CallbackMixin, FitTasks


def _is_fitted(estimator: Any, context: Context) -> bool:
    try:
        check_is_fitted(estimator)
    except (NotFittedError, TypeError):
        return False
    return hasattr(estimator, "inverse_transform")


@dataclass(kw_only=True, eq=False, repr=False)
class BaseWrapper(PersistenceMixin, CallbackMixin, DocLinkMixin, BaseEstimator):
    """Base of meta-estimators, which take X as the wrapped estimator does.

    A subclass keeps what :func:`fit_wrapped` returns as `estimator_`.
    """

    estimator: Any = field(default=None, kw_only=False)

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit", "transform", "inverse_transform"]), None],
    }
    _nested: ClassVar[tuple] = ("estimator", "estimator_")
    _schema: ClassVar[dict] = {
        "estimator_": Condition("a fitted transformer", _is_fitted)
    }

    @property
    def n_features_in_(self):
        """Number of columns seen in fit."""
        return self._fitted_estimator("n_features_in_").n_features_in_

    @property
    def feature_names_in_(self):
        """Names of the columns seen in fit."""
        return self._fitted_estimator("feature_names_in_").feature_names_in_

    def __sklearn_is_fitted__(self):
        return "estimator_" in vars(self)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        wrapped = get_tags(or_default(self.estimator)).input_tags
        tags.input_tags.sparse = wrapped.sparse
        tags.input_tags.allow_nan = wrapped.allow_nan
        return tags

    def _check_restored(self):
        if unwrap_autoencoder(self.estimator_) is None:
            raise TypeError(
                "estimator_ must be an autoencoder, got "
                f"{type(self.estimator_).__name__}."
            )

    def _fitted_estimator(self, name: str):
        if "estimator_" not in vars(self):
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}"
            )
        return self.estimator_


def count_wrapped_fits(estimator) -> int:
    """Return how often :func:`fit_wrapped` fits an estimator: once, or not at all."""
    return 0 if isinstance(estimator, FrozenEstimator) else 1


def fit_wrapped(
    estimator, X, random_state, tasks: FitTasks, task: str = "fit-estimator"
):
    """Fit the estimator that a meta-estimator wraps.

    Parameters
    ----------
    estimator : estimator or None
        A transformer with `inverse_transform`, which stays as it is. None means
        :class:`AutoencoderTransformer` with its defaults.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Training rows.

    random_state : int, RandomState instance or None
        Unless None, seeds each `random_state` of the estimator that is None.

    tasks : FitTasks
        Tasks of the meta-estimator's fit, of which this is one.

    task : str, default="fit-estimator"
        Its name.

    Returns
    -------
    estimator_ : estimator
        A fitted clone, or a :class:`~sklearn.frozen.FrozenEstimator` as it is.
    """
    if isinstance(estimator, FrozenEstimator):
        check_is_fitted(estimator)
        return estimator
    unfitted = with_seeds(clone(or_default(estimator)), random_state)
    with tasks.sub_estimator_fit(task, unfitted):
        return unfitted.fit(X)


def with_seeds(estimator, random_state):
    """Set each `random_state` of an estimator that is None, unless there is none."""
    if random_state is None:
        return estimator
    streams = RandomStreams(random_state)
    seeds = {
        name: streams.integer(name)
        for name, value in estimator.get_params().items()
        if value is None and name.rsplit("__", 1)[-1] == "random_state"
    }
    return estimator.set_params(**seeds)


def or_default(estimator):
    """Return an estimator, or the one that None means."""
    return AutoencoderTransformer() if estimator is None else estimator
