"""Batches of labelled rows, with their targets and unlabelled rows."""

import pytest
import torch

from sklearn_ae._pretraining.labelled_rows import LabelledRows, PartlyLabelledRows
from sklearn_ae._training.rows import TensorRows


@pytest.fixture
def labelled():
    return TensorRows(torch.arange(8.0).reshape(4, 2))


@pytest.fixture
def others():
    return TensorRows(100 + torch.arange(40.0).reshape(20, 2))


def partly(labelled, others, seed=0):
    source = torch.Generator().manual_seed(seed)

    def noise(x):
        return -x

    rows = LabelledRows(labelled, torch.arange(4), noise)
    return PartlyLabelledRows(rows, others, noise, 5, source)


def test_labelled_rows_come_with_their_targets(labelled):
    rows, targets = LabelledRows(labelled, torch.arange(4)).take(torch.tensor([2, 0]))
    assert rows.tolist() == [[4, 5], [0, 1]]
    assert targets.tolist() == [2, 0]


def test_unlabelled_rows_come_noisy_and_clean(labelled, others):
    rows, targets = partly(labelled, others).take(torch.tensor([2, 0]))
    assert rows[:2].tolist() == [[-4, -5], [0, -1]]
    assert targets.tolist() == [2, 0]
    noisy, clean = rows[2:].chunk(2)
    assert len(clean) == 5
    assert (clean >= 100).all()
    assert torch.equal(noisy, -clean)


def test_unlabelled_draws_depend_on_the_seed(labelled, others):
    source, again = partly(labelled, others), partly(labelled, others)
    first, second = (source.take(torch.tensor([0]))[0] for _ in range(2))
    assert not torch.equal(first, second)
    assert torch.equal(first, again.take(torch.tensor([0]))[0])
