"""Dimensionality reduction: the plain autoencoder."""

from dataclasses import dataclass

from .streaming import BaseStreamingAutoencoder


@dataclass(kw_only=True, eq=False, repr=False)
class AutoencoderTransformer(BaseStreamingAutoencoder):
    r"""Nonlinear dimensionality reduction that starts as PCA.

    Use it where :class:`~sklearn.decomposition.PCA` stands, when as few codes as
    possible should keep as much of a table as possible, for pictures of data in two
    dimensions or as features for a later step. With :math:`E, e, D, d` linear and
    :math:`g, h` hidden layers,

    .. math:: z = E x + e + g(x), \qquad x' = D z + d + h(z).

    At the start E and D hold PCA's components and g and h are silent, so the network
    *is* PCA. Training lowers the squared error from there. PCA is scored on validation
    rows like every later epoch, and it is left only for an epoch whose gain there is
    clear; ``best_epoch_ == 0`` says that PCA was the best to be had.

    While it trains, inputs are blurred by uniform noise of the size of what is still
    unexplained, which goes to zero towards the end, so that small tables are not
    learned by heart; products of large networks are in bfloat16 where the processor
    has them. Rows count as independent: of repeated measurements, or of neighbours in
    time, hand over other groups as `X_val`.

    Parameters
    ----------
    n_components : int, float or None, default=2
        Number of codes. A float in (0, 1) picks the fewest components for which PCA
        explains more than that share of the variance. None means
        ``min(n_samples, n_features)``, where a categorical column counts as many
        features as it has categories. For sparse X with more than 2,000 columns there
        can be one less, and a float is an error.

    hidden_layer_sizes : int or array-like of int, default=(256, 128)
        Widths of the dense hidden layers, in reverse in the decoder. With ``()`` there
        are none.

    activation : {"elu", "gelu", "logistic", "relu", "silu", "tanh"}, default="relu"
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

    weight_decay : float, default=0.0
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
