import pytest
import torch

from sklearn_ae._fitting.density import fit_prior
from sklearn_ae._training.rows import TensorRows
from sklearn_ae.nn import VariationalNetwork


@pytest.fixture
def network():
    """A network whose codes are its rows, up to little noise."""
    network = VariationalNetwork(2, 2, ())
    with torch.no_grad():
        network.means.linear_encoder.weight.copy_(torch.eye(2))
        network.means.linear_encoder.bias.zero_()
        network.log_variance.fill_(-6.0)
    return network


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(n_rows, seed=1):
    return torch.randn(n_rows, 2, generator=generator(seed))


def test_normal_codes_keep_the_normal_prior(network):
    # A draw that no mixture explains better by chance, wherever k-means takes it.
    assert fit_prior(network, TensorRows(normal(150, 6)), generator()) == 1
    assert torch.equal(network.prior.factors, torch.eye(2)[None])


def test_clusters_of_codes_get_gaussians(network):
    rows = normal(900) / 20 + 2 * torch.eye(2).repeat(450, 1)
    held_out = normal(400, 2) / 20 + 2 * torch.eye(2).repeat(200, 1)
    before = network.prior.log_density(held_out).mean()
    assert fit_prior(network, TensorRows(rows), generator()) >= 2
    assert network.prior.log_density(held_out).mean() > before + 2


def test_a_shifted_code_gets_one_gaussian(network):
    assert fit_prior(network, TensorRows(normal(4_000) / 2 + 3), generator()) == 1
    torch.testing.assert_close(
        network.prior.means[0], torch.full((2,), 3.0), atol=0.1, rtol=0
    )


def test_few_rows_keep_the_normal_prior(network):
    assert fit_prior(network, TensorRows(normal(99) + 5), generator()) == 1
    assert (network.prior.means == 0).all()


def test_same_generator_gives_the_same_prior(network):
    rows = TensorRows(normal(900) / 20 + 2 * torch.eye(2).repeat(450, 1))
    fit_prior(network, rows, generator())
    first = network.prior.means
    fit_prior(network, rows, generator())
    assert torch.equal(network.prior.means, first)
