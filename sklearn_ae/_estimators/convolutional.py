"""Dimensionality reduction of signals, images and video by convolutions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import ClassVar

import numpy as np

from .._sklearn import Interval, StrOptions
from .._tables import (
    check_image_shape,
    check_kernel_size,
    check_positive_integers,
    fit_kernel_size,
    flatten_rows,
    read_image_shape,
)
from .base import BaseAutoencoder


@dataclass(kw_only=True, eq=False, repr=False)
class ConvolutionalAutoencoder(BaseAutoencoder):
    r"""Autoencoder of signals, images and video that starts as PCA.

    Use it if the columns of a row are samples along one to three axes, such as time or
    the two axes of a picture, and neighbours depend on each other. To PCA's linear path

    .. math:: z = E x + e + g(x), \qquad x' = D z + d + h(z)

    it adds :math:`g`, convolutions each of which halves the axes, then a linear layer
    to the code, and :math:`h`, dense layers, then convolutions that double the axes. At
    the start both are zero, and PCA is replaced only by an epoch with a significant
    gain on validation rows. Strong weight decay prevents overfitting on few rows. Only
    the decoder has dense layers of `hidden_layer_sizes`.

    Rows are flattened in C order with channels last, like ``X.reshape(len(X), -1)``. X
    may also have the axes of `input_shape`. Outputs are flat.

    Parameters
    ----------
    n_components : int, float or None, default=2
        Number of codes. A float in (0, 1) selects the smallest number of components
        with which PCA explains more than that share of the variance. None means
        ``min(n_samples, n_features)``; a categorical column counts as many features as
        it has categories. For sparse X with more than 2,000 columns the maximum is one
        less, and a float raises an error.

    hidden_layer_sizes : int or array-like of int, default=(256,)
        Widths of the dense hidden layers. The decoder has them in reverse order. ``()``
        means no hidden layers.

    activation : {"elu", "gelu", "logistic", "relu", "silu", "tanh"}, default="gelu"
        Activation of the hidden layers.

    init : {"pca", "random"}, default="pca"
        Weights before the first training step: those of PCA, or random ones. With
        "random" nothing is guaranteed.

    whiten : bool, default=False
        Whether codes are divided by their standard deviations over the training rows.

    standardize : bool or "auto", default="auto"
        Whether each numeric column is divided by its own standard deviation. If False,
        all are divided by one number, which keeps PCA's objective. "auto" means True
        for tables with categories and False for tables of numbers alone.

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

    channels_last : bool or "auto", default="auto"
        Whether the last number of `input_shape` is the number of channels. "auto" means
        True for three or four numbers: (L, C) needs True, and (T, H, W) False.

    channels : int or array-like of int, default=(16, 32)
        Numbers of channels of the encoder's convolutions, each of which halves every
        axis. The decoder has them in reverse order.

    kernel_size : int, default=3
        Width of the kernel of each convolution along every axis, odd.

    Attributes
    ----------
    n_components_ : int
        Number of codes.

    n_features_in_ : int
        Number of columns seen in fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit. Defined only if X has names that are all
        strings.

    mean_ : ndarray of shape (n_encoded_features,)
        Mean of each column over the observed cells of the training rows, in input
        units. A categorical column has one entry for each of its categories: its
        frequency.

    scale_ : ndarray of shape (n_encoded_features,)
        Divisor of each centred column before it enters the network. For the indicators
        of a categorical column it is the root of the sum of their variances.

    explained_variance_ : ndarray of shape (`n_components_`,)
        Variance of each code over the training rows, with n - 1. It is that before
        whitening. Its sum is the explained variance only if ``best_epoch_ == 0``.

    loss_curve_ : list of float of length `n_epochs_` + 1
        Training loss: that of the start, then the mean over the steps of each epoch.
        The loss is the mean squared error of centred and scaled cells that are not
        missing, with noise, so that 1 is as bad as the mean. A category counts as one
        cell.

    validation_loss_curve_ : list of float of length `n_epochs_` + 1 or None
        Loss on the validation rows. Each row is judged by a network that was not
        trained on it. None if ``early_stopping=False``.

    best_epoch_ : int
        Epoch whose weights are kept; 0 is the start.

    best_validation_loss_ : float or None
        Validation loss of the epoch that is kept.

    pca_validation_loss_ : float or None
        Loss on the validation rows of PCA, fitted without them like the start.

    n_epochs_ : int
        Number of epochs run.

    module_ : sklearn_ae.nn.Autoencoder
        A fresh copy of the network, in float32. It is linear where
        ``best_epoch_ == 0``.

    See Also
    --------
    AutoencoderTransformer : The same with dense layers, for columns in any order.
    EncoderDecoderRegressor : Pictures from other pictures.
    sklearn.decomposition.PCA : The start.

    References
    ----------
    Masci, J., Meier, U., Ciresan, D. and Schmidhuber, J. (2011). Stacked convolutional
    auto-encoders for hierarchical feature extraction. ICANN.

    Shi, W. et al. (2016). Real-time single image and video super-resolution using an
    efficient sub-pixel convolutional neural network. CVPR.

    Loshchilov, I. and Hutter, F. (2019). Decoupled weight decay regularization. ICLR.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_ae import ConvolutionalAutoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = ConvolutionalAutoencoder(
    ...     8, input_shape=(8, 8), max_epochs=2, random_state=0
    ... )
    >>> autoencoder.fit_transform(X).shape
    (1797, 8)
    >>> autoencoder.transform(X.reshape(-1, 8, 8)).shape
    (1797, 8)
    """

    hidden_layer_sizes: int | Sequence[int] = (256,)
    activation: str = "gelu"
    weight_decay: float = 1.0
    input_shape: int | Sequence[int] | None = None
    channels_last: bool | str = "auto"
    channels: int | Sequence[int] = (16, 32)
    kernel_size: int = 3

    _parameter_constraints: ClassVar[dict] = {
        **BaseAutoencoder._parameter_constraints,
        "input_shape": ["array-like", Interval(Integral, 1, None, closed="left"), None],
        "channels_last": ["boolean", StrOptions({"auto"})],
        "channels": ["array-like", Interval(Integral, 1, None, closed="left")],
        "kernel_size": [Interval(Integral, 1, None, closed="left")],
    }

    def _recipe(self):
        return replace(super()._recipe(), arguments=self._arguments)

    def _arguments(self, common):
        shape = self._shape_with_channels(common["n_features"])
        return common | {
            "input_shape": shape,
            "channels": check_positive_integers("channels", self.channels),
            "kernel_size": fit_kernel_size(self.kernel_size, shape),
        }

    def _check_parameters(self):
        check_kernel_size(self.kernel_size)
        check_positive_integers("channels", self.channels)

    def _check_columns(self, columns):
        if not columns.is_numeric:
            raise ValueError(
                "X must hold numbers along axes, without categories, got categories in "
                f"columns {columns.non_numeric_names()}."
            )
        shape = self._shape_with_channels(len(columns.names))
        check_image_shape(
            "input_shape", self.input_shape, shape, "X", len(columns.names)
        )

    def _flatten(self, X):
        """Return rows without the axes of `input_shape`."""
        if self.input_shape is None:
            return np.asarray(X) if isinstance(X, list | tuple) else X
        shape = self._shape_with_channels(0)
        names = {"array_name": "X", "name": "input_shape"}
        return flatten_rows(X, shape, given=self.input_shape, **names)

    def _shape_with_channels(self, n_features):
        """Return the axes of a row and, last, the number of its channels."""
        shape = n_features if self.input_shape is None else self.input_shape
        return read_image_shape("input_shape", shape, self.channels_last)
