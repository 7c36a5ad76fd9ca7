import torch

from sklearn_ae.nn import Layout


def layout(*column):
    return Layout(
        column=torch.tensor(column),
        missing=torch.full((len(column),), torch.nan),
        noise_unit=torch.ones(len(column)),
        n_cells=1.5,
    )


def test_block_counts_as_one_column():
    assert layout(0, 1, 1, 1, 2).n_columns == 3


def test_single_column_is_counted():
    assert layout(0).n_columns == 1


def test_moving_moves_all_tensors():
    moved = layout(0, 1, 1).to("meta")
    assert all(t.is_meta for t in (moved.column, moved.missing, moved.noise_unit))


def test_moving_changes_nothing_else():
    before = layout(0, 1, 1)
    moved = before.to("cpu")
    assert torch.equal(moved.column, before.column)
    assert moved.n_cells == 1.5
