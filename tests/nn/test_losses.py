import pytest
import torch
from torch import nn

from sklearn_ae.nn import (
    agreement_loss,
    brier_loss,
    class_loss,
    observed_reconstruction_loss,
    reconstruction_loss,
    squared_loss,
)

NAN = torch.nan


def double(x):
    return 2 * x.nan_to_num()


@pytest.fixture(params=[reconstruction_loss, observed_reconstruction_loss])
def loss(request):
    return request.param


def rows(n_columns=3):
    return torch.randn(4, n_columns, generator=torch.Generator().manual_seed(0))


def test_loss_is_squared_error_per_cell(loss):
    x = torch.tensor([[1.0, 2.0], [0.0, 3.0]])
    expected = torch.tensor([2.5, 4.5])
    torch.testing.assert_close(loss(double, (x, x), n_cells=2), expected)


def test_loss_is_zero_for_the_identity(loss):
    assert not loss(nn.Identity(), (rows(), rows()), n_cells=3).any()


def test_loss_compares_with_targets(loss):
    x, target = torch.tensor([[1.0, 2.0]]), torch.tensor([[2.0, 7.0]])
    expected = torch.tensor([9.0])
    torch.testing.assert_close(loss(double, (x, target), n_cells=1), expected)


def test_module_sees_inputs_once(loss):
    seen = []

    def module(x):
        seen.append(x)
        return x

    x, target = rows(), rows() + 1
    loss(module, (x, target), n_cells=3)
    assert len(seen) == 1
    assert seen[0] is x


def test_repeated_columns_change_no_loss(loss):
    x, wide = rows(), rows().tile(1, 5)
    torch.testing.assert_close(
        loss(double, (wide, wide), n_cells=15), loss(double, (x, x), n_cells=3)
    )


def test_rows_do_not_depend_on_others(loss):
    x = rows()
    alone = [loss(double, (row[None], row[None]), n_cells=3) for row in x]
    torch.testing.assert_close(loss(double, (x, x), n_cells=3), torch.cat(alone))


def test_missing_targets_take_no_part():
    target = torch.tensor([[1.0, NAN, 3.0], [NAN, NAN, 1.0]])
    loss = observed_reconstruction_loss(double, (target, target), n_cells=2)
    torch.testing.assert_close(loss, torch.tensor([5.0, 0.5]))


def test_observed_cells_have_equal_weight():
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


def test_losses_agree_without_missing_targets():
    pair = rows(), rows() + 1
    assert torch.equal(
        reconstruction_loss(double, pair, n_cells=3),
        observed_reconstruction_loss(double, pair, n_cells=3),
    )


# Classes and numbers


def test_class_loss_is_weighted_cross_entropy():
    scores, classes = rows(), torch.tensor([0, 1, 2, 1])
    weight = torch.tensor([1.0, 2.0, 3.0])
    chosen = scores.log_softmax(dim=1).gather(1, classes[:, None])[:, 0]
    loss = class_loss(nn.Identity(), (scores, classes), weight=weight)
    torch.testing.assert_close(loss, -weight[classes] * chosen)


def test_single_score_is_of_second_class():
    scores, classes = rows(1), torch.tensor([0, 1, 1, 0])
    both = torch.cat([torch.zeros(4, 1), scores], dim=1)
    one, two = (
        class_loss(nn.Identity(), (given, classes), weight=torch.ones(2))
        for given in (scores, both)
    )
    torch.testing.assert_close(one, two)


def test_squared_loss_averages_outputs():
    loss = squared_loss(nn.Identity(), (torch.tensor([[1.0, 3.0]]), torch.zeros(1, 2)))
    torch.testing.assert_close(loss, torch.tensor([5.0]))


@pytest.mark.parametrize("n_scores", [1, 3])
def test_brier_loss_compares_probabilities(n_scores):
    scores, n_classes = rows(n_scores), max(n_scores, 2)
    indicators = torch.eye(n_classes)[torch.tensor([0, 1, 1, 0])]
    weight = torch.arange(1.0, n_classes + 1)
    both = scores if n_scores > 1 else torch.cat([torch.zeros(4, 1), scores], dim=1)
    expected = (both.softmax(dim=1) - indicators).square().sum(dim=1)
    expected *= torch.tensor([1.0, 2.0, 2.0, 1.0])
    for loss in (brier_loss, class_loss):
        found = loss(nn.Identity(), (scores, indicators), weight=weight)
        torch.testing.assert_close(found, expected)


def test_noisy_rows_learn_likeliest_classes():
    noisy, clean = rows(), torch.tensor([[9.0, 0, 0], [0, 9, 0], [0, 0, 9], [0, 0, 1]])
    loss = agreement_loss(noisy, clean)
    expected = -noisy.log_softmax(dim=1).diagonal()
    torch.testing.assert_close(loss[:3], expected)
    assert loss[3] == 0


def test_clean_rows_get_no_gradient():
    noisy, clean = (rows().requires_grad_() for _ in range(2))
    agreement_loss(noisy, 9 * clean).sum().backward()
    assert noisy.grad.any()
    assert clean.grad is None


@pytest.mark.parametrize("n_scores", [1, 3])
def test_unlabelled_rows_add_their_mean(n_scores):
    labelled, noisy, clean = rows(n_scores), rows(n_scores) - 1, 9 * rows(n_scores)
    classes, weight = torch.tensor([0, 1, 1, 0]), torch.arange(1.0, 4)
    alone = class_loss(nn.Identity(), (labelled, classes), weight=weight)
    together = class_loss(
        nn.Identity(),
        (torch.cat([labelled, noisy, clean]), classes),
        weight=weight,
        unlabelled_weight=0.5,
    )
    both = [torch.cat([torch.zeros(4, 1), one], dim=1) for one in (noisy, clean)]
    both = both if n_scores == 1 else (noisy, clean)
    torch.testing.assert_close(together, alone + 0.5 * agreement_loss(*both).mean())
