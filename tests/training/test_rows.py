import itertools

import numpy as np
import pytest
import torch

from sklearn_ae._training import rows as row_sources
from sklearn_ae._training.rows import (
    Batches,
    ChosenRows,
    CorruptedRows,
    FixedCorruptedRows,
    PairedRows,
    TensorRows,
    iterate_rows,
)
from sklearn_ae.nn import Corruption, SwapNoise


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return rng.normal(size=(23, 4)) * (rng.uniform(size=(23, 4)) < 0.5)


@pytest.fixture
def rows(table):
    return TensorRows(torch.from_numpy(table).float())


def numbered(n_rows):
    return TensorRows(torch.arange(n_rows, dtype=torch.float32)[:, None])


def taken(batches):
    return torch.cat([inputs for inputs, _ in batches]).flatten().int().tolist()


def generator():
    return torch.Generator().manual_seed(0)


def test_every_row_comes_once_in_order(monkeypatch):
    monkeypatch.setattr(row_sources, "EVALUATION_ROWS", 10)
    batches = list(iterate_rows(numbered(23)))
    assert [len(inputs) for inputs, _ in batches] == [10, 10, 3]
    assert taken(batches) == list(range(23))


def test_tensor_rows_come_in_any_order():
    inputs, targets = numbered(23).take(torch.tensor([5, 0, 22, 5]))
    assert inputs.flatten().tolist() == [5, 0, 22, 5]
    assert torch.equal(targets, inputs)


def test_chosen_rows_are_numbered_anew():
    chosen = ChosenRows(numbered(23), torch.tensor([7, 3, 11]))
    assert len(chosen) == 3
    assert taken([chosen.take(torch.tensor([2, 0]))]) == [11, 7]


def test_paired_rows_join_inputs_and_targets():
    pairs = PairedRows(numbered(3), TensorRows(10 * torch.ones(3, 2)))
    inputs, targets = pairs.take(torch.tensor([2, 0]))
    assert len(pairs) == 3
    assert inputs.flatten().tolist() == [2, 0]
    assert torch.equal(targets, 10 * torch.ones(2, 2))


@pytest.mark.parametrize("batch_size", [1, 5, 22, 23, 24, 100])
def test_an_epoch_takes_every_row_once(batch_size):
    batches = Batches(numbered(23), torch.arange(23), batch_size, generator())
    assert sorted(taken(batches)) == list(range(23))


@pytest.mark.parametrize("batch_size", [1, 5, 22, 23, 24, 100])
def test_length_is_the_number_of_batches(batch_size):
    batches = Batches(numbered(23), torch.arange(23), batch_size, generator())
    assert len(list(batches)) == len(batches)


def test_only_indexed_rows_are_taken():
    index = torch.tensor([7, 3, 11])
    assert sorted(taken(Batches(numbered(23), index, 2, generator()))) == [3, 7, 11]


def test_order_is_new_in_every_epoch():
    batches = Batches(numbered(50), torch.arange(50), 8, generator())
    assert taken(batches) != taken(batches)


def test_order_comes_from_the_generator():
    first, second = (
        Batches(numbered(50), torch.arange(50), 8, generator()) for _ in range(2)
    )
    assert taken(first) == taken(second)


def test_without_a_generator_rows_are_unshuffled():
    index = torch.tensor([7, 3, 11])
    assert taken(Batches(numbered(23), index, 2)) == [7, 3, 11]


def test_capped_epochs_continue_the_pass(monkeypatch):
    monkeypatch.setattr(row_sources, "EPOCH_ROWS", 10)
    batches = Batches(numbered(30), torch.arange(30), 4, generator())
    epochs = [taken(batches) for _ in range(3)]
    assert [len(epoch) for epoch in epochs] == [10, 10, 10]
    assert sorted(itertools.chain.from_iterable(epochs)) == list(range(30))


@pytest.mark.parametrize("n_epochs", [1, 2, 3])
def test_capped_epochs_resume_from_a_state(monkeypatch, n_epochs):
    monkeypatch.setattr(row_sources, "EPOCH_ROWS", 25)
    source = generator()
    batches = Batches(numbered(40), torch.arange(40), 10, source)
    for _ in range(n_epochs):
        list(batches)
    later = generator()
    later.set_state(source.get_state())
    resumed = Batches(numbered(40), torch.arange(40), 10, later)
    resumed.restore(batches.state())
    for _ in range(3):
        assert taken(resumed) == taken(batches)


def test_capped_epochs_have_their_length(monkeypatch):
    monkeypatch.setattr(row_sources, "EPOCH_ROWS", 10)
    batches = Batches(numbered(23), torch.arange(23), 4, generator())
    counts = {len(list(batches)) for _ in range(12)}
    assert counts == {len(batches)}


# Corrupted rows


class Shift(Corruption):
    """Adds a random number to every cell."""

    def _corrupt(self, x, layout, level):
        return x + level * torch.randn(x.shape, generator=self.generator)


@pytest.fixture
def corruption(fit_table, table):
    """Make noise for the rows of the table."""
    layout = fit_table(table).layout()
    return lambda noise=Shift: noise(layout, 0.5, generator=generator())


INDEX = torch.tensor([5, 0, 22, 5, 1, 2])


@pytest.fixture(params=[Shift, SwapNoise])
def noise(request):
    return request.param


@pytest.fixture(params=[CorruptedRows, FixedCorruptedRows])
def corrupted(request, rows, corruption, noise):
    return request.param(rows, corruption(noise))


def test_targets_are_the_clean_rows(corrupted, rows):
    _, targets = corrupted.take(INDEX)
    assert torch.equal(targets, rows.take(INDEX)[0])


def test_inputs_are_corrupted(corrupted):
    inputs, targets = corrupted.take(INDEX)
    assert inputs.shape == targets.shape
    assert not torch.equal(inputs, targets)


def test_corruption_leaves_the_clean_rows_alone(corrupted, rows):
    before = rows.take(torch.arange(23))[0].clone()
    corrupted.take(INDEX)
    assert torch.equal(rows.take(torch.arange(23))[0], before)


def test_there_are_as_many_corrupted_rows(corrupted, rows):
    assert len(corrupted) == len(rows)


def test_every_batch_gets_new_noise(rows, corruption):
    corrupted = CorruptedRows(rows, corruption())
    assert not torch.equal(corrupted.take(INDEX)[0], corrupted.take(INDEX)[0])


def test_fixed_corruption_repeats_in_every_epoch(rows, corruption):
    corrupted = FixedCorruptedRows(rows, corruption())
    batches = Batches(corrupted, torch.randperm(23, generator=generator()), 5)
    first, second = (torch.cat([x for x, _ in batches]) for _ in range(2))
    assert torch.equal(first, second)


def test_fixed_corruption_differs_between_batches(table, corruption):
    same = TensorRows(torch.ones(20, 4))
    corrupted = FixedCorruptedRows(same, corruption())
    batches = Batches(corrupted, torch.arange(20), 5)
    inputs = [x for x, _ in batches]
    assert not any(
        torch.equal(one, other) for one, other in itertools.combinations(inputs, 2)
    )


def test_fixed_corruption_ignores_other_batches(rows, corruption):
    first = FixedCorruptedRows(rows, corruption())
    second = FixedCorruptedRows(rows, corruption())
    second.take(torch.arange(7))
    assert torch.equal(first.take(INDEX)[0], second.take(INDEX)[0])
