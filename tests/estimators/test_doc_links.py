"""Notebooks link from estimators to their pages."""

import inspect
import re
import tomllib
from pathlib import Path

import pytest
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_html_repr

import sklearn_ae
from sklearn_ae import AutoencoderTransformer
from sklearn_ae._estimators.mixins import SITE

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
ESTIMATORS = [
    name
    for name in sklearn_ae.__all__
    if inspect.isclass(getattr(sklearn_ae, name))
    and issubclass(getattr(sklearn_ae, name), BaseEstimator)
]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_notebooks_link_to_the_page(name):
    page = f"{SITE}/reference/generated/sklearn_ae.{name}.html"
    assert f'href="{page}"' in estimator_html_repr(getattr(sklearn_ae, name)())


def test_steps_of_pipelines_link_to_the_page():
    shown = estimator_html_repr(make_pipeline(AutoencoderTransformer()))
    assert f"{SITE}/reference/generated/sklearn_ae.AutoencoderTransformer" in shown


@pytest.mark.skipif(not REFERENCE.exists(), reason="the docs are not there")
@pytest.mark.parametrize(
    ("page", "module"), [("index", sklearn_ae), ("networks", sklearn_ae.nn)]
)
def test_the_reference_tells_every_public_name(page, module):
    text = (REFERENCE / f"{page}.rst").read_text()
    listed = set(re.findall(r"^   (\w+)$|``(\w+)``", text, flags=re.MULTILINE))
    told = {name for names in listed for name in names if name}
    assert set(module.__all__) - {"__version__"} <= told


def test_the_site_is_the_project_s():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["urls"]["Documentation"] == SITE
