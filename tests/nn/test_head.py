import pytest
import torch
from torch import nn

from sklearn_ae.nn import Autoencoder, Head, HeadedNetwork


def rows(n_columns=3, n_rows=4):
    source = torch.Generator().manual_seed(0)
    return torch.randn(n_rows, n_columns, generator=source)


def started(head):
    head.start_at(
        torch.full((3,), 2.0), torch.full((3,), 4.0), torch.ones(2, 3), torch.ones(2)
    )
    return head.eval()


@pytest.mark.parametrize("sizes", [(), (5,), (5, 4)])
def test_head_starts_as_linear_model(sizes):
    code = rows()
    expected = ((code - 2) / 4).sum(dim=1, keepdim=True).expand(-1, 2) + 1
    torch.testing.assert_close(started(Head(3, 2, sizes))(code), expected)


def test_trained_hidden_layers_change_scores():
    head = started(Head(3, 2, (5,)))
    before = head(rows())
    nn.init.ones_(head.residual.last.weight)
    assert not torch.equal(head(rows()), before)


def test_headed_network_scales_codes():
    encoder, head = Autoencoder(4, 3).eval(), started(Head(3, 2))
    expected = head(2 * encoder.encode(rows(4)))
    network = HeadedNetwork(encoder, head, 2 * torch.ones(3)).eval()
    torch.testing.assert_close(network(rows(4)), expected)


def test_scales_must_be_positive():
    head = Head(3, 2)
    head.check()
    head.scale[1] = 0.0
    with pytest.raises(ValueError, match=r"positive, got them from 0\.0"):
        head.check()
