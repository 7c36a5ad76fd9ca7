"""Code on the pages runs, and figures that they quote are those of the benchmarks."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import sklearn_ae
from sklearn_ae._pretraining import fine_tune
from sklearn_ae._training import settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# Pages with tests of their own, or none that runs.
APART = {"changelog.md", "contributing.md"} | {
    f"new_{name}.md" for name in ("column_kind", "display", "noise", "variant")
}
PAGES = {
    str(page.relative_to(ROOT)): page.read_text()
    for page in [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
    if page.exists() and page.name not in APART and "_build" not in page.parts
}
RUNNING = [name for name, text in PAGES.items() if "```python" in text]
NEEDED = {"docs/guide/progress.md": "sklearn.callback"}
QUOTING = DOCS / "when_pca_is_enough.md"

pytestmark = pytest.mark.skipif(not DOCS.exists(), reason="the docs are not there")


@pytest.fixture(params=["brief", pytest.param("whole", marks=pytest.mark.long)])
def _trainings(request, monkeypatch):
    """Let trainings end after few steps, but in long runs."""
    if request.param == "brief":
        monkeypatch.setattr(settings, "_AUTO_STEPS", 10)
        monkeypatch.setattr(fine_tune, "_FEWEST_STEPS", 10)


@pytest.mark.no_cover
@pytest.mark.usefixtures("_trainings")
@pytest.mark.parametrize("name", RUNNING)
def test_blocks_of_pages_run_in_order(name, tmp_path, monkeypatch):
    pytest.importorskip(NEEDED.get(name, "sklearn"))
    monkeypatch.chdir(tmp_path)
    plt.switch_backend("agg")
    names = {"__name__": "page"}
    for block in re.findall(r"```python\n(.*?)```", PAGES[name], flags=re.DOTALL):
        exec(compile(block, name, "exec"), names)
    plt.close("all")


def rows_of_tables(text):
    """Yield first cell and numbers of every row that has numbers."""
    for line in text.splitlines():
        name, *numbers = [cell.strip() for cell in line.strip("|").split("|")]
        found = re.findall(r"\d+\.\d+", " ".join(numbers))
        if line.startswith("|") and found:
            yield name, found


def test_quoted_figures_are_the_benchmarks():
    lines = (DOCS / "benchmarks.md").read_text().splitlines()
    rows = list(rows_of_tables(QUOTING.read_text()))
    assert len(rows) == 10
    for name, numbers in rows:
        plain = {"plain autoencoder in skorch": "plain skorch"}.get(name, name)
        plain = re.sub(r"`|\(X, X\)|'s", "", plain)
        assert any(
            line.startswith(f"| {plain} |") and all(part in line for part in numbers)
            for line in lines
        ), name


@pytest.mark.parametrize(
    ("page", "module"), [("index", sklearn_ae), ("networks", sklearn_ae.nn)]
)
def test_reference_lists_every_public_name(page, module):
    text = (DOCS / "reference" / f"{page}.rst").read_text()
    found = re.findall(r"^   (\w+)$|``(\w+)``", text, flags=re.MULTILINE)
    listed = {name for names in found for name in names if name}
    assert set(module.__all__) - {"__version__"} <= listed
