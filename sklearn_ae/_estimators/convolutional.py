"""Dimensionality reduction of signals, images and video: convolutions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import ClassVar

import numpy as np

from .._sklearn import Interval, StrOptions
from .._tables import (
    check_image_shape,
    check_positive_integers,
    flatten_rows,
    read_image_shape,
)
from .base import BaseAutoencoder


@dataclass(kw_only=True, eq=False, repr=False)
class ConvolutionalAutoencoder(BaseAutoencoder):
    r"""Autoencoder of signals, images and video that starts as PCA.

    Use it where the columns of a row are samples along one to three axes, such as time
    or the two of a picture, and neighbours go together. Beside PCA's linear path

    .. math:: z = E x + e + g(x), \qquad x' = D z + d + h(z)

    :math:`g` has convolutions that halve the axes again and again and lead straight to
    the code, and :math:`h` dense layers, then convolutions that double the axes. At the
    start both are silent, and PCA is left only for an epoch that is clearly better on
    validation rows. Strong weight decay keeps few rows from being learned by heart. Of
    `hidden_layer_sizes` the decoder alone has layers.

    Rows are flattened in C order, with channels last, as ``X.reshape(len(X), -1)`` does
    it. X is also taken with its axes; what comes out is flat.

    Parameters
    ----------
    n_components : int, float or None, default=2
        Number of codes. A float in (0, 1) picks the fewest components for which PCA
        explains more than that share of the variance. None means
        ``min(n_samples, n_features)``, where a categorical column counts as many
        features as it has categories. For sparse X with more than 2,000 columns there
        can be one less, and a float is an error.

    hidden_layer_sizes : int or array-like of int, default=(256,)
        Widths of the dense hidden layers, in reverse in the decoder. With ``()`` there
        are none.

    activation : {"elu", "gelu", "logistic", "relu", "silu", "tanh"}, default="gelu"
        Activation of the hidden layers.

    init : {"pca", "random"}, default="pca"
        Weights before the first step: PCA, or random numbers. Only the first promises
        anything.

    whiten : bool, default=False
        Whether codes are divided by their deviations over the training rows.

    standardize : bool or "auto", default="auto"
        Whether each numeric column is divided by its own deviation. Otherwise all are
        divided by one number, which keeps PCA's objective. "auto" does that for numeric
        tables, and standardizes where there are categories too.

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

    channels_last : bool or "auto", default="auto"
        Whether the last number of `input_shape` counts channels. "auto" takes it so of
        three and four numbers, not of one and two: (L, C) needs True, and (T, H, W)
        False.

    channels : int or array-like of int, default=(16, 32)
        Channels of the encoder's convolutions, each of which halves every axis; the
        decoder has them in reverse.

    kernel_size : int, default=3
        Cells along each axis that a convolution sees, odd.

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
        Mean of each column's observed cells over the training rows, in input units. A
        categorical column has an entry for each of its categories, their frequencies,
        in its place.

    scale_ : ndarray of shape (n_encoded_features,)
        What the centred columns are divided by before they enter the network. For the
        indicators of a categorical column it is the root of the sum of their variances.

    explained_variance_ : ndarray of shape (`n_components_`,)
        Variance of each code over the training rows, with n - 1. It is that before
        whitening, and sums to the variance explained only where ``best_epoch_ == 0``.

    loss_curve_ : list of float of length `n_epochs_` + 1
        Training loss: the start's, then the mean over each epoch's steps. The loss is
        the mean squared error of centred and scaled cells that are not missing, noise
        included, so 1 is as bad as the mean. A category counts as one cell.

    validation_loss_curve_ : list of float of length `n_epochs_` + 1 or None
        Loss on the validation rows. Each is judged by a network that has not seen it.
        None if ``early_stopping=False``.

    best_epoch_ : int
        Epoch whose weights are kept; 0 is the start.

    best_validation_loss_ : float or None
        Validation loss of the epoch that is kept.

    pca_validation_loss_ : float or None
        PCA's loss on the validation rows, fitted without them as the start is.

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
            # Beyond that a kernel sees nothing but the padding.
            "kernel_size": min(int(self.kernel_size), 2 * max(shape[:-1]) - 1),
        }

    def _check_parameters(self):
        if self.kernel_size % 2 == 0:
            raise ValueError(
                f"kernel_size must be odd, got kernel_size={self.kernel_size}."
            )
        check_positive_integers("channels", self.channels)

    def _check_columns(self, columns):
        if not columns.is_numeric:
            raise ValueError(
                "X must hold numbers along axes, without categories, got categories in "
                f"columns {columns.non_numeric_names()}."
            )
        shape = self._shape_with_channels(len(columns.names))
        given, n_columns = self.input_shape, len(columns.names)
        check_image_shape("input_shape", given, shape, "X", n_columns)

    def _flattened(self, X):
        """Return rows without the axes that `input_shape` gives them."""
        if self.input_shape is None:
            return np.asarray(X) if isinstance(X, list | tuple) else X
        shape = self._shape_with_channels(0)
        names = {"array_name": "X", "name": "input_shape"}
        return flatten_rows(X, shape, given=self.input_shape, **names)

    def _shape_with_channels(self, n_features):
        """Return the axes of a row and, last, its channels."""
        given = n_features if self.input_shape is None else self.input_shape
        return read_image_shape("input_shape", given, self.channels_last)
