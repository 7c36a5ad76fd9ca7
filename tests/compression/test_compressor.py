"""CodeCompressor: bounds of errors and bytes, refusals, rows that come back."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_ae import (
    AutoencoderTransformer,
    CodeCompressor,
    ConvolutionalAutoencoder,
    SparseAutoencoder,
)

FEW = {"hidden_layer_sizes": (16,), "max_epochs": 3, "random_state": 0}


def autoencoder(n_components=3, **parameters):
    return AutoencoderTransformer(n_components, **(FEW | parameters))


@pytest.fixture(scope="module")
def curved(X):
    """A nonlinear decoder, fitted."""
    fitted = autoencoder(max_epochs=30).fit(X)
    assert fitted.best_epoch_ > 0
    return FrozenEstimator(fitted)


@pytest.fixture(scope="module")
def bounded(curved, X):
    return CodeCompressor(curved, error_bound=1e-3, random_state=0).fit(X)


@pytest.fixture(scope="module")
def levelled(curved, X):
    return CodeCompressor(curved, n_bits=11, random_state=0).fit(X)


@pytest.fixture(params=["bounded", "levelled"])
def compressor(request):
    return request.getfixturevalue(request.param)


def squared(difference):
    return np.mean(np.square(difference, dtype=np.float64))


@pytest.fixture(scope="module")
def identity():
    """The codes are the rows."""
    both = {"func": np.asarray, "inverse_func": np.asarray}
    return FunctionTransformer(**both, check_inverse=False)


@pytest.mark.parametrize("bound", [1e-2, 1e-4])
def test_error_is_a_twelfth_squared_step(identity, bound):
    X = np.random.default_rng(0).normal(size=(4000, 2))
    compressor = CodeCompressor(identity, error_bound=bound, random_state=0).fit(X)
    error = squared(compressor.decompress(compressor.compress(X)) - X)
    assert error <= bound
    shrunk = compressor.steps_ * 2 ** (-compressor.compress(X)[7] / 8)
    np.testing.assert_allclose(error, np.mean(shrunk**2) / 12, rtol=0.05)
    assert error > 0.7 * bound


def test_sensitive_components_have_narrower_steps():
    X = np.random.default_rng(0).normal(size=(500, 2)) * [1, 100]
    scaler = make_pipeline(StandardScaler())
    compressor = CodeCompressor(scaler, error_bound=1e-2, random_state=0).fit(X)
    np.testing.assert_allclose(compressor.steps_[0] / compressor.steps_[1], 100, 0.1)
    back = compressor.decompress(compressor.compress(X))
    per_column = np.square(back - X).mean(axis=0)
    np.testing.assert_allclose(per_column[0], per_column[1], rtol=0.3)


HARD = {
    "others": lambda rng: rng.normal(size=(200, 6)),
    "one": lambda rng: rng.normal(size=(1, 6)),
    "heavy tails": lambda rng: rng.standard_cauchy(size=(300, 6)),
    "far": lambda rng: 50 + rng.normal(size=(50, 6)),
    "alike": lambda rng: np.ones((50, 6)),
}


@pytest.mark.parametrize("rows", HARD)
@pytest.mark.parametrize("bound", [1e-1, 1e-3, 1e-6])
def test_the_bound_holds_on_other_rows(curved, X, rows, bound):
    compressor = CodeCompressor(curved, error_bound=bound, random_state=0).fit(X)
    rows = HARD[rows](np.random.default_rng(1))
    back = compressor.decompress(compressor.compress(rows))
    exact = curved.estimator.reconstruct(rows)
    assert squared(back - exact) <= bound * (1 + 1e-9)
    assert squared(back - rows) - squared(exact - rows) <= bound * (1 + 1e-9)


def test_the_bound_holds_on_single_rows(bounded, curved, X):
    for row in X[:40, None]:
        back = bounded.decompress(bounded.compress(row))
        grown = squared(back - row) - squared(curved.estimator.reconstruct(row) - row)
        assert grown <= 1e-3


def test_too_small_bounds_are_refused(curved, X):
    compressor = CodeCompressor(curved, error_bound=1e-40, random_state=0).fit(X)
    with pytest.raises(ValueError, match=r"error_bound must be .* got 1e-40"):
        compressor.compress(X)


def test_the_largest_bound_is_accepted(curved, X):
    compressor = CodeCompressor(curved, error_bound=np.finfo(float).max).fit(X)
    assert np.isfinite(compressor.decompress(compressor.compress(X))).all()


def test_a_tighter_bound_takes_more_bytes(curved, X):
    sizes = [
        len(CodeCompressor(curved, error_bound=bound).fit(X).compress(X))
        for bound in (1e-1, 1e-2, 1e-3, 1e-4)
    ]
    assert sizes == sorted(set(sizes))


def test_the_default_adds_a_tenth(curved, X):
    compressor = CodeCompressor(curved, random_state=0).fit(X)
    report = compressor.compression_report(X)
    assert report.error <= 1.1 * report.reconstruction_error
    assert compressor.error_bound_ == pytest.approx(0.1 * report.reconstruction_error)


def test_the_default_keeps_exact_transformers_exact(X):
    report = CodeCompressor(PCA(), random_state=0).fit(X).compression_report(X)
    assert report.error <= 2e-6 * X.var(axis=0).mean()


def test_bits_are_those_asked_for(curved, X):
    for n_bits in (1, 2, 7, 40, 96):
        compressor = CodeCompressor(curved, n_bits=n_bits, random_state=0).fit(X)
        assert compressor.bits_.sum() == n_bits
        assert len(compressor.compress(X)) <= 44 + -(-len(X) * n_bits // 8)


def test_a_row_takes_its_bits(levelled, X):
    assert len(levelled.compress(X[:1])) == 44 + 2


def test_bits_follow_the_variance(X):
    rows = np.random.default_rng(0).normal(size=(2000, 3)) * [16, 4, 0.01]
    compressor = CodeCompressor(PCA(), n_bits=8, random_state=0).fit(rows)
    assert compressor.bits_.tolist() == [5, 3, 0]


def test_components_without_bits_are_means(X):
    compressor = CodeCompressor(PCA(6), n_bits=2, random_state=0).fit(X)
    dropped = compressor.bits_ == 0
    assert dropped.any()
    np.testing.assert_allclose(compressor.origins_[dropped], 0, atol=1e-12)


def test_more_bits_leave_less_error(curved, X):
    errors = [
        CodeCompressor(curved, n_bits=n_bits, random_state=0)
        .fit(X)
        .compression_report(X)
        .error
        for n_bits in (3, 6, 12, 24)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1.05 * squared(curved.estimator.reconstruct(X) - X)


def test_every_cut_is_an_error(compressor, X):
    data = compressor.compress(X[:20])
    for end in range(len(data)):
        with pytest.raises(ValueError, match=r"data must be"):
            compressor.decompress(data[:end])


def test_every_changed_byte_is_an_error(compressor, X):
    data = bytearray(compressor.compress(X[:20]))
    for position in range(len(data)):
        for bit in (1, 128):
            data[position] ^= bit
            with pytest.raises(ValueError, match=r"data must be"):
                compressor.decompress(data)
            data[position] ^= bit
    compressor.decompress(data)


@pytest.mark.parametrize("data", [b"", b"\0", b"{}" * 100])
def test_foreign_bytes_are_refused(compressor, data):
    with pytest.raises(ValueError, match=r"data must (be whole|begin with)"):
        compressor.decompress(data)


def test_appended_bytes_are_refused(compressor, X):
    with pytest.raises(ValueError, match=r"cut or changed"):
        compressor.decompress(compressor.compress(X) + b"\0")


@pytest.mark.parametrize("data", ["text", None, 3, [1, 2], np.zeros(3)])
def test_other_types_are_refused(compressor, data):
    with pytest.raises(TypeError, match=r"data must be bytes"):
        compressor.decompress(data)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_like_object_is_read(compressor, X, kind):
    data = compressor.compress(X)
    np.testing.assert_array_equal(
        compressor.decompress(kind(data)), compressor.decompress(data)
    )


OTHERS = {
    "weights": lambda X: CodeCompressor(autoencoder(random_state=1), n_bits=8),
    "quantizer": lambda X: CodeCompressor(autoencoder(), n_bits=9),
    "kind": lambda X: CodeCompressor(PCA(3), n_bits=8),
}


@pytest.mark.parametrize("other", OTHERS)
def test_bytes_of_another_model_are_refused(X, other):
    data = CodeCompressor(autoencoder(), n_bits=8, random_state=0).fit(X).compress(X)
    with pytest.raises(ValueError, match=r"of this very model"):
        OTHERS[other](X).set_params(random_state=0).fit(X).decompress(data)


def test_renamed_categories_are_another_model(pandas_frame):
    renamed = pandas_frame.assign(colour=pandas_frame["colour"].replace("red", "rot"))
    make = CodeCompressor(autoencoder(), n_bits=8, random_state=0)
    data = make.fit(pandas_frame).compress(pandas_frame)
    with pytest.raises(ValueError, match=r"of this very model"):
        make.fit(renamed).decompress(data)


def test_copies_and_clones_share_bytes(X, copied):
    first = CodeCompressor(autoencoder(), error_bound=1e-3, random_state=0).fit(X)
    data = first.compress(X)
    for other in (copied(first), clone(first).fit(X)):
        assert other.fingerprint_ == first.fingerprint_
        assert other.compress(X) == data
        np.testing.assert_array_equal(other.decompress(data), first.decompress(data))


def test_threads_get_the_same_bytes(compressor, X):
    data = compressor.compress(X)
    before = pickle.dumps(compressor)
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: compressor.compress(X), range(20))) == {data}
    assert pickle.dumps(compressor) == before


def test_float32_rows_come_back_float32(compressor, X):
    for dtype in (np.float32, np.float64):
        back = compressor.decompress(compressor.compress(X.astype(dtype)))
        assert back.dtype == dtype


def test_frames_come_back_as_frames(mixed):
    compressor = CodeCompressor(autoencoder(), random_state=0).fit(mixed)
    back = compressor.decompress(compressor.compress(mixed))
    assert type(back) is type(mixed)
    assert list(back.columns) == list(mixed.columns)
    assert list(back.dtypes) == list(mixed.dtypes)
    report = compressor.compression_report(mixed)
    assert report.error - report.reconstruction_error <= compressor.error_bound_
    expected = compressor.estimator_.reconstruction_error(mixed).mean()
    assert report.reconstruction_error == pytest.approx(expected, rel=1e-4)


def test_gaps_come_back_filled(gappy):
    compressor = CodeCompressor(autoencoder(), error_bound=1e-4, random_state=0)
    back = compressor.fit(gappy).decompress(compressor.compress(gappy))
    assert np.isfinite(back).all()
    error = compressor.estimator_.reconstruction_error(gappy).mean()
    assert np.nanmean(np.square(back - gappy), axis=1).mean() <= error + 1e-4


@pytest.mark.parametrize(
    "estimator",
    [
        SparseAutoencoder(8, k=2, sparse_output=True, max_epochs=2, random_state=0),
        ConvolutionalAutoencoder(2, channels=(2,), max_epochs=1, random_state=0),
        autoencoder(whiten=True, standardize=True),
    ],
    ids=["sparse", "convolutional", "whitened"],
)
def test_any_autoencoder_keeps_the_bound(X, estimator):
    compressor = CodeCompressor(estimator, error_bound=1e-2, random_state=0).fit(X)
    report = compressor.compression_report(X)
    assert report.error - report.reconstruction_error <= 1e-2


def test_sparse_rows_equal_dense_ones(X):
    table = sparse.csr_array(np.where(np.abs(X) > 0.5, X, 0))
    compressor = CodeCompressor(autoencoder(), random_state=0).fit(table)
    np.testing.assert_allclose(
        compressor.decompress(compressor.compress(table)),
        compressor.decompress(compressor.compress(table.toarray())),
        atol=1e-3,
    )


@pytest.mark.filterwarnings("ignore:Every column of X is constant")
@pytest.mark.parametrize("parameters", [{}, {"n_bits": 3}, {"error_bound": 1e-3}])
def test_constant_rows_come_back(parameters):
    rows = np.full((30, 3), 7.0)
    compressor = CodeCompressor(autoencoder(1), **parameters).fit(rows)
    np.testing.assert_allclose(compressor.decompress(compressor.compress(rows)), 7)


def test_unseen_categories_warn_once(pandas_frame):
    compressor = CodeCompressor(autoencoder(), random_state=0).fit(pandas_frame)
    strange = pandas_frame.assign(colour="violet")
    with pytest.warns(UserWarning, match="violet") as found:
        compressor.compress(strange)
    assert len(found) == 1


def test_the_report_equals_what_is_measured(compressor, curved, X):
    report = compressor.compression_report(X)
    data = compressor.compress(X)
    assert report.n_bytes == len(data)
    assert report.bytes_per_row == len(data) / len(X)
    assert report.raw_bytes_per_row == X.shape[1] * X.itemsize
    assert report.ratio == pytest.approx(X.nbytes / len(data))
    assert report.error == pytest.approx(squared(compressor.decompress(data) - X))
    exact = curved.estimator.reconstruction_error(X).mean()
    assert report.reconstruction_error == pytest.approx(exact)


def test_bound_and_bits_together_are_refused(X):
    with pytest.raises(ValueError, match=r"Only one of error_bound and n_bits"):
        CodeCompressor(error_bound=1.0, n_bits=8).fit(X)


def test_too_many_bits_are_refused(X):
    with pytest.raises(ValueError, match=r"n_bits must be at most 32 for each of 3"):
        CodeCompressor(PCA(3), n_bits=97).fit(X)


def test_a_failed_fit_changes_nothing(bounded, X):
    data = bounded.compress(X)
    broken = pickle.loads(pickle.dumps(bounded)).set_params(n_bits=200)
    with pytest.raises(ValueError, match=r"Only one"):
        broken.fit(X)
    assert broken.compress(X) == data


@pytest.mark.parametrize("parameters", [{}, {"n_bits": 9}, {"error_bound": 1e-3}])
def test_gaps_in_codes_are_refused(X, gappy, parameters):
    with pytest.raises(ValueError, match=r"Codes must be finite"):
        CodeCompressor(StandardScaler(), **parameters).fit(gappy)
    compressor = CodeCompressor(StandardScaler(), **parameters).fit(X)
    with pytest.raises(ValueError, match=r"Codes must be finite"):
        compressor.compress(gappy)


def test_infinity_is_refused(compressor, X):
    rows = X.copy()
    rows[0, 0] = np.inf
    with pytest.raises(ValueError, match=r"infinity"):
        compressor.compress(rows)


@pytest.mark.parametrize("size", [1e147, 1e154, 1e200])
@pytest.mark.parametrize("n_bits", [None, 6])
def test_overflowing_errors_are_refused(n_bits, size, X):
    linear = AutoencoderTransformer(2, max_epochs=0, standardize=True)
    with pytest.raises(ValueError, match=r"errors up to .*in larger units"):
        CodeCompressor(linear, n_bits=n_bits).fit(size * X)
    compressor = CodeCompressor(linear, n_bits=n_bits).fit(X)
    assert compressor.fit(1e100 * X).decompress(compressor.compress(1e100 * X)).any()


def test_refitting_a_frozen_estimator_changes_nothing(X):
    pca = PCA(2).fit(X)
    compressor = CodeCompressor(FrozenEstimator(pca), n_bits=16).fit(X)
    data = compressor.compress(X)
    rows = compressor.decompress(data)
    pca.fit(X[:20] ** 3)
    np.testing.assert_array_equal(compressor.decompress(data), rows)


def test_constant_fits_compress_other_rows(X):
    compressor = CodeCompressor(PCA(2)).fit(np.full((30, 6), 0.1))
    assert compressor.decompress(compressor.compress(X)).shape == X.shape
