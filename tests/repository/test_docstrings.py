"""Docstrings are whole, well-formed, true to signatures and fits, and read alike."""

import inspect
import tomllib
from pathlib import Path

import pandas as pd
import pytest
import torch
from numpydoc.docscrape import ClassDoc, FunctionDoc
from numpydoc.validate import validate
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags

import sklearn_ae
from sklearn_ae import nn

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
LEFT_OUT = set(PROJECT["tool"]["numpydoc_validation"]["checks"]) - {"all"}
PUBLIC = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (sklearn_ae, nn)
    for name in module.__all__
    if inspect.isclass(getattr(module, name))
    or inspect.isroutine(getattr(module, name))
}
CLASSES = {name: thing for name, thing in PUBLIC.items() if inspect.isclass(thing)}
ESTIMATORS = {
    name: thing for name, thing in CLASSES.items() if issubclass(thing, BaseEstimator)
}
NETWORKS = {
    name: thing for name, thing in CLASSES.items() if issubclass(thing, torch.nn.Module)
}
# Names that scikit-learn, too, gives to more than one thing.
OTHER_MEANINGS = {
    ("sklearn_ae.EncoderDecoderRegressor", "n_components"),
    ("sklearn_ae.EncoderDecoderRegressor.score", "y"),
    ("sklearn_ae.LatentSpaceDisplay.from_estimator", "components"),
}
# Its class differs.
OWN_TYPE = {"module_"}
SHARED_BY_NETWORKS = {"n_features", "activation", "gap_columns", "kernel_size"}
# What says that a row is one of those to come, not of those to learn from.
ROWS = "Rows with the columns seen in fit."


def members(owner):
    """Return methods and properties by name, inherited ones that are ours included."""
    found = {}
    for name in dir(CLASSES[owner]):
        member = inspect.getattr_static(CLASSES[owner], name)
        function = member.fget if isinstance(member, property) else member
        module = getattr(function, "__module__", None) or ""
        if not name.startswith("_") and module.startswith("sklearn_ae"):
            found[f"{owner}.{name}"] = member
    return found


MEMBERS = {name: member for owner in CLASSES for name, member in members(owner).items()}
METHODS = {
    name: member for name, member in MEMBERS.items() if inspect.isfunction(member)
}


def scrape(thing):
    return ClassDoc(thing) if inspect.isclass(thing) else FunctionDoc(thing)


def documented(doc, section="Parameters"):
    return [
        name.strip().lstrip("*")
        for entry in doc[section]
        for name in entry.name.split(",")
    ]


def wrong(name, thing, left_out):
    """Return what numpydoc finds, which a line that tells a shape may leave out."""
    line = inspect.getdoc(thing)
    if "\n" not in line and "``(n_" in line:
        left_out = left_out | {"PR01", "RT01"}
    return [error for error in validate(name)["errors"] if error[0] not in left_out]


@pytest.mark.parametrize("name", PUBLIC)
def test_docstrings_are_valid(name):
    assert not wrong(name, PUBLIC[name], LEFT_OUT - {"EX01", "SA01"})


@pytest.mark.parametrize("name", MEMBERS)
def test_docstrings_of_methods_are_valid(name):
    assert not wrong(name, MEMBERS[name], LEFT_OUT)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_defaults_are_documented_as_they_are(name):
    signature = inspect.signature(ESTIMATORS[name]).parameters
    for entry in scrape(ESTIMATORS[name])["Parameters"]:
        default = signature[entry.name].default
        written = entry.type.rsplit("default=", 1)[1]
        assert written.replace('"', "'") == repr(default).replace('"', "'")


@pytest.mark.parametrize("name", ESTIMATORS)
def test_documented_attributes_exist_after_fit(name):
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


def differing(entries):
    """Return the keys of (key, text) pairs that come with more than one text."""
    texts = {}
    for key, text in entries:
        texts.setdefault(key, set()).add(text)
    return [key for key, versions in texts.items() if len(versions) > 1]


def of_parameters(things):
    """Yield (owner, name, its description) of every parameter."""
    for owner, thing in things.items():
        for entry in scrape(thing)["Parameters"]:
            if (owner, entry.name) not in OTHER_MEANINGS:
                yield owner, entry, " ".join(entry.desc)


def test_shared_parameters_read_alike():
    assert not differing(
        # To seed what is held is another thing than to seed one's own training.
        (
            (
                entry.name,
                "estimator" in inspect.signature(ESTIMATORS[owner]).parameters,
            ),
            (entry.type.split(", default=")[0], text),
        )
        for owner, entry, text in of_parameters(ESTIMATORS)
    )


def test_shared_parameters_of_networks_read_alike():
    assert not differing(
        (entry.name, (entry.type.split(", default=")[0], text))
        for _, entry, text in of_parameters(NETWORKS)
        if entry.name in SHARED_BY_NETWORKS
    )


def test_shared_attributes_begin_alike():
    assert not differing(
        (
            entry.name,
            (
                None if entry.name in OWN_TYPE else entry.type,
                " ".join(entry.desc).split(". ")[0].rstrip("."),
            ),
        )
        for estimator in ESTIMATORS.values()
        for entry in scrape(estimator)["Attributes"]
    )


def test_shared_methods_take_alike():
    of_estimators = {
        name: method
        for name, method in METHODS.items()
        if name.rpartition(".")[0] in ESTIMATORS and not name.endswith("fit")
    }
    assert not differing(
        ((owner.rpartition(".")[2], entry.name), text)
        for owner, entry, text in of_parameters(of_estimators)
    )


def test_shared_display_parameters_begin_alike():
    displays = {
        name: thing for name, thing in (PUBLIC | METHODS).items() if "Display" in name
    }
    assert not differing(
        ((owner.split(".")[1], entry.name), text.split(". ")[0].rstrip("."))
        for owner, entry, text in of_parameters(displays)
    )


@pytest.mark.parametrize("name", METHODS)
def test_methods_on_rows_document_errors(name):
    doc = scrape(METHODS[name])
    if any(entry.desc == [ROWS] for entry in doc["Parameters"]):
        assert "ValueError" in [entry.type for entry in doc["Raises"]]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator_gives_its_references(name):
    assert scrape(ESTIMATORS[name])["References"]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_tells_its_shapes(name):
    assert " ".join(scrape(NETWORKS[name])["Notes"]).startswith("Shapes: input ``(")
