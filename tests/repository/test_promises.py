"""The page of promises names tests that exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "promises.md"
TEXT = PAGE.read_text() if PAGE.exists() else ""
ROWS = [line.split("|") for line in TEXT.splitlines() if re.match(r"\| \d", line)]

pytestmark = pytest.mark.skipif(not TEXT, reason="the docs are not there")


def functions(path):
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_promise_has_its_row():
    assert [int(row[1]) for row in ROWS] == list(range(1, 24))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1].strip())
def test_every_promise_has_existing_tests(row):
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", row[3])
    assert named
    for path, name in named:
        assert (ROOT / path).is_file(), path
        assert not name or name in functions(path), name
