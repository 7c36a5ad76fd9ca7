"""The oldest versions that are tested are the oldest that are allowed."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
NEEDED = [*PROJECT["dependencies"], *EXTRAS["plot"], *EXTRAS["polars"]]
LOWEST = {
    name: version
    for name, _, version in (
        requirement.partition(">=") for requirement in NEEDED + EXTRAS["test"]
    )
    if version
}
OLDEST = dict(
    re.findall(
        r"^([\w-]+)==([\d.]+)$", (ROOT / "constraints-oldest.txt").read_text(), re.M
    )
)


def padded(version):
    return [int(part) for part in f"{version}.0.0".split(".")[:3]]


@pytest.mark.parametrize("requirement", NEEDED)
def test_every_import_has_a_lowest_version(requirement):
    assert requirement.partition(">=")[0] in LOWEST


@pytest.mark.parametrize("name", LOWEST)
def test_lowest_versions_are_tested(name):
    assert padded(OLDEST[name]) == padded(LOWEST[name])


@pytest.mark.parametrize("name", ["plot", "polars"])
def test_tests_need_versions_of_extras(name):
    assert set(EXTRAS[name]) <= set(EXTRAS["test"])
