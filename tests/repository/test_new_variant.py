"""The page on how to add a variant tells the truth, and its variant works."""

import dataclasses
import inspect
import re
import textwrap
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import estimator_checks_generator

import sklearn_ae
from sklearn_ae import AutoencoderTransformer
from sklearn_ae._fitting.recipe import Recipe
from sklearn_ae.nn import _precision

PAGE = Path(__file__).parents[2] / "docs" / "new_variant.md"
TEXT = PAGE.read_text() if PAGE.exists() else ""
CODE = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)

pytestmark = pytest.mark.skipif(not TEXT, reason="the docs are not there")


@pytest.fixture(scope="module")
def contractive():
    names = {"__name__": "contractive"}
    exec(compile(CODE[1], PAGE.name, "exec"), names)
    return names["ContractiveAutoencoder"]


def lines_of(code):
    return [line for line in textwrap.dedent(code).splitlines() if line.strip()]


def test_shown_source_is_the_real_one():
    source = (
        Path(sklearn_ae.__file__)
        .with_name("_estimators")
        .joinpath("denoising.py")
        .read_text()
    )
    _, after = source.split('"""\n\n    noise:')
    assert lines_of(CODE[0]) == lines_of(f"    noise:{after}")


@pytest.mark.parametrize(
    "name", ["convolutional", "denoising", "sparse", "variational"]
)
def test_variants_are_short(name):
    """Count lines of hooks: no docstrings, public methods, imports and blank lines."""
    source = (
        Path(sklearn_ae.__file__)
        .with_name("_estimators")
        .joinpath(f"{name}.py")
        .read_text()
    )
    source = re.sub(r'r?""".*?"""', "", source, flags=re.DOTALL)
    lines = source[source.index("class ") :].splitlines()
    assert sum(bool(line.strip()) for line in lines) <= 80


def test_table_tells_fields_of_recipes():
    told = set(re.findall(r"^\| `(\w+)", TEXT, flags=re.MULTILINE))
    shared = set(inspect.signature(AutoencoderTransformer).parameters)
    fields = {field.name for field in dataclasses.fields(Recipe)}
    assert told == fields - shared - {"training"}


def test_variant_is_an_estimator(contractive):
    estimator = contractive(2, contraction=0.5, max_epochs=1)
    for _, check in estimator_checks_generator(estimator):
        name = getattr(check, "func", check).__name__
        if "clone" in name or "parameters" in name or "no_attributes" in name:
            check(clone(estimator))


def test_contraction_makes_codes_change_less(contractive, X):
    options = {"max_epochs": 15, "early_stopping": False, "random_state": 0}
    steps = [
        np.linalg.norm(model.transform(X + 0.01) - model.transform(X))
        for model in (contractive(2, contraction=c, **options).fit(X) for c in (0, 10))
    ]
    assert steps[1] < 0.9 * steps[0]


@pytest.mark.parametrize("has_bfloat16", [True, False])
def test_large_variants_train_on_any_processor(
    contractive, X, monkeypatch, has_bfloat16
):
    """Fused layers can't be differentiated twice, where bfloat16 makes them pay."""
    monkeypatch.setattr(_precision, "_has_bfloat16", lambda: has_bfloat16)
    estimator = contractive(2, hidden_layer_sizes=(512, 256), max_epochs=1)
    assert estimator.fit(X).n_epochs_ == 1


@pytest.mark.parametrize("contraction", [-1, "1"])
def test_parameter_of_variant_is_checked(contractive, X, contraction):
    with pytest.raises(ValueError, match="'contraction' parameter of Contractive"):
        contractive(2, contraction=contraction).fit(X)
