"""Density estimation and sampling: the variational autoencoder."""

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

    Use it to generate rows with :meth:`sample`, to estimate how likely rows are with
    :meth:`score_samples`, and for codes whose space has no holes. Codes are normally
    distributed. Rows are Gaussian around decoded codes, with one learned variance
    :math:`s^2`, and :math:`q` approximates the posterior of a row's code:

    .. math::

        z \sim N(0, I), \qquad x \,|\, z \sim N(D z + d + h(z), s^2 I), \\
        q(z | x) = N(E x + e + g(x), \operatorname{diag} \exp(c + v(x))).

    Training maximizes the bound :math:`\mathrm{E}_q \log p(x | z) - \beta \,
    \mathrm{KL}(q(z | x) \| N(0, I))` of the log-likelihood. At the start the hidden
    layers g, h and v are zero, and the rest is probabilistic PCA, whose bound is exact:
    it *equals* :meth:`sklearn.decomposition.PCA.score`. With ``beta=1`` the start is
    replaced only by an epoch with a significantly higher bound on validation rows.

    After training, the distribution of codes of training rows differs from the prior.
    So unless the start is kept, a mixture of Gaussians replaces the prior in
    :meth:`sample` and :meth:`score_samples`, see `prior`. The noise variance is at
    least a millionth of the mean variance of a column. Reconstructions decode posterior
    means, which are nearer to zero than PCA's codes. With categories, likelihoods are
    those of the encoded columns, and categories are drawn by the decoded probabilities.

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

    beta : float, default=1.0
        Weight of the divergence of codes from the standard normal distribution. Above 1
        fewer codes are used, each for a separate factor. Below 1 reconstructions are
        better, but the objective is no longer a bound of the likelihood. With 0 codes
        have no prior.

    n_epochs_kl_warmup : int, default=0
        Number of epochs over which the weight of the divergence grows from 0 to `beta`.
        Epochs are compared at `beta`.

    n_importance_samples : int, default=64
        Number of draws of a row's code in :meth:`score_samples`. With more draws the
        estimate rises towards the log-likelihood.

    prior : {"mixture", "normal"}, default="mixture"
        Distribution of codes in :meth:`sample` and :meth:`score_samples`. "normal" is
        the standard normal distribution. "mixture" is a mixture of up to 32 Gaussians,
        fitted after training to codes of the training rows, if it explains held-out
        codes better than the standard normal distribution.

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
        whitening: near 1 for a code that is used, near 0 for one that is not.

    loss_curve_ : list of float of length `n_epochs_` + 1
        Training loss: that of the start, then the mean over the steps of each epoch.
        The loss is minus the bound in nats, with noise, divided by the mean number of
        observed cells of a row. Cells are centred and scaled. A category counts as one
        cell.

    validation_loss_curve_ : list of float of length `n_epochs_` + 1 or None
        Loss on the validation rows. Each row is judged by a network that was not
        trained on it. None if ``early_stopping=False``.

    best_epoch_ : int
        Epoch whose weights are kept; 0 is the start.

    best_validation_loss_ : float or None
        Validation loss of the epoch that is kept.

    pca_validation_loss_ : float or None
        Loss on the validation rows of PCA, fitted without them like the start. This PCA
        is probabilistic.

    n_epochs_ : int
        Number of epochs run.

    module_ : sklearn_ae.nn.VariationalNetwork
        A fresh copy of the network, in float32. It is linear where
        ``best_epoch_ == 0``.

    kl_per_component_ : ndarray of shape (`n_components_`,)
        Mean divergence of each code from the standard normal distribution over the
        training rows, in nats. It is near 0 for a code that carries no information.

    noise_variance_ : float
        Variance of a cell around its decoded value, :math:`s^2`, in encoded units
        squared (see `scale_`).

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
        if self.prior == "normal":
            return {}
        return {"n_prior_components": fit_prior(module, rows, generator)}

    def transform(self, X):
        """Return the codes of X: the means of their posterior distributions.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components)
            Ordered by variance, in units of the standard normal distribution that they
            were trained with (of unit variance with ``whiten=True``).

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
            Rows in input units, with noise. After a fit to a dataframe they are one,
            with the same columns and dtypes. Columns that were constant in fit stay so.
            A numeric cell is missing only if its whole column was in fit.
        """
        check_is_fitted(self)
        _check_positive_integer("n_samples", n_samples)
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
            In nats, of the observed cells of each row: in input units, or in encoded
            units for tables with categories. It is an importance-weighted estimate over
            `n_importance_samples` draws, the same for all rows, and on average a lower
            bound. The more cells are missing, the lower it is, as the posterior is
            learned with missing cells at the centre.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        _check_positive_integer("n_importance_samples", self.n_importance_samples)
        rows = self._validate_rows(X)
        return log_likelihood(self._fitted, rows, self.n_importance_samples)

    def score(self, X, y=None):
        """Return the mean log-likelihood of rows, like PCA's score.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        y : Ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        score : float
            Mean of :meth:`score_samples`, in nats a row; higher is better.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity.
        """
        return float(np.mean(self.score_samples(X), dtype=np.float64))


def _check_positive_integer(name: str, value) -> None:
    if not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be an integer of at least 1, got {value!r}.")
