"""Paths that the docs name exist."""

import re
from pathlib import Path

import pytest

import sklearn_ae

PACKAGE = Path(sklearn_ae.__file__).parent
ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
PLACES = (PACKAGE, ROOT, ROOT / "docs")


def paths(text):
    """Return what looks like a path with a folder, in code spans."""
    return re.findall(r"`((?:\w+/)+(?:\w+\.(?:py|md))?)`", text)


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_paths_of_a_page_exist(page):
    found = paths(page.read_text())
    missing = [path for path in found if not any((p / path).exists() for p in PLACES)]
    assert not missing
