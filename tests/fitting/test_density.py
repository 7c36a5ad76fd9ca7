import numpy as np
import pytest
import torch

from sklearn_ae import VariationalAutoencoder
from sklearn_ae._fitting.density import (
    describe_density,
    draw_rows,
    fit_prior,
    kl_per_component,
    log_likelihood,
)
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


@pytest.fixture(scope="module")
def fitted(X):
    return VariationalAutoencoder(2, max_epochs=0, random_state=0).fit(X)._fitted


def test_divergences_are_means_over_rows(network):
    rows = normal(2_000)
    expected = network.posterior(rows).kl().mean(dim=0).detach()
    found = kl_per_component(network, TensorRows(rows))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_densities_are_described(fitted, X):
    rows = TensorRows(torch.from_numpy(fitted.codec.encode(X, np.float32)))
    found = describe_density(fitted, rows)
    assert found.keys() == {"kl_per_component_", "noise_variance_"}
    assert found["kl_per_component_"].shape == (2,)
    assert found["noise_variance_"] == fitted.module().noise_variance > 0


def test_log_likelihood_is_in_input_units(fitted, X):
    doubled = VariationalAutoencoder(2, max_epochs=0, random_state=0).fit(2 * X)
    found = log_likelihood(doubled._fitted, 2 * X, 4)
    expected = log_likelihood(fitted, X, 4) - 6 * np.log(2)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_log_likelihood_is_of_observed_cells(fitted, X):
    gaps = X.copy()
    gaps[:, 1:] = np.nan
    found, whole = log_likelihood(fitted, gaps, 4), log_likelihood(fitted, X, 4)
    assert np.isfinite(found).all()
    assert found.std() < whole.std()


def test_log_likelihood_draws_alike(fitted, X):
    found = [log_likelihood(fitted, X, 4) for _ in range(2)]
    np.testing.assert_array_equal(*found)


def test_drawn_rows_depend_on_the_generator(fitted):
    first, again = (
        draw_rows(fitted, 50, 0.5, np.random.RandomState(0)) for _ in range(2)
    )
    assert first.shape == (50, 6)
    np.testing.assert_array_equal(first, again)


def test_drawn_noise_has_its_deviation(fitted):
    plain, noisy = (
        draw_rows(fitted, 500, deviation, np.random.RandomState(0))
        for deviation in (0.0, 10.0)
    )
    noise = (noisy - plain) / fitted.codec.scale
    assert noise.std() == pytest.approx(10, rel=0.05)


def test_rows_without_noise_are_decoded_codes(fitted):
    rows = draw_rows(fitted, 50, 0.0, np.random.RandomState(0))
    values = np.linalg.svd(fitted.codec.encode(rows), compute_uv=False)
    assert values[2] < 1e-4 < values[1]
