import numpy as np
import pytest

from sklearn_ae._tables.categories import (
    UNKNOWN,
    Categories,
    fit_categories,
    nearest_probabilities,
)

COLUMN = ["b", "a", None, "b", "c", "b", "c", "d"]


def factorized(cells):
    values = list(dict.fromkeys(cell for cell in cells if cell is not None))
    codes = [-1 if cell is None else values.index(cell) for cell in cells]
    return np.array(codes), values


def fit(cells, max_categories=None):
    return fit_categories(*factorized(cells), max_categories)


def ordinals(categories, cells):
    return categories.encode(*factorized(cells))


def test_categories_are_numbered_in_sorted_order():
    assert fit(COLUMN).frequent == ("a", "b", "c", "d")


def test_order_of_values_changes_nothing():
    assert fit(COLUMN[::-1], 3) == fit(COLUMN, 3)


def test_categories_without_cells_are_dropped():
    assert fit_categories(np.array([0, 2, 2]), ["a", "b", "c"], None).frequent == (
        "a",
        "c",
    )


def test_listed_categories_without_cells_are_kept():
    values = ["a", "b", "c", "d"]
    codes = np.array([0, 2, 2, -1])
    assert fit_categories(codes, values, None, {"b"}) == Categories(
        ("a", "b", "c"), (), True
    )
    few = fit_categories(codes, values, 3, set(values))
    assert few == Categories(("c",), ("a", "b", "d"), True)


def test_categories_of_several_types_are_sorted():
    assert fit([2, "b", 1.5, True, "a"]).frequent == (True, 1.5, 2, "a", "b")


@pytest.mark.parametrize("has_missing", [False, True])
def test_missing_cells_have_the_last_ordinal(has_missing):
    categories = fit(COLUMN if has_missing else [cell for cell in COLUMN if cell])
    assert categories.has_missing == has_missing
    assert len(categories) == 4 + has_missing
    np.testing.assert_equal(categories.missing_ordinal, 4.0 if has_missing else np.nan)


def test_cells_become_ordinals():
    expected = [1, 0, 4, 1, 2, 1, 2, 3]
    np.testing.assert_array_equal(ordinals(fit(COLUMN), COLUMN), expected)


def test_newly_missing_cells_are_nan():
    categories = fit(["a", "b"])
    np.testing.assert_array_equal(ordinals(categories, ["b", None]), [1, np.nan])


def test_unknown_categories_become_unknown():
    np.testing.assert_array_equal(ordinals(fit(COLUMN), ["z", "a"]), [UNKNOWN, 0])


def test_unknown_categories_are_found():
    codes, values = factorized(["z", "a", None, "y", "z"])
    assert fit(COLUMN).find_unknown(codes, values) == ["z", "y"]


def test_unknown_values_without_cells_are_ignored():
    assert fit(COLUMN).find_unknown(np.array([0, -1]), ["a", "z"]) == []


@pytest.mark.parametrize("max_categories", [2, 3, 4, 5, 6])
def test_max_categories_limits_ordinals(max_categories):
    assert len(fit(COLUMN, max_categories)) == min(max_categories, 5)


def test_infrequent_categories_share_an_ordinal():
    categories = fit(COLUMN, max_categories=4)
    assert categories.frequent == ("b", "c")
    assert set(categories.infrequent) == {"a", "d"}
    np.testing.assert_array_equal(
        ordinals(categories, ["a", "b", "c", "d"]), [2, 0, 1, 2]
    )


def test_most_frequent_of_infrequent_comes_first():
    categories = fit([*"aaaa", *"bb", *"ccc", "d"], max_categories=2)
    assert categories.frequent == ("a",)
    assert categories.infrequent == ("c", "b", "d")
    assert categories.values == ("a", "c")


def test_nothing_is_infrequent_within_the_limit():
    assert fit(COLUMN, max_categories=5).infrequent == ()


@pytest.mark.parametrize("max_categories", [None, 4, 2])
def test_ordinals_decode_to_their_category(max_categories):
    categories = fit(COLUMN, max_categories)
    codes = categories.to_codes(ordinals(categories, COLUMN))
    decoded = [None if code < 0 else categories.values[code] for code in codes]
    expected = [
        cell
        if cell is None or cell in categories.frequent
        else categories.infrequent[0]
        for cell in COLUMN
    ]
    assert decoded == expected


def test_missing_ordinals_decode_to_missing():
    categories = Categories(("a", "b"), (), has_missing=True)
    np.testing.assert_array_equal(
        categories.to_codes(np.array([2.0, np.nan, 0])), [-1, -1, 0]
    )


def test_empty_columns_have_one_ordinal():
    categories = fit([None, None])
    assert (categories.frequent, len(categories)) == ((), 1)
    np.testing.assert_array_equal(ordinals(categories, [None]), [0])


def test_other_values_are_never_hashed():
    class Never(tuple):
        def __hash__(self):
            raise AssertionError("was looked up")

    state = {"frequent": (Never(),), "infrequent": (), "has_missing": False}
    with pytest.raises(ValueError, match="strings, finite numbers or booleans"):
        Categories.from_state(state)


@pytest.mark.parametrize(
    "row", [[0.2, 0.8], [1.4, 0.3], [-0.5, 0.1], [0.25, 0.25], [0.0, 0.0]]
)
def test_nearest_probabilities_are_the_projection(row):
    (found,) = nearest_probabilities(np.array([row]))
    first = np.linspace(0, 1, 10_001)
    grid = np.column_stack([first, 1 - first])
    expected = grid[np.square(grid - row).sum(axis=1).argmin()]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert found.sum() == pytest.approx(1)
