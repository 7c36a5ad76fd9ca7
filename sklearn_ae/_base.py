"""The scikit-learn contract of every autoencoder, once."""

import contextlib
import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils import assert_all_finite, check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from ._axes import principal_axes, start_axes, turned_arrays
from ._fitted import FittedAutoencoder
from ._frames import require_numeric_columns
from ._random import RandomStreams
from ._rows import EPOCH_ROWS, Batches, row_source
from ._sklearn import (
    Interval,
    RealNotInt,
    StrOptions,
    _check_feature_names_in,
    _fit_context,
)
from ._start import LinearStart, component_limit, pca_start, resolve_n_components
from ._tables import fit_numeric_codec
from ._training import TrainingSettings, fit_network, row_losses
from .nn import ACTIVATIONS, Autoencoder, reconstruction_loss

_MAX_VALIDATION_ROWS = 10_000
_NOTHING_LEFT = 1e-10  # share of the variance
_MAX_STEPS = 2_500
_STEPS_PER_ROOT_ROW = 60
_FLOATS = (np.float64, np.float32)


@dataclass(kw_only=True, eq=False, repr=False)
class BaseAutoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Base of all autoencoders: parameters, fit, transform and scores.

    A subclass builds its network and its objective in `_build`.
    """

    n_components: int | float | None = field(default=2, kw_only=False)
    hidden_layer_sizes: Sequence[int] = (256, 128)
    activation: str = "relu"
    init: str = "pca"
    whiten: bool = False
    standardize: bool | str = "auto"
    learning_rate: float = 3e-3
    batch_size: int = 128
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
        "callbacks": ["array-like", None],
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
                X_val = self._check_rows(X_val, reset=False)
            interruption = self._fit_rows(X, X_val)
        if interruption is not None:
            raise interruption
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
            Centred on the training rows and ordered by variance, in input units
            (in the columns' deviations with ``standardize=True``).
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
        error = np.empty(X.shape[0], X.dtype)
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
        error = np.empty(X.shape, X.dtype)
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
        units; training it leaves the estimator as it is.
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

    def _fit_rows(self, X, X_val):
        """Fit validated rows, publish what was learned, and return Ctrl-C if any."""
        streams = RandomStreams(self.random_state)
        device = _resolve_device(self.device)
        codec = fit_numeric_codec(
            X,
            standardize=self.standardize is True,
            feature_names=self._column_names(),
        )
        n_components = resolve_n_components(self.n_components, X, self.init)
        start = pca_start(
            X, codec, min(n_components, component_limit(X)), streams.integer("start")
        )
        network = {
            "n_features": X.shape[1],
            "n_components": _count(n_components, start),
            "hidden_layer_sizes": _layer_sizes(self.hidden_layer_sizes),
            "activation": self.activation,
        }
        rows = row_source(X, codec, device)
        index, validation = self._split(rows, X_val, codec, device, streams)
        module, objective = self._build(network, streams.torch("weights"))
        if self.init == "pca":
            start.apply_to(module)
        state = fit_network(
            module.to(device),
            objective,
            rows,
            index,
            validation,
            self._settings(module, start, len(index), validation, device),
            streams.torch("batches"),
        )
        fitted, variance = self._finish(module, network, start, state, codec, rows)
        self._publish(
            fitted, variance, state, self._pca_loss(start, state, validation, device)
        )
        return state.interruption

    def _split(self, rows, X_val, codec, device, streams):
        """Return the training rows' index, and (rows, index) for validation or None."""
        n_rows = len(rows)
        if not self.early_stopping:
            return torch.arange(n_rows), None
        if X_val is not None:
            judged = row_source(X_val, codec, device)
            return torch.arange(n_rows), (judged, torch.arange(len(judged)))
        n_judged = math.ceil(self.validation_fraction * n_rows)
        n_judged = min(n_judged, _MAX_VALIDATION_ROWS, n_rows - 1)
        order = torch.from_numpy(streams.numpy("split").permutation(n_rows))
        return order[n_judged:], (rows, order[:n_judged])

    def _settings(self, module, start, n_train, validation, device):
        from_pca = self.init == "pca"
        share = start.unexplained_share if from_pca else 1.0
        settled = from_pca and (
            share < _NOTHING_LEFT
            or module.residual_encoder is None
            or (validation is not None and len(validation[1]) < 2)
        )
        return TrainingSettings(
            learning_rate=self.learning_rate,
            learning_rate_scales=module.learning_rate_scales(math.sqrt(share)),
            batch_size=self.batch_size,
            max_epochs=0 if settled else self._n_epochs(n_train),
            weight_decay=self.weight_decay,
            n_iter_no_change=self.n_iter_no_change,
            min_gain=2.0 if from_pca else 0.0,
            loss_unit=share or 1.0,
            callbacks=self.callbacks or (),
            device=device,
            verbose=self.verbose,
        )

    def _n_epochs(self, n_train):
        """Return `max_epochs`, or the epochs that hold the budget of steps."""
        if self.max_epochs != "auto":
            return self.max_epochs
        steps = min(_MAX_STEPS, _STEPS_PER_ROOT_ROW * math.sqrt(n_train))
        return math.ceil(steps / math.ceil(min(n_train, EPOCH_ROWS) / self.batch_size))

    def _finish(self, module, network, start, state, codec, rows):
        """Return the fitted autoencoder and its codes' variances."""
        if state.best_epoch == 0 and self.init == "pca":
            network = network | {"hidden_layer_sizes": ()}
            linear = Autoencoder(**network).double()
            start.apply_to(linear)
            axes = start_axes(start, codec.code_unit, whiten=self.whiten)
            arrays = turned_arrays(linear, axes)
            return FittedAutoencoder(codec, network, arrays), axes.variance
        module.load_state_dict(state.weights)
        axes = principal_axes(module, rows, codec.code_unit, whiten=self.whiten)
        arrays = {
            name: array.astype(np.float32)
            for name, array in turned_arrays(module, axes).items()
        }
        return FittedAutoencoder(codec, network, arrays), axes.variance

    def _pca_loss(self, start, state, validation, device):
        """Return PCA's loss on the validation rows."""
        if validation is None:
            return None
        if self.init == "pca":
            return state.validation_losses[0]
        n_components, n_features = start.components.shape
        linear = Autoencoder(n_features, n_components, ()).to(device)
        start.apply_to(linear)
        judged = Batches(*validation, _MAX_VALIDATION_ROWS)
        return row_losses(linear, reconstruction_loss, judged).mean().item()

    def _publish(self, fitted, variance, state, pca_loss):
        """Assign everything a fit learns, at once."""
        judged = state.validation_losses or None
        vars(self).update(
            _fitted=fitted,
            n_components_=fitted.network["n_components"],
            mean_=fitted.codec.mean,
            scale_=fitted.codec.scale,
            explained_variance_=variance,
            loss_curve_=state.losses,
            validation_loss_curve_=judged,
            best_epoch_=state.best_epoch,
            best_validation_loss_=judged and judged[state.best_epoch],
            pca_validation_loss_=pca_loss,
            n_epochs_=len(state.losses) - 1,
        )

    def _check_rows(self, X, *, reset):
        """Validate X as scikit-learn does, naming the column that is at fault."""
        require_numeric_columns(X)
        X = validate_data(
            self,
            X,
            reset=reset,
            accept_sparse="csr",
            dtype=_FLOATS,
            ensure_min_samples=2 if reset else 1,
            ensure_all_finite=False,
        )
        try:
            assert_all_finite(X, estimator_name=type(self).__name__, input_name="X")
        except ValueError as error:
            raise ValueError(f"{error} (column {self._bad_column(X)!r})") from None
        return X

    def _bad_column(self, X):
        if hasattr(X, "tocoo"):
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


def _resolve_device(device) -> torch.device:
    if device != "auto":
        return torch.device(device)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _layer_sizes(hidden_layer_sizes) -> tuple[int, ...]:
    sizes = tuple(np.atleast_1d(np.asarray(hidden_layer_sizes, dtype=object)))
    for size in sizes:
        if not isinstance(size, Integral) or size < 1:
            raise ValueError(
                "hidden_layer_sizes must be integers of at least 1, got "
                f"{hidden_layer_sizes!r}."
            )
    return tuple(int(size) for size in sizes)


def _count(n_components, start: LinearStart) -> int:
    if isinstance(n_components, Integral):
        return int(n_components)
    return len(start.components)
