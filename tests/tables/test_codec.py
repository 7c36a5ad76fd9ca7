import numpy as np
import pytest
import torch
from scipy import sparse

from sklearn_ae._tables.schema_inference import infer_schema
from sklearn_ae.nn import reconstruction_loss

NAMES = ("depth", "price", "weight")


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return rng.normal([5, -3, 0], [1, 10, 0.1], size=(200, 3))


@pytest.fixture
def fit(fit_table):
    return lambda X, **options: fit_table(X, names=NAMES, **options).codec


@pytest.mark.parametrize("standardize", [True, False])
def test_decode_undoes_encode(fit, table, standardize):
    codec = fit(table, standardize=standardize)
    np.testing.assert_allclose(codec.decode(codec.encode(table)), table, rtol=1e-12)


@pytest.mark.parametrize("standardize", [True, False])
def test_encoded_columns_are_centred(fit, table, standardize):
    encoded = fit(table, standardize=standardize).encode(table)
    np.testing.assert_allclose(encoded.mean(axis=0), 0, atol=1e-12)


def test_standardized_columns_have_deviation_one(fit, table):
    encoded = fit(table, standardize=True).encode(table)
    np.testing.assert_allclose(encoded.std(axis=0), 1)


def test_one_common_scale_makes_the_mean_square_one(fit, table):
    codec = fit(table)
    assert np.ptp(codec.scale) == 0
    assert np.mean(codec.encode(table) ** 2) == pytest.approx(1)


@pytest.mark.parametrize("standardize", [True, False])
def test_sparse_and_dense_tables_give_the_same_codec(fit, table, standardize):
    table = np.where(table > 0, table, 0)
    dense = fit(table, standardize=standardize)
    compressed = fit(sparse.csr_array(table), standardize=standardize)
    np.testing.assert_allclose(compressed.mean, dense.mean, rtol=1e-10)
    np.testing.assert_allclose(compressed.scale, dense.scale, rtol=1e-10)


def test_sparse_and_dense_rows_encode_alike(fit, table):
    codec = fit(table)
    np.testing.assert_array_equal(
        codec.encode(sparse.csr_array(table)), codec.encode(table)
    )


def test_sparse_rows_are_scaled_but_not_centred(fit, table):
    codec = fit(table, standardize=True)
    scaled = codec.encode_sparse(sparse.csr_array(table)).toarray()
    np.testing.assert_allclose(scaled, table / codec.scale)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e9, 1e-300, 1e300])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_constant_columns_encode_to_exact_zeros(fit, value, container):
    X = container(np.full((7, 3), value))
    assert not fit(X, standardize=True).encode(X).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_encode_and_decode_give_the_dtype_asked_for(fit, table, dtype):
    codec = fit(table)
    encoded = codec.encode(table, dtype)
    assert encoded.dtype == dtype
    assert codec.decode(encoded).dtype == dtype


def test_columns_far_from_zero_keep_their_digits(fit):
    deviations = np.random.default_rng(0).normal(size=(500, 1))
    far = fit(1e9 + deviations, standardize=True).encode(1e9 + deviations)
    near = fit(deviations, standardize=True).encode(deviations)
    np.testing.assert_allclose(far, near, atol=1e-6)


@pytest.mark.parametrize("power", [-300, -150, -12, 12, 150, 300])
def test_scale_of_a_table_does_not_matter(fit, table, power):
    factor = 2.0 ** (power * 3)
    scaled = fit(table * factor).encode(table * factor)
    np.testing.assert_allclose(scaled, fit(table).encode(table), rtol=1e-9)


def test_overflow_beyond_float32_names_the_column(fit, table):
    codec = fit(table)
    with pytest.raises(ValueError, match=r"finite in float32.*'price'"):
        codec.encode(np.array([[0.0, 1e300, 0.0]]), np.float32)


def test_numbers_beyond_float32_decode_to_its_largest(fit):
    codec = fit(np.array([[-1e38], [0.0], [2e38]]))
    decoded = codec.decode(np.array([[-9.0], [0.0], [9.0]], dtype=np.float32))
    most = np.finfo(np.float32).max
    np.testing.assert_allclose(decoded.ravel(), [-most, 1e38 / 3, most])


def test_overflow_of_a_columns_sum_names_the_column(fit, table):
    table = table.copy()
    table[:, 2] = 1.7e308
    table[:50, 2] = -1.7e308
    with pytest.raises(ValueError, match="'weight'"):
        fit(table)


def test_encode_leaves_its_input_alone(fit, table):
    table.flags.writeable = False
    before = table.copy()
    fit(table).encode(table)
    np.testing.assert_array_equal(table, before)


# Missing cells


@pytest.fixture
def gaps(table):
    """The same table with a third of its cells missing."""
    holes = np.random.default_rng(1).uniform(size=table.shape) < 1 / 3
    return np.where(holes, np.nan, table)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_means_and_deviations_are_those_of_observed_cells(fit, gaps, container):
    codec = fit(container(gaps), standardize=True)
    np.testing.assert_allclose(codec.mean, np.nanmean(gaps, axis=0))
    np.testing.assert_allclose(codec.scale, np.nanstd(gaps, axis=0))


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_one_common_scale_makes_the_mean_square_of_observed_cells_one(
    fit, gaps, container
):
    encoded = fit(container(gaps)).encode(gaps)
    assert np.nanmean(encoded**2) == pytest.approx(1)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_missing_cells_stay_missing(fit, gaps, container):
    codec = fit(gaps)
    encoded = codec.encode(container(gaps))
    np.testing.assert_array_equal(np.isnan(encoded), np.isnan(gaps))
    np.testing.assert_allclose(codec.decode(encoded), gaps)


def test_missing_entries_of_sparse_rows_are_filled_with_the_mean(fit, gaps):
    codec = fit(gaps)
    scaled = codec.encode_sparse(sparse.csr_array(gaps)).toarray()
    expected = np.where(np.isnan(gaps), codec.mean, gaps) / codec.scale
    np.testing.assert_allclose(scaled, expected)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_columns_without_a_cell_come_back_missing(fit, gaps, container):
    gaps[:, 1] = np.nan
    codec = fit(container(gaps), standardize=True)
    assert codec.empty.tolist() == [False, True, False]
    assert np.isnan(codec.decode(np.zeros((2, 3)))[:, 1]).all()
    assert np.isnan(codec.encode(np.ones((2, 3)))[:, 1]).all()


def test_columns_with_gaps_are_told(fit_table, gaps, table):
    gaps[:, 1] = table[:, 1]
    assert fit_table(gaps).gap_columns == [0, 2]


def test_columns_without_a_cell_are_no_gap_columns(fit_table, gaps):
    gaps[:, 1] = np.nan
    assert fit_table(gaps).gap_columns == [0, 2]


def test_cells_of_a_row_are_counted_where_observed(fit_table, gaps):
    expected = (~np.isnan(gaps)).sum() / len(gaps)
    assert fit_table(gaps).layout().n_cells == pytest.approx(expected)


# Categories


def levels_table(n_levels, n_rows=600, missing=0.0):
    """A number beside a category whose levels are not equally frequent."""
    rng = np.random.default_rng(0)
    level = rng.integers(n_levels, size=n_rows) * rng.integers(2, size=n_rows)
    level[:n_levels] = np.arange(n_levels)
    level = level.astype(float)
    level[rng.uniform(size=n_rows) < missing] = np.nan
    return np.column_stack([rng.normal(size=n_rows), level])


def indicators(level):
    """Encode level numbers, NaN being a level of its own, by the formula."""
    values = np.unique(level)
    hot = np.column_stack(
        [np.isnan(level) if np.isnan(value) else level == value for value in values]
    ).astype(float)
    p = hot.mean(axis=0)
    return (hot - p) / np.sqrt((p * (1 - p)).sum())


@pytest.mark.parametrize(
    ("n_levels", "missing"), [(1, 0.2), (2, 0.0), (2, 0.2), (3, 0.2), (10, 0.0)]
)
def test_blocks_are_centred_indicators_over_the_root_of_their_variance(
    fit_table, n_levels, missing
):
    X = levels_table(n_levels, missing=missing)
    table = fit_table(X, standardize=True, categorical_features=[1])
    _, numbers = infer_schema(X, ("a", "b"), [1], None)
    block = table.codec.encode(numbers)[:, 1:]
    np.testing.assert_allclose(block, indicators(X[:, 1]))


@pytest.mark.parametrize("n_levels", [2, 3, 10, 50])
def test_a_blocks_total_variance_is_one(fit_table, n_levels):
    X = levels_table(n_levels)
    codec = fit_table(X, standardize=True, categorical_features=[1]).codec
    block = codec.encode(X)[:, 1:]
    assert block.shape[1] == n_levels
    assert block.var(axis=0).sum() == pytest.approx(1)


@pytest.mark.parametrize("n_levels", [2, 10, 50])
def test_a_category_counts_as_one_cell_whatever_its_levels(fit_table, n_levels):
    layout = fit_table(levels_table(n_levels), categorical_features=[1]).layout()
    assert layout.n_cells == 2
    assert layout.n_columns == 2


@pytest.mark.parametrize("n_levels", [2, 10, 50])
def test_guessing_the_frequencies_has_loss_one_whatever_the_levels(fit_table, n_levels):
    X = levels_table(n_levels)
    table = fit_table(X, standardize=True, categorical_features=[1])
    rows = torch.from_numpy(table.codec.encode(X))
    loss = reconstruction_loss(
        torch.zeros_like, (rows, rows), n_cells=table.layout().n_cells
    )
    assert loss.mean().item() == pytest.approx(1)


def test_constant_categories_encode_to_zeros(fit_table):
    X = levels_table(1)
    codec = fit_table(X, standardize=True, categorical_features=[1]).codec
    assert not codec.encode(X)[:, 1].any()


@pytest.mark.parametrize("standardize", [False, True])
def test_blocks_do_not_depend_on_the_scale_of_numbers(fit_table, standardize):
    X = levels_table(3)
    codec = fit_table(
        X * [1000, 1], standardize=standardize, categorical_features=[1]
    ).codec
    block = codec.encode(X)[:, 1:]
    assert block.var(axis=0).sum() == pytest.approx(1)


def test_level_numbers_have_no_part_in_the_common_scale(fit_table):
    X = levels_table(50)
    codec = fit_table(X, categorical_features=[1]).codec
    assert codec.scale[0] == pytest.approx(X[:, 0].std())


def test_unseen_levels_are_an_empty_block(fit_table):
    X = levels_table(3)
    codec = fit_table(X, categorical_features=[1]).codec
    unseen = codec.encode(np.array([[0.0, -1.0]]))[0, 1:]
    np.testing.assert_allclose(unseen * codec.scale[1:], -codec.mean[1:])


def test_missing_cells_without_a_level_are_missing_in_the_whole_block(fit_table):
    codec = fit_table(levels_table(3), categorical_features=[1]).codec
    encoded = codec.encode(np.array([[0.0, np.nan]]))
    assert np.isnan(encoded[0, 1:]).all()


def test_blocks_decode_to_their_largest_indicator(fit_table):
    X = levels_table(4)
    codec = fit_table(X, categorical_features=[1]).codec
    np.testing.assert_allclose(codec.decode(codec.encode(X)), X)
    rows = codec.encode(X)
    rows[:, 1:] *= 0.8
    np.testing.assert_array_equal(codec.decode(rows)[:, 1], X[:, 1])


def test_indicators_are_compared_in_units_of_probability(fit_table):
    codec = fit_table(levels_table(4), categorical_features=[1]).codec
    centre = codec.decode(np.zeros((1, 5)))
    assert centre[0, 1] == np.argmax(codec.mean[1:])


def test_observed_decoding_leaves_missing_levels_out(fit_table):
    X = levels_table(2, missing=0.9)
    table = fit_table(X, categorical_features=[1])
    centre = np.zeros((1, table.codec.n_encoded))
    assert table.codec.decode(centre)[0, 1] == 2
    assert table.codec.decode(centre, observed=True)[0, 1] in (0, 1)


def test_cells_sum_squares_over_blocks(fit_table):
    codec = fit_table(levels_table(3), categorical_features=[1]).codec
    np.testing.assert_array_equal(codec.cells(np.array([[1.0, 2, 3, 4]])), [[1, 9]])


def test_layout_tells_which_columns_belong_together(fit_table):
    X = levels_table(3)[:, [1, 0, 1]]
    layout = fit_table(X, categorical_features=[0, 2]).layout()
    assert layout.column.tolist() == [0, 0, 0, 1, 2, 2, 2]


def test_layout_tells_what_a_missing_cell_looks_like(fit_table):
    X = levels_table(3, missing=0.2)
    table = fit_table(X, categorical_features=[1])
    missing = table.layout().missing.numpy()
    assert np.isnan(missing[0])
    expected = table.codec.encode(np.array([[0.0, 3.0]]))[0, 1:]
    np.testing.assert_allclose(missing[1:], expected, rtol=1e-6)


@pytest.mark.parametrize("standardize", [False, True])
def test_layout_tells_the_unit_of_noise(fit_table, standardize):
    X = np.column_stack([levels_table(3), 10 * levels_table(2)[:, 0]])
    table = fit_table(X, standardize=standardize, categorical_features=[1])
    encoded = table.codec.encode(X).std(axis=0)
    shared = [True, False, False, False, True]
    expected = encoded if standardize else np.where(shared, 1, encoded)
    np.testing.assert_allclose(table.layout().noise_unit.numpy(), expected, rtol=1e-6)


def test_overflow_names_the_column_behind_a_block(fit):
    X = np.column_stack([levels_table(3)[:, ::-1], levels_table(2)[:, 0]])
    codec = fit(X, categorical_features=[0])
    with pytest.raises(ValueError, match=r"float32.*'weight'"):
        codec.encode(np.array([[0.0, 0.0, 1e300]]))
