import numpy as np
import pytest

from sklearn_ae._tables.categories import UNKNOWN, Categories, fit_categories

COLUMN = ["b", "a", None, "b", "c", "b", "c", "d"]


def factorized(cells):
    values = list(dict.fromkeys(cell for cell in cells if cell is not None))
    codes = [-1 if cell is None else values.index(cell) for cell in cells]
    return np.array(codes), values


def fit(cells, max_categories=None):
    return fit_categories(*factorized(cells), max_categories)


def numbers(levels, cells):
    return levels.numbers(*factorized(cells))


def test_levels_are_numbered_in_sorted_order():
    assert fit(COLUMN).alone == ("a", "b", "c", "d")


def test_the_order_of_values_changes_nothing():
    assert fit(COLUMN[::-1], 3) == fit(COLUMN, 3)


def test_levels_that_do_not_occur_are_left_out():
    assert fit_categories(np.array([0, 2, 2]), ["a", "b", "c"], None).alone == (
        "a",
        "c",
    )


def test_listed_levels_are_kept_though_they_do_not_occur():
    values = ["a", "b", "c", "d"]
    codes = np.array([0, 2, 2, -1])
    assert fit_categories(codes, values, None, {"b"}) == Categories(
        ("a", "b", "c"), (), True
    )
    few = fit_categories(codes, values, 3, set(values))
    assert few == Categories(("c",), ("a", "b", "d"), True)


def test_levels_of_several_types_are_sorted():
    assert fit([2, "b", 1.5, True, "a"]).alone == (True, 1.5, 2, "a", "b")


@pytest.mark.parametrize("has_missing", [False, True])
def test_missing_cells_have_the_last_number_if_there_are_any(has_missing):
    levels = fit(COLUMN if has_missing else [cell for cell in COLUMN if cell])
    assert levels.has_missing == has_missing
    assert len(levels) == 4 + has_missing
    np.testing.assert_equal(levels.missing_number, 4.0 if has_missing else np.nan)


def test_each_cell_gets_its_levels_number():
    expected = [1, 0, 4, 1, 2, 1, 2, 3]
    np.testing.assert_array_equal(numbers(fit(COLUMN), COLUMN), expected)


def test_missing_cells_are_nan_where_there_were_none():
    levels = fit(["a", "b"])
    np.testing.assert_array_equal(numbers(levels, ["b", None]), [1, np.nan])


def test_unseen_levels_are_unseen():
    np.testing.assert_array_equal(numbers(fit(COLUMN), ["z", "a"]), [UNKNOWN, 0])


def test_unseen_levels_are_told():
    codes, values = factorized(["z", "a", None, "y", "z"])
    assert fit(COLUMN).unseen(codes, values) == ["z", "y"]


def test_unseen_levels_that_do_not_occur_are_not_told():
    assert fit(COLUMN).unseen(np.array([0, -1]), ["a", "z"]) == []


@pytest.mark.parametrize("max_categories", [2, 3, 4, 5, 6])
def test_there_are_at_most_so_many_numbers(max_categories):
    assert len(fit(COLUMN, max_categories)) == min(max_categories, 5)


def test_the_rarest_share_a_number():
    levels = fit(COLUMN, max_categories=4)
    assert levels.alone == ("b", "c")
    assert set(levels.rare) == {"a", "d"}
    np.testing.assert_array_equal(numbers(levels, ["a", "b", "c", "d"]), [2, 0, 1, 2])


def test_the_commonest_of_the_rare_comes_first():
    levels = fit([*"aaaa", *"bb", *"ccc", "d"], max_categories=2)
    assert levels.alone == ("a",)
    assert levels.rare == ("c", "b", "d")
    assert levels.values == ("a", "c")


def test_nothing_is_rare_within_the_limit():
    assert fit(COLUMN, max_categories=5).rare == ()


@pytest.mark.parametrize("max_categories", [None, 4, 2])
def test_codes_point_to_what_a_number_decodes_to(max_categories):
    levels = fit(COLUMN, max_categories)
    codes = levels.codes(numbers(levels, COLUMN))
    decoded = [None if code < 0 else levels.values[code] for code in codes]
    expected = [
        cell if cell is None or cell in levels.alone else levels.rare[0]
        for cell in COLUMN
    ]
    assert decoded == expected


def test_missing_numbers_decode_to_missing():
    levels = Categories(("a", "b"), (), has_missing=True)
    np.testing.assert_array_equal(levels.codes(np.array([2.0, np.nan, 0])), [-1, -1, 0])


def test_a_column_without_values_is_one_level_of_missing_cells():
    levels = fit([None, None])
    assert (levels.alone, len(levels)) == ((), 1)
    np.testing.assert_array_equal(numbers(levels, [None]), [0])


def test_values_that_are_no_levels_are_not_looked_up():
    class Never(tuple):
        def __hash__(self):
            raise AssertionError("was looked up")

    state = {"alone": (Never(),), "rare": (), "has_missing": False}
    with pytest.raises(ValueError, match="strings, finite numbers or booleans"):
        Categories.from_state(state)
