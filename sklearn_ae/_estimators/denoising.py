"""Robust features, denoising and imputation: the denoising autoencoder."""

from dataclasses import dataclass, replace
from numbers import Real
from typing import ClassVar

import numpy as np

from .._sklearn import Interval, StrOptions
from ..nn import CORRUPTIONS
from .streaming import BaseStreamingAutoencoder


@dataclass(kw_only=True, eq=False, repr=False)
class DenoisingAutoencoder(BaseStreamingAutoencoder):
    r"""Autoencoder that learns to undo corruption.

    Use it for features that change little if some cells of a row are wrong or missing,
    to denoise rows with :meth:`reconstruct`, and to fill gaps with :meth:`impute`. With
    noise :math:`q`, drawn anew for every batch and every cell, it minimizes

    .. math:: \| f(q(x)) - x \|^2

    over the network :math:`f` of :class:`AutoencoderTransformer`, which starts as PCA.
    Noise is added in training only: `transform` takes rows as they are.

    All epochs, including the start, are scored by their reconstructions of validation
    rows that were corrupted once. So on these the result is never worse than PCA
    applied to corrupted rows. Without corruption PCA may be better.

    Parameters
    ----------
    n_components : int, float or None, default=2
        Number of codes. A float in (0, 1) selects the smallest number of components
        with which PCA explains more than that share of the variance. None means
        ``min(n_samples, n_features)``; a categorical column counts as many features as
        it has categories. For sparse X with more than 2,000 columns the maximum is one
        less, and a float raises an error.

    hidden_layer_sizes : int or array-like of int, default=(256, 128)
        Widths of the dense hidden layers. The decoder has them in reverse order. ``()``
        means no hidden layers.

    activation : {"elu", "gelu", "logistic", "relu", "silu", "tanh"}, default="relu"
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

    weight_decay : float, default=0.0
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

    noise : {"swap", "masking", "gaussian"}, default="swap"
        Kind of corruption. "swap" replaces a cell by the cell of the same column in
        another row of the batch, drawn for each cell. "masking" makes a cell missing,
        and tells the network so; a categorical column counts as one cell. "gaussian"
        adds normal noise to every column, and to the indicators of categories.

    noise_level : float or tuple of two floats, default=0.15
        Fraction of the cells that are corrupted. With "gaussian" it is the standard
        deviation of the noise, in units of each column's standard deviation; where
        columns share one scale (see `standardize`), in units of that scale, ``scale_``,
        so that every pixel of a picture gets noise of the same strength. With a tuple,
        a range, each batch draws its own level. 0 gives
        :class:`AutoencoderTransformer`.

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
    AutoencoderTransformer : The same without noise.
    sklearn.decomposition.PCA : The start, and enough where columns depend on each other
        linearly.
    sklearn.impute.IterativeImputer : Fills gaps by regressing columns on each other.

    References
    ----------
    Vincent, P., Larochelle, H., Bengio, Y. and Manzagol, P.-A. (2008). Extracting and
    composing robust features with denoising autoencoders. ICML.

    Vincent, P., Larochelle, H., Lajoie, I., Bengio, Y. and Manzagol, P.-A. (2010).
    Stacked denoising autoencoders. Journal of Machine Learning Research, 11, 3371-3408.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_ae import DenoisingAutoencoder
    >>> X, _ = load_iris(return_X_y=True)
    >>> X[::7, 2] = np.nan
    >>> autoencoder = DenoisingAutoencoder(
    ...     3, noise="masking", noise_level=0.25, max_epochs=20, random_state=0
    ... )
    >>> filled = autoencoder.fit(X).impute(X)
    >>> bool(np.isnan(filled).any())
    False
    """

    noise: str = "swap"
    noise_level: float | tuple[float, float] = 0.15

    _parameter_constraints: ClassVar[dict] = {
        **BaseStreamingAutoencoder._parameter_constraints,
        "noise": [StrOptions(set(CORRUPTIONS))],
        "noise_level": [Interval(Real, 0, None, closed="left"), tuple, list],
    }

    def _recipe(self):
        return replace(super()._recipe(), noise=self._noise)

    def _noise(self, layout, generator):
        low, high = np.broadcast_to(self.noise_level, 2).tolist()
        if high == 0:
            return None
        return CORRUPTIONS[self.noise](layout, (low, high), generator=generator)

    def _check_parameters(self):
        most = np.finfo(np.float32).max if self.noise == "gaussian" else 1
        level = np.asarray(self.noise_level, dtype=object)
        bounds = level.ravel().tolist()
        valid = all(isinstance(bound, Real) and 0 <= bound <= most for bound in bounds)
        if level.shape not in {(), (2,)} or not valid or bounds != sorted(bounds):
            raise ValueError(
                f"noise_level must be a number or a range, from 0 to {most:g} with "
                f"noise={self.noise!r}, got {self.noise_level!r}."
            )
        if self.noise == "swap" and bounds[-1] > 0 and self.batch_size == 1:
            raise ValueError(
                'batch_size must be at least 2 with noise="swap", got batch_size=1.'
            )
