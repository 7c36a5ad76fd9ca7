"""Docstrings tell the truth about signatures and fitted attributes."""

import inspect
import warnings

import pandas as pd
import pytest
import torch
from numpydoc.docscrape import ClassDoc, FunctionDoc
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags

import sklearn_ae
from sklearn_ae import nn

PUBLIC = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (sklearn_ae, nn)
    for name in module.__all__
    if inspect.isclass(getattr(module, name))
    or inspect.isroutine(getattr(module, name))
}
# Names that scikit-learn, too, gives to more than one thing.
OTHER_MEANINGS = {("sklearn_ae.EncoderDecoderRegressor", "n_components")}
CLASSES = {name: thing for name, thing in PUBLIC.items() if inspect.isclass(thing)}
ESTIMATORS = {
    name: thing for name, thing in CLASSES.items() if issubclass(thing, BaseEstimator)
}
# What overrides torch, or takes one tensor whose shape the summary tells.
TORCH_METHODS = {*dir(torch.nn.Module), "encode", "decode", "inputs", "posterior"}
TORCH_METHODS |= {"active", "linear_decode", "record"}
METHODS = {
    f"{owner}.{name}": method
    for owner, thing in CLASSES.items()
    for name, method in inspect.getmembers(thing, inspect.isfunction)
    if not name.startswith("_") and method.__module__.startswith("sklearn_ae")
    if not (issubclass(thing, torch.nn.Module) and name in TORCH_METHODS)
}
CALLABLES = PUBLIC | METHODS


def documented(doc, section="Parameters"):
    return [
        name.strip().lstrip("*")
        for entry in doc[section]
        for name in entry.name.split(",")
    ]


def scrape(thing):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Unknown section Shape")
        return ClassDoc(thing) if inspect.isclass(thing) else FunctionDoc(thing)


def in_signature(thing):
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return []
    return [name for name in inspect.signature(thing).parameters if name != "self"]


@pytest.mark.parametrize("name", [*PUBLIC, *METHODS])
def test_summary_is_one_sentence_on_one_line(name):
    summary = inspect.getdoc(CALLABLES[name]).splitlines()
    assert summary[0].endswith(".")
    assert len(summary) == 1 or not summary[1]


@pytest.mark.parametrize("name", [*PUBLIC, *METHODS])
def test_documented_parameters_are_those_of_the_signature(name):
    thing = CALLABLES[name]
    assert set(documented(scrape(thing))) == set(in_signature(thing))


@pytest.mark.parametrize("name", CLASSES)
def test_parameters_of_classes_are_documented_in_order(name):
    assert documented(scrape(CLASSES[name])) == in_signature(CLASSES[name])


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_object_has_an_example(name):
    assert scrape(PUBLIC[name])["Examples"]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_defaults_are_documented_as_they_are(name):
    signature = inspect.signature(ESTIMATORS[name]).parameters
    for entry in scrape(ESTIMATORS[name])["Parameters"]:
        default = signature[entry.name].default
        written = entry.type.rsplit("default=", 1)[1]
        assert written.replace('"', "'") == repr(default).replace('"', "'")


@pytest.mark.parametrize("name", ESTIMATORS)
def test_documented_attributes_are_those_of_a_fit(name):
    table = pd.DataFrame(
        {"a": [0.0, 1, 2, 4], "b": [1.0, 0, 2, 1], "c": [3.0, 1, 1, 0]}
    )
    names = inspect.signature(ESTIMATORS[name]).parameters
    brief = {"max_epochs": 1} if "max_epochs" in names else {}
    estimator = ESTIMATORS[name](**brief)
    needs_y = get_tags(estimator).target_tags.required
    estimator.fit(table, *([[0, 1, 0, 1]] if needs_y else []))
    found = {attribute for attribute in dir(estimator) if is_learned(attribute)}
    assert set(documented(scrape(ESTIMATORS[name]), "Attributes")) == found


def is_learned(name):
    return name.endswith("_") and not name.startswith("_")


def entries():
    """Yield (parameter, class, its description) of every estimator's parameters."""
    for owner, estimator in ESTIMATORS.items():
        for entry in scrape(estimator)["Parameters"]:
            kind = entry.type.split(", default=")[0]
            yield entry.name, owner, (kind, tuple(entry.desc))


def test_shared_parameters_read_alike():
    texts = {}
    for name, owner, text in entries():
        if (owner, name) in OTHER_MEANINGS:
            continue
        # To seed what is held is another thing than to seed one's own training.
        holds = "estimator" in inspect.signature(ESTIMATORS[owner]).parameters
        texts.setdefault((name, holds), set()).add(text)
    assert all(len(versions) == 1 for versions in texts.values())


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator_gives_its_references(name):
    assert scrape(ESTIMATORS[name])["References"]


@pytest.mark.parametrize(
    "name",
    [name for name, thing in CLASSES.items() if issubclass(thing, torch.nn.Module)],
)
def test_every_network_tells_its_shapes(name):
    assert "Shape\n-----" in inspect.getdoc(CLASSES[name])
