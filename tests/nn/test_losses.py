import pytest
import torch
from torch import nn

from sklearn_ae.nn import observed_reconstruction_loss, reconstruction_loss

NAN = torch.nan


def double(x):
    return 2 * x.nan_to_num()


@pytest.fixture(params=[reconstruction_loss, observed_reconstruction_loss])
def loss(request):
    return request.param


def rows(n_columns=3):
    return torch.randn(4, n_columns, generator=torch.Generator().manual_seed(0))


def test_loss_is_the_squared_error_of_each_row_over_its_cells(loss):
    x = torch.tensor([[1.0, 2.0], [0.0, 3.0]])
    expected = torch.tensor([2.5, 4.5])
    torch.testing.assert_close(loss(double, (x, x), n_cells=2), expected)


def test_loss_is_zero_for_the_identity(loss):
    assert not loss(nn.Identity(), (rows(), rows()), n_cells=3).any()


def test_loss_compares_with_the_target(loss):
    x, target = torch.tensor([[1.0, 2.0]]), torch.tensor([[2.0, 7.0]])
    expected = torch.tensor([9.0])
    torch.testing.assert_close(loss(double, (x, target), n_cells=1), expected)


def test_the_module_sees_inputs_and_no_targets(loss):
    seen = []

    def module(x):
        seen.append(x)
        return x

    x, target = rows(), rows() + 1
    loss(module, (x, target), n_cells=3)
    assert len(seen) == 1
    assert seen[0] is x


def test_loss_does_not_depend_on_the_number_of_columns(loss):
    x, wide = rows(), rows().tile(1, 5)
    torch.testing.assert_close(
        loss(double, (wide, wide), n_cells=15), loss(double, (x, x), n_cells=3)
    )


def test_a_rows_loss_does_not_depend_on_its_neighbours(loss):
    x = rows()
    alone = [loss(double, (row[None], row[None]), n_cells=3) for row in x]
    torch.testing.assert_close(loss(double, (x, x), n_cells=3), torch.cat(alone))


def test_missing_targets_take_no_part():
    target = torch.tensor([[1.0, NAN, 3.0], [NAN, NAN, 1.0]])
    loss = observed_reconstruction_loss(double, (target, target), n_cells=2)
    torch.testing.assert_close(loss, torch.tensor([5.0, 0.5]))


def test_every_observed_cell_counts_alike():
    target = torch.tensor([[1.0, NAN], [1.0, 1.0]])
    loss = observed_reconstruction_loss(double, (target, target), n_cells=1.5)
    assert loss[1] == 2 * loss[0]


def test_missing_targets_pass_no_gradient():
    weight = torch.ones(3, requires_grad=True)
    target = torch.tensor([[2.0, NAN, 3.0]])
    observed_reconstruction_loss(
        lambda x: weight * x.nan_to_num(5.0), (target, target + 1), n_cells=1
    ).sum().backward()
    assert torch.isfinite(weight.grad).all()
    assert weight.grad.bool().tolist() == [True, False, True]


def test_both_losses_agree_without_missing_targets():
    pair = rows(), rows() + 1
    assert torch.equal(
        reconstruction_loss(double, pair, n_cells=3),
        observed_reconstruction_loss(double, pair, n_cells=3),
    )
