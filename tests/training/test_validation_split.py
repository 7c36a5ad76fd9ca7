from dataclasses import replace

import pytest
import torch
from skorch.callbacks import Callback

from sklearn_ae._training.random import RandomStreams
from sklearn_ae._training.rows import TensorRows
from sklearn_ae._training.settings import TrainingOptions
from sklearn_ae._training.validation_split import split_rows

OPTIONS = TrainingOptions(
    learning_rate=0.01,
    batch_size=32,
    max_epochs="auto",
    weight_decay=0.0,
    early_stopping=True,
    validation_fraction=0.1,
    n_iter_no_change=None,
    callbacks=(),
    device=torch.device("cpu"),
)


def split(n_rows=40, n_val=None, **options):
    """Split `n_rows` rows, or take them all with `n_val` given validation rows."""
    rows = validation_rows = TensorRows(torch.zeros(n_rows, 1))
    if n_val is not None:
        validation_rows = TensorRows(torch.zeros(n_val, 1))
    options = replace(OPTIONS, **options)
    return split_rows(options, rows, validation_rows, RandomStreams(0))


def sorted_rows(parts):
    return sorted(torch.cat(list(parts)).tolist())


@pytest.mark.parametrize(
    ("n_rows", "n_judged"),
    [(20, 5), (100, 25), (300, 50), (600, 60), (200_000, 10_000)],
)
def test_validation_rows_are_enough_to_judge(n_rows, n_judged):
    [part] = split(n_rows, n_iter_no_change=3).parts
    assert len(part) == n_judged


@pytest.mark.parametrize("n_rows", [10, 11, 30, 100, 499])
def test_small_tables_are_cross_fitted(n_rows):
    found = split(n_rows)
    assert len(found.parts) == 5
    assert sorted_rows(found.parts) == sorted_rows([found.index]) == list(range(n_rows))


def test_parts_are_of_nearly_one_size():
    sizes = [len(part) for part in split(42).parts]
    assert max(sizes) - min(sizes) <= 1


def test_parts_are_shuffled():
    first = split(40).parts[0].tolist()
    assert first != sorted(first)


@pytest.mark.parametrize(
    ("n_rows", "fraction", "n_parts"),
    [
        (9, 0.1, 1),
        (10, 0.1, 5),
        (499, 0.1, 5),
        (500, 0.1, 1),
        (500, 0.01, 1),
        (99, 0.5, 5),
        (100, 0.5, 1),
    ],
)
def test_cross_fitting_needs_few_validation_rows(n_rows, fraction, n_parts):
    assert len(split(n_rows, validation_fraction=fraction).parts) == n_parts


@pytest.mark.parametrize(
    "options", [{"callbacks": [Callback()]}, {"n_iter_no_change": 3}]
)
def test_callbacks_and_patience_get_one_training(options):
    found = split(**options)
    assert len(found.parts) == 1
    assert sorted_rows([*found.parts, found.index]) == list(range(40))


def test_validation_rows_are_not_trained_on():
    found = split(500)
    assert len(found.parts[0]) == 50
    assert sorted_rows([*found.parts, found.index]) == list(range(500))


def test_given_validation_rows_judge_alone():
    found = split(n_val=7)
    assert len(found.validation_rows) == 7
    assert sorted_rows(found.parts) == list(range(7))
    assert sorted_rows([found.index]) == list(range(40))


@pytest.mark.parametrize("n_val", [None, 7])
def test_without_early_stopping_no_rows_judge(n_val):
    found = split(n_val=n_val, early_stopping=False)
    assert found.parts == ()
    assert sorted_rows([found.index]) == list(range(40))


@pytest.mark.parametrize("n_rows", [40, 500])
def test_the_seed_decides_the_split(n_rows):
    first, again = split(n_rows), split(n_rows)
    assert torch.equal(first.index, again.index)
    other = split_rows(OPTIONS, first.rows, first.rows, RandomStreams(1))
    assert not torch.equal(first.index, other.index)
