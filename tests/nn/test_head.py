import pytest
import torch
from torch import nn

from sklearn_ae.nn import (
    Autoencoder,
    Head,
    HeadedNetwork,
    agreement_loss,
    brier_loss,
    class_loss,
    squared_loss,
)


def rows(n_columns=3, n_rows=4):
    source = torch.Generator().manual_seed(0)
    return torch.randn(n_rows, n_columns, generator=source)


def started(head):
    head.start_at(
        torch.full((3,), 2.0), torch.full((3,), 4.0), torch.ones(2, 3), torch.ones(2)
    )
    return head.eval()


@pytest.mark.parametrize("sizes", [(), (5,), (5, 4)])
def test_a_head_starts_as_its_linear_model(sizes):
    code = rows()
    expected = ((code - 2) / 4).sum(dim=1, keepdim=True).expand(-1, 2) + 1
    torch.testing.assert_close(started(Head(3, 2, sizes))(code), expected)


def test_hidden_layers_count_once_they_are_trained():
    head = started(Head(3, 2, (5,)))
    before = head(rows())
    nn.init.ones_(head.residual.last.weight)
    assert not torch.equal(head(rows()), before)


def test_a_headed_network_gives_scores_of_codes_in_their_unit():
    encoder, head, unit = (
        Autoencoder(4, 3).eval(),
        started(Head(3, 2)),
        2 * torch.ones(3),
    )
    expected = head(2 * encoder.encode(rows(4)))
    network = HeadedNetwork(encoder, head, unit).eval()
    torch.testing.assert_close(network(rows(4)), expected)


def test_class_loss_is_cross_entropy_times_weights():
    scores, classes = rows(), torch.tensor([0, 1, 2, 1])
    weight = torch.tensor([1.0, 2.0, 3.0])
    chosen = scores.log_softmax(dim=1).gather(1, classes[:, None])[:, 0]
    loss = class_loss(nn.Identity(), (scores, classes), weight=weight)
    torch.testing.assert_close(loss, -weight[classes] * chosen)


def test_one_score_is_that_of_the_second_of_two_classes():
    scores, classes = rows(1), torch.tensor([0, 1, 1, 0])
    both = torch.cat([torch.zeros(4, 1), scores], dim=1)
    one, two = (
        class_loss(nn.Identity(), (some, classes), weight=torch.ones(2))
        for some in (scores, both)
    )
    torch.testing.assert_close(one, two)


def test_squared_loss_is_a_mean_over_outputs():
    loss = squared_loss(nn.Identity(), (torch.tensor([[1.0, 3.0]]), torch.zeros(1, 2)))
    torch.testing.assert_close(loss, torch.tensor([5.0]))


@pytest.mark.parametrize("n_scores", [1, 3])
def test_brier_loss_is_the_squared_error_of_probabilities(n_scores):
    scores, n_classes = rows(n_scores), max(n_scores, 2)
    indicators = torch.eye(n_classes)[torch.tensor([0, 1, 1, 0])]
    weight = torch.arange(1.0, n_classes + 1)
    both = scores if n_scores > 1 else torch.cat([torch.zeros(4, 1), scores], dim=1)
    expected = (both.softmax(dim=1) - indicators).square().sum(dim=1)
    expected *= torch.tensor([1.0, 2.0, 2.0, 1.0])
    for loss in (brier_loss, class_loss):
        found = loss(nn.Identity(), (scores, indicators), weight=weight)
        torch.testing.assert_close(found, expected)


def test_noisy_rows_shall_have_the_likeliest_class_of_clean_ones():
    noisy, clean = rows(), torch.tensor([[9.0, 0, 0], [0, 9, 0], [0, 0, 9], [0, 0, 1]])
    loss = agreement_loss(noisy, clean)
    expected = -noisy.log_softmax(dim=1).diagonal()
    torch.testing.assert_close(loss[:3], expected)
    assert loss[3] == 0


def test_clean_rows_do_not_learn_from_noisy_ones():
    noisy, clean = (rows().requires_grad_() for _ in range(2))
    agreement_loss(noisy, 9 * clean).sum().backward()
    assert noisy.grad.any()
    assert clean.grad is None


@pytest.mark.parametrize("n_scores", [1, 3])
def test_rows_without_a_class_add_their_mean(n_scores):
    labelled, noisy, clean = rows(n_scores), rows(n_scores) - 1, 9 * rows(n_scores)
    classes, weight = torch.tensor([0, 1, 1, 0]), torch.arange(1.0, 4)
    alone = class_loss(nn.Identity(), (labelled, classes), weight=weight)
    together = class_loss(
        nn.Identity(),
        (torch.cat([labelled, noisy, clean]), classes),
        weight=weight,
        unlabelled_weight=0.5,
    )
    both = [torch.cat([torch.zeros(4, 1), some], dim=1) for some in (noisy, clean)]
    both = both if n_scores == 1 else (noisy, clean)
    torch.testing.assert_close(together, alone + 0.5 * agreement_loss(*both).mean())
