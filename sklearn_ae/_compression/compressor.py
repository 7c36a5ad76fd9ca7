"""Tables to few bytes and back: codes, quantized and packed."""

import copy
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._estimators import (
    BaseWrapper,
    FitTasks,
    count_wrapped_fits,
    fit_wrapped,
    own_autoencoder,
    restore_on_error,
)
from .._persistence import Condition, hash_values, is_fingerprint
from .._sklearn import Interval, _fit_context
from .coders import CompressionReport, make_coder, mean_errors, raw_bytes, row_errors
from .packing import FORMAT, Packed, Packing
from .quantizer import (
    LARGEST_EXPONENT,
    MOST_BITS,
    QUANTIZER_SCHEMA,
    Quantizer,
    bounded_quantizer,
    exponent_for,
    levelled_quantizer,
    sensitivities,
)

_SHARE_OF_ERROR, _SHARE_OF_VARIANCE = 0.1, 1e-6
_ROUNDING = 16  # last places
_MOST_MEASURED, _MOST_COUNTED = 2**10, 2**14


@dataclass(kw_only=True, eq=False, repr=False)
class CodeCompressor(BaseWrapper):
    """Compression of rows with what an autoencoder has learned of their kind.

    Use it to store or send many rows like those of the fit where some error is
    tolerable: a row becomes its code, the code's components whole numbers, and those as
    many bytes as their entropy asks for. `decompress` gives the rows' reconstructions
    back. Who decompresses needs the fitted compressor (pickled, say), no training row.

    Components are quantized in equal steps. How far the reconstruction moves with each
    of them is measured, and steps are wide where it moves little. With `error_bound`
    they are as wide as the bound allows, and `compress` makes sure that it holds on the
    very rows it is given, with narrower steps if need be. With `n_bits` each row has
    as many bits before entropy coding, shared between components so that the error
    becomes the least; codes beyond the outermost levels are moved to them.

    Missing cells are reconstructed like others and come back filled. What the fit knows
    of the estimator is copied: to go on with one that was frozen changes no bytes.

    Parameters
    ----------
    estimator : estimator or None, default=None
        An autoencoder, or any transformer with `inverse_transform`, such as PCA. None
        means ``AutoencoderTransformer()``. It is cloned and fitted, unless it is a
        FrozenEstimator, which is used as it is.

    error_bound : float or None, default=None
        The largest mean squared error that quantizing adds to the reconstruction, in
        the units of `reconstruction_error` (input units squared; the loss's for tables
        with categories). Neither the reconstruction moves by more, nor does its error
        grow by more, as a mean over rows of the mean over a row's cells (for the
        error, observed ones). Rounding to a frame's integers or to the dtype of rows
        comes on top. With neither it nor `n_bits`, it is a tenth of the
        reconstruction's error on the training rows, and at least a millionth of their
        variance.

    n_bits : int or None, default=None
        Bits a row before entropy coding, at most 32 a component. Only one of
        `error_bound` and `n_bits` may be given.

    random_state : int, RandomState instance or None, default=None
        Unless None, seeds each random state of `estimator` that is None. What else a
        fit draws depends on it, too. An int gives the same bits again on one machine,
        one set of versions and one number of threads.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator.

    error_bound_ : float or None
        The bound, None with `n_bits`.

    origins_ : ndarray of shape (n_components,)
        The code that the whole number 0 stands for.

    steps_ : ndarray of shape (n_components,)
        Difference of codes of neighbouring whole numbers, in units of codes.

    bits_ : ndarray of shape (n_components,) or None
        Bits of each component, None with an error bound.

    fingerprint_ : str
        SHA-256 of decoder and quantizer, in hexadecimal digits. Compressors of the
        same one read each other's bytes.

    n_features_in_ : int
        Number of columns seen in fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit. Defined only if X has names that are all
        strings.

    See Also
    --------
    AutoencoderTransformer : The codes.
    sklearn.decomposition.PCA : Linear codes, enough where columns depend on each other
        linearly.

    References
    ----------
    Huang, J. and Schultheiss, P. (1963). Block quantization of correlated Gaussian
    random variables. IEEE Transactions on Communications Systems, 11(3), 289-296.

    Gish, H. and Pierce, J. (1968). Asymptotically efficient quantizing. IEEE
    Transactions on Information Theory, 14(5), 676-683.

    Balle, J., Laparra, V. and Simoncelli, E. P. (2017). End-to-end optimized image
    compression. ICLR.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_ae import AutoencoderTransformer, CodeCompressor
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = AutoencoderTransformer(8, max_epochs=5)
    >>> compressor = CodeCompressor(autoencoder, n_bits=24, random_state=0).fit(X)
    >>> data = compressor.compress(X)
    >>> len(data) < 3.1 * len(X)
    True
    >>> compressor.decompress(data).shape
    (1797, 64)
    >>> bool(compressor.compression_report(X).ratio > 100)
    True
    """

    error_bound: float | None = None
    n_bits: int | None = None
    random_state: Any = None

    _parameter_constraints: ClassVar[dict] = {
        **BaseWrapper._parameter_constraints,
        "error_bound": [Interval(Real, 0, None, closed="neither"), None],
        "n_bits": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
    }
    _schema: ClassVar[dict] = {
        **BaseWrapper._schema,
        **QUANTIZER_SCHEMA,
        "fingerprint_": Condition("64 hexadecimal digits", is_fingerprint),
    }

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Learn codes and how finely to quantize them.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Training rows, as `estimator` takes them.

        y : Ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If `estimator` can't be fitted to X, both `error_bound` and `n_bits` are
            given, or more bits than 32 a component, or squared errors are beyond 1e290.
            The compressor is left as it was.
        """
        if self.error_bound is not None and self.n_bits is not None:
            raise ValueError(
                "Only one of error_bound and n_bits may be given, got "
                f"error_bound={self.error_bound} and n_bits={self.n_bits}."
            )
        tasks = FitTasks(self, X, y)
        with restore_on_error(self):
            tasks.begin("fit", count_wrapped_fits(self.estimator))
            # A copy: what is done to a frozen estimator later must not change rows.
            held = fit_wrapped(self.estimator, X, self.random_state, tasks)
            estimator = copy.deepcopy(held)
            coder, table, codes = _coded(estimator, X)
            quantizer, bound = self._learned(coder, table, codes)
            self._publish(estimator, coder.state(codes), quantizer, bound)
            tasks.finish()
        return self

    def _check_fitted(self):
        if (self.bits_ is None) == (self.error_bound_ is None):
            raise ValueError(
                "Either bits_ or error_bound_ must be None, got "
                f"bits_={self.bits_} and error_bound_={self.error_bound_}."
            )

    def _check_restored(self):
        super()._check_restored()
        n_codes = own_autoencoder(self.estimator_).n_components_
        if n_codes != len(self.steps_):
            raise ValueError(
                f"steps_ must be those of {n_codes} components, got {len(self.steps_)}."
            )

    def compress(self, X):
        """Return X as bytes.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        data : bytes
            What `decompress` takes.

        Raises
        ------
        ValueError
            If X has other columns than in fit, or holds infinity. If `error_bound` is
            less than what codes can tell in their dtype, or codes are not finite, or
            squared errors beyond 1e290.
        """
        check_is_fitted(self)
        coder, table, codes = _coded(self.estimator_, X)
        return self._packed(codes, self._exponent(coder, table, codes))

    def decompress(self, data):
        """Return the rows of what `compress` returned.

        Parameters
        ----------
        data : bytes, bytearray or memoryview
            What `compress` returned, of this compressor or one of the same
            `fingerprint_`.

        Returns
        -------
        X : {ndarray, dataframe} of shape (n_samples, n_features)
            The rows' reconstructions, as `inverse_transform` of `estimator_` gives
            them.

        Raises
        ------
        TypeError
            If data is something else.

        ValueError
            If data was cut or changed, or is of another model or format.
        """
        check_is_fitted(self)
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(
                "data must be bytes, a bytearray or a memoryview, got "
                f"{type(data).__name__}."
            )
        packed = self._packing.unpack(bytes(data))
        codes = self._quantizer.codes(packed.numbers, packed.dtype, packed.exponent)
        return self.estimator_.inverse_transform(codes)

    def compression_report(self, X):
        """Return how small X becomes, and how exactly it comes back.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        report : CompressionReport
            Named numbers: n_bytes, bytes_per_row, raw_bytes_per_row, ratio (of those),
            error (mean squared, of decompressed rows before they are rounded to
            integers or their dtype) and reconstruction_error (of rows whose codes are
            not quantized), errors in the units of `error_bound`. Raw are the bytes of
            the array or of the sparse matrix's three; of a frame, each column's dtype,
            and for a column of categories as many bytes as it takes to number those in
            X.

        Raises
        ------
        ValueError
            Where :meth:`compress` does.
        """
        check_is_fitted(self)
        coder, table, codes = _coded(self.estimator_, X)
        exponent = self._exponent(coder, table, codes)
        n_bytes, raw = len(self._packed(codes, exponent)), raw_bytes(X)
        rounded = self._quantizer.rounded(codes, exponent)
        errors = mean_errors(coder, table, codes, rounded)
        return CompressionReport(
            n_bytes=n_bytes,
            bytes_per_row=n_bytes / len(codes),
            raw_bytes_per_row=raw / len(codes),
            ratio=raw / n_bytes,
            error=errors.quantized,
            reconstruction_error=errors.exact,
        )

    def _publish(self, estimator, state, quantizer, error_bound):
        """Assign everything a fit learns, at once."""
        vars(self).update(
            estimator_=estimator,
            error_bound_=error_bound,
            origins_=quantizer.origins,
            steps_=quantizer.steps,
            bits_=quantizer.bits,
            fingerprint_=hash_values(FORMAT, state, *quantizer),
        )

    def _learned(self, coder, table, codes):
        """Return a quantizer, and the error bound that it is for, if any."""
        n_components = codes.shape[1]
        if self.n_bits is not None and self.n_bits > MOST_BITS * n_components:
            raise ValueError(
                f"n_bits must be at most {MOST_BITS} for each of {n_components} "
                f"components, got n_bits={self.n_bits}."
            )
        order = np.random.default_rng(0).permutation(len(codes))
        measured = codes[order[:_MOST_MEASURED]]
        weights = sensitivities(coder, measured)
        if self.n_bits is not None:
            counted = codes[order[:_MOST_COUNTED]]
            return levelled_quantizer(counted, weights, self.n_bits), None
        bound = self.error_bound
        if bound is None:
            bound = _default_bound(coder, table, codes)
        exact = coder.decode(measured)

        def moved(quantizer):
            rounded = coder.decode(quantizer.rounded(measured))
            return np.nanmean(row_errors(coder, exact, rounded))

        return bounded_quantizer(codes, weights, bound, moved), float(bound)

    @property
    def _quantizer(self):
        return Quantizer(self.origins_, self.steps_, self.bits_)

    @property
    def _packing(self):
        bits = self.bits_ if self.bits_ is None else self.bits_.tolist()
        return Packing(self.fingerprint_, len(self.steps_), bits)

    def _packed(self, codes, exponent):
        numbers = self._quantizer.numbers(codes, exponent)
        return self._packing.pack(Packed(numbers, codes.dtype.type, exponent))

    def _exponent(self, coder, table, codes):
        """Return how far to shrink the steps so that the error bound holds."""
        if self.bits_ is not None:
            return 0
        quantizer, exponent, least = self._quantizer, 0, np.inf
        while exponent <= LARGEST_EXPONENT and quantizer.can_number(codes, exponent):
            rounded = quantizer.rounded(codes, exponent)
            added = mean_errors(coder, table, codes, rounded).added
            if added <= self.error_bound_:
                return exponent
            least = min(least, added)
            exponent += exponent_for(added / self.error_bound_)
        raise ValueError(
            "error_bound must be within what whole numbers below 2 ** 53 can hold for "
            f"X, of which some codes are too far out, got {self.error_bound_:.3g}; "
            f"the least error tried was {least:.3g}."
        )


def _coded(estimator, X):
    """Return the coder of a fitted estimator, X as it reads it, and its codes."""
    coder = make_coder(estimator)
    table = coder.read(X)
    return coder, table, coder.encode(table)


def _default_bound(coder, table, codes) -> float:
    centre = codes.mean(axis=0, dtype=np.float64).astype(codes.dtype)
    errors = mean_errors(coder, table, codes, np.broadcast_to(centre, codes.shape))
    decoded = coder.decode(centre[None])
    level = np.nanmean(row_errors(coder, decoded, np.zeros_like(decoded)))
    if errors.quantized <= level * (_ROUNDING * np.finfo(codes.dtype).eps) ** 2:
        return _SHARE_OF_VARIANCE * (level or 1.0)  # rows are constant
    return max(_SHARE_OF_ERROR * errors.exact, _SHARE_OF_VARIANCE * errors.quantized)
