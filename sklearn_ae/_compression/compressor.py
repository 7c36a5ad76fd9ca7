"""Lossy compression of tables: quantized, entropy-coded codes."""

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
    fit_transaction,
    fit_wrapped,
    latent_model_of,
)
from .._persistence import Condition, hash_values, is_fingerprint
from .._sklearn import Interval, _fit_context
from .code_errors import (
    CompressionReport,
    encode_table,
    mean_errors,
    raw_bytes,
    row_errors,
)
from .packing import FORMAT, Packer, QuantizedCodes
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

# The default bound, of the reconstruction's error and of the rows' variance.
_SHARE_OF_ERROR, _SHARE_OF_VARIANCE = 0.1, 1e-6
_ROUNDING_ERRORS = 16  # rows that differ by no more than so many are constant
_MOST_ROWS_DECODED, _MOST_ROWS_FOR_LEVELS = 2**10, 2**14


@dataclass(kw_only=True, eq=False, repr=False)
class CodeCompressor(BaseWrapper):
    """Lossy compression of rows by the codes of an autoencoder.

    Use it to store or send many rows like the training rows where some error is
    tolerable. `compress` encodes rows, quantizes their codes to integers, and
    entropy-codes these. `decompress` returns the rows' reconstructions. It needs the
    fitted compressor (pickled, say), and no training row.

    Each component is quantized in equal steps, which are wide where the reconstruction
    depends little on the component; the fit measures how much it does. With
    `error_bound`, steps are as wide as the bound allows. `compress` makes sure that the
    bound holds for the rows that it is given, with narrower steps if necessary. With
    `n_bits`, each row has that many bits before entropy coding, shared between the
    components so that the error is least. Codes beyond the outermost levels become
    those.

    Missing cells are reconstructed like others and come back filled. The fit copies the
    estimator: to fit a frozen one again later changes no bytes.

    Parameters
    ----------
    estimator : estimator or None, default=None
        An autoencoder, or any transformer with `inverse_transform`, such as PCA. None
        means ``AutoencoderTransformer()``. It is cloned and fitted, unless it is a
        FrozenEstimator, which is used as it is.

    error_bound : float or None, default=None
        The largest mean squared error that quantizing adds to the reconstruction, in
        the units of `reconstruction_error` (input units squared; the loss's for tables
        with categories). The mean squared change of the reconstruction is at most this,
        and so is the growth of its error: means over rows of the mean over a row's
        cells (for the error, observed ones). Rounding to a frame's integers or to the
        dtype of rows is not counted. With neither `error_bound` nor `n_bits`, the bound
        is a tenth of the reconstruction's error on the training rows, and at least a
        millionth of their variance.

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
        The code that the integer 0 stands for.

    steps_ : ndarray of shape (n_components,)
        Difference of the codes of neighbouring integers, in units of codes.

    bits_ : ndarray of shape (n_components,) or None
        Bits of each component, None with an error bound.

    fingerprint_ : str
        SHA-256 of decoder and quantizer, in hexadecimal digits. Compressors with equal
        fingerprints read each other's bytes.

    n_features_in_ : int
        Number of columns seen in fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit. Defined only if X has names that are all
        strings.

    See Also
    --------
    AutoencoderTransformer : The default estimator.
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
        """Fit the estimator, and steps to quantize its codes.

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
            If `estimator` can't be fitted to X, if both `error_bound` and `n_bits` are
            given, if `n_bits` is more than 32 a component, or if squared errors exceed
            1e290. The compressor is left as it was.
        """
        if self.error_bound is not None and self.n_bits is not None:
            raise ValueError(
                "Only one of error_bound and n_bits may be given, got "
                f"error_bound={self.error_bound} and n_bits={self.n_bits}."
            )
        tasks = FitTasks(self, X, y)
        with fit_transaction(self, tasks):
            tasks.begin("fit", count_wrapped_fits(self.estimator))
            fitted = fit_wrapped(self.estimator, X, self.random_state, tasks)
            # Fitting a frozen estimator again later must not change decompressed rows.
            estimator = copy.deepcopy(fitted)
            encoded = encode_table(estimator, X)
            quantizer, bound = self._fit_quantizer(encoded)
            state = encoded.model.identity(encoded.codes)
            self._set_fitted(estimator, state, quantizer, bound)
        return self

    def _check_fitted(self):
        if (self.bits_ is None) == (self.error_bound_ is None):
            raise ValueError("Exactly one of bits_ and error_bound_ must be None.")

    def _check_restored(self):
        super()._check_restored()
        n_codes = latent_model_of(self.estimator_).fitted.network["n_components"]
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
            less than the rounding errors of codes in their dtype, if codes are not
            finite, or if squared errors exceed 1e290.
        """
        check_is_fitted(self)
        encoded = encode_table(self.estimator_, X)
        return self._pack(encoded.codes, self._find_exponent(encoded)[0])

    def decompress(self, data):
        """Return the rows that `compress` was given, reconstructed.

        Parameters
        ----------
        data : bytes, bytearray or memoryview
            What `compress` of this compressor returned, or of one with the same
            `fingerprint_`.

        Returns
        -------
        X : {ndarray, dataframe} of shape (n_samples, n_features)
            What `inverse_transform` of `estimator_` returns for the quantized codes.

        Raises
        ------
        TypeError
            If data is of another type.

        ValueError
            If data was cut or changed, or comes from another model or format.
        """
        check_is_fitted(self)
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(
                "data must be bytes, a bytearray or a memoryview, got "
                f"{type(data).__name__}."
            )
        quantized = self._packer.unpack(bytes(data))
        return self.estimator_.inverse_transform(self._quantizer.dequantize(*quantized))

    def compression_report(self, X):
        """Return the compressed size of X, and the error of the decompressed rows.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows with the columns seen in fit.

        Returns
        -------
        report : CompressionReport
            Named numbers: n_bytes, bytes_per_row, raw_bytes_per_row, ratio (raw over
            compressed), error (mean squared, of decompressed rows before they are
            rounded to integers or their dtype) and reconstruction_error (of rows whose
            codes are not quantized), errors in the units of `error_bound`. Raw bytes
            are those of the array or of the sparse matrix's three arrays. In a frame,
            they follow each column's dtype; each cell of a categorical column counts as
            many bytes as it takes to number the categories in X.

        Raises
        ------
        ValueError
            Where :meth:`compress` does.
        """
        check_is_fitted(self)
        encoded = encode_table(self.estimator_, X)
        exponent, errors = self._find_exponent(encoded)
        n_bytes, raw = len(self._pack(encoded.codes, exponent)), raw_bytes(X)
        if errors is None:
            errors = mean_errors(encoded, self._quantizer.round(encoded.codes))
        return CompressionReport(
            n_bytes=n_bytes,
            bytes_per_row=n_bytes / len(encoded.codes),
            raw_bytes_per_row=raw / len(encoded.codes),
            ratio=raw / n_bytes,
            error=errors.quantized,
            reconstruction_error=errors.reconstruction,
        )

    def _set_fitted(self, estimator, state, quantizer, error_bound):
        """Assign all fitted attributes at once."""
        vars(self).update(
            estimator_=estimator,
            error_bound_=error_bound,
            origins_=quantizer.origins,
            steps_=quantizer.steps,
            bits_=quantizer.bits,
            fingerprint_=hash_values(FORMAT, state, *quantizer),
        )

    def _fit_quantizer(self, encoded):
        """Return a quantizer, and the error bound that it is for, None with n_bits."""
        model, _, codes = encoded
        most_bits = MOST_BITS * codes.shape[1]
        if self.n_bits is not None and self.n_bits > most_bits:
            raise ValueError(
                f"n_bits must be at most {MOST_BITS} for each of {codes.shape[1]} "
                f"components, got n_bits={self.n_bits}."
            )
        order = np.random.default_rng(0).permutation(len(codes))
        sample = codes[order[:_MOST_ROWS_DECODED]]
        weights = sensitivities(model, sample)
        if self.n_bits is not None:
            rows = order[:_MOST_ROWS_FOR_LEVELS]
            return levelled_quantizer(codes[rows], weights, self.n_bits), None
        bound = self.error_bound
        if bound is None:
            bound = _default_bound(encoded)
        exact = model.decode(sample)

        def added_error(quantizer):
            quantized = model.decode(quantizer.round(sample))
            return np.nanmean(row_errors(model, exact, quantized))

        return bounded_quantizer(codes, weights, bound, added_error), float(bound)

    @property
    def _quantizer(self):
        return Quantizer(self.origins_, self.steps_, self.bits_)

    @property
    def _packer(self):
        bits = self.bits_ if self.bits_ is None else self.bits_.tolist()
        return Packer(self.fingerprint_, len(self.steps_), bits)

    def _pack(self, codes, exponent):
        numbers = self._quantizer.quantize(codes, exponent)
        return self._packer.pack(QuantizedCodes(numbers, codes.dtype.type, exponent))

    def _find_exponent(self, encoded):
        """Return how much narrower steps must be, and errors if a bound asks."""
        if self.bits_ is not None:
            return 0, None
        quantizer, exponent, least = self._quantizer, 0, np.inf
        while exponent <= LARGEST_EXPONENT and quantizer.covers(
            encoded.codes, exponent
        ):
            rounded = quantizer.round(encoded.codes, exponent)
            errors = mean_errors(encoded, rounded)
            if errors.added <= self.error_bound_:
                return exponent, errors
            least = min(least, errors.added)
            exponent += exponent_for(errors.added / self.error_bound_)
        raise ValueError(
            "error_bound must be within what integers below 2 ** 53 can hold for X, of "
            f"which some codes are too far out, got {self.error_bound_:.3g}; the least "
            f"error tried was {least:.3g}."
        )


def _default_bound(encoded) -> float:
    """Return a tenth of the reconstruction's error, or for exact ones, of variance."""
    model, _, codes = encoded
    centre = codes.mean(axis=0, dtype=np.float64).astype(codes.dtype)
    # Rows of the mean code: their error is the rows' variance.
    errors = mean_errors(encoded, np.broadcast_to(centre, codes.shape))
    decoded = model.decode(centre[None])
    mean_square = np.nanmean(row_errors(model, decoded, np.zeros_like(decoded)))
    rounding = (_ROUNDING_ERRORS * np.finfo(codes.dtype).eps) ** 2
    if errors.quantized <= mean_square * rounding:
        return _SHARE_OF_VARIANCE * (mean_square or 1.0)
    return max(
        _SHARE_OF_ERROR * errors.reconstruction, _SHARE_OF_VARIANCE * errors.quantized
    )
