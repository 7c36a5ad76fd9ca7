"""Sparse codes: each row is a sum of few atoms out of many."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import torch

from .._fitting import unrotated_axes
from .._persistence import Count
from .._sklearn import Interval, StrOptions
from .._training import iterate_rows
from ..nn import CODINGS, SparseNetwork, sparse_loss
from .base import BaseAutoencoder


@dataclass(kw_only=True, eq=False, repr=False)
class SparseAutoencoder(BaseAutoencoder):
    r"""Autoencoder whose codes are mostly zero, and may outnumber the columns.

    Use it if each row has few of many possible causes, for parts that can be
    interpreted one by one, and for features of linear models. Reconstructions are sums
    of atoms :math:`a_j` of length 1,

    .. math:: x' = d + \sum_j z_j a_j + h(z),

    with hidden layers h if `hidden_layer_sizes` is not empty. With ``sparsity="topk"``
    matching pursuit selects k atoms for each row, and least squares gives their codes.
    If atoms are orthonormal, these are the k codes with the largest absolute values.
    The atoms of the start, PCA's components, are orthonormal, and with all of them the
    result is never worse than PCA with k components. It is replaced only by an epoch
    with a significant gain on validation rows. Atoms beyond PCA's components are unused
    at the start; training gives them the directions of rows, and does so again with
    atoms that are no longer selected.

    With "l1" and "kl" an encoder computes codes as in :class:`AutoencoderTransformer`,
    and a penalty keeps them small. They start at PCA too ("kl" nearly: its codes are
    logistic, and atoms are multiplied by ``z - target_activity``), and guarantee
    nothing.

    Inputs have no noise in training. `random_state` also determines the rows that give
    atoms their directions. A missing cell is replaced by the centre of its column.

    Codes are not rotated, centred or ordered: each belongs to its atom, a row of
    ``module_.atoms`` in encoded units, which is zero if the atom is unused.

    Parameters
    ----------
    n_components : int, float or None, default=2
        Number of codes. A float in (0, 1) selects the smallest number of components
        with which PCA explains more than that share of the variance. None means
        ``min(n_samples, n_features)``; a categorical column counts as many features as
        it has categories. For sparse X with more than 2,000 columns the maximum is one
        less, and a float raises an error.

    hidden_layer_sizes : int or array-like of int, default=()
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

    sparsity : {"topk", "l1", "kl"}, default="topk"
        Rule that makes codes sparse. "topk": all but `k` codes of a row are zero. "l1":
        codes are shrunk, and their absolute values are penalized. "kl": codes are
        logistic, and their means over a batch are kept near `target_activity`.

    k : int or None, default=None
        Number of codes of a row that are not zero, with "topk". None means a tenth of
        the encoded columns, at least 1 and at most `n_components`.

    alpha : float, default=1.0
        Weight of the penalty of "l1", in encoded units (see `scale_`), and of "kl".

    target_activity : float, default=0.05
        Target of the mean of each code with "kl", between 0 and 1.

    sparse_output : bool, default=False
        Whether `transform` returns a CSR array.

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
        whitening.

    loss_curve_ : list of float of length `n_epochs_` + 1
        Training loss: that of the start, then the mean over the steps of each epoch.
        The loss is the mean squared error of centred and scaled cells that are not
        missing, plus the penalty divided by the number of cells. A category counts as
        one cell.

    validation_loss_curve_ : list of float of length `n_epochs_` + 1 or None
        Loss on the validation rows. Each row is judged by a network that was not
        trained on it. None if ``early_stopping=False``.

    best_epoch_ : int
        Epoch whose weights are kept; 0 is the start.

    best_validation_loss_ : float or None
        Validation loss of the epoch that is kept.

    pca_validation_loss_ : float or None
        Loss on the validation rows of PCA, fitted without them like the start. Only the
        k largest codes of a row are used. With "l1" and "kl" it is the loss of their
        start.

    n_epochs_ : int
        Number of epochs run.

    module_ : sklearn_ae.nn.SparseNetwork
        A fresh copy of the network, in float32. Its atoms are PCA's components where
        ``best_epoch_ == 0``.

    n_dead_components_ : int
        Number of codes that are zero for all training rows; with "kl", below a
        hundredth of `target_activity`.

    See Also
    --------
    AutoencoderTransformer : Codes that are fewer than columns.
    sklearn.decomposition.PCA : The start.
    sklearn.decomposition.MiniBatchDictionaryLearning : Linear atoms, and slower codes.
    sklearn.decomposition.SparsePCA : Sparse components, not codes.

    References
    ----------
    Mallat, S. G. and Zhang, Z. (1993). Matching pursuits with time-frequency
    dictionaries. IEEE Transactions on Signal Processing, 41(12), 3397-3415.

    Makhzani, A. and Frey, B. (2014). k-sparse autoencoders. ICLR.

    Ng, A. (2011). Sparse autoencoder. CS294A lecture notes, Stanford University.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_ae import SparseAutoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = SparseAutoencoder(128, k=5, max_epochs=2, random_state=0)
    >>> codes = autoencoder.fit_transform(X)
    >>> int((codes != 0).sum(axis=1).max())
    5
    """

    hidden_layer_sizes: int | Sequence[int] = ()
    sparsity: str = "topk"
    k: int | None = None
    alpha: float = 1.0
    target_activity: float = 0.05
    sparse_output: bool = False

    _parameter_constraints: ClassVar[dict] = {
        **BaseAutoencoder._parameter_constraints,
        "sparsity": [StrOptions(set(CODINGS))],
        "k": [Interval(Integral, 1, None, closed="left"), None],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "target_activity": [Interval(Real, 0, 1, closed="neither")],
        "sparse_output": ["boolean"],
    }
    _schema: ClassVar[dict] = {**BaseAutoencoder._schema, "n_dead_components_": Count()}

    def _recipe(self):
        return replace(
            super()._recipe(),
            network_class=SparseNetwork,
            arguments=self._arguments,
            objective=_sparse_objective,
            prepare=_awaken_atoms,
            finish=_fold_atoms,
            code_axes=unrotated_axes,  # a code belongs to its atom
            describe=_count_dead_atoms,
            allows_overcomplete=True,
        )

    def _arguments(self, common):
        n_components = common["n_components"]
        if self.k is not None and self.k > n_components:
            raise ValueError(
                f"k must be at most n_components={n_components}, got k={self.k}."
            )
        arguments = common | {
            "sparsity": self.sparsity,
            "k": None if self.k is None else int(self.k),
            "alpha": float(self.alpha),
            "target_activity": float(self.target_activity),
        }
        del arguments["gap_columns"]  # a missing cell is replaced by the centre
        return arguments

    def transform(self, X):
        """Return the codes of X.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        codes : {ndarray, CSR array} of shape (n_samples, n_components)
            In input units, or with ``standardize=True`` or categories in the columns'
            deviations; with "kl" from 0 to 1; of unit variance with ``whiten=True``.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        if not self.sparse_output:
            return super().transform(X)
        rows = self._validate_rows(X)
        return self._fitted.encode_sparse(rows)


def _sparse_objective(loss, n_cells, generator):
    return partial(sparse_loss, n_cells=n_cells)


def _awaken_atoms(module, rows, generator):
    """Give atoms without a component of PCA the directions of rows."""
    order = torch.randperm(len(rows), generator=generator)
    module.awaken(rows.take(order[: module.n_silent])[0])


def _fold_atoms(module, rows, generator):
    module.fold()
    return {}


def _count_dead_atoms(fitted, rows):
    active = np.zeros(fitted.network["n_components"], dtype=bool)
    for _, clean in iterate_rows(rows):
        active |= fitted.apply("active", clean.cpu().numpy()).any(axis=0)
    return {"n_dead_components_": int((~active).sum())}
