"""Nonlinear dimensionality reduction: the plain autoencoder."""

from dataclasses import dataclass

from .streaming import BaseStreamingAutoencoder


@dataclass(kw_only=True, eq=False, repr=False)
class AutoencoderTransformer(BaseStreamingAutoencoder):
    r"""Nonlinear dimensionality reduction that starts as PCA.

    Use it in the place of :class:`~sklearn.decomposition.PCA`, when few codes should
    keep as much of a table as possible: for plots of data in two dimensions, or as
    features for a later step. With :math:`E, e, D, d` linear and :math:`g, h` hidden
    layers,

    .. math:: z = E x + e + g(x), \qquad x' = D z + d + h(z).

    At the start E and D hold PCA's components and g and h are zero, so the network *is*
    PCA. Training lowers the squared error from there. PCA is scored on validation rows
    like every later epoch, and is replaced only by an epoch with a significant gain
    there. ``best_epoch_ == 0`` means that PCA is kept.

    Training adds uniform noise to inputs, as large as the error that is left, against
    overfitting on small tables. It goes to zero towards the end. Matrix products of
    large networks are in bfloat16 where the processor supports it. Rows are taken to be
    independent: if there are repeated measurements or neighbours in time, pass rows of
    other groups as `X_val`.

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
    DenoisingAutoencoder : Codes that hold up when cells are wrong or missing.
    SparseAutoencoder : Codes that are mostly zero.
    VariationalAutoencoder : A density of rows, which draws new ones.
    ConvolutionalAutoencoder : Codes of signals, images and video.
    sklearn.decomposition.PCA : The start, and enough where columns depend on each other
        linearly.
    sklearn.decomposition.KernelPCA : Nonlinear codes with an approximate inverse, for
        small tables.

    References
    ----------
    Hinton, G. E. and Salakhutdinov, R. R. (2006). Reducing the dimensionality of data
    with neural networks. Science, 313(5786), 504-507.

    Shamir, O. and Zhang, T. (2013). Stochastic gradient descent for non-smooth
    optimization: convergence results and optimal averaging schemes. ICML.

    Smith, L. N. and Topin, N. (2019). Super-convergence: very fast training of neural
    networks using large learning rates. Proc. SPIE 11006.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_ae import AutoencoderTransformer
    >>> X, _ = load_iris(return_X_y=True)
    >>> autoencoder = AutoencoderTransformer(2, max_epochs=20, random_state=0)
    >>> codes = autoencoder.fit_transform(X)
    >>> codes.shape
    (150, 2)
    >>> autoencoder.inverse_transform(codes).shape
    (150, 4)
    >>> autoencoder.reconstruction_error(X).shape
    (150,)
    >>> autoencoder.feature_reconstruction_error(X).shape
    (150, 4)
    >>> bool(autoencoder.best_validation_loss_ <= autoencoder.pca_validation_loss_)
    True
    """
