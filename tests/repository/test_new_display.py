"""The page on how to add a display: its display works, and its helpers exist."""

import re
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression

from sklearn_ae._plotting import matplotlib as shared

PAGE = Path(__file__).parents[2] / "docs" / "new_display.md"
TEXT = PAGE.read_text() if PAGE.exists() else ""
CODE = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
HELPERS = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", TEXT, re.M)))

pytestmark = [
    pytest.mark.skipif(not TEXT, reason="the docs are not there"),
]


@pytest.fixture
def page(drawing):
    names = {"__name__": "page"}
    for block in CODE:
        exec(compile(block, PAGE.name, "exec"), names)
    return names


def test_helpers_exist():
    assert len(HELPERS) >= 5
    assert not [name for name in HELPERS if not hasattr(shared, name)]


def test_bars_are_the_divergences(page):
    heights = [bar.get_height() for bar in page["display"].bars_]
    assert heights == page["density"].kl_per_component_.tolist()
    assert page["other"].bars_[0].get_alpha() == 0.5


def test_estimators_without_divergences_raise(page):
    estimator = LinearRegression().fit([[0.0]], [0.0])
    with pytest.raises(TypeError, match="must have kl_per_component_, got Linear"):
        page["CodeInformationDisplay"].from_estimator(estimator)
