"""Regression of rows on rows: pictures on pictures, or any table of outputs."""

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
from .pair_recipe import prepare_pairs
from .pairs import (
    PairPersistenceMixin,
    PairRegressorMixin,
    check_pair_parameters,
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

    Use it for pairs: grey pictures and coloured ones, small and large, noisy and clean,
    or any table and its outputs. With :math:`E, e, D, d` linear and :math:`g, h` hidden
    layers,

    .. math:: z = E x + e + g(x), \qquad y = D z + d + h(z).

    At the start g and h are silent, and the network *is* scikit-learn's
    :class:`~sklearn.linear_model.RidgeCV`, whose penalty has the least squared error of
    rows left out. With `n_components` below what inputs and outputs allow it is
    reduced-rank regression, ``B V V.T``: the coefficients B, and the leading right
    singular vectors V of the fitted values. Training lowers the squared error from
    there. Ridge regression without the validation rows is scored on them like every
    later epoch, and left only for an epoch whose gain there is clear. With
    ``best_epoch_ == 0`` it is kept, as fitted to all rows.

    With `input_shape` and `output_shape`, if the axes of y are those of X or a multiple
    of them and `n_components` is None, convolutions that keep the axes stand in the
    place of g and h and lead straight from X to y. What they learn of one place serves
    all others; what is global is linear. Other pairs have dense layers.

    Rows count as independent. Patches that overlap are not, nor are neighbours in time:
    hand over others, from elsewhere, as `X_val` and `y_val`.

    Parameters
    ----------
    n_components : int or None, default=None
        Number of codes between inputs and outputs, at most ``min(n_features,
        n_outputs)``, which None means. A categorical column counts as many features as
        it has categories.

    hidden_layer_sizes : int or array-like of int, default=(256, 128)
        Widths of the dense hidden layers, in reverse in the decoder. With ``()`` there
        are none.

    activation : {"elu", "gelu", "logistic", "relu", "silu", "tanh"}, default="relu"
        Activation of the hidden layers.

    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Columns that hold categories although their dtype is numeric: a mask, positions
        or names. Columns of strings and of a categorical dtype always do; in
        scikit-learn's HistGradientBoostingClassifier a list replaces that rule.

    max_categories : int or None, default=64
        Most categories of a column that are told apart, at least 2. The rarest beyond
        them count as one, which is decoded as the commonest of them. Missing cells of a
        categorical column count as a category. None means no limit.

    handle_unknown : {"error", "ignore", "warn"}, default="warn"
        What to do about categories that were not seen in fit. Unless it is an error,
        they are encoded as none of those seen, and "warn" says so once a call.

    learning_rate : float, default=0.01
        Peak of the one-cycle learning rate schedule. Layers that write codes and
        reconstructions step in proportion to what the start leaves unexplained.

    batch_size : int, default=256
        Rows a step.

    max_epochs : int or "auto", default="auto"
        Number of epochs, each a pass through the training rows or 65,536 of them,
        whichever is less. "auto" means 70 epochs or 1,250 steps, whichever is less.
        With 0 the start is kept.

    weight_decay : float, default=1.0
        Decoupled weight decay: a step takes this share, times its rate, of the weights.

    early_stopping : bool, default=True
        Whether the epoch that does best on validation rows is kept. Otherwise the last
        one is, and nothing is promised. Either way its weights are an average of the
        latest steps. If no epoch of the first fifth does better than the start,
        training ends there (but for the small tables below) and the start is kept.
        Otherwise the learning rate schedule runs to its end, see `n_iter_no_change`.

    validation_fraction : float, default=0.1
        Share of the rows that is set aside for validation, at most 10,000. They take
        part in the centre and the scale, and beyond 65,536 rows in the start of
        training. Tables below 500 rows of which that would be fewer than 50 have five
        parts, each of which judges a network trained on the others; then one is trained
        on all rows, for the number of epochs that was best. With `callbacks` or
        patience, which watch one training, 50 rows are set aside there, or a quarter.

    n_iter_no_change : int or None, default=None
        Number of epochs without a lower validation loss after which training stops.
        None runs them all; stopping cuts the learning rate schedule short.

    callbacks : list of skorch callbacks or None, default=None
        Called during training by skorch. The history has ``train_loss`` and, with
        ``early_stopping=True``, ``valid_loss``; a batch's losses are there at the end
        of its epoch. There are no targets and predictions, so skorch's scoring
        callbacks take functions only.

    device : str or torch.device, default="auto"
        Where the network is trained. "auto" takes a CUDA device if there is one.
        `transform` runs on the CPU.

    random_state : int, RandomState instance or None, default=None
        Determines the validation split, the hidden layers' first weights, the order of
        rows, and the noise. An int gives the same bits again on one machine, one set of
        versions and one number of threads.

    verbose : int, default=0
        With a positive number, a progress bar shows training and validation loss beside
        the start's. Of several trainings it shows the last.

    input_shape : int, sequence of int or None, default=None
        Axes of a row: (L,), (H, W), (H, W, C), (T, H, W, C), or (L, C) with
        ``channels_last=True``. None means that rows have no more than one axis.

    output_shape : int, sequence of int or None, default=None
        The same of a row of y.

    channels_last : bool or "auto", default="auto"
        Whether the last number of `input_shape` counts channels. "auto" takes it so of
        three and four numbers, not of one and two: (L, C) needs True, and (T, H, W)
        False.

    hidden_channels : int or array-like of int, default=(32, 32)
        Channels of the hidden convolutions, which keep every axis.

    kernel_size : int, default=3
        Cells along each axis that a convolution sees, odd.

    alphas : array-like of float, default=(0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
        Positive penalties of ridge regression on scaled columns, to choose from.

    standardize_inputs : bool or "auto", default="auto"
        Whether each numeric column of X is divided by its own deviation. Otherwise all
        are divided by one number. "auto" does that where `input_shape` says that they
        are cells of one picture, and standardizes all others.

    standardize_outputs : bool, default=False
        Whether each column of y is divided by its own deviation, so that all count
        alike whatever their units. Otherwise what is minimized is the mean squared
        error in the units of y.

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
        Training loss: the start's, then the mean over each epoch's steps. The loss is
        the mean squared error of centred and scaled outputs; 1 is as bad as the mean.

    validation_loss_curve_ : list of float of length `n_epochs_` + 1 or None
        Loss on the validation rows. Each is judged by a network that has not seen it.
        None if ``early_stopping=False``.

    best_epoch_ : int
        Epoch whose weights are kept; 0 is the start.

    best_validation_loss_ : float or None
        Validation loss of the epoch that is kept.

    ridge_validation_loss_ : float or None
        The start's loss on the validation rows, fitted without them.

    n_epochs_ : int
        Number of epochs run.

    module_ : sklearn_ae.nn.Autoencoder or sklearn_ae.nn.ConvolutionalMap
        A fresh copy of the network, in float32. It is linear where
        ``best_epoch_ == 0``.

    See Also
    --------
    AutoencoderTransformer : Rows from themselves.
    sklearn.linear_model.RidgeCV : The start.
    sklearn.neural_network.MLPRegressor : A network without it.

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
            File that is written at the end of every epoch, and that a fit which was cut
            off goes on from, see :meth:`AutoencoderTransformer.fit`.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X and y differ in length or do not fit their shapes, y holds NaN, X or y
            infinity, `n_components` is too large, `checkpoint` is not of this fit, or
            the loss turns non-finite. The estimator is left as it was.

        OSError
            If `checkpoint` can't be read or written.
        """
        check_pair_parameters(self, X_val, y_val)
        check_checkpoint(checkpoint, self.callbacks)
        tasks = FitTasks(self, X, y)
        with fit_transaction(self, tasks) as outcome:
            columns, pairs, axes = validate_fit_pairs(self, X, y)
            judged = validate_pairs(self, X_val, y_val, columns, pairs)
            with default_torch_modes():
                publish = partial(type(self)._publish, axes=axes)
                observe = partial(tasks.observe, "fit", publish)
                prepared = prepare_pairs(self, columns, pairs, judged, checkpoint)
                result = fit_problem(*prepared, observe)
            self._publish(result, axes)
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
        outputs = self._fitted.predict(self._rows_of(X))
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
            What the outputs are made of, ordered by variance, in the units of y (in its
            deviations with ``standardize_outputs=True``). With convolutions they are
            made of it linearly, and the rest comes straight from X.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        check_is_fitted(self)
        return self._fitted.network.encode(self._rows_of(X))

    @property
    def module_(self):
        """A fresh copy of the network in ``eval()``, for going on in torch.

        It maps centred and scaled rows, NaN where missing, to scaled outputs.
        """
        check_is_fitted(self)
        return self._fitted.network.module()

    def _publish(self, result, axes):
        """Assign everything a fit learns, at once."""
        vars(self).update(
            _fitted=result.fitted,
            _output_axes=axes,
            n_components_=len(result.explained_variance),
            explained_variance_=result.explained_variance,
            ridge_validation_loss_=result.start_loss,
            **result.state.attributes(),
            **result.attributes,
        )

    def _rows_of(self, X):
        return read_inputs(self, X, self._fitted.columns)
