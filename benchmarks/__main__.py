"""Run the benchmarks and write their tables: ``python -m benchmarks``."""

import argparse
from pathlib import Path

from .data.datasets import data_folder
from .report import render
from .report.results import KEYS, MODEL_KEYS, RESULTS, save
from .runners.errors.quality import MODELS, SEEDS
from .runners.parts import PARTS, Options, sets_to_run

# Git ignores it.
SHORT_RESULTS = Path(__file__).parents[1] / "build" / "benchmarks"


def main():
    arguments = parse()
    folder = arguments.results or (SHORT_RESULTS if arguments.short else RESULTS)
    folder.mkdir(exist_ok=True, parents=True)
    if not arguments.render:
        options = Options(
            data_folder(arguments.data),
            arguments.seeds,
            arguments.short,
            arguments.models,
        )
        for part in arguments.only or PARTS:
            run(part, options, arguments.sets, folder)
    if folder == RESULTS:
        render.write_docs()
        return
    render.write_page(folder, folder)
    print(f"tables and pictures: {folder}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of data files")
    parser.add_argument("--only", choices=PARTS, action="append", help="one part")
    parser.add_argument("--sets", type=_sets, help="data sets, with commas between")
    parser.add_argument("--seeds", type=_numbers, default=SEEDS, help="as 0,1")
    parser.add_argument("--short", action="store_true", help="bundled sets, small grid")
    parser.add_argument("--results", type=Path, help="folder of results files")
    parser.add_argument("--render", action="store_true", help="only write the tables")
    parser.add_argument(
        "--models",
        type=_models,
        default=MODELS,
        help="models of the part quality to measure beside PCA, with commas between; "
        f"the other models' rows are kept. All: {', '.join(MODELS)}",
    )
    arguments = parser.parse_args()
    if arguments.models != MODELS and arguments.only != ["quality"]:
        parser.error("--models needs --only quality")
    return arguments


def _sets(text):
    names = text.split(",")
    known = {name for part in PARTS.values() for name in part.sets}
    if unknown := set(names) - known:
        raise argparse.ArgumentTypeError(f"no data set is called {sorted(unknown)}")
    return names


def _models(text):
    names = tuple(text.split(","))
    if unknown := set(names) - set(MODELS):
        raise argparse.ArgumentTypeError(f"no model is called {sorted(unknown)}")
    return names


def _numbers(text):
    return tuple(map(int, text.split(",")))


def run(part, options, wanted, folder):
    """Run a part and save what it measures, set by set, then print its tables."""
    print(f"\n{part}", flush=True)
    file = folder / f"{part}.csv"
    names = sets_to_run(part, wanted, options.short)
    keys = KEYS if options.models == MODELS else MODEL_KEYS
    if not PARTS[part].sets:
        save(PARTS[part].run(options), file)
    elif not names:
        print("none of its data sets is asked for, skipped")
    for name in names:
        rows = PARTS[part].run(name, options)
        if not rows.empty:
            save(rows, file, keys)
    if file.exists():
        print(render.section(part, folder), flush=True)


if __name__ == "__main__":
    main()
