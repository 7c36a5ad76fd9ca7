import itertools

import numpy as np
import pytest
import torch
from scipy import sparse

from sklearn_ae import _rows
from sklearn_ae._rows import Batches, SparseRows, TensorRows, row_source
from sklearn_ae._tables import fit_numeric_codec


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return rng.normal(size=(23, 4)) * (rng.uniform(size=(23, 4)) < 0.5)


@pytest.fixture(params=[np.asarray, sparse.csr_array])
def rows(request, table):
    codec = fit_numeric_codec(table, standardize=False, feature_names="abcd")
    return row_source(request.param(table), codec, torch.device("cpu"))


def numbered(n_rows):
    return TensorRows(torch.arange(n_rows, dtype=torch.float32)[:, None])


def taken(batches):
    return torch.cat(list(batches)).flatten().int().tolist()


def generator():
    return torch.Generator().manual_seed(0)


def test_source_fits_the_kind_of_table(table):
    codec = fit_numeric_codec(table, standardize=False, feature_names="abcd")
    cpu = torch.device("cpu")
    assert isinstance(row_source(table, codec, cpu), TensorRows)
    assert isinstance(row_source(sparse.csr_array(table), codec, cpu), SparseRows)


def test_source_has_as_many_rows_as_the_table(rows, table):
    assert len(rows) == len(table)


def test_source_takes_encoded_rows_in_the_order_asked_for(rows, table):
    codec = fit_numeric_codec(table, standardize=False, feature_names="abcd")
    index = [5, 0, 22, 5]
    expected = torch.from_numpy(codec.encode(table)[index]).float()
    torch.testing.assert_close(rows.take(torch.tensor(index)), expected)


@pytest.mark.parametrize("batch_size", [1, 5, 22, 23, 24, 100])
def test_an_epoch_takes_every_row_once(batch_size):
    batches = Batches(numbered(23), torch.arange(23), batch_size, generator())
    assert sorted(taken(batches)) == list(range(23))


@pytest.mark.parametrize("batch_size", [1, 5, 22, 23, 24, 100])
def test_length_is_the_number_of_batches(batch_size):
    batches = Batches(numbered(23), torch.arange(23), batch_size, generator())
    assert len(list(batches)) == len(batches)


def test_only_rows_of_the_index_are_taken():
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


def test_without_a_generator_rows_come_in_the_index_order():
    index = torch.tensor([7, 3, 11])
    assert taken(Batches(numbered(23), index, 2)) == [7, 3, 11]


def test_capped_epochs_go_on_where_the_last_one_stopped(monkeypatch):
    monkeypatch.setattr(_rows, "EPOCH_ROWS", 10)
    batches = Batches(numbered(30), torch.arange(30), 4, generator())
    epochs = [taken(batches) for _ in range(3)]
    assert [len(epoch) for epoch in epochs] == [10, 10, 10]
    assert sorted(itertools.chain.from_iterable(epochs)) == list(range(30))


def test_capped_epochs_have_as_many_batches_as_they_say(monkeypatch):
    monkeypatch.setattr(_rows, "EPOCH_ROWS", 10)
    batches = Batches(numbered(23), torch.arange(23), 4, generator())
    counts = {len(list(batches)) for _ in range(12)}
    assert counts == {len(batches)}
