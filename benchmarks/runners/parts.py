"""List of the measured parts, in the order of a full run."""

from collections.abc import Callable
from typing import NamedTuple

from ..data.datasets import BUNDLED, MIXED
from .costs import engine, imports, scale, speed, transform
from .costs import search as grid_search
from .errors import (
    compression,
    convolutional,
    features,
    imputation,
    outliers,
    pairs,
    pretraining,
    quality,
    reconstruction,
    samples,
    sparse,
    streaming,
    time_to_quality,
    variational,
)


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


def _on_set(run):
    return lambda name, options: run(options.folder, name)


def _on_table(run):
    return lambda name, options: run(options.folder, names=(name,))


def _on_split_table(run):
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
        _on_split_table(reconstruction.run_reconstruction), MIXED
    ),
    "tables_imputation": Part(_on_split_table(imputation.run_imputation), MIXED),
    "tables_features": Part(_on_table(features.run_features), tuple(features.SETS)),
    "tables_speed": Part(_on_table(speed.run_speed), speed.NAMES),
    "sparse": Part(_on_set(sparse.run), sparse.SETS),
    "variational": Part(_variational, tuple(quality.SETS)),
    "samples": Part(_on_set(samples.run), tuple(samples.SETS)),
    "convolutional": Part(_on_set(convolutional.run), tuple(convolutional.SETS)),
    "outliers": Part(_on_set(outliers.run), outliers.SETS),
    "compression": Part(_on_set(compression.run), tuple(compression.SETS)),
    "pretraining": Part(_pretraining, tuple(pretraining.SETS)),
    "pairs": Part(_on_set(pairs.run), pairs.SETS),
    "streaming": Part(_on_set(streaming.run), tuple(streaming.SETS)),
}


def sets_to_run(part, wanted, short):
    """Return the data sets of a part to run: those wanted, bundled ones if short."""
    chosen = [name for name in PARTS[part].sets if not wanted or name in wanted]
    return [name for name in chosen if not short or name in BUNDLED]
