"""Classification with few labels."""

from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import ClassifierMixin

from .._persistence import Condition, Context
from .._sklearn import Interval, StrOptions
from .._tables import read_classes
from .base_pretrained import BasePretrained
from .targets import ClassTargets


def _are_classes(classes: Any, context: Context) -> bool:
    if not isinstance(classes, np.ndarray) or classes.ndim != 1:
        return False
    plain = all(isinstance(label, str | int | float) for label in classes.tolist())
    n_outputs = 1 if len(classes) == 2 else len(classes)
    fits = n_outputs == context["n_outputs"]
    return plain and fits and np.array_equal(np.unique(classes), classes)


@dataclass(kw_only=True, eq=False, repr=False)
class PretrainedClassifier(ClassifierMixin, BasePretrained):
    r"""Classifier for few labels: codes of all rows, fine-tuned on labelled ones.

    Use it if there are many rows but few labels. `estimator`, an autoencoder, learns
    codes from all rows, labelled or not. A head on the codes learns the classes. Then
    head and encoder are trained together on the labelled rows, the encoder with a
    smaller learning rate. With codes :math:`u`, centred and divided by one number, and
    hidden layers :math:`h` that are zero at the start, scores are

    .. math:: f(x) = W u(x) + b + h(u(x)).

    The start is :class:`~sklearn.linear_model.LogisticRegression` on frozen codes, with
    the same `class_weight`. Training lowers the cross-entropy from there. On unlabelled
    rows it makes predictions for noisy rows agree with those for the same rows without
    noise. The start is scored on labelled validation rows like every later epoch, by
    the Brier score, and is replaced only by an epoch with a significant gain there.
    With fewer than 5 labels a class on average there is no validation and the start is
    kept, ``best_epoch_ == 0``. A row that is the only one of its class is always a
    training row. Of every other class the same share are validation rows.

    Unlabelled rows have -1 among integer classes, None or NaN among other classes;
    booleans are always labels. If -1 and 1 are the only integers, they are two classes.

    By default :class:`AutoencoderTransformer` has two codes: pass one with as many
    codes as the labels may need. For a transformer that is not an autoencoder of this
    package, only the head is trained.

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

    class_weight : dict, "balanced" or None, default=None
        Weights of classes in the loss, by class. With "balanced" they are inversely
        proportional to the numbers of labels. None means equal weights.

    unlabelled_weight : float, default=1.0
        Weight of unlabelled rows in the loss while the encoder is trained with noise.
        Their loss is the cross-entropy of the noisy row with the class that the network
        gives the clean row, if its probability is above 0.95. With 0 only labelled rows
        are used.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator. Fine-tuning does not change it.

    classes_ : ndarray of shape (n_classes,)
        Classes, in sorted order.

    n_features_in_ : int
        Number of columns seen in fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit. Defined only if X has names that are all
        strings.

    loss_curve_ : list of float of length `n_epochs_` + 1
        Training loss: that of the start, then the mean over the steps of each epoch.
        The loss is the cross-entropy in nats times class weights, with noise.

    validation_loss_curve_ : list of float of length `n_epochs_` + 1 or None
        Loss on the validation rows. It is the Brier score times class weights. Each row
        is judged by a network that was not trained on its label. None if there are no
        validation rows.

    start_validation_loss_ : float or None
        Validation loss of the start. It is logistic regression on the frozen codes of
        the other rows.

    best_validation_loss_ : float or None
        Validation loss of the epoch that is kept.

    best_epoch_ : int
        Epoch whose weights are kept; 0 is the start.

    n_epochs_ : int
        Number of epochs run.

    See Also
    --------
    PretrainedRegressor : The same for numbers.
    AutoencoderTransformer : The codes.
    sklearn.linear_model.LogisticRegression : The start, on frozen codes.
    sklearn.semi_supervised.SelfTrainingClassifier : Labels rows by its own predictions.

    References
    ----------
    Hinton, G. E. and Salakhutdinov, R. R. (2006). Reducing the dimensionality of data
    with neural networks. Science, 313(5786), 504-507.

    Erhan, D., Bengio, Y., Courville, A., Manzagol, P.-A., Vincent, P. and Bengio, S.
    (2010). Why does unsupervised pre-training help deep learning? Journal of Machine
    Learning Research, 11, 625-660.

    Sohn, K., Berthelot, D., Li, C.-L., Zhang, Z., Carlini, N., Cubuk, E. D., Kurakin,
    A., Zhang, H. and Raffel, C. (2020). FixMatch: simplifying semi-supervised learning
    with consistency and confidence. Advances in Neural Information Processing Systems,
    33, 596-608.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_ae import AutoencoderTransformer, PretrainedClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> few = np.full(150, -1)
    >>> few[::15] = y[::15]
    >>> autoencoder = AutoencoderTransformer(3, max_epochs=5)
    >>> classifier = PretrainedClassifier(autoencoder, random_state=0).fit(X, few)
    >>> bool(classifier.score(X, y) > 0.8)
    True
    """

    class_weight: dict | str | None = None
    unlabelled_weight: float = 1.0

    _parameter_constraints: ClassVar[dict] = {
        **BasePretrained._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "unlabelled_weight": [Interval(Real, 0, None, closed="left")],
    }

    _schema: ClassVar[dict] = {
        **BasePretrained._schema,
        "classes_": Condition(
            "different classes in order, as the head has", _are_classes
        ),
    }

    def _read_targets(self, y):
        labels = read_classes(y)
        targets = ClassTargets(
            labels.numbers, labels.classes, self.class_weight, self.unlabelled_weight
        )
        return labels.labelled, targets, {"classes_": labels.classes}

    def decision_function(self, X):
        """Return the scores of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        scores : ndarray of shape (n_samples, n_classes) or (n_samples,)
            Logarithms of probabilities, up to a constant for each row. For two classes
            that of the second minus that of the first.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        scores = self._scores(X)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict(self, X):
        """Return the most likely class of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        classes : ndarray of shape (n_samples,)
            Elements of `classes_`.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        scores = self.decision_function(X)
        if scores.ndim == 1:
            return self.classes_[(scores > 0).astype(np.intp)]
        return self.classes_[scores.argmax(axis=1)]

    def predict_proba(self, X):
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        return self._apply_link(X, expit, softmax)

    def predict_log_proba(self, X):
        """Return the logarithms of the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        return self._apply_link(X, log_expit, log_softmax)

    def _apply_link(self, X, binary, multiclass) -> np.ndarray:
        """Return a column for each class: a function of the scores of rows."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            return np.column_stack([binary(-scores), binary(scores)])
        return multiclass(scores, axis=1)
