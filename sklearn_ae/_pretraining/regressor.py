"""Regression with few targets."""

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

    Use it if there are many rows but few targets. It is :class:`PretrainedClassifier`
    for numbers: rows whose target is NaN are unlabelled, the loss is the squared error,
    and the start is :class:`~sklearn.linear_model.RidgeCV` on frozen codes. With fewer
    than 10 labelled rows there is no validation and the start is kept. A row that lacks
    one of several targets is unlabelled. The default of two codes is often too few.

    Parameters
    ----------
    estimator : estimator or None, default=None
        An autoencoder, or any transformer with `inverse_transform`, such as PCA. None
        means ``AutoencoderTransformer()``. It is cloned and fitted, unless it is a
        FrozenEstimator, which is used as it is.

    head_layer_sizes : int or array-like of int, default=(64,)
        Widths of the head's hidden layers, which are added to a linear layer. ``()``
        means no hidden layers.

    head_learning_rate : float, default=0.003
        Peak of the one-cycle learning rate schedule of the head.

    encoder_learning_rate : float, default=0.001
        Peak of the encoder's schedule, for up to 64 encoded columns. For :math:`d`
        columns above 64 it is multiplied by :math:`\sqrt{64 / d}`. With 0 the encoder
        is not trained.

    swap_level : float, default=0.15
        Fraction of the cells that are replaced by the cell of the same column in
        another row of the batch while the encoder is trained, see
        :class:`DenoisingAutoencoder`.

    batch_size : int, default=64
        Number of rows in a batch.

    max_epochs : int or "auto", default="auto"
        Number of epochs. An epoch is a pass through the training rows, or through
        65,536 of them if there are more. "auto" means 70 epochs, but at least 300 steps
        and at most 1,250. With 0 the start is kept.

    weight_decay : float, default=0.0
        Decoupled weight decay, as in torch.optim.AdamW.

    early_stopping : bool, default=True
        Whether the weights of the best epoch on validation rows are kept. If False,
        those of the last epoch are kept, and nothing is guaranteed. The weights of an
        epoch are an average over the latest steps. The learning rate schedule runs to
        its end, see `n_iter_no_change`.

    labelled_validation_fraction : float, default=0.1
        Share of the labelled rows that are validation rows, at most 10,000 rows. If
        that would be fewer than 100, they are split into five parts. Each part
        validates a network that was trained on the others; then one network is trained
        on all labelled rows, for the best number of epochs. With `callbacks` or
        `n_iter_no_change`, which need a single training, the share is set aside there
        too.

    n_iter_no_change : int or None, default=None
        Number of epochs without a lower validation loss after which training stops,
        before the learning rate schedule ends. None means that all epochs are run. With
        a number, training also ends if no epoch in its first fifth is better than the
        start.

    callbacks : list of skorch callbacks or None, default=None
        Callbacks that skorch calls during training. The history has ``train_loss`` and,
        with ``early_stopping=True``, ``valid_loss``; losses of batches are added at the
        end of each epoch. There are no targets and predictions, so skorch's scoring
        callbacks take functions only.

    device : str or torch.device, default="auto"
        Device on which the network is trained. "auto" means a CUDA device if there is
        one, otherwise the CPU. `transform` runs on the CPU.

    random_state : int, RandomState instance or None, default=None
        Unless None, seeds each random state of `estimator` that is None. What else a
        fit draws depends on it, too. An int gives the same bits again on one machine,
        one set of versions and one number of threads.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator. Fine-tuning does not change it.

    n_features_in_ : int
        Number of columns seen in fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit. Defined only if X has names that are all
        strings.

    loss_curve_ : list of float of length `n_epochs_` + 1
        Training loss: that of the start, then the mean over the steps of each epoch.
        The loss is the mean squared error of targets in units of their standard
        deviations, with noise.

    validation_loss_curve_ : list of float of length `n_epochs_` + 1 or None
        Loss on the validation rows. Each row is judged by a network that was not
        trained on its target. None if there are no validation rows.

    start_validation_loss_ : float or None
        Validation loss of the start. It is ridge regression on the frozen codes of the
        other rows.

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
    sklearn.linear_model.RidgeCV : The start, on frozen codes, and enough if the target
        depends on columns linearly.

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

    def _read_targets(self, y):
        labels = read_numbers(y)
        targets = NumberTargets(labels.numbers)
        learned = {"_target": (targets.mean, targets.scale, labels.n_axes)}
        return labels.labelled, targets, learned

    def predict(self, X):
        """Return the expected numbers of rows.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        numbers : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the units of y, with as many axes as y in fit.

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
        # Few codes of many independent columns predict a target badly.
        tags.regressor_tags.poor_score = True
        return tags
