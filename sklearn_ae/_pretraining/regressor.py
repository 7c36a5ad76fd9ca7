"""Numbers from few targets."""

from dataclasses import dataclass
from typing import ClassVar

from sklearn.base import RegressorMixin

from .._persistence import Array, OneOf, TupleOf
from .._tables import read_numbers
from .base_pretrained import BasePretrained
from .targets import NumberTargets


@dataclass(kw_only=True, eq=False, repr=False)
class PretrainedRegressor(RegressorMixin, BasePretrained):
    r"""Regressor for few targets: codes of all rows, fine-tuned on labelled ones.

    Use it where rows are many and targets few or dear. It is
    :class:`PretrainedClassifier` for numbers: rows whose target is NaN are unlabelled,
    the loss is the squared error, and the start is
    :class:`~sklearn.linear_model.RidgeCV` on frozen codes. With fewer than 10 labelled
    rows there is no validation and the start is kept. Of several targets a row has all
    or is unlabelled. Two codes, as by default, are few.

    Parameters
    ----------
    estimator : estimator or None, default=None
        An autoencoder, or any transformer with `inverse_transform`, such as PCA. None
        means ``AutoencoderTransformer()``. It is cloned and fitted, unless it is a
        FrozenEstimator, which is used as it is.

    head_layer_sizes : int or array-like of int, default=(64,)
        Widths of the head's hidden layers, beside which it is linear. With ``()`` there
        are none.

    head_learning_rate : float, default=0.003
        Peak of the one-cycle learning rate schedule of the head.

    encoder_learning_rate : float, default=0.001
        That of the encoder, for up to 64 encoded columns. For :math:`d` of them, more
        than 64, it is times :math:`\sqrt{64 / d}`. With 0 the encoder stays as it is.

    swap_level : float, default=0.15
        Fraction of the cells that, while the encoder is trained, take the value that
        their column has in another row of the batch, see :class:`DenoisingAutoencoder`.

    batch_size : int, default=64
        Rows a step.

    max_epochs : int or "auto", default="auto"
        Number of epochs, each a pass through the training rows or 65,536 of them,
        whichever is less. "auto" means 70 epochs, but at least 300 steps and at most
        1,250. With 0 the start is kept.

    weight_decay : float, default=0.0
        Decoupled weight decay: a step takes this share, times its rate, of the weights.

    early_stopping : bool, default=True
        Whether the epoch that does best on validation rows is kept. Otherwise the last
        one is, and nothing is promised. Either way its weights are an average of the
        latest steps. The learning rate schedule runs to its end, but see
        `n_iter_no_change`.

    labelled_validation_fraction : float, default=0.1
        Share of the labelled rows that is set aside for validation, at most 10,000. If
        that would be fewer than 100, there are five parts, each of which judges a
        network trained on the others; then one is trained on all labelled rows, for the
        number of epochs that was best. With `callbacks` or patience, which watch one
        training, the share is set aside there too.

    n_iter_no_change : int or None, default=None
        Number of epochs without a lower validation loss after which training stops.
        None runs them all; stopping cuts the learning rate schedule short. With a
        number training also ends if no epoch of the first fifth does better than the
        start.

    callbacks : list of skorch callbacks or None, default=None
        Called during training by skorch. The history has ``train_loss`` and, with
        ``early_stopping=True``, ``valid_loss``; a batch's losses are there at the end
        of its epoch. There are no targets and predictions, so skorch's scoring
        callbacks take functions only.

    device : str or torch.device, default="auto"
        Where the network is trained. "auto" takes a CUDA device if there is one.
        `transform` runs on the CPU.

    random_state : int, RandomState instance or None, default=None
        Unless None, seeds each random state of `estimator` that is None. What else a
        fit draws depends on it, too. An int gives the same bits again on one machine,
        one set of versions and one number of threads.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator. It is as it was before fine-tuning.

    n_features_in_ : int
        Number of columns seen in fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit. Defined only if X has names that are all
        strings.

    loss_curve_ : list of float of length `n_epochs_` + 1
        Training loss: the start's, then the mean over each epoch's steps. The loss is
        the mean squared error of targets, in their deviations, noise included.

    validation_loss_curve_ : list of float of length `n_epochs_` + 1 or None
        Loss on the validation rows. Each is judged by a network that was not trained on
        its label. None if there are no such rows.

    start_validation_loss_ : float or None
        Validation loss of the start. It is that of ridge regression on the frozen codes
        of the other rows.

    best_validation_loss_ : float or None
        Validation loss of the epoch that is kept.

    best_epoch_ : int
        Epoch whose weights are kept; 0 is the start.

    n_epochs_ : int
        Number of epochs run.

    See Also
    --------
    PretrainedClassifier : The same for classes.
    AutoencoderTransformer : The codes.
    sklearn.linear_model.RidgeCV : The start, on frozen codes, and enough where columns
        tell the target linearly.

    References
    ----------
    Erhan, D., Bengio, Y., Courville, A., Manzagol, P.-A., Vincent, P. and Bengio, S.
    (2010). Why does unsupervised pre-training help deep learning? Journal of Machine
    Learning Research, 11, 625-660.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_ae import AutoencoderTransformer, PretrainedRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> few = np.where(np.arange(len(y)) < 40, y, np.nan)
    >>> autoencoder = AutoencoderTransformer(5, max_epochs=5)
    >>> regressor = PretrainedRegressor(autoencoder, max_epochs=5, random_state=0)
    >>> regressor.fit(X, few).predict(X[:2]).shape
    (2,)
    """

    _schema: ClassVar[dict] = {
        **BasePretrained._schema,
        # Mean and scale of the head's outputs, and the number of axes of y.
        "_target": TupleOf(
            Array(("n_outputs",)), Array(("n_outputs",), "> 0"), OneOf({1, 2})
        ),
    }

    def _check_fitted(self):
        super()._check_fitted()
        mean, _, n_axes = self._target
        if n_axes == 1 != len(mean):
            raise ValueError(f"y with one axis must have one output, got {len(mean)}.")

    def _read(self, y):
        labels = read_numbers(y)
        targets = NumberTargets(labels.numbers)
        learned = {"_target": (targets.mean, targets.scale, labels.n_axes)}
        return labels.labelled, targets, learned

    def predict(self, X):
        """Return the numbers that rows are expected to have.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        numbers : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Of the shape of y in fit, in its units.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        numbers = self._scores(X)
        mean, scale, n_axes = self._target
        numbers = numbers * scale + mean
        return numbers[:, 0] if n_axes == 1 else numbers

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        # Few codes of many independent columns tell little of any one of them.
        tags.regressor_tags.poor_score = True
        return tags
