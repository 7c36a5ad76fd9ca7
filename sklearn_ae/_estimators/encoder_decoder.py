"""Regression with many outputs, for instance of pictures on pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from numbers import Integral
from typing import ClassVar

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .._fitting import fit_problem
from .._sklearn import Interval, StrOptions, _fit_context
from .._training import check_checkpoint, default_torch_modes
from .mixins import DocLinkMixin, LatentFeaturesMixin, fit_transaction
from .pairs import (
    PairPersistenceMixin,
    PairRegressorMixin,
    check_pair_parameters,
    prepare_pairs,
    read_inputs,
    validate_fit_pairs,
    validate_pairs,
)
from .parameters import CategoryParameters, LayerParameters, TrainingParameters
from .sklearn_callbacks import CallbackMixin, FitTasks

_SHAPE = ["array-like", Interval(Integral, 1, None, closed="left"), None]


@dataclass(kw_only=True, eq=False, repr=False)
class EncoderDecoderRegressor(
    PairPersistenceMixin,
    TrainingParameters,
    CategoryParameters,
    LayerParameters,
    PairRegressorMixin,
    LatentFeaturesMixin,
    CallbackMixin,
    DocLinkMixin,
    BaseEstimator,
):
    r"""Regression of several outputs that starts as ridge regression.

    Use it for any table and its outputs, such as grey and coloured pictures, or noisy
    and clean ones. With :math:`E, e, D, d` linear and :math:`g, h` hidden layers,

    .. math:: z = E x + e + g(x), \qquad y = D z + d + h(z).

    At the start g and h are zero, and the network *is*
    :class:`~sklearn.linear_model.RidgeCV`, whose penalty has the lowest leave-one-out
    error. With fewer codes than inputs and outputs it is reduced-rank regression, ``B V
    V.T``: coefficients B, and leading right singular vectors V of the fitted values.
    Training lowers the squared error from there. Ridge regression without the
    validation rows is scored on them like every later epoch. Only a significant gain
    there replaces it. With ``best_epoch_ == 0`` it is kept, fitted to all rows.

    If `input_shape` and `output_shape` are given, the axes of y are those of X or a
    multiple of them, and `n_components` is None, g and h are replaced by convolutions
    from X to y that keep the axes. They apply the same weights at every place; all else
    is linear. Other pairs have dense layers.

    Rows are taken to be independent. Overlapping patches are not, nor are neighbours in
    time: then pass other rows as `X_val` and `y_val`.

    Parameters
    ----------
    n_components : int or None, default=None
        Number of codes between inputs and outputs, at most ``min(n_features,
        n_outputs)``. None means that maximum. A categorical column counts as many
        features as it has categories.

    hidden_layer_sizes : int or array-like of int, default=(256, 128)
        Widths of the dense hidden layers. The decoder has them in reverse order. ``()``
        means no hidden layers.

    activation : {"elu", "gelu", "logistic", "relu", "silu", "tanh"}, default="relu"
        Activation of the hidden layers.

    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Columns of numeric dtype that hold categories: a mask, positions or names.
        Columns of strings and of a categorical dtype hold categories in any case; in
        scikit-learn's HistGradientBoostingClassifier a list replaces that rule.

    max_categories : int or None, default=64
        Largest number of categories of a column, at least 2. If there are more, the
        rarest are merged into one, which is decoded as the most frequent of them.
        Missing cells of a categorical column count as a category. None means no limit.

    handle_unknown : {"error", "ignore", "warn"}, default="warn"
        What to do with categories that were not seen in fit: raise an error, encode
        them as none of the known ones, or do so with one warning a call.

    learning_rate : float, default=0.01
        Peak of the one-cycle learning rate schedule. Layers that output codes and
        reconstructions have a lower rate if the start leaves little unexplained.

    batch_size : int, default=256
        Number of rows in a batch.

    max_epochs : int or "auto", default="auto"
        Number of epochs. An epoch is a pass through the training rows, or through
        65,536 of them if there are more. "auto" means 70 epochs or 1,250 steps,
        whichever is less. With 0 the start is kept.

    weight_decay : float, default=1.0
        Decoupled weight decay, as in torch.optim.AdamW.

    early_stopping : bool, default=True
        Whether the weights of the best epoch on validation rows are kept. If False,
        those of the last epoch are kept, and nothing is guaranteed. The weights of an
        epoch are an average over the latest steps. If no epoch in the first fifth of
        training is better than the start, training ends and the start is kept, except
        for the small tables of `validation_fraction`. Otherwise the learning rate
        schedule runs to its end, see `n_iter_no_change`.

    validation_fraction : float, default=0.1
        Share of the rows that are validation rows, at most 10,000 rows. They take part
        in centre and scale of the columns, and above 65,536 rows in the start of
        training. Tables below 500 rows where that would be fewer than 50 are split into
        five parts. Each part validates a network that was trained on the others; then
        one network is trained on all rows, for the best number of epochs. With
        `callbacks` or `n_iter_no_change`, which need a single training, such tables
        have 50 validation rows, or a quarter of the rows if that is less.

    n_iter_no_change : int or None, default=None
        Number of epochs without a lower validation loss after which training stops,
        before the learning rate schedule ends. None means that all epochs are run.

    callbacks : list of skorch callbacks or None, default=None
        Callbacks that skorch calls during training. The history has ``train_loss`` and,
        with ``early_stopping=True``, ``valid_loss``; losses of batches are added at the
        end of each epoch. There are no targets and predictions, so skorch's scoring
        callbacks take functions only.

    device : str or torch.device, default="auto"
        Device on which the network is trained. "auto" means a CUDA device if there is
        one, otherwise the CPU. `transform` runs on the CPU.

    random_state : int, RandomState instance or None, default=None
        Determines the validation split, the initial weights of the hidden layers, the
        order of rows, and the noise. An int gives the same bits in every fit on one
        machine, with one set of versions and one number of threads.

    verbose : int, default=0
        If positive, a progress bar shows training loss, validation loss and the
        validation loss of the start. Of several trainings it shows the last.

    input_shape : int, sequence of int or None, default=None
        Axes of a row: (L,), (H, W), (H, W, C), (T, H, W, C), or (L, C) with
        ``channels_last=True``. None means that rows have one axis.

    output_shape : int, sequence of int or None, default=None
        Axes of a row of y, as in `input_shape`.

    channels_last : bool or "auto", default="auto"
        Whether the last number of `input_shape` is the number of channels. "auto" means
        True for three or four numbers: (L, C) needs True, and (T, H, W) False.

    hidden_channels : int or array-like of int, default=(32, 32)
        Numbers of channels of the hidden convolutions, which keep every axis.

    kernel_size : int, default=3
        Width of the kernel of each convolution along every axis, odd.

    alphas : array-like of float, default=(0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
        Penalties of ridge regression on scaled columns to choose from, all positive.

    standardize_inputs : bool or "auto", default="auto"
        Whether each numeric column of X is divided by its own standard deviation. If
        False, all are divided by one number. "auto" means False with `input_shape`,
        where columns are cells of one picture, and True without.

    standardize_outputs : bool, default=False
        Whether each column of y is divided by its own standard deviation, so that all
        have the same weight whatever their units. If False, training minimizes the mean
        squared error in the units of y.

    Attributes
    ----------
    n_components_ : int
        Number of codes.

    n_features_in_ : int
        Number of columns seen in fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit. Defined only if X has names that are all
        strings.

    alpha_ : float
        Penalty of the ridge regression on all rows.

    explained_variance_ : ndarray of shape (`n_components_`,)
        Variance of each code over the training rows, with n - 1.

    loss_curve_ : list of float of length `n_epochs_` + 1
        Training loss: that of the start, then the mean over the steps of each epoch.
        The loss is the mean squared error of centred and scaled outputs, so that 1 is
        as bad as the mean.

    validation_loss_curve_ : list of float of length `n_epochs_` + 1 or None
        Loss on the validation rows. Each row is judged by a network that was not
        trained on it. None if ``early_stopping=False``.

    best_epoch_ : int
        Epoch whose weights are kept; 0 is the start.

    best_validation_loss_ : float or None
        Validation loss of the epoch that is kept.

    ridge_validation_loss_ : float or None
        Loss on the validation rows of the start, fitted without them.

    n_epochs_ : int
        Number of epochs run.

    module_ : sklearn_ae.nn.Autoencoder or sklearn_ae.nn.ConvolutionalMap
        A fresh copy of the network, in float32. It is linear where
        ``best_epoch_ == 0``.

    See Also
    --------
    AutoencoderTransformer : Reconstruction of the inputs themselves.
    sklearn.linear_model.RidgeCV : The start.
    sklearn.neural_network.MLPRegressor : A network with a random start.

    References
    ----------
    Izenman, A. J. (1975). Reduced-rank regression for the multivariate linear model.
    Journal of Multivariate Analysis, 5(2), 248-264.

    Dong, C., Loy, C. C., He, K. and Tang, X. (2016). Image super-resolution using deep
    convolutional networks. IEEE Transactions on Pattern Analysis and Machine
    Intelligence, 38(2), 295-307.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_ae import EncoderDecoderRegressor
    >>> digits = load_digits().data
    >>> large = digits.reshape(-1, 8, 8)
    >>> small = large.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4))
    >>> regressor = EncoderDecoderRegressor(
    ...     input_shape=(4, 4), output_shape=(8, 8), max_epochs=2, random_state=0
    ... )
    >>> regressor.fit(small, large).predict(small).shape
    (1797, 8, 8)
    >>> bool(regressor.best_validation_loss_ <= regressor.ridge_validation_loss_)
    True
    """

    n_components: int | None = field(default=None, kw_only=False)
    weight_decay: float = 1.0
    input_shape: int | Sequence[int] | None = None
    output_shape: int | Sequence[int] | None = None
    channels_last: bool | str = "auto"
    hidden_channels: int | Sequence[int] = (32, 32)
    kernel_size: int = 3
    alphas: Sequence[float] = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
    standardize_inputs: bool | str = "auto"
    standardize_outputs: bool = False

    _parameter_constraints: ClassVar[dict] = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        **LayerParameters._parameter_constraints,
        **CategoryParameters._parameter_constraints,
        **TrainingParameters._parameter_constraints,
        "input_shape": _SHAPE,
        "output_shape": _SHAPE,
        "channels_last": ["boolean", StrOptions({"auto"})],
        "hidden_channels": _SHAPE[:2],
        "kernel_size": [Interval(Integral, 1, None, closed="left")],
        "alphas": ["array-like"],
        "standardize_inputs": ["boolean", StrOptions({"auto"})],
        "standardize_outputs": ["boolean"],
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, *, X_val=None, y_val=None, checkpoint=None):
        """Learn outputs from inputs.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, ...)
            Inputs, at least two rows, flat or with the axes of `input_shape`: numbers,
            and in dataframes categories. Cells may be missing (NaN, None, pandas.NA).

        y : array-like of shape (n_samples, ...)
            Outputs: numbers, rows of them, or with the axes of `output_shape`.

        X_val : {array-like, sparse matrix, dataframe} of shape (n_val, ...), \
                default=None
            Inputs of validation rows, instead of a share of X.

        y_val : array-like of shape (n_val, ...), default=None
            Their outputs.

        checkpoint : str or path-like, default=None
            File that is written at the end of every epoch, from which an interrupted
            fit is resumed, see :meth:`AutoencoderTransformer.fit`.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X and y differ in length or do not fit their shapes, y holds NaN, X or y
            holds infinity, `n_components` is too large, `checkpoint` belongs to another
            fit, or the loss turns non-finite. The estimator stays as it was.

        OSError
            If `checkpoint` can't be read or written.
        """
        check_pair_parameters(self, X_val, y_val)
        check_checkpoint(checkpoint, self.callbacks)
        tasks = FitTasks(self, X, y)
        with fit_transaction(self, tasks) as outcome:
            columns, pairs, axes = validate_fit_pairs(self, X, y)
            validation = validate_pairs(self, X_val, y_val, columns, pairs)
            with default_torch_modes():
                assign = partial(type(self)._assign_result, axes=axes)
                observe = partial(tasks.observe, "fit", assign)
                prepared = prepare_pairs(self, columns, pairs, validation, checkpoint)
                result = fit_problem(*prepared, observe)
            self._assign_result(result, axes)
            outcome.interruption = result.state.interruption
        return self

    def predict(self, X):
        """Return the outputs of X.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, ...)
            Rows with the columns seen in fit.

        Returns
        -------
        y : ndarray of shape (n_samples, ...)
            Outputs, with the axes that y had in fit; float32 for float32 rows.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        check_is_fitted(self)
        outputs = self._fitted.predict(self._validate_rows(X))
        return outputs.reshape(len(outputs), *self._output_axes)

    def transform(self, X):
        """Return the codes of X.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, ...)
            Rows with the columns seen in fit.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components)
            Ordered by variance, in the units of y (in its standard deviations with
            ``standardize_outputs=True``). With convolutions only the linear part of the
            outputs depends on them.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        check_is_fitted(self)
        return self._fitted.network.encode(self._validate_rows(X))

    @property
    def module_(self):
        """A fresh copy of the network in ``eval()``, for use in torch.

        It maps centred and scaled rows, NaN where missing, to scaled outputs.
        """
        check_is_fitted(self)
        return self._fitted.network.module()

    def _assign_result(self, result, axes):
        """Assign all fitted attributes at once."""
        vars(self).update(
            _fitted=result.fitted,
            _output_axes=axes,
            explained_variance_=result.explained_variance,
            ridge_validation_loss_=result.start_loss,
            **result.state.attributes(),
            **result.attributes,
        )
        self._assign_derived()

    def _validate_rows(self, X):
        return read_inputs(self, X, self._fitted.columns)
