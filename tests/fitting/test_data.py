import numpy as np
import pytest
import torch
from scipy import sparse

from sklearn_ae._fitting import data
from sklearn_ae._fitting.data import TableRows, TrainingData, make_row_source
from sklearn_ae._training.rows import CorruptedRows, TensorRows
from sklearn_ae._training.validation_split import RowSplit
from sklearn_ae.nn import SwapNoise, reconstruction_loss


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return rng.normal(size=(23, 4)) * (rng.uniform(size=(23, 4)) < 0.5)


@pytest.fixture
def codec(fit_table, table):
    return fit_table(table).codec


@pytest.fixture
def on_demand(monkeypatch):
    """Allow no memory for encoded rows."""
    return lambda: monkeypatch.setattr(data, "_MOST_BYTES", 0)


@pytest.fixture(params=["in memory", "on demand", "sparse"])
def rows(request, codec, table, on_demand):
    if request.param == "on demand":
        on_demand()
    X = sparse.csr_array(table) if request.param == "sparse" else table
    return make_row_source(X, codec, torch.device("cpu"))


def test_source_fits_the_kind_of_table(codec, table):
    cpu = torch.device("cpu")
    assert isinstance(make_row_source(table, codec, cpu), TensorRows)
    assert isinstance(make_row_source(sparse.csr_array(table), codec, cpu), TableRows)


def test_large_tables_are_encoded_on_demand(codec, table, on_demand):
    on_demand()
    assert isinstance(make_row_source(table, codec, torch.device("cpu")), TableRows)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8])
@pytest.mark.parametrize("order", ["C", "F"])
def test_on_demand_rows_have_equal_bits(fit_table, table, dtype, order, on_demand):
    table = np.abs(100 * table).astype(dtype, order=order)
    codec, cpu = fit_table(table).codec, torch.device("cpu")
    in_memory = make_row_source(table, codec, cpu)
    on_demand()
    index = torch.tensor([5, 0, 22, 5])
    taken = make_row_source(table, codec, cpu).take(index)
    assert torch.equal(taken[0], in_memory.take(index)[0])


def test_sources_have_the_tables_length(rows, table):
    assert len(rows) == len(table)


def test_sources_take_rows_in_any_order(rows, codec, table):
    index = [5, 0, 22, 5]
    expected = torch.from_numpy(codec.encode(table)[index]).float()
    inputs, targets = rows.take(torch.tensor(index))
    torch.testing.assert_close(inputs, expected)
    assert torch.equal(targets, inputs)


def test_missing_cells_come_as_nan(fit_table, table):
    table[::3, 1] = np.nan
    source = make_row_source(table, fit_table(table).codec, torch.device("cpu"))
    inputs, targets = source.take(torch.arange(23))
    np.testing.assert_array_equal(inputs.isnan().numpy(), np.isnan(table))
    assert torch.equal(targets.isnan(), inputs.isnan())


def test_corrupted_rows_leave_clean_ones_alone(rows, fit_table, table):
    noise = SwapNoise(
        fit_table(table).layout(), 0.5, generator=torch.Generator().manual_seed(0)
    )
    everything = torch.arange(23)
    before = rows.take(everything)[0].clone()
    inputs, targets = CorruptedRows(rows, noise).take(everything)
    assert not torch.equal(inputs, before)
    assert torch.equal(targets, before)
    assert torch.equal(rows.take(everything)[0], before)


def test_corruption_says_whether_inputs_are_others(rows):
    split = RowSplit(rows, rows, torch.arange(23), ())
    parts = (rows, False, reconstruction_loss, 4.0, (), True)
    assert not TrainingData(rows, split, *parts).is_corrupted
    other = split._replace(rows=TensorRows(torch.zeros(23, 4)))
    assert TrainingData(rows, other, *parts).is_corrupted
