"""Sparse codes: few atoms of many make a row."""

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

    Use it where few of many causes make a row, for parts that can be looked at one by
    one, and as features for linear models. Reconstructions are sums of atoms
    :math:`a_j` of length 1,

    .. math:: x' = d + \sum_j z_j a_j + h(z),

    with hidden layers h if they are asked for. With ``sparsity="topk"`` the k atoms
    that tell most of a row are found by matching pursuit, and least squares says how
    much of each: where atoms are orthonormal, the k largest codes stay, signed. The
    start is such a case, PCA's components, and with all of them it is never worse than
    PCA with k components; atoms beyond them are silent there and begin along rows. It
    is left only for an epoch that is clearly better on validation rows. Atoms that are
    no longer taken begin again along rows.

    With "l1" and "kl" an encoder makes codes as in :class:`AutoencoderTransformer`, and
    a penalty keeps them small. They start at PCA too ("kl" nearly: its codes are
    logistic, and atoms weighed by ``z - target_activity``), and promise nothing.

    Inputs are trained on as they are. `random_state` also chooses the rows that atoms
    begin along. A missing cell counts as the column's centre.

    Codes are not turned, centred or ordered: each belongs to its atom, which is a row
    of ``module_.atoms``, in encoded units, and zero if it is silent.

    Parameters
    ----------
    n_components : int, float or None, default=2
        Number of codes. A float in (0, 1) picks the fewest components for which PCA
        explains more than that share of the variance. None means
        ``min(n_samples, n_features)``, where a categorical column counts as many
        features as it has categories. For sparse X with more than 2,000 columns there
        can be one less, and a float is an error.

    hidden_layer_sizes : int or array-like of int, default=()
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

    sparsity : {"topk", "l1", "kl"}, default="topk"
        What keeps codes sparse. "topk": all but `k` of a row are zero. "l1": codes are
        shrunk, and their absolute values penalized. "kl": codes are logistic, and their
        means over a batch kept near `target_activity`.

    k : int or None, default=None
        Codes of a row that are not zero, with "topk". None means a tenth of the encoded
        columns, at least 1 and at most `n_components`.

    alpha : float, default=1.0
        Weight of the penalty of "l1", in encoded units (see `scale_`), and of "kl".

    target_activity : float, default=0.05
        Mean that each code of "kl" is asked to have, from 0 to 1.

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
        Mean of each column's observed cells over the training rows, in input units. A
        categorical column has an entry for each of its categories, their frequencies,
        in its place.

    scale_ : ndarray of shape (n_encoded_features,)
        What the centred columns are divided by before they enter the network. For the
        indicators of a categorical column it is the root of the sum of their variances.

    explained_variance_ : ndarray of shape (`n_components_`,)
        Variance of each code over the training rows, with n - 1. It is that before
        whitening.

    loss_curve_ : list of float of length `n_epochs_` + 1
        Training loss: the start's, then the mean over each epoch's steps. The loss is
        the mean squared error of centred and scaled cells that are not missing, and the
        penalty over the number of cells. A category counts as one cell.

    validation_loss_curve_ : list of float of length `n_epochs_` + 1 or None
        Loss on the validation rows. Each is judged by a network that has not seen it.
        None if ``early_stopping=False``.

    best_epoch_ : int
        Epoch whose weights are kept; 0 is the start.

    best_validation_loss_ : float or None
        Validation loss of the epoch that is kept.

    pca_validation_loss_ : float or None
        PCA's loss on the validation rows, fitted without them as the start is. Of each
        row it has the k largest codes. With "l1" and "kl" it is their start's loss.

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
        del arguments["gap_columns"]  # a missing cell counts as the centre
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
        rows = self._rows_of(X)
        return self._fitted.encode_sparse(rows)


def _sparse_objective(loss, n_cells, generator):
    return partial(sparse_loss, n_cells=n_cells)


def _awaken_atoms(module, rows, generator):
    """Start atoms that PCA has no component for at rows."""
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
