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


def test_common_scale_makes_mean_square_one(fit, table):
    codec = fit(table)
    assert np.ptp(codec.scale) == 0
    assert np.mean(codec.encode(table) ** 2) == pytest.approx(1)


@pytest.mark.parametrize("standardize", [True, False])
def test_sparse_and_dense_codecs_agree(fit, table, standardize):
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


def test_sparse_rows_are_only_scaled(fit, table):
    codec = fit(table, standardize=True)
    scaled = codec.encode_sparse(sparse.csr_array(table)).toarray()
    np.testing.assert_allclose(scaled, table / codec.scale)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e9, 1e-300, 1e300])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_constant_columns_encode_to_exact_zeros(fit, value, container):
    X = container(np.full((7, 3), value))
    assert not fit(X, standardize=True).encode(X).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_encode_and_decode_give_the_dtype(fit, table, dtype):
    codec = fit(table)
    encoded = codec.encode(table, dtype)
    assert encoded.dtype == dtype
    assert codec.decode(encoded).dtype == dtype


def test_columns_far_from_zero_keep_digits(fit_table):
    def fit(X):
        return fit_table(X, standardize=True).codec

    deviations = np.random.default_rng(0).normal(size=(500, 1))
    far = fit(1e9 + deviations).encode(1e9 + deviations)
    near = fit(deviations).encode(deviations)
    np.testing.assert_allclose(far, near, atol=1e-6)


@pytest.mark.parametrize("power", [-300, -150, -12, 12, 150, 300])
def test_scale_of_tables_changes_nothing(fit, table, power):
    factor = 2.0 ** (power * 3)
    scaled = fit(table * factor).encode(table * factor)
    np.testing.assert_allclose(scaled, fit(table).encode(table), rtol=1e-9)


def test_overflow_beyond_float32_names_the_column(fit, table):
    codec = fit(table)
    with pytest.raises(ValueError, match=r"finite in float32.*'price'"):
        codec.encode(np.array([[0.0, 1e300, 0.0]]), np.float32)


def test_numbers_beyond_float32_are_clipped(fit_table):
    codec = fit_table(np.array([[-1e38], [0.0], [2e38]])).codec
    decoded = codec.decode(np.array([[-9.0], [0.0], [9.0]], dtype=np.float32))
    most = np.finfo(np.float32).max
    np.testing.assert_allclose(decoded.ravel(), [-most, 1e38 / 3, most])


def test_overflow_of_sums_names_the_column(fit, table):
    table = table.copy()
    table[:, 2] = 1.7e308
    table[:50, 2] = -1.7e308
    with pytest.raises(ValueError, match="'weight'"):
        fit(table)


def test_encode_does_not_change_its_input(fit, table):
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
def test_moments_are_those_of_observed_cells(fit, gaps, container):
    codec = fit(container(gaps), standardize=True)
    np.testing.assert_allclose(codec.mean, np.nanmean(gaps, axis=0))
    np.testing.assert_allclose(codec.scale, np.nanstd(gaps, axis=0))


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_common_scale_counts_observed_cells(fit, gaps, container):
    encoded = fit(container(gaps)).encode(gaps)
    assert np.nanmean(encoded**2) == pytest.approx(1)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_missing_cells_stay_missing(fit, gaps, container):
    codec = fit(gaps)
    encoded = codec.encode(container(gaps))
    np.testing.assert_array_equal(np.isnan(encoded), np.isnan(gaps))
    np.testing.assert_allclose(codec.decode(encoded), gaps)


def test_missing_sparse_entries_become_the_mean(fit, gaps):
    codec = fit(gaps)
    scaled = codec.encode_sparse(sparse.csr_array(gaps)).toarray()
    expected = np.where(np.isnan(gaps), codec.mean, gaps) / codec.scale
    np.testing.assert_allclose(scaled, expected)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_empty_columns_come_back_missing(fit, gaps, container):
    gaps[:, 1] = np.nan
    codec = fit(container(gaps), standardize=True)
    assert codec.empty.tolist() == [False, True, False]
    assert np.isnan(codec.decode(np.zeros((2, 3)))[:, 1]).all()
    assert np.isnan(codec.encode(np.ones((2, 3)))[:, 1]).all()


def test_columns_with_gaps_are_listed(fit_table, gaps, table):
    gaps[:, 1] = table[:, 1]
    assert fit_table(gaps).gap_columns == [0, 2]


def test_empty_columns_are_no_gap_columns(fit_table, gaps):
    gaps[:, 1] = np.nan
    assert fit_table(gaps).gap_columns == [0, 2]


def test_observed_cells_of_rows_are_counted(fit_table, gaps):
    expected = (~np.isnan(gaps)).sum() / len(gaps)
    assert fit_table(gaps).layout().n_cells == pytest.approx(expected)


# Categories


def categories_table(n_categories, n_rows=600, missing=0.0):
    """A number beside a category whose values are not equally frequent."""
    rng = np.random.default_rng(0)
    category = rng.integers(n_categories, size=n_rows) * rng.integers(2, size=n_rows)
    category[:n_categories] = np.arange(n_categories)
    category = category.astype(float)
    category[rng.uniform(size=n_rows) < missing] = np.nan
    return np.column_stack([rng.normal(size=n_rows), category])


def indicators(category):
    """Encode categories by the formula, NaN being a category, too."""
    values = np.unique(category)
    hot = np.column_stack(
        [
            np.isnan(category) if np.isnan(value) else category == value
            for value in values
        ]
    ).astype(float)
    p = hot.mean(axis=0)
    return (hot - p) / np.sqrt((p * (1 - p)).sum())


@pytest.mark.parametrize(
    ("n_categories", "missing"), [(1, 0.2), (2, 0.0), (2, 0.2), (3, 0.2), (10, 0.0)]
)
def test_blocks_are_centred_scaled_indicators(fit_table, n_categories, missing):
    X = categories_table(n_categories, missing=missing)
    table = fit_table(X, standardize=True, categorical_features=[1])
    _, numbers = infer_schema(X, ("a", "b"), [1], None)
    block = table.codec.encode(numbers)[:, 1:]
    np.testing.assert_allclose(block, indicators(X[:, 1]))


@pytest.mark.parametrize("n_categories", [2, 3, 10, 50])
def test_total_variance_of_blocks_is_one(fit_table, n_categories):
    X = categories_table(n_categories)
    codec = fit_table(X, standardize=True, categorical_features=[1]).codec
    block = codec.encode(X)[:, 1:]
    assert block.shape[1] == n_categories
    assert block.var(axis=0).sum() == pytest.approx(1)


@pytest.mark.parametrize("n_categories", [2, 10, 50])
def test_categories_count_as_one_cell(fit_table, n_categories):
    layout = fit_table(
        categories_table(n_categories), categorical_features=[1]
    ).layout()
    assert layout.n_cells == 2
    assert layout.n_columns == 2


@pytest.mark.parametrize("n_categories", [2, 10, 50])
def test_guessing_frequencies_has_loss_one(fit_table, n_categories):
    X = categories_table(n_categories)
    table = fit_table(X, standardize=True, categorical_features=[1])
    rows = torch.from_numpy(table.codec.encode(X))
    loss = reconstruction_loss(
        torch.zeros_like, (rows, rows), n_cells=table.layout().n_cells
    )
    assert loss.mean().item() == pytest.approx(1)


def test_constant_categories_encode_to_zeros(fit_table):
    X = categories_table(1)
    codec = fit_table(X, standardize=True, categorical_features=[1]).codec
    assert not codec.encode(X)[:, 1].any()


@pytest.mark.parametrize("standardize", [False, True])
def test_scale_of_numbers_leaves_blocks_unchanged(fit_table, standardize):
    X = categories_table(3)
    codec = fit_table(
        X * [1000, 1], standardize=standardize, categorical_features=[1]
    ).codec
    block = codec.encode(X)[:, 1:]
    assert block.var(axis=0).sum() == pytest.approx(1)


def test_ordinals_do_not_change_the_scale(fit_table):
    X = categories_table(50)
    codec = fit_table(X, categorical_features=[1]).codec
    assert codec.scale[0] == pytest.approx(X[:, 0].std())


def test_unknown_categories_are_empty_blocks(fit_table):
    X = categories_table(3)
    codec = fit_table(X, categorical_features=[1]).codec
    unknown = codec.encode(np.array([[0.0, -1.0]]))[0, 1:]
    np.testing.assert_allclose(unknown * codec.scale[1:], -codec.mean[1:])


def test_missing_blocks_are_nan(fit_table):
    codec = fit_table(categories_table(3), categorical_features=[1]).codec
    encoded = codec.encode(np.array([[0.0, np.nan]]))
    assert np.isnan(encoded[0, 1:]).all()


def test_blocks_decode_to_the_largest_indicator(fit_table):
    X = categories_table(4)
    codec = fit_table(X, categorical_features=[1]).codec
    np.testing.assert_allclose(codec.decode(codec.encode(X)), X)
    rows = codec.encode(X)
    rows[:, 1:] *= 0.8
    np.testing.assert_array_equal(codec.decode(rows)[:, 1], X[:, 1])


def test_indicators_are_compared_as_probabilities(fit_table):
    codec = fit_table(categories_table(4), categorical_features=[1]).codec
    centre = codec.decode(np.zeros((1, 5)))
    assert centre[0, 1] == np.argmax(codec.mean[1:])


def test_observed_decoding_is_never_missing(fit_table):
    X = categories_table(2, missing=0.9)
    table = fit_table(X, categorical_features=[1])
    centre = np.zeros((1, table.codec.n_encoded))
    assert table.codec.decode(centre)[0, 1] == 2
    assert table.codec.decode(centre, observed=True)[0, 1] in (0, 1)


def test_cells_sum_squares_over_blocks(fit_table):
    codec = fit_table(categories_table(3), categorical_features=[1]).codec
    np.testing.assert_array_equal(codec.cells(np.array([[1.0, 2, 3, 4]])), [[1, 9]])


def test_layout_groups_columns_of_blocks(fit_table):
    X = categories_table(3)[:, [1, 0, 1]]
    layout = fit_table(X, categorical_features=[0, 2]).layout()
    assert layout.column.tolist() == [0, 0, 0, 1, 2, 2, 2]


def test_layout_holds_encoded_missing_cells(fit_table):
    X = categories_table(3, missing=0.2)
    table = fit_table(X, categorical_features=[1])
    missing = table.layout().missing.numpy()
    assert np.isnan(missing[0])
    expected = table.codec.encode(np.array([[0.0, 3.0]]))[0, 1:]
    np.testing.assert_allclose(missing[1:], expected, rtol=1e-6)


@pytest.mark.parametrize("standardize", [False, True])
def test_layout_holds_noise_units(fit_table, standardize):
    X = np.column_stack([categories_table(3), 10 * categories_table(2)[:, 0]])
    table = fit_table(X, standardize=standardize, categorical_features=[1])
    encoded = table.codec.encode(X).std(axis=0)
    shared = [True, False, False, False, True]
    expected = encoded if standardize else np.where(shared, 1, encoded)
    np.testing.assert_allclose(table.layout().noise_unit.numpy(), expected, rtol=1e-6)


def test_overflow_behind_blocks_names_the_column(fit):
    X = np.column_stack([categories_table(3)[:, ::-1], categories_table(2)[:, 0]])
    codec = fit(X, categorical_features=[0])
    with pytest.raises(ValueError, match=r"float32.*'weight'"):
        codec.encode(np.array([[0.0, 0.0, 1e300]]))


def test_noise_unit_follows_from_the_codec(fit_table):
    X = np.column_stack([categories_table(3), np.ones(600)])
    for standardize in (False, True):
        table = fit_table(X, standardize=standardize, categorical_features=[1])
        unit = table.codec.noise_unit(standardized=standardize)
        np.testing.assert_array_equal(unit, table.noise_unit)
        assert unit[-1] == 1 - standardize


def test_errors_have_input_units(fit_table):
    X = categories_table(3)
    assert fit_table(X, categorical_features=[1]).codec.error_unit == 1.0
    codec = fit_table(X).codec
    assert codec.error_unit is codec.scale


# Statistics of cells


def test_cells_of_numbers_stay_encoded(fit, table):
    codec = fit(table)
    encoded = codec.encode(table, np.float32)
    assert codec.cell_statistics(encoded) is encoded
    assert codec.cell_residuals(encoded) is encoded


def test_cells_of_categories_tell_their_rarity(fit_table):
    X = categories_table(3)
    codec = fit_table(X, categorical_features=[1]).codec
    cells = codec.cell_statistics(codec.encode(X))
    frequencies = codec.mean[1:][X[:, 1].astype(int)]
    np.testing.assert_allclose(cells[:, 1], -np.log(frequencies))
    (unknown,) = codec.cell_statistics(codec.encode(np.array([[0.0, -1.0]])))
    assert unknown[1] == pytest.approx(-np.log(codec.mean[1:].min() / 2))


def test_residuals_of_blocks_are_lengths(fit_table):
    codec = fit_table(categories_table(3), categorical_features=[1]).codec
    residuals = np.array([[-1.0, 2, 3, 6]])
    np.testing.assert_array_equal(codec.cell_residuals(residuals), [[-1, 7]])


def test_missing_cells_are_found(fit_table):
    X = categories_table(3, missing=0.2)
    X[0, 0] = np.nan
    table = fit_table(X, categorical_features=[1])
    _, numbers = infer_schema(X, ("a", "b"), [1], None)
    encoded = table.codec.encode(numbers)
    np.testing.assert_array_equal(table.codec.is_missing(numbers, encoded), np.isnan(X))


# Draws


def test_drawn_categories_follow_their_probabilities(fit_table):
    codec = fit_table(categories_table(3), categorical_features=[1]).codec
    rows = np.tile((np.array([0, 0.2, 0.3, 0.5]) - codec.mean) / codec.scale, (5000, 1))
    drawn = codec.draw(rows, 0.5, np.random.RandomState(0))
    shares = np.bincount(drawn[:, 1].astype(int)) / 5000
    np.testing.assert_allclose(shares, [0.2, 0.3, 0.5], atol=0.03)
    assert drawn[:, 0].std() == pytest.approx(0.5 * codec.scale[0], rel=0.05)


def test_constant_columns_are_not_drawn(fit):
    X = np.array([[1.0, 5.0, np.nan], [2.0, 5.0, np.nan]])
    drawn = fit(X).draw(np.zeros((3, 3)), 1.0, np.random.RandomState(0))
    np.testing.assert_array_equal(drawn[:, 1], 5.0)
    assert np.isnan(drawn[:, 2]).all()
    assert np.ptp(drawn[:, 0]) > 0
