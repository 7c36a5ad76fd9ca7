import numpy as np
import pytest
from scipy import sparse

from sklearn_ae._tables import fit_numeric_codec

NAMES = ("depth", "price", "weight")


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return rng.normal([5, -3, 0], [1, 10, 0.1], size=(200, 3))


def fit(X, *, standardize=False):
    return fit_numeric_codec(X, standardize=standardize, feature_names=NAMES)


@pytest.mark.parametrize("standardize", [True, False])
def test_decode_undoes_encode(table, standardize):
    codec = fit(table, standardize=standardize)
    np.testing.assert_allclose(codec.decode(codec.encode(table)), table, rtol=1e-12)


@pytest.mark.parametrize("standardize", [True, False])
def test_encoded_columns_are_centred(table, standardize):
    encoded = fit(table, standardize=standardize).encode(table)
    np.testing.assert_allclose(encoded.mean(axis=0), 0, atol=1e-12)


def test_standardized_columns_have_deviation_one(table):
    encoded = fit(table, standardize=True).encode(table)
    np.testing.assert_allclose(encoded.std(axis=0), 1)


def test_one_common_scale_makes_the_mean_square_one(table):
    codec = fit(table)
    assert np.ptp(codec.scale) == 0
    assert np.mean(codec.encode(table) ** 2) == pytest.approx(1)


@pytest.mark.parametrize("standardize", [True, False])
def test_sparse_and_dense_tables_give_the_same_codec(table, standardize):
    table = np.where(table > 0, table, 0)
    dense = fit(table, standardize=standardize)
    compressed = fit(sparse.csr_array(table), standardize=standardize)
    np.testing.assert_allclose(compressed.mean, dense.mean, rtol=1e-10)
    np.testing.assert_allclose(compressed.scale, dense.scale, rtol=1e-10)


def test_sparse_and_dense_rows_encode_alike(table):
    codec = fit(table)
    np.testing.assert_array_equal(
        codec.encode(sparse.csr_array(table)), codec.encode(table)
    )


def test_sparse_rows_are_scaled_but_not_centred(table):
    codec = fit(table, standardize=True)
    scaled = codec.encode_sparse(sparse.csr_array(table)).toarray()
    np.testing.assert_allclose(scaled, table / codec.scale)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e9, 1e-300, 1e300])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_constant_columns_encode_to_exact_zeros(value, container):
    X = container(np.full((7, 3), value))
    assert not fit(X, standardize=True).encode(X).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_encode_and_decode_give_the_dtype_asked_for(table, dtype):
    codec = fit(table)
    encoded = codec.encode(table, dtype)
    assert encoded.dtype == dtype
    assert codec.decode(encoded).dtype == dtype


def test_columns_far_from_zero_keep_their_digits():
    deviations = np.random.default_rng(0).normal(size=(500, 1))
    far = fit(1e9 + deviations, standardize=True).encode(1e9 + deviations)
    near = fit(deviations, standardize=True).encode(deviations)
    np.testing.assert_allclose(far, near, atol=1e-6)


@pytest.mark.parametrize("power", [-300, -150, -12, 12, 150, 300])
def test_scale_of_a_table_does_not_matter(table, power):
    factor = 2.0 ** (power * 3)
    scaled = fit(table * factor).encode(table * factor)
    np.testing.assert_allclose(scaled, fit(table).encode(table), rtol=1e-9)


def test_overflow_beyond_float32_names_the_column(table):
    codec = fit(table)
    with pytest.raises(ValueError, match=r"finite in float32.*'price'"):
        codec.encode(np.array([[0.0, 1e300, 0.0]]), np.float32)


def test_overflow_of_a_columns_sum_names_the_column(table):
    table = table.copy()
    table[:, 2] = 1.7e308
    table[:50, 2] = -1.7e308
    with pytest.raises(ValueError, match="'weight'"):
        fit(table)


def test_encode_leaves_its_input_alone(table):
    table.flags.writeable = False
    before = table.copy()
    fit(table).encode(table)
    np.testing.assert_array_equal(table, before)
