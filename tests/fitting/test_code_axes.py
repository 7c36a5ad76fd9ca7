import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from sklearn_ae._fitting.code_axes import (
    gather_code_moments,
    ordered_axes,
    principal_axes,
    rotated_arrays,
    unrotated_axes,
)
from sklearn_ae._training.rows import TensorRows
from sklearn_ae.nn import Autoencoder, VariationalNetwork


@pytest.fixture
def network():
    return Autoencoder(6, 3, (8,), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def rows(X):
    return torch.tensor(X).float()


def turn(network, rows, make=principal_axes):
    """Return the axes, and the network in float64 rotated to them."""
    axes = make(network, TensorRows(rows))
    turned = Autoencoder(6, 3, (8,)).double()
    arrays = rotated_arrays(network, axes, np.float64)
    turned.load_state_dict({name: torch.tensor(a) for name, a in arrays.items()})
    return axes, turned


def test_recorded_ranges_clamp_no_row(network, rows):
    before = network(rows)
    gather_code_moments(network, TensorRows(rows))
    assert not network.training
    assert all(torch.isfinite(value).all() for value in network.buffers())
    torch.testing.assert_close(network(rows), before, rtol=0, atol=0)


def test_codes_come_from_clean_rows(network, rows):
    class Doubled(TensorRows):
        def take(self, index):
            _, clean = super().take(index)
            return 2 * clean, clean

    corrupted = gather_code_moments(network, Doubled(rows))
    reach = network.residual_encoder.range0.high.clone()
    clean = gather_code_moments(network, TensorRows(rows))
    np.testing.assert_array_equal(corrupted.mean, clean.mean)
    np.testing.assert_array_equal(corrupted.covariance, clean.covariance)
    assert (reach > network.residual_encoder.range0.high).any()


def codes(network, rows):
    return network.double().encode(rows.double()).detach().numpy()


def test_rotated_codes_are_centred(network, rows):
    turned = codes(turn(network, rows)[1], rows)
    np.testing.assert_allclose(turned.mean(axis=0), 0, atol=1e-5)


def test_rotated_codes_have_the_axes_variance(network, rows):
    axes, turned = turn(network, rows)
    covariance = np.cov(codes(turned, rows), rowvar=False)
    np.testing.assert_allclose(covariance, np.diag(axes.variance), atol=1e-5)


def test_rotated_codes_are_ordered_by_variance(network, rows):
    variance = turn(network, rows)[0].variance
    assert (np.diff(variance) <= 0).all()


def test_rotated_codes_are_principal_components(network, rows):
    turned = codes(turn(network, rows)[1], rows)
    expected = PCA().fit_transform(codes(network, rows))
    np.testing.assert_allclose(turned, expected, atol=1e-4)


def test_rotation_changes_no_reconstruction(network, rows):
    turned = turn(network, rows)[1]
    torch.testing.assert_close(turned(rows.double()), network.double()(rows.double()))


def test_rotating_leaves_the_network_alone(network, rows):
    gather_code_moments(network, TensorRows(rows))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    turn(network, rows)
    after = network.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)


@pytest.fixture
def variational():
    generator = torch.Generator().manual_seed(0)
    network = VariationalNetwork(6, 3, (8,), generator=generator)
    with torch.no_grad():
        network.log_variance.copy_(torch.tensor([-1.0, -2.0, -3.0]))
    return network


def posterior_after(axes, network, rows):
    arrays = rotated_arrays(network, axes, np.float64)
    turned = VariationalNetwork(6, 3, (8,)).double()
    turned.load_state_dict({name: torch.tensor(a) for name, a in arrays.items()})
    return turned, turned.posterior(rows.double())


def test_ordered_axes_permute_and_flip_posteriors(variational, rows):
    axes = ordered_axes(variational, TensorRows(rows))
    _, after = posterior_after(axes, variational, rows)
    before = variational.double().posterior(rows.double())
    rotation = torch.from_numpy(axes.rotation)
    torch.testing.assert_close(after.mean, before.mean @ rotation.T)
    torch.testing.assert_close(
        after.log_variance, before.log_variance @ rotation.abs().T
    )
    assert set(np.abs(axes.rotation).ravel()) == {0.0, 1.0}


def test_ordered_axes_are_ordered_by_variance(variational, rows):
    axes = ordered_axes(variational, TensorRows(rows))
    _, after = posterior_after(axes, variational, rows)
    variance = after.mean.detach().numpy().var(axis=0, ddof=1)
    np.testing.assert_allclose(variance, axes.variance, rtol=1e-4)
    assert (np.diff(variance) <= 0).all()


def test_ordered_axes_make_largest_loadings_positive(variational, rows):
    axes = ordered_axes(variational, TensorRows(rows))
    loadings = posterior_after(axes, variational, rows)[0].loadings.detach().numpy()
    largest = np.abs(loadings).argmax(axis=0)
    assert (np.take_along_axis(loadings, largest[None], axis=0) > 0).all()


def test_unrotated_axes_change_nothing(network, rows):
    before = network.double()(rows.double())
    axes, turned = turn(network.float(), rows, unrotated_axes)
    torch.testing.assert_close(turned(rows.double()), before)
    variance = codes(turned, rows).var(axis=0, ddof=1)
    np.testing.assert_allclose(axes.variance, variance, rtol=1e-4)
