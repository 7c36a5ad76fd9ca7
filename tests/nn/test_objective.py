import torch
from torch import nn

from sklearn_ae.nn import reconstruction_loss


def double(x):
    return 2 * x


def test_loss_is_the_mean_squared_error_of_each_row():
    x = torch.tensor([[1.0, 2.0], [0.0, 3.0]])
    torch.testing.assert_close(reconstruction_loss(double, x), torch.tensor([2.5, 4.5]))


def test_loss_is_zero_for_the_identity():
    assert not reconstruction_loss(nn.Identity(), torch.randn(4, 3)).any()


def test_loss_does_not_depend_on_the_number_of_columns():
    x = torch.randn(4, 3)
    torch.testing.assert_close(
        reconstruction_loss(double, x.tile(1, 5)), reconstruction_loss(double, x)
    )


def test_a_rows_loss_does_not_depend_on_its_neighbours():
    x = torch.randn(4, 3)
    alone = torch.cat([reconstruction_loss(double, row[None]) for row in x])
    torch.testing.assert_close(reconstruction_loss(double, x), alone)
