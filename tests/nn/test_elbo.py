import pytest
import torch

from sklearn_ae.nn import NegativeELBO, VariationalNetwork

N_FEATURES, N_COMPONENTS = 5, 2


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def x():
    return torch.randn(8, N_FEATURES, generator=seeded(1), dtype=torch.float64)


@pytest.fixture(params=[(), (16, 8)], ids=["linear", "hidden"])
def network(request):
    network = VariationalNetwork(
        N_FEATURES, N_COMPONENTS, request.param, generator=seeded()
    ).double()
    with torch.no_grad():
        network.log_variance.copy_(torch.tensor([-1.0, 0.5]))
        network.log_noise.fill_(-0.5)
    return network.eval()


def bound_by_draws(network, x, target, n_draws=200_000):
    """Return the bound from many draws of codes, row by row."""
    posterior, observed = network.posterior(x), ~target.isnan()
    draws = torch.randn(n_draws, N_COMPONENTS, generator=seeded(2), dtype=x.dtype)
    errors = []
    for mean, log_variance, row, seen in zip(*posterior, target, observed, strict=True):
        decoded = network.decode(mean + (log_variance / 2).exp() * draws)
        errors.append((decoded - row)[:, seen].square().sum(dim=1).mean())
    distortion = network.distortion(torch.stack(errors), observed.sum(dim=1))
    return (distortion + posterior.kl().sum(dim=1)) / N_FEATURES


@pytest.mark.parametrize("gaps", [False, True])
def test_bound_is_unbiased(network, x, gaps):
    target = x.clone()
    if gaps:
        target[:, 2] = torch.nan
        target[0, 0] = torch.nan
    network.train()
    objective = NegativeELBO(N_FEATURES, generator=seeded())
    with torch.no_grad():
        drawn = objective(network, (x.repeat(4_000, 1), target.repeat(4_000, 1)))
        drawn = drawn.unflatten(0, (4_000, -1)).mean(dim=0)
        expected = bound_by_draws(network, x, target)
    torch.testing.assert_close(drawn, expected, rtol=0.01, atol=0.01)


def test_linear_decoder_has_exact_bound(x):
    network = VariationalNetwork(N_FEATURES, N_COMPONENTS, ()).double().eval()
    posterior, loadings = network.posterior(x), network.loadings
    error = (network(x) - x).square().sum(dim=1)
    error += (posterior.log_variance.exp() * loadings.square().sum(dim=0)).sum(dim=1)
    distortion = network.distortion(error, torch.tensor(N_FEATURES))
    expected = (distortion + posterior.kl().sum(dim=1)) / N_FEATURES
    torch.testing.assert_close(NegativeELBO(N_FEATURES)(network, (x, x)), expected)


def test_bound_is_below_the_likelihood(network, x):
    draws = torch.randn(5_000, N_COMPONENTS, generator=seeded(), dtype=x.dtype)
    likelihood = network.log_likelihood(x, draws).mean()
    assert -N_FEATURES * NegativeELBO(N_FEATURES)(network, (x, x)).mean() < likelihood


def test_zero_beta_drops_the_divergence(network, x):
    without, with_ = (
        NegativeELBO(N_FEATURES, beta)(network, (x, x)) for beta in (0.0, 1.0)
    )
    divergence = network.posterior(x).kl().sum(dim=1) / N_FEATURES
    torch.testing.assert_close(with_ - without, divergence)


def test_beta_weighs_the_divergence(network, x):
    once, thrice = (
        NegativeELBO(N_FEATURES, beta)(network, (x, x)) for beta in (1.0, 3.0)
    )
    divergence = network.posterior(x).kl().sum(dim=1) / N_FEATURES
    torch.testing.assert_close(thrice - once, 2 * divergence)


def test_warmth_weighs_training_only(network, x):
    cold, warm = (NegativeELBO(N_FEATURES, generator=seeded()) for _ in range(2))
    cold.warmth = 0.0
    torch.testing.assert_close(cold(network, (x, x)), warm(network, (x, x)))
    network.train()
    divergence = network.posterior(x).kl().sum(dim=1) / N_FEATURES
    torch.testing.assert_close(
        warm(network, (x, x)) - cold(network, (x, x)), divergence
    )


def test_only_training_draws_anew(network, x):
    objective = NegativeELBO(N_FEATURES, generator=seeded())
    assert torch.equal(objective(network, (x, x)), objective(network, (x, x)))
    network.train()
    if network.is_linear:  # its bound does not depend on draws
        return
    assert not torch.equal(objective(network, (x, x)), objective(network, (x, x)))


def test_global_generator_is_not_used(network, x):
    before = torch.random.get_rng_state()
    for mode in (True, False):
        NegativeELBO(N_FEATURES, generator=seeded())(network.train(mode), (x, x))
    assert torch.equal(torch.random.get_rng_state(), before)
