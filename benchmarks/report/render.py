"""Writing of the docs' page and plots, and of the README's table."""

from pathlib import Path

from . import headline, pictures
from .results import RESULTS, load
from .sections import SECTIONS, measured_with

ROOT = Path(__file__).parents[2]
README, DOCS = ROOT / "README.md", ROOT / "docs"
BEGIN, END = "<!-- benchmarks begin -->", "<!-- benchmarks end -->"
INTRODUCTION = """# Benchmarks

`make bench-full` measures all parts and writes this page from the files in
`benchmarks/results/`. `python -m benchmarks --render` writes it again from these files.
`make bench` is a short run on the data sets that come with scikit-learn. The tables
also show where other models are better.
"""


def write_docs():
    """Write the docs' page and pictures, and the README's table."""
    write_page(RESULTS, DOCS)
    before, rest = README.read_text().split(BEGIN)
    _, after = rest.split(END)
    README.write_text(f"{before}{BEGIN}\n{headline.text()}{END}{after}")


def write_page(results, folder):
    """Write the page and its pictures into a folder, from another's results files."""
    for part, draw in pictures.PICTURES.items():
        rows = load(part, results)
        if rows is not None:
            draw(rows).savefig(folder / f"{part}.png", dpi=120)
    sections = [section(part, results) for part in SECTIONS]
    text = "\n".join([INTRODUCTION, *filter(None, sections)])
    (folder / "benchmarks.md").write_text(text)


def section(part, results):
    """Return a part's heading, tables and line of versions, "" if it was not run."""
    rows = load(part, results)
    if rows is None:
        return ""
    heading, say = SECTIONS[part]
    blocks = [f"## {heading}", *say(rows), measured_with(rows)]
    return "\n\n".join(block.strip() for block in blocks) + "\n"
