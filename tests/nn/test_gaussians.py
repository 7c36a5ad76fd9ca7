import numpy as np
import pytest
import torch
from sklearn.mixture import GaussianMixture

from sklearn_ae.nn._gaussians import GaussianMixturePrior


@pytest.fixture(scope="module")
def codes():
    rng = np.random.default_rng(0)
    parts = [
        rng.normal(size=(500, 2)) @ rng.normal(size=(2, 2)) + 4 * m for m in (0, 1)
    ]
    return np.vstack(parts)


@pytest.fixture(scope="module")
def mixture(codes):
    return GaussianMixture(2, random_state=0).fit(codes)


@pytest.fixture
def prior(mixture):
    prior = GaussianMixturePrior(2).double()
    factors = np.linalg.cholesky(mixture.covariances_)
    prior.set(*map(torch.from_numpy, (mixture.weights_, mixture.means_, factors)))
    return prior


def test_prior_starts_standard_normal():
    code = torch.randn(4, 3, 2)
    expected = torch.distributions.Normal(0, 1).log_prob(code).sum(dim=2)
    for n_gaussians in (1, 3):
        torch.testing.assert_close(
            GaussianMixturePrior(2, n_gaussians).log_density(code), expected
        )


def test_density_is_scikit_learns(prior, mixture, codes):
    density = prior.log_density(torch.from_numpy(codes))
    np.testing.assert_allclose(density, mixture.score_samples(codes))


def test_draws_follow_the_mixture(prior, mixture):
    rng = np.random.default_rng(1)
    draws = prior.draw(
        torch.from_numpy(rng.uniform(size=50_000)),
        torch.from_numpy(rng.normal(size=(50_000, 2))),
    ).numpy()
    mean = mixture.weights_ @ mixture.means_
    np.testing.assert_allclose(draws.mean(axis=0), mean, atol=0.05)
    assert mixture.score(draws) == pytest.approx(
        mixture.score(mixture.sample(50_000)[0]), abs=0.02
    )


def test_turned_prior_follows_codes(prior):
    rotation = torch.tensor([[0.0, -1.0], [1.0, 0.0]]).double()
    code = torch.randn(5, 2, dtype=torch.float64)
    before = prior.log_density(code)
    prior.turn(rotation)
    torch.testing.assert_close(prior.log_density(code @ rotation.T), before)
    assert (prior.factors.triu(1) == 0).all()


@pytest.mark.parametrize("name", ["weights", "factors"])
def test_prior_must_be_a_mixture(prior, name):
    prior.check()
    setattr(prior, name, -getattr(prior, name))
    with pytest.raises(ValueError, match="positive weights"):
        prior.check()
