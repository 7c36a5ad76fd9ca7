"""Learning from chunks of rows that come one after another."""

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
from .._tables import validate_fit_rows, validate_rows
from .._training import default_torch_modes
from .base import BaseAutoencoder
from .mixins import restore_on_error


@dataclass(kw_only=True, eq=False, repr=False)
class BaseStreamingAutoencoder(BaseAutoencoder):
    """Base of the autoencoders that also learn chunk by chunk."""

    _schema: ClassVar[dict] = {
        **BaseAutoencoder._schema,
        "_stream": IfPresent(Nested(StreamState)),
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None):
        """Learn from a chunk of rows, in one pass over them.

        The first call fixes names and kinds of the columns, centre, scale and
        categories, and starts as PCA of its rows, so give it as many as there is room
        for. Of a column of categories it takes the whole list of its dtype (pandas'
        ``CategoricalDtype``, polars' ``Enum``), seen or not; those of other columns are
        the ones that are there. Later calls go on from where the last one ended, also
        after pickling, to the same bits. After :meth:`fit` they go on from its weights.

        Unlike :meth:`fit` it promises nothing: no validation rows judge whether more
        was won than PCA has. Axes of codes turn from call to call, so encode all rows
        after the last one.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows, in the first call at least two, and as many as `n_components`.

        y : Ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If `callbacks` are given, X is not as in the first call, or the loss turns
            non-finite. The estimator is left as it was.

        Notes
        -----
        Each call is an epoch in ``n_epochs_`` and ``loss_curve_``: the mean loss of its
        rows, each before its own step, after that of the start on the first chunk.
        ``best_epoch_`` is the last one, or 0 as long as PCA leaves nothing to learn,
        and what validation tells is None. ``explained_variance_`` is that of some
        thousand rows up to the last one.

        Steps are those of schedule-free AdamW (Defazio et al. 2024), which keeps an
        average and needs to know no end; ``learning_rate`` is reached after 50 steps
        and held. ``learning_rate``, ``batch_size``, ``weight_decay``, ``whiten`` and
        ``noise_level`` may be changed between calls. What defines the columns, the
        network and random numbers stays what it was at the first, until :meth:`fit`
        starts afresh, and
        ``max_epochs``, ``early_stopping``, ``validation_fraction``,
        ``n_iter_no_change`` and ``verbose`` have no effect, nor have callbacks of
        ``set_callbacks``.

        A column that does not vary in the first chunk is not scaled by what comes
        later, and one without a single cell there stays missing.

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
        self._validate_params()  # scikit-learn does so at the first call only
        with restore_on_error(self), default_torch_modes():
            recipe = self._recipe()
            self._publish(fit_chunk(recipe, *self._position_and_rows(recipe, X)))
        return self

    def _position_and_rows(self, recipe, X):
        """Return where the stream stands, and the numbers of a chunk."""
        if not hasattr(self, "_fitted"):
            columns, rows = validate_fit_rows(self, X, keep_listed=True)
            return begin_stream(recipe, columns, rows), rows
        rows = validate_rows(self, X, self._fitted.codec.schema)
        published = Published(
            self._fitted, self.explained_variance_, self.loss_curve_, self.best_epoch_
        )
        if hasattr(self, "_stream"):
            return resume_stream(recipe, published, self._stream), rows
        return resume_after_fit(recipe, published), rows
