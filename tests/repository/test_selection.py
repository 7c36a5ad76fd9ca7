"""Files, folders and names that the selection of tests lists exist."""

from pathlib import Path

import pytest

from _selection import EXTENDED_FILES, FEWER_ESTIMATORS, NOT_MEASURED
from run_processors import FOLDERS

TESTS = Path(__file__).parents[1]
FILES = {path.stem for path in TESTS.rglob("test_*.py")}


@pytest.mark.parametrize("name", FEWER_ESTIMATORS)
def test_files_of_fewer_estimators_exist(name):
    assert name in FILES


@pytest.mark.parametrize("start", sorted({*EXTENDED_FILES, *NOT_MEASURED}))
def test_names_of_files_exist(start):
    assert any(name.startswith(start) for name in FILES)


@pytest.mark.parametrize("folder", FOLDERS)
def test_folders_of_processors_exist(folder):
    assert (TESTS / folder).is_dir()
