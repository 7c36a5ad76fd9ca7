"""The scikit-learn contract of every autoencoder, once."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils import assert_all_finite, check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from ._fitted import float_dtype
from ._fitting import fit_rows
from ._frames import require_numeric_columns
from ._sklearn import (
    Interval,
    RealNotInt,
    StrOptions,
    _check_feature_names_in,
    _fit_context,
)
from .nn import ACTIVATIONS

_FLOATS = (np.float64, np.float32)


@dataclass(kw_only=True, eq=False, repr=False)
class BaseAutoencoder(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator, ABC
):
    """Base of all autoencoders: parameters, fit, transform and scores.

    A subclass builds its network and its objective in `_build`.
    """

    n_components: int | float | None = field(default=2, kw_only=False)
    hidden_layer_sizes: int | Sequence[int] = (256, 128)
    activation: str = "relu"
    init: str = "pca"
    whiten: bool = False
    standardize: bool | str = "auto"
    learning_rate: float = 1e-2
    batch_size: int = 256
    max_epochs: int | str = "auto"
    weight_decay: float = 0.0
    early_stopping: bool = True
    validation_fraction: float = 0.1
    n_iter_no_change: int | None = None
    callbacks: Sequence | None = None
    device: Any = "auto"
    random_state: Any = None
    verbose: int = 0

    _parameter_constraints: ClassVar[dict] = {
        "n_components": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
            None,
        ],
        "hidden_layer_sizes": [
            "array-like",
            Interval(Integral, 1, None, closed="left"),
        ],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "init": [StrOptions({"pca", "random"})],
        "whiten": ["boolean"],
        "standardize": ["boolean", StrOptions({"auto"})],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_epochs": [
            Interval(Integral, 0, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), None],
        "callbacks": [list, tuple, None],
        "device": [str, torch.device],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    @abstractmethod
    def _build(self, network: dict[str, Any], generator: torch.Generator):
        """Return the module to train and its objective.

        Parameters
        ----------
        network : dict
            Arguments of the module.

        generator : torch.Generator
            Source of its weights.

        Returns
        -------
        module, objective : torch.nn.Module, callable
            What :func:`sklearn_ae._training.fit_network` takes.
        """

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, X_val=None):
        """Learn the codes of X.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Training rows. Numbers, at least two rows.

        y : Ignored
            Present for scikit-learn's conventions.

        X_val : {array-like, sparse matrix, dataframe} of shape (n_val, n_features), \
                default=None
            Validation rows, instead of a share of X. In a Pipeline they are transformed
            as X is, with ``transform_input=["X_val"]``.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X does not hold finite numbers, `n_components` does not fit its shape, or
            the loss turns non-finite. The estimator is left as it was.
        """
        if X_val is not None and not self.early_stopping:
            raise ValueError(
                "X_val is only used with early_stopping=True, got X_val and "
                "early_stopping=False."
            )
        with _restored_on_error(self):
            X = self._check_rows(X, reset=True)
            if X_val is not None:
                X_val = self._check_rows(X_val, reset=False, input_name="X_val")
            with torch.inference_mode(False), torch.enable_grad():
                learned = fit_rows(self, X, X_val, self._column_names())
            self._publish(learned)
        if learned.state.interruption is not None:
            raise learned.state.interruption
        return self

    def transform(self, X):
        """Return the codes of X.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components)
            Centred on the training rows and ordered by variance, in input units (in
            the columns' deviations with ``standardize=True``; of unit variance with
            ``whiten=True``).
        """
        check_is_fitted(self)
        return self._fitted.encode(self._check_rows(X, reset=False))

    def inverse_transform(self, X):
        """Return rows from codes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Codes.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
            Rows in input units.
        """
        check_is_fitted(self)
        codes = check_array(X, dtype=_FLOATS, input_name="X", estimator=self)
        if codes.shape[1] != self.n_components_:
            raise ValueError(
                f"X must have n_components_={self.n_components_} columns, got "
                f"{codes.shape[1]}."
            )
        return self._fitted.decode(codes)

    def reconstruct(self, X):
        """Return what the codes of X keep of it.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
            ``inverse_transform(transform(X))``, in input units.
        """
        check_is_fitted(self)
        return self._fitted.reconstruct(self._check_rows(X, reset=False))

    def reconstruction_error(self, X):
        """Return how far each row is from its reconstruction.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        error : ndarray of shape (n_samples,)
            Mean squared error over the row's cells, in input units squared.
        """
        check_is_fitted(self)
        X = self._check_rows(X, reset=False)
        error = np.empty(X.shape[0], float_dtype(X))
        for chunk, squares in self._fitted.squared_errors(X):
            error[chunk] = squares.mean(axis=1)
        return error

    def feature_reconstruction_error(self, X):
        """Return how far each cell is from its reconstruction.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        error : ndarray of shape (n_samples, n_features)
            Squared error of each cell, in input units squared.
        """
        check_is_fitted(self)
        X = self._check_rows(X, reset=False)
        error = np.empty(X.shape, float_dtype(X))
        for chunk, squares in self._fitted.squared_errors(X):
            error[chunk] = squares
        return error

    def score(self, X, y=None):
        """Return the share of the variance of X that the codes explain.

        It grows with `n_components`; to choose that, search by a later step's score.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        y : Ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        score : float
            One minus squared error over squared deviation from the training mean, both
            in the loss's units. At most 1; higher is better.
        """
        check_is_fitted(self)
        X = self._check_rows(X, reset=False)
        error = deviation = 0.0
        for _, rows, reconstruction in self._fitted.pairs(X):
            difference = np.subtract(rows, reconstruction, dtype=np.float64)
            error += np.vdot(difference, difference)
            deviation += np.sum(np.square(rows, dtype=np.float64))
        if deviation == 0:
            return 1.0 if error == 0 else 0.0
        return float(1 - error / deviation)

    @property
    def module_(self):
        """A fresh copy of the network, for going on in torch.

        It maps rows ``(X - mean_) / scale_`` to their reconstructions in the same
        units, as its codes are (or whitened), and comes in ``eval()``. Training it
        leaves the estimator as it is.
        """
        check_is_fitted(self)
        return self._fitted.module()

    @property
    def _n_features_out(self):
        return self.n_components_

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_fitted")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _publish(self, learned):
        """Assign everything a fit learns, at once."""
        state, fitted = learned.state, learned.fitted
        judged = state.validation_losses or None
        vars(self).update(
            _fitted=fitted,
            n_components_=fitted.network["n_components"],
            mean_=fitted.codec.mean.copy(),
            scale_=fitted.codec.scale.copy(),
            explained_variance_=learned.explained_variance,
            loss_curve_=state.losses,
            validation_loss_curve_=judged,
            best_epoch_=state.best_epoch,
            best_validation_loss_=judged and judged[state.best_epoch],
            pca_validation_loss_=learned.pca_validation_loss,
            n_epochs_=len(state.losses) - 1,
        )

    def _check_rows(self, X, *, reset, input_name="X"):
        """Validate X as scikit-learn does, naming the column that is at fault."""
        require_numeric_columns(X, input_name)
        X = validate_data(
            self,
            X,
            reset=reset,
            accept_sparse="csr",
            dtype=_FLOATS if issparse(X) else "numeric",
            ensure_min_samples=2 if reset else 1,
            ensure_all_finite=False,
        )
        try:
            assert_all_finite(
                X, estimator_name=type(self).__name__, input_name=input_name
            )
        except ValueError as error:
            raise ValueError(f"{error} (column {self._bad_column(X)!r})") from None
        return X

    def _bad_column(self, X):
        if issparse(X):
            cells = X.tocoo()
            column = int(cells.col[~np.isfinite(cells.data)].min())
        else:
            column = int(np.argmin(np.isfinite(X).all(axis=0)))
        return self._column_names()[column]

    def _column_names(self):
        return _check_feature_names_in(self)


@contextlib.contextmanager
def _restored_on_error(estimator) -> Iterator[None]:
    """Leave the fitted attributes of an estimator as they were if the block raises."""
    before = _fitted_attributes(estimator)
    try:
        yield
    except BaseException:
        for name in _fitted_attributes(estimator):
            delattr(estimator, name)
        vars(estimator).update(before)
        raise


def _fitted_attributes(estimator) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(estimator).items()
        if name == "_fitted" or (name.endswith("_") and not name.startswith("_"))
    }
