import numpy as np
import pytest
import torch

from sklearn_ae.nn import VariationalNetwork

N_FEATURES, N_COMPONENTS = 6, 3


def make(hidden_layer_sizes=(16, 8), **options):
    source = torch.Generator().manual_seed(0)
    return VariationalNetwork(
        N_FEATURES, N_COMPONENTS, hidden_layer_sizes, generator=source, **options
    ).double()


@pytest.fixture(params=[(), (16, 8)], ids=["linear", "hidden"])
def network(request, pca, start_at_pca):
    return start_at_pca(make(request.param), pca.noise_variance_**0.5).eval()


def test_noise_starts_as_ppcas(network, pca):
    # The logarithm of a float32 parameter.
    assert network.noise_variance == pytest.approx(pca.noise_variance_, rel=1e-5)


def test_decoder_starts_as_ppcas(network, pca):
    signal = np.sqrt(pca.explained_variance_ - pca.noise_variance_)
    loadings = network.loadings.detach().numpy()
    np.testing.assert_allclose(loadings, pca.components_.T * signal)
    decoded = network.decode(torch.eye(N_COMPONENTS, dtype=torch.float64))
    np.testing.assert_allclose(decoded.detach().numpy(), loadings.T)


def test_posterior_starts_as_ppcas(network, x, pca):
    loadings = network.loadings.detach().numpy()
    precision = loadings.T @ loadings / pca.noise_variance_ + np.eye(N_COMPONENTS)
    covariance = np.linalg.inv(precision)
    mean = x.numpy() @ loadings @ covariance / pca.noise_variance_
    posterior = network.posterior(x)
    np.testing.assert_allclose(posterior.mean.detach().numpy(), mean, atol=1e-10)
    np.testing.assert_allclose(
        posterior.log_variance[0].exp().detach().numpy(), np.diag(covariance)
    )


@pytest.mark.parametrize("n_draws", [1, 5])
def test_likelihood_starts_as_pcas(network, x, pca, n_draws):
    draws = torch.randn(n_draws, N_COMPONENTS, dtype=torch.float64)
    found = network.log_likelihood(x, draws).detach().numpy()
    np.testing.assert_allclose(found, pca.score_samples(x.numpy()), rtol=1e-10)


def test_likelihood_integrates_over_codes(x):
    source = torch.Generator().manual_seed(0)
    network = VariationalNetwork(N_FEATURES, 1, (8,), generator=source).double().eval()
    with torch.no_grad():
        network.log_noise.fill_(1.0)
    code = torch.linspace(-8, 8, 4001, dtype=torch.float64)[:, None]
    error = (x[:, None] - network.decode(code)).square().sum(dim=2)
    prior = torch.distributions.Normal(0, 1).log_prob(code[:, 0])
    density = prior - network.distortion(error, torch.tensor(N_FEATURES))
    expected = torch.trapezoid(density.exp(), code[:, 0]).log()
    draws = torch.randn(
        20_000, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    found = network.log_likelihood(x, draws)
    torch.testing.assert_close(found, expected, rtol=0.02, atol=0.02)


def test_missing_cells_take_no_part(network, x):
    draws = torch.randn(3, N_COMPONENTS, dtype=torch.float64)
    rows = x.clone()
    rows[:, 0] = torch.nan
    assert torch.isfinite(network.log_likelihood(rows, draws)).all()
    rows[:, 1:] = torch.nan
    none = network.log_likelihood(rows, draws)
    torch.testing.assert_close(none, none[:1].expand_as(none))


@pytest.mark.parametrize(("log_noise", "noise"), [(-1e3, 1e-6), (1e3, 1e6)])
def test_noise_has_bounds(network, x, log_noise, noise):
    with torch.no_grad():
        network.log_noise.fill_(log_noise)
    assert network.noise_variance == pytest.approx(noise)
    error = (network(x) - x).square().sum(dim=1)
    assert torch.isfinite(network.distortion(error, torch.tensor(N_FEATURES))).all()


def test_start_without_noise_is_finite(x):
    network = make()
    components = torch.eye(2, N_FEATURES, dtype=torch.float64)
    network.start_at_components(components, torch.tensor([1.0, 0.0]).double(), 0.0)
    assert all(torch.isfinite(value).all() for value in network.parameters())
    assert (network.unit > 0).all()
    posterior = network.posterior(x)
    # The posterior of a code without variance is its prior.
    torch.testing.assert_close(posterior.mean[:, 1:], torch.zeros(50, 2).double())
    torch.testing.assert_close(
        posterior.log_variance[:, 1:], torch.zeros(50, 2).double()
    )


def test_forward_decodes_means(network, x):
    torch.testing.assert_close(network(x), network.decode(network.posterior(x).mean))
    torch.testing.assert_close(network.encode(x), network.posterior(x).mean)


def test_divergence_is_torchs(x):
    posterior = make().posterior(x)
    deviation = (posterior.log_variance / 2).exp()
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(posterior.mean, deviation),
        torch.distributions.Normal(0.0, 1.0),
    )
    torch.testing.assert_close(posterior.kl(), expected)


def test_record_decodes_draws_beside_means(network, x):
    if network.is_linear:
        return
    network.train()
    network.record(x)
    clamp = network.means.residual_decoder.range0
    recorded = clamp.high - clamp.low
    network.eval()
    network.train()
    network.decode(network.encode(x))
    assert (recorded >= clamp.high - clamp.low).all()
    assert (recorded > clamp.high - clamp.low).any()


def test_flags_reach_means_and_variances():
    network = make(gap_columns=(1,))
    row = torch.zeros(1, N_FEATURES, dtype=torch.float64)
    gap = row.clone()
    gap[0, 1] = torch.nan
    before = network.posterior(gap)
    torch.testing.assert_close(before, network.posterior(row))
    with torch.no_grad():
        network.means.residual_encoder.hidden0.weight[:, -1] = 1.0
        network.residual_variance.hidden0.weight[:, -1] = 1.0
    after = network.posterior(gap)
    assert (after.mean != before.mean).all()
    assert (after.log_variance != before.log_variance).all()
