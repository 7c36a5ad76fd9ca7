"""The parts of the benchmark, in the order of a full run."""

from collections.abc import Callable
from typing import NamedTuple

from . import (
    compression,
    convolutional,
    engine,
    features,
    imports,
    imputation,
    outliers,
    pairs,
    pretraining,
    quality,
    reconstruction,
    samples,
    scale,
    sparse,
    speed,
    streaming,
    time_to_quality,
    transform,
    variational,
)
from . import search as grid_search
from .datasets import BUNDLED, MIXED


class Options(NamedTuple):
    """What a run was asked for."""

    folder: object
    seeds: tuple
    short: bool
    models: tuple = quality.MODELS


class Part(NamedTuple):
    """A part: what it runs, over one data set if it has any.

    `run` takes the options, and before them a data set's name if there are `sets`.
    """

    run: Callable
    sets: tuple = ()


def _quality(name, options):
    seeds, counts = options.seeds, None
    if options.short:
        seeds, counts = seeds[:1], quality.SHORT[name]
    return quality.run(options.folder, name, seeds, counts, options.models)


def _time_to_quality(name, options):
    shares = time_to_quality.SHORT_SHARES if options.short else time_to_quality.SHARES
    return time_to_quality.run(options.folder, name, shares)


def _variational(name, options):
    counts = quality.SHORT[name] if options.short else None
    return variational.run(options.folder, name, counts=counts)


def _pretraining(name, options):
    if options.short:
        return pretraining.run(options.folder, name, *pretraining.SHORT)
    return pretraining.run(options.folder, name)


def _of_set(run):
    return lambda name, options: run(options.folder, name)


def _of_tables(run):
    return lambda name, options: run(options.folder, names=(name,))


def _of_split_tables(run):
    return lambda name, options: run(options.folder, options.seeds, names=(name,))


def _alone(module):
    return lambda options: module.run_short() if options.short else module.run()


PARTS = {
    "quality": Part(_quality, tuple(quality.SETS)),
    "time_to_quality": Part(_time_to_quality, tuple(time_to_quality.SETS)),
    "engine": Part(_alone(engine)),
    "transform": Part(_alone(transform)),
    "scale": Part(lambda options: scale.run(options.short)),
    "search": Part(lambda options: grid_search.run(options.short)),
    "imports": Part(lambda options: imports.run()),
    "tables_reconstruction": Part(
        _of_split_tables(reconstruction.run_reconstruction), MIXED
    ),
    "tables_imputation": Part(_of_split_tables(imputation.run_imputation), MIXED),
    "tables_features": Part(_of_tables(features.run_features), tuple(features.SETS)),
    "tables_speed": Part(_of_tables(speed.run_speed), speed.NAMES),
    "sparse": Part(_of_set(sparse.run), sparse.SETS),
    "variational": Part(_variational, tuple(quality.SETS)),
    "samples": Part(_of_set(samples.run), tuple(samples.SETS)),
    "convolutional": Part(_of_set(convolutional.run), tuple(convolutional.SETS)),
    "outliers": Part(_of_set(outliers.run), outliers.SETS),
    "compression": Part(_of_set(compression.run), tuple(compression.SETS)),
    "pretraining": Part(_pretraining, tuple(pretraining.SETS)),
    "pairs": Part(_of_set(pairs.run), pairs.SETS),
    "streaming": Part(_of_set(streaming.run), tuple(streaming.SETS)),
}


def names_of(part, wanted, short):
    """Return the data sets of a part to run: those wanted, bundled ones if short."""
    chosen = [name for name in PARTS[part].sets if not wanted or name in wanted]
    return [name for name in chosen if not short or name in BUNDLED]
