"""Kinds of columns alone: their cells, blocks and states."""

import inspect

import numpy as np
import pytest

from sklearn_ae._tables.categories import Categories
from sklearn_ae._tables.column_kinds import (
    COLUMN_KINDS,
    CategoricalColumn,
    NumericColumn,
    check_kind,
    column_from_state,
)
from sklearn_ae._tables.columns import BaseBlockColumn, BaseColumn
from sklearn_ae._tables.containers import CONTAINERS

NAN = np.nan
ARRAY = CONTAINERS["array"]
COLUMN = CategoricalColumn(
    categories=Categories((2.0, 5.0), (7.0, 1.0), has_missing=True), is_marked=True
)
# Ordinals: 2 and 5, then 7 and 1 together, then missing cells.
CELLS = np.array([5.0, 1.0, NAN, 2.0, 7.0])
ORDINALS = np.array([1.0, 2, 3, 0, 2])


def test_kinds_are_final_classes():
    for kind, column in COLUMN_KINDS.items():
        assert column.kind == kind
        assert issubclass(column, BaseColumn)
        assert column.is_numeric != issubclass(column, BaseBlockColumn)
        assert not inspect.isabstract(column)


def test_cells_of_another_kind_are_refused():
    column = CategoricalColumn(categories=Categories((2.0, 5.0)))
    with pytest.raises(ValueError, match=r"hold categories as in fit, got numbers$"):
        check_kind(column, ARRAY, CELLS)
    check_kind(column, ARRAY, np.full(3, NAN))
    check_kind(COLUMN, ARRAY, CELLS)


def test_cells_are_read_as_ordinals():
    numbers, unknown = COLUMN.read(ARRAY, CELLS)
    np.testing.assert_array_equal(numbers, ORDINALS)
    assert unknown == []


def test_unknown_values_are_returned():
    numbers, unknown = COLUMN.read(ARRAY, np.array([9.0, 5.0, 8.0, 9.0]))
    np.testing.assert_array_equal(numbers, [-1, 1, -1, -1])
    assert unknown == [8.0, 9.0]


def test_infrequent_ordinals_become_their_most_frequent():
    written = COLUMN.write(ARRAY, ORDINALS, None)
    np.testing.assert_array_equal(written, [5, 7, NAN, 2, 7])


def test_blocks_are_indicators():
    block = np.zeros((7, 4))
    COLUMN.encode(np.array([*ORDINALS, -1, NAN]), block)
    np.testing.assert_array_equal(block[:5], np.eye(4)[ORDINALS.astype(int)])
    np.testing.assert_array_equal(block[5], 0)
    assert np.isnan(block[6]).all()


@pytest.mark.parametrize("observed", [False, True])
def test_blocks_become_their_largest_indicator(observed):
    block = np.array([[0.1, 0.2, 0.3, 0.4], [0.9, 0, 0, 0]])
    expected = [2 if observed else 3, 0]
    np.testing.assert_array_equal(COLUMN.decode(block, observed=observed), expected)


def test_columns_of_missing_cells_stay_missing():
    column = CategoricalColumn(categories=Categories((), (), True))
    assert column.is_only_missing
    assert column.decode(np.ones((1, 1)), observed=True) == [0]


def test_missing_cells_have_two_forms():
    found = COLUMN.is_missing(np.array([0, NAN, 3, -1]))
    assert found.tolist() == [False, True, True, False]


def test_scale_is_root_of_total_variance():
    mean, scale = COLUMN.fit_scaling(ORDINALS)
    np.testing.assert_allclose(mean, [0.2, 0.2, 0.4, 0.2])
    assert scale == pytest.approx(np.sqrt((mean * (1 - mean)).sum()))
    unit = COLUMN.noise_unit(mean, np.full(4, scale))
    assert np.square(unit).sum() == pytest.approx(1)


def test_constant_blocks_have_scale_one():
    column = CategoricalColumn(categories=Categories(("a",)))
    assert column.fit_scaling(np.zeros(3))[1] == 1


def test_encoded_missing_cells_are_their_indicator():
    mean, scale = np.array([0.2, 0.2, 0.4, 0.2]), np.full(4, 0.5)
    expected = (np.array([0, 0, 0, 1]) - mean) / scale
    np.testing.assert_allclose(COLUMN.encoded_missing(mean, scale), expected)
    column = CategoricalColumn(categories=Categories(("a", "b")))
    assert np.isnan(column.encoded_missing(mean[:2], scale[:2])).all()


def test_rows_of_lost_categories_are_needed():
    kept = np.array([True, False, False, False, False])
    needed = COLUMN.rows_with_new_values(ORDINALS, kept)
    assert needed.tolist() == [False, True, True, True, True]
    column = CategoricalColumn(categories=Categories(("a", "b")))
    needed = column.rows_with_new_values(
        np.array([0.0, 1, 0]), np.array([True, False, False])
    )
    assert needed.tolist() == [False, True, False]


STATES = {
    "array": NumericColumn(),
    "frame": NumericColumn({"dtype": "int64"}),
    "empty": NumericColumn({"dtype": "int64"}, is_empty=True),
    "categorical": CategoricalColumn({"dtype": "str"}, categories=Categories(("a",))),
    "marked": COLUMN,
}


@pytest.mark.parametrize("name", STATES)
def test_state_gives_the_same_column(name):
    assert column_from_state(STATES[name].state()) == STATES[name]


@pytest.mark.parametrize("state", [None, {}, {"kind": ["numeric"]}, {"kind": "a"}])
def test_states_without_a_kind_are_refused(state):
    with pytest.raises(ValueError, match=r"kind of \['categorical', 'numeric'\]"):
        column_from_state(state)
