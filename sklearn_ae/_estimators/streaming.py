"""Base of autoencoders with partial_fit, which learn from chunks of rows."""

from dataclasses import dataclass
from typing import ClassVar

from .._fitting import (
    Published,
    StreamState,
    begin_stream,
    fit_chunk,
    resume_after_fit,
    resume_stream,
)
from .._persistence import IfPresent, Nested
from .._sklearn import _fit_context
from .._tables import validate_fit_rows
from .._training import default_torch_modes
from .base import BaseAutoencoder
from .mixins import restore_on_error


@dataclass(kw_only=True, eq=False, repr=False)
class BaseStreamingAutoencoder(BaseAutoencoder):
    """Base of autoencoders with partial_fit."""

    _schema: ClassVar[dict] = {
        **BaseAutoencoder._schema,
        "_stream": IfPresent(Nested(StreamState)),
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None):
        """Learn from a chunk of rows, in one pass over them.

        The first call determines names and kinds of the columns, centre, scale and
        categories, and starts as PCA of its rows, so pass as many rows as memory
        allows. A column whose dtype lists its categories (pandas' ``CategoricalDtype``,
        polars' ``Enum``) has all of them, whether or not they are in the chunk; other
        columns have those of the chunk. Each later call continues from the one before,
        to the same bits also after pickling. After :meth:`fit` the first call continues
        from its weights.

        Unlike :meth:`fit` it guarantees nothing, as no validation rows compare it with
        PCA. Axes of codes rotate from call to call, so encode all rows after the last
        one.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows. In the first call at least two, and at least `n_components`.

        y : Ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If `callbacks` are given, X has other columns than in the first call, or the
            loss turns non-finite. The estimator stays as it was.

        Notes
        -----
        Each call is an epoch in ``n_epochs_`` and ``loss_curve_``. The first loss is
        that of the start on the first chunk; every other one is the mean loss of a
        chunk's rows, each before the step that it takes part in. ``best_epoch_`` is the
        last epoch, or 0 as long as PCA leaves nothing to learn. Validation losses are
        None. ``explained_variance_`` is that of some thousand rows up to the last one.

        The optimizer is schedule-free AdamW (Defazio et al. 2024), which averages
        weights and does not need the number of steps in advance; the rate rises to
        ``learning_rate`` over 50 steps and stays there. ``learning_rate``,
        ``batch_size``, ``weight_decay``, ``whiten`` and ``noise_level`` may be changed
        between calls. Parameters of the columns, the network and random numbers have
        the values of the first call until :meth:`fit` is called. ``max_epochs``,
        ``early_stopping``, ``validation_fraction``, ``n_iter_no_change``, ``verbose``
        and callbacks of ``set_callbacks`` have no effect.

        A column that is constant in the first chunk is not scaled by later ones, and a
        column without a single cell there stays missing.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from sklearn_ae import AutoencoderTransformer
        >>> X, _ = load_digits(return_X_y=True)
        >>> autoencoder = AutoencoderTransformer(8, random_state=0)
        >>> for begin in range(0, len(X), 500):
        ...     autoencoder = autoencoder.partial_fit(X[begin : begin + 500])
        >>> autoencoder.n_epochs_
        4
        """
        if self.callbacks:
            raise ValueError(
                "callbacks must be None or empty for partial_fit, got "
                f"{self.callbacks!r}."
            )
        self._validate_params()  # scikit-learn does so in the first call only
        with restore_on_error(self), default_torch_modes():
            recipe = self._recipe()
            self._assign_result(fit_chunk(recipe, *self._position_and_rows(recipe, X)))
        return self

    def _position_and_rows(self, recipe, X):
        """Return the position in the stream, and the numbers of a chunk."""
        if not hasattr(self, "_fitted"):
            flat = self._flatten(X)
            columns, rows = validate_fit_rows(self, flat, keep_listed=True)
            self._check_columns(columns)
            return begin_stream(recipe, columns, rows), rows
        rows = self._validate_rows(X)
        published = Published(
            self._fitted, self.explained_variance_, self.loss_curve_, self.best_epoch_
        )
        if hasattr(self, "_stream"):
            return resume_stream(recipe, published, self._stream), rows
        return resume_after_fit(recipe, published), rows
