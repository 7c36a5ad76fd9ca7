"""A density of rows: the variational autoencoder."""

from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._fitting import (
    describe_density,
    draw_rows,
    fit_prior,
    log_likelihood,
    ordered_axes,
)
from .._persistence import Array, Number
from .._sklearn import Interval, StrOptions
from ..nn import NegativeELBO, VariationalNetwork
from .base import BaseAutoencoder


@dataclass(kw_only=True, eq=False, repr=False)
class VariationalAutoencoder(BaseAutoencoder):
    r"""Autoencoder that learns the density of rows, and draws new ones.

    Use it to generate rows with :meth:`sample`, to tell how likely rows are with
    :meth:`score_samples`, and for codes that fill a space without holes. Rows are
    Gaussian around what :math:`D, d` and the hidden layers :math:`h` make of a normally
    distributed code, with one learned variance :math:`s^2`, and each row tells its code
    up to a Gaussian :math:`q`:

    .. math::

        z \sim N(0, I), \qquad x \,|\, z \sim N(D z + d + h(z), s^2 I), \\
        q(z | x) = N(E x + e + g(x), \operatorname{diag} \exp(c + v(x))).

    It maximizes the bound :math:`\mathrm{E}_q \log p(x | z) - \beta \,
    \mathrm{KL}(q(z | x) \| N(0, I))` of the log-likelihood. At the start g, h and v
    are silent and the rest is probabilistic PCA, whose bound is exact: it *equals*
    :meth:`sklearn.decomposition.PCA.score`. With ``beta=1`` that start is left only for
    a bound that is clearly higher on validation rows.

    Codes of the training rows are never quite distributed like the prior that they were
    trained with. A mixture of Gaussians takes its place in :meth:`sample` and
    :meth:`score_samples` where the start is left, see `prior`. The noise is at least a
    millionth of the mean variance of a column. Reconstructions decode the means of
    codes, which lie nearer to zero than PCA's. With categories, likelihoods are those
    of the encoded columns, and a category is drawn by the probabilities that its
    indicators decode to.

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

    beta : float, default=1.0
        Weight of the codes' divergence from the standard normal distribution. Above 1
        fewer codes are used, each for something of its own; below 1 reconstructions are
        better, and the bound is none of the likelihood. With 0 codes have no prior at
        all.

    n_epochs_kl_warmup : int, default=0
        Number of epochs over which the weight of the divergence grows from 0 to `beta`.
        Epochs are compared at `beta`.

    n_importance_samples : int, default=64
        Draws of a row's code in :meth:`score_samples`. The estimate rises with them
        towards the log-likelihood.

    prior : {"mixture", "normal"}, default="mixture"
        What codes are distributed like in :meth:`sample` and :meth:`score_samples`.
        "mixture": a mixture of up to 32 Gaussians that is fitted after training to
        codes of the training rows, where it explains held-out ones better than the
        standard normal distribution. "normal": the latter.

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
        whitening: near 1 if a code is used, 0 if not.

    loss_curve_ : list of float of length `n_epochs_` + 1
        Training loss: the start's, then the mean over each epoch's steps. The loss is
        minus the bound in nats, noise included, over the mean number of observed cells
        of a row, of centred and scaled cells. A category counts as one cell.

    validation_loss_curve_ : list of float of length `n_epochs_` + 1 or None
        Loss on the validation rows. Each is judged by a network that has not seen it.
        None if ``early_stopping=False``.

    best_epoch_ : int
        Epoch whose weights are kept; 0 is the start.

    best_validation_loss_ : float or None
        Validation loss of the epoch that is kept.

    pca_validation_loss_ : float or None
        PCA's loss on the validation rows, fitted without them as the start is. This
        PCA is probabilistic.

    n_epochs_ : int
        Number of epochs run.

    module_ : sklearn_ae.nn.VariationalNetwork
        A fresh copy of the network, in float32. It is linear where
        ``best_epoch_ == 0``.

    kl_per_component_ : ndarray of shape (`n_components_`,)
        Mean divergence of each code from the standard normal distribution over the
        training rows, in nats. Near 0 for a code that tells nothing.

    noise_variance_ : float
        Variance of a cell around what its row's code decodes to, :math:`s^2`, in
        encoded units squared (see `scale_`).

    See Also
    --------
    AutoencoderTransformer : Codes that keep more of a row, without a density.
    sklearn.decomposition.PCA : Its ``score`` is the start.
    sklearn.mixture.GaussianMixture : A density of few columns.

    References
    ----------
    Kingma, D. P. and Welling, M. (2014). Auto-encoding variational Bayes. ICLR.

    Tipping, M. E. and Bishop, C. M. (1999). Probabilistic principal component analysis.
    Journal of the Royal Statistical Society B, 61(3), 611-622.

    Higgins, I. et al. (2017). beta-VAE: learning basic visual concepts with a
    constrained variational framework. ICLR.

    Burda, Y., Grosse, R. and Salakhutdinov, R. (2016). Importance weighted
    autoencoders. ICLR.

    Ghosh, P., Sajjadi, M. S. M., Vergari, A., Black, M. and Schoelkopf, B. (2020). From
    variational to deterministic autoencoders. ICLR.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_ae import VariationalAutoencoder
    >>> X, _ = load_iris(return_X_y=True)
    >>> autoencoder = VariationalAutoencoder(2, max_epochs=20, random_state=0).fit(X)
    >>> autoencoder.sample(5, random_state=0).shape
    (5, 4)
    >>> autoencoder.score_samples(X).shape
    (150,)
    """

    beta: float = 1.0
    n_epochs_kl_warmup: int = 0
    n_importance_samples: int = 64
    prior: str = "mixture"

    _parameter_constraints: ClassVar[dict] = {
        **BaseAutoencoder._parameter_constraints,
        "beta": [Interval(Real, 0, None, closed="left")],
        "n_epochs_kl_warmup": [Interval(Integral, 0, None, closed="left")],
        "n_importance_samples": [Interval(Integral, 1, None, closed="left")],
        "prior": [StrOptions({"mixture", "normal"})],
    }
    _schema: ClassVar[dict] = {
        **BaseAutoencoder._schema,
        "kl_per_component_": Array(("n_components",)),
        "noise_variance_": Number("> 0"),
    }

    def _recipe(self):
        return replace(
            super()._recipe(),
            network_class=VariationalNetwork,
            objective=self._negative_elbo,
            finish=self._fit_prior,
            # The posterior's codes are independent: other axes would change that.
            code_axes=ordered_axes,
            describe=describe_density,
            n_epochs_warm_up=int(self.n_epochs_kl_warmup),
        )

    def _negative_elbo(self, loss, n_cells, generator):
        return NegativeELBO(n_cells, float(self.beta), generator)

    def _fit_prior(self, module, rows, generator):
        fits = self.prior != "normal"
        return (
            {"n_prior_components": fit_prior(module, rows, generator)} if fits else {}
        )

    def transform(self, X):
        """Return the codes of X: the means of what is known of them.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components)
            Ordered by variance, in deviations of the standard normal distribution
            that codes were trained with (of unit variance with ``whiten=True``).

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        return super().transform(X)

    def sample(self, n_samples=1, random_state=None):
        """Draw new rows.

        Parameters
        ----------
        n_samples : int, default=1
            Number of rows, at least 1.

        random_state : int, RandomState instance or None, default=None
            Determines what is drawn.

        Returns
        -------
        X : {ndarray, dataframe} of shape (n_samples, n_features)
            Rows in input units, noise included: a dataframe like the one at fit, if it
            was one, with its columns and dtypes. Columns that did not vary in fit are
            the same in all rows. No numeric cell is missing, unless its column had none
            in fit.
        """
        check_is_fitted(self)
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(
                f"n_samples must be an integer of at least 1, got {n_samples!r}."
            )
        generator = check_random_state(random_state)
        deviation = self.noise_variance_**0.5
        rows = draw_rows(self._fitted, int(n_samples), deviation, generator)
        return self._fitted.codec.schema.write(rows)

    def score_samples(self, X):
        """Estimate the log-likelihood of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        log_likelihood : ndarray of shape (n_samples,)
            In nats, of the row's observed cells, in input units, or for tables with
            categories in encoded ones. It is weighted by importance over
            `n_importance_samples` draws, the same for all rows, and on average a lower
            bound. That is farther from the likelihood the more cells are missing: what
            a row tells of its code is learned as if they were at the centre.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        if not isinstance(self.n_importance_samples, Integral) or (
            self.n_importance_samples < 1
        ):
            raise ValueError(
                "n_importance_samples must be an integer of at least 1, got "
                f"{self.n_importance_samples!r}."
            )
        X = self._rows_of(X)
        return log_likelihood(self._fitted, X, self.n_importance_samples)

    def score(self, X, y=None):
        """Return the mean of :meth:`score_samples`, as PCA's score.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        y : Ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        score : float
            Nats a row; higher is better.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        return float(np.mean(self.score_samples(X), dtype=np.float64))
