"""Run the benchmarks and write their tables: ``python -m benchmarks``."""

import argparse
import datetime
import os
import platform
from pathlib import Path

import numpy
import pandas as pd
import sklearn
import skorch
import torch

import sklearn_ae

from . import engine, features, imports, imputation, quality, reconstruction, speed
from .datasets import MIXED, PAIRS, data_folder

RESULTS = Path(__file__).parent / "results"
README = Path(__file__).parents[1] / "README.md"
TABLE_PARTS = {
    "tables_reconstruction": (reconstruction.run_reconstruction, MIXED),
    "tables_imputation": (imputation.run_imputation, MIXED),
    "tables_features": (features.run_features, features.SETS),
    "tables_speed": (speed.run_speed, speed.NAMES),
}
PARTS = ("quality", "engine", "imports", *TABLE_PARTS)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of data files")
    parser.add_argument("--only", choices=PARTS, action="append")
    arguments = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    for part in arguments.only or PARTS:
        results = RUNNERS[part](arguments)
        if _n_sets(results) < N_SETS.get(part, 0):
            print("some data sets are not there: the results files stay as they are")
            print("" if results.empty else TABLES[part](results))
            continue
        results.assign(**environment()).to_csv(RESULTS / f"{part}.csv", index=False)
    write_readme()


def _n_sets(results):
    return results["data"].nunique() if "data" in results else 0


def environment():
    """Return versions, processor and date, for every results file."""
    modules = (sklearn_ae, sklearn, torch, skorch, numpy)
    versions = {module.__name__: module.__version__ for module in modules}
    return versions | {
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
    }


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    models = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    return models[0] if models else platform.processor()


def write_readme():
    """Put the tables of the results files between the marks in the README."""
    files = {part: RESULTS / f"{part}.csv" for part in PARTS}
    tables = [
        TABLES[part](pd.read_csv(file)) for part, file in files.items() if file.exists()
    ]
    text = README.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    README.write_text(before + BEGIN + "\n" + "\n".join(tables) + END + after)


BEGIN, END = "<!-- benchmarks begin -->", "<!-- benchmarks end -->"
RUNNERS = {
    "quality": lambda arguments: quality.run(data_folder(arguments.data)),
    "engine": lambda arguments: engine.run(),
    "imports": lambda arguments: imports.run(),
} | {
    part: lambda arguments, run=run: run(data_folder(arguments.data))
    for part, (run, _) in TABLE_PARTS.items()
}
N_SETS = {"quality": len(PAIRS)} | {
    part: len(sets) for part, (_, sets) in TABLE_PARTS.items()
}


def quality_table(results):
    lines = quality.summary(results)
    return markdown(lines.rename_axis("model").reset_index())


def engine_table(results):
    return markdown(results[["rows", "columns", "fit seconds", "ratio"]])


def imports_table(results):
    return markdown(results[["import seconds"]])


def reconstruction_table(results):
    return under(
        "Mixed tables: held-out squared error on the encoded matrix over PCA's "
        f"(geometric mean {reconstruction.geometric_mean(results):.3f}), and the share "
        "of categories that are right in the reconstruction.",
        reconstruction.summary(results),
    )


def imputation_table(results):
    return under(
        "Mixed tables, a fifth of the held-out cells taken away: mean squared error of "
        "imputed numbers, in deviations of their columns, and the share of imputed "
        "categories that are right.",
        imputation.summary(results),
    )


def features_table(results):
    lines = features.summary(results)
    return under(
        "Accuracy (of classes) or R2 of a linear model on raw columns and codes, at "
        "most 20,000 rows, five folds: ours are ahead of all others on "
        f"{features.n_ahead(results)} of {len(lines)} sets.",
        lines.map(lambda cell: f"{cell:.4f}" if isinstance(cell, float) else cell),
    )


def speed_table(results):
    return under(
        "Seconds to encode a mixed table, over those of a ColumnTransformer of "
        "StandardScaler and OneHotEncoder, and rows per second of transform.",
        speed.summary(results),
    )


def under(caption, frame):
    """Return a frame as a Markdown table under a line of text."""
    return f"{caption}\n\n{markdown(frame)}"


def markdown(frame):
    """Return a frame as a Markdown table."""
    lines = [frame.columns, ["---"] * frame.shape[1]]
    lines += [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value):
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.3f}"


TABLES = {
    "quality": quality_table,
    "engine": engine_table,
    "imports": imports_table,
    "tables_reconstruction": reconstruction_table,
    "tables_imputation": imputation_table,
    "tables_features": features_table,
    "tables_speed": speed_table,
}

if __name__ == "__main__":
    main()
