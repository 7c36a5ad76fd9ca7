import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from sklearn_ae._axes import principal_axes, record_codes, start_axes, turned_arrays
from sklearn_ae._rows import TensorRows
from sklearn_ae._start import pca_starts
from sklearn_ae.nn import Autoencoder


@pytest.fixture
def network():
    return Autoencoder(6, 3, (8,), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def rows(X):
    return torch.tensor(X).float()


@pytest.fixture(params=[False, True], ids=["plain", "whiten"])
def whiten(request):
    return request.param


def turn(network, rows, *, whiten):
    """Return the axes and the network in float64, turned to them."""
    axes = principal_axes(record_codes(network, TensorRows(rows)), whiten=whiten)
    turned = Autoencoder(6, 3, (8,)).double()
    arrays = turned_arrays(network, axes, np.float64)
    turned.load_state_dict({name: torch.tensor(a) for name, a in arrays.items()})
    return axes, turned


def test_recorded_ranges_hold_none_of_the_rows(network, rows):
    before = network(rows)
    record_codes(network, TensorRows(rows))
    assert not network.training
    assert all(torch.isfinite(value).all() for value in network.buffers())
    torch.testing.assert_close(network(rows), before, rtol=0, atol=0)


def test_codes_of_corrupted_rows_are_those_of_the_clean_ones(network, rows):
    class Doubled(TensorRows):
        def take(self, index):
            _, clean = super().take(index)
            return 2 * clean, clean

    corrupted = record_codes(network, Doubled(rows))
    reach = network.residual_encoder.range0.high.clone()
    clean = record_codes(network, TensorRows(rows))
    np.testing.assert_array_equal(corrupted.mean, clean.mean)
    np.testing.assert_array_equal(corrupted.covariance, clean.covariance)
    assert (reach > network.residual_encoder.range0.high).any()


def codes(network, rows):
    return network.double().encode(rows.double()).detach().numpy()


def test_turned_codes_are_centred(network, rows, whiten):
    turned = codes(turn(network, rows, whiten=whiten)[1], rows)
    np.testing.assert_allclose(turned.mean(axis=0), 0, atol=1e-5)


def test_turned_codes_are_uncorrelated_and_have_the_variance_told(network, rows):
    axes, turned = turn(network, rows, whiten=False)
    covariance = np.cov(codes(turned, rows), rowvar=False)
    np.testing.assert_allclose(covariance, np.diag(axes.variance), atol=1e-5)


def test_turned_codes_are_ordered_by_variance(network, rows, whiten):
    variance = turn(network, rows, whiten=whiten)[0].variance
    assert (np.diff(variance) <= 0).all()


def test_whitened_codes_have_variance_one(network, rows):
    covariance = np.cov(codes(turn(network, rows, whiten=True)[1], rows), rowvar=False)
    np.testing.assert_allclose(covariance, np.eye(3), atol=1e-4)


def test_turned_codes_are_the_principal_components_of_the_former(network, rows):
    turned = codes(turn(network, rows, whiten=False)[1], rows)
    expected = PCA().fit_transform(codes(network, rows))
    np.testing.assert_allclose(turned, expected, atol=1e-4)


def test_turning_changes_no_reconstruction(network, rows, whiten):
    turned = turn(network, rows, whiten=whiten)[1]
    torch.testing.assert_close(turned(rows.double()), network.double()(rows.double()))


def test_turning_leaves_the_network_it_is_made_from_alone(network, rows, whiten):
    record_codes(network, TensorRows(rows))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    turn(network, rows, whiten=whiten)
    after = network.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_whitening_survives_codes_without_variance(network, rows):
    with torch.no_grad():
        network.linear_encoder.weight.zero_()
        network.residual_encoder.last.weight.zero_()
    axes, _ = turn(network, rows, whiten=True)
    assert all(np.isfinite(part).all() for part in axes)


def test_axes_of_the_start_are_those_of_pca(fit_table, X, whiten):
    table = fit_table(X)
    axes = start_axes(pca_starts(X, table, 3, 0)[0], whiten=whiten)
    encoded = table.codec.encode(X)
    pca = PCA(3, whiten=whiten).fit(encoded)
    codes = encoded @ pca.components_.T @ axes.rotation.T
    np.testing.assert_allclose(codes, pca.transform(encoded), atol=1e-10)
    np.testing.assert_allclose(axes.rotation @ axes.inverse, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(axes.variance, pca.explained_variance_)
