"""Choice of the labelled validation rows."""

from dataclasses import replace

import numpy as np
import pytest

from sklearn_ae import PretrainedClassifier
from sklearn_ae._pretraining.label_split import split_labelled_rows
from sklearn_ae._pretraining.targets import ClassTargets, NumberTargets
from sklearn_ae._training.random import RandomStreams

OPTIONS = PretrainedClassifier()._recipe().training


def split(counts, **parameters):
    numbers = np.repeat(np.arange(len(counts)), counts)
    targets = ClassTargets(numbers, np.arange(len(counts)), None)
    options = replace(OPTIONS, **parameters)
    return numbers, split_labelled_rows(options, targets, RandomStreams(0))


def test_parts_hold_all_but_single_rows():
    numbers, parts = split([12, 7, 1, 2])
    assert numbers[parts.always_train].tolist() == [2]
    everything = np.sort(np.concatenate([*parts.parts, parts.always_train]))
    np.testing.assert_array_equal(everything, np.arange(len(numbers)))


def test_every_part_has_every_class():
    numbers, parts = split([25, 11, 7])
    counts = np.array([np.bincount(numbers[part], minlength=3) for part in parts.parts])
    assert (np.ptp(counts, axis=0) <= 1).all()


@pytest.mark.parametrize("counts", [[12, 7, 1, 2], [500, 1, 600, 2]])
def test_every_class_is_trained_on(counts):
    numbers, parts = split(counts)
    for number in range(len(parts.parts)):
        assert set(numbers[parts.without(number)]) == set(range(4))


def test_many_labels_have_one_part():
    numbers, parts = split([900, 300])
    assert len(parts.parts) == 1
    assert np.bincount(numbers[parts.parts[0]]).tolist() == [90, 30]


def test_patience_watches_one_training():
    _, parts = split([20, 20], n_iter_no_change=3)
    assert len(parts.parts) == 1


@pytest.mark.parametrize(
    ("counts", "parameters"),
    [([8, 1], {}), ([4, 5, 5], {}), ([20, 20], {"early_stopping": False})],
)
def test_few_labels_have_no_parts(counts, parameters):
    numbers, parts = split(counts, **parameters)
    assert parts.parts == []
    assert len(parts.without(0)) == len(numbers)


@pytest.mark.parametrize(("n_labels", "n_parts"), [(9, 0), (10, 5), (2000, 1)])
def test_numbers_are_split_alike(n_labels, n_parts):
    targets = NumberTargets(np.arange(n_labels, dtype=float)[:, None])
    assert len(split_labelled_rows(OPTIONS, targets, RandomStreams(0)).parts) == n_parts
