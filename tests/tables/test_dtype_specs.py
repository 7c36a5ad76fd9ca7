import numpy as np
import pytest

from sklearn_ae._tables.containers import CONTAINERS
from sklearn_ae._tables.dtype_specs import check_dtype_spec


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_specs_of_frames_pass(library, tables):
    container = CONTAINERS[library]
    for column in container.columns(tables[library]):
        check_dtype_spec(container.dtype_spec(column))


CATEGORY = {
    "dtype": "category",
    "categories": ["a", "b"],
    "categories_dtype": {"dtype": "object", "holds": "string"},
    "ordered": False,
}


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        {"dtype": 3},
        {"dtype": "int64", "more": 1},
        {"dtype": "string", "arrow": 1},
        {"dtype": "Sparse", "subtype": "int", "fill_value": "0"},
        {"dtype": "Decimal", "precision": 3.0, "scale": 1},
        CATEGORY | {"ordered": 0},
        CATEGORY | {"categories": ["a", "a"]},
        CATEGORY | {"categories": [np.nan]},
        CATEGORY | {"categories": ("a",)},
        CATEGORY | {"categories_dtype": CATEGORY},
    ],
)
def test_other_specs_are_refused(wrong):
    with pytest.raises(ValueError, match="dtype spec"):
        check_dtype_spec(wrong)
