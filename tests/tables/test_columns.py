"""Bases of columns: what they ask of a kind, and do for it."""

import inspect

import pytest

from sklearn_ae._tables.column_kinds import NumericColumn
from sklearn_ae._tables.columns import BaseBlockColumn, BaseColumn
from sklearn_ae._tables.containers import CONTAINERS


@pytest.mark.parametrize("base", [BaseColumn, BaseBlockColumn])
def test_bases_are_abstract(base):
    assert inspect.isabstract(base)


def test_state_is_kind_and_fields():
    state = NumericColumn({"dtype": "int64"}).state()
    assert state == {
        "kind": "numeric",
        "dtype_spec": {"dtype": "int64"},
        "is_empty": False,
    }


@pytest.mark.parametrize("key", CONTAINERS)
def test_only_frames_have_dtypes(key):
    container = CONTAINERS[key]
    columns = [NumericColumn(), NumericColumn({"dtype": "int64"})]
    columns[container.has_dtypes].check_container(container)
    with pytest.raises(ValueError, match=f"columns of a {key} table"):
        columns[not container.has_dtypes].check_container(container)
