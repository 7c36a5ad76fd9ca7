"""Base of estimators that are pre-trained on rows and fine-tuned on labels."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from .._estimators import (
    BaseWrapper,
    FitTasks,
    TrainingParameters,
    count_wrapped_fits,
    fit_transaction,
    fit_wrapped,
    latent_model_of,
    training_options,
)
from .._fitting import layer_sizes
from .._persistence import TRAINING_SCHEMA, Nested, Number, OrNone
from .._sklearn import Interval, _fit_context
from .._training import RandomStreams, default_torch_modes
from .fine_tune import FineTuned, HeadRecipe, fine_tune, gather_labelled_codes
from .fitted_predictor import FittedPredictor


@dataclass(kw_only=True, eq=False, repr=False)
class BasePretrained(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseWrapper):
    """Base of classifier and regressor: parameters, fit and codes.

    A subclass reads y in `_read_targets`, and predicts from `_scores`.
    """

    head_layer_sizes: int | Sequence[int] = (64,)
    head_learning_rate: float = 3e-3
    encoder_learning_rate: float = 1e-3
    swap_level: float = 0.15
    batch_size: int = 64
    max_epochs: int | str = "auto"
    weight_decay: float = 0.0
    early_stopping: bool = True
    labelled_validation_fraction: float = 0.1
    n_iter_no_change: int | None = None
    callbacks: Sequence | None = None
    device: Any = "auto"
    random_state: Any = None

    _parameter_constraints: ClassVar[dict] = {
        **BaseWrapper._parameter_constraints,
        **{
            name: TrainingParameters._parameter_constraints[name]
            for name in (
                "batch_size",
                "max_epochs",
                "weight_decay",
                "early_stopping",
                "n_iter_no_change",
                "callbacks",
                "device",
                "random_state",
            )
        },
        "head_layer_sizes": [
            "array-like",
            Interval(Integral, 1, None, closed="left"),
        ],
        "head_learning_rate": [Interval(Real, 0, None, closed="neither")],
        "encoder_learning_rate": [Interval(Real, 0, None, closed="left")],
        "swap_level": [Interval(Real, 0, 1, closed="both")],
        "labelled_validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    }
    _schema: ClassVar[dict] = {
        **BaseWrapper._schema,
        "_fitted": Nested(FittedPredictor),
        **TRAINING_SCHEMA,
        "start_validation_loss_": OrNone(Number()),
    }

    @abstractmethod
    def _read_targets(self, y):
        """Return a mask of labelled rows, their targets, and fitted attributes."""

    # `estimator` checks its own parameters.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Learn codes from all rows, and y from the codes of labelled rows.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Training rows, labelled or not, in any form that `estimator` takes.

        y : array-like of shape (n_samples,)
            Labels of the rows. An unlabelled row has -1 among integer classes, None or
            NaN among other classes, and NaN among numbers.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If no row is labelled, there are fewer than two classes, X and y differ in
            length, `estimator` can't be fitted to X, or the loss turns non-finite. The
            estimator stays as it was.

        TypeError
            If classes have different types.
        """
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None."
            )
        recipe = self._recipe()
        tasks = FitTasks(self, X, y)
        with fit_transaction(self, tasks) as outcome:
            labelled, targets, target_attributes = self._read_targets(y)
            check_consistent_length(X, labelled)
            streams = RandomStreams(self.random_state)
            tasks.begin("fit", count_wrapped_fits(self.estimator) + 1)
            estimator = fit_wrapped(self.estimator, X, self.random_state, tasks)

            def assign(predictor, tuned):
                predictor._assign_result(estimator, tuned, target_attributes)

            with default_torch_modes():
                unlabelled = ~labelled & targets.teach_unlabelled
                device = recipe.training.device
                codes = gather_labelled_codes(
                    estimator, X, labelled, unlabelled, device
                )
                observe = partial(tasks.observe, "fine-tune", assign)
                tuned = fine_tune(recipe, targets, codes, streams, observe)
            assign(self, tuned)
            outcome.interruption = tuned.state.interruption
        return self

    def _recipe(self) -> HeadRecipe:
        """Return the recipe of fine-tuning; raise if parameters are invalid."""
        training = training_options(
            self,
            learning_rate=self.head_learning_rate,
            validation_fraction=self.labelled_validation_fraction,
        )
        return HeadRecipe(
            training,
            layer_sizes(self.head_layer_sizes, "head_layer_sizes"),
            self.encoder_learning_rate,
            self.swap_level,
        )

    def _check_fitted(self):
        if self._fitted.encoder is not None:
            self._fitted.encoder.check_works()

    def _check_restored(self):
        super()._check_restored()
        fitted, encoder = latent_model_of(self.estimator_).fitted, self._fitted.encoder
        if encoder is None:
            raise ValueError("_fitted must have an encoder, as estimator_ has one.")
        if encoder.codec.schema.state() != fitted.codec.schema.state():
            raise ValueError("The columns of _fitted must be those of estimator_.")

    def transform(self, X):
        """Return the fine-tuned codes of X.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components)
            In the units of the codes of `estimator_`. They equal these if
            ``best_epoch_ == 0`` or the encoder was not trained.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        check_is_fitted(self)
        return self._fitted.codes(self.estimator_, X)

    @property
    def _n_features_out(self):
        return self._fitted.head.arguments["n_components"]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def _scores(self, X) -> np.ndarray:
        """Return the head's outputs in float64, ``(n_samples, n_outputs)``."""
        check_is_fitted(self)
        # Not from `transform`, whose output may be a dataframe, see set_output.
        codes = self._fitted.codes(self.estimator_, X)
        return self._fitted.head.scores(codes).astype(np.float64)

    def _assign_result(
        self, estimator, tuned: FineTuned, target_attributes: dict[str, Any]
    ) -> None:
        """Assign all fitted attributes at once."""
        losses = tuned.state.validation_losses
        vars(self).update(
            _fitted=tuned.fitted,
            estimator_=estimator,
            start_validation_loss_=losses[0] if losses else None,
            **tuned.state.attributes(),
            **target_attributes,
        )
