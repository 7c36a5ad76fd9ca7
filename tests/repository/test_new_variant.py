"""The page on how to add a variant tells the truth, and its variant works."""

import re
import textwrap
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import estimator_checks_generator

import sklearn_ae
from sklearn_ae._estimators.variant import Variant

PAGE = Path(__file__).parents[2] / "docs" / "new_variant.md"
TEXT = PAGE.read_text() if PAGE.exists() else ""
CODE = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)

pytestmark = pytest.mark.skipif(not TEXT, reason="the docs are not there")


@pytest.fixture(scope="module")
def robust():
    names = {"__name__": "robust"}
    exec(compile(CODE[1], PAGE.name, "exec"), names)
    return names["RobustAutoencoder"]


def lines_of(code):
    return [line for line in textwrap.dedent(code).splitlines() if line.strip()]


def test_source_that_is_shown_is_the_real_one():
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


def test_every_hook_is_told():
    hooks = {name for name in vars(Variant) if re.match(r"_[a-z]", name)}
    told = set(re.findall(r"\| `(_\w+)", TEXT))
    assert told == hooks - {"_abc_impl"}


def test_the_variant_is_an_estimator(robust):
    estimator = robust(2, threshold=0.5, max_epochs=1)
    for _, check in estimator_checks_generator(estimator):
        name = getattr(check, "func", check).__name__
        if "clone" in name or "parameters" in name or "no_attributes" in name:
            check(clone(estimator))


def test_the_variant_is_less_moved_by_wild_cells(robust, X):
    wild = X.copy()
    cells = np.random.default_rng(0).uniform(size=X.shape) < 0.02
    wild[cells] *= 10
    options = {"max_epochs": 40, "random_state": 0, "standardize": True}
    errors = [
        np.abs(model.fit(wild).reconstruct(X) - X).mean()
        for model in (
            robust(3, threshold=0.1, **options),
            sklearn_ae.AutoencoderTransformer(3, **options),
        )
    ]
    assert errors[0] < errors[1]


@pytest.mark.parametrize("threshold", [0, -1, "1"])
def test_its_parameter_is_checked(robust, X, threshold):
    with pytest.raises(ValueError, match="'threshold' parameter of RobustAutoencoder"):
        robust(2, threshold=threshold).fit(X)
