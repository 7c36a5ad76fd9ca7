import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from sklearn_ae.nn import ACTIVATIONS, Autoencoder

N_FEATURES, N_COMPONENTS = 6, 3
HIDDEN = pytest.mark.parametrize("hidden", [(), (8,), (16, 8)])


def make(hidden_layer_sizes=(16, 8), seed=0, **options):
    source = torch.Generator().manual_seed(seed)
    return Autoencoder(
        N_FEATURES, N_COMPONENTS, hidden_layer_sizes, generator=source, **options
    ).double()


def turn(network, seed=0):
    rng = np.random.default_rng(seed)
    rotation = torch.from_numpy(rng.normal(size=(N_COMPONENTS, N_COMPONENTS)))
    mean = torch.from_numpy(rng.normal(size=N_COMPONENTS))
    network.turn_codes(rotation, mean, torch.linalg.inv(rotation))
    return rotation, mean


@HIDDEN
def test_start_encodes_as_pca(hidden, x, pca, start_at_pca):
    codes = start_at_pca(make(hidden)).encode(x).detach().numpy()
    np.testing.assert_allclose(codes, pca.transform(x.numpy()), atol=1e-12)


@HIDDEN
def test_start_reconstructs_as_pca(hidden, x, pca, start_at_pca):
    expected = pca.inverse_transform(pca.transform(x.numpy()))
    reconstruction = start_at_pca(make(hidden))(x).detach().numpy()
    np.testing.assert_allclose(reconstruction, expected, atol=1e-12)


def test_zeroed_paths_get_gradients(x, start_at_pca):
    network = start_at_pca(make())
    (network(x) - x).square().mean().backward()
    for path in (network.residual_encoder, network.residual_decoder):
        assert path.last.weight.grad.abs().max() > 0


def test_decoder_starts_with_unit_inputs(x, start_at_pca):
    reference, network = make(), start_at_pca(make())
    whitened = torch.from_numpy(PCA(N_COMPONENTS, whiten=True).fit_transform(x.numpy()))
    torch.testing.assert_close(
        network.residual_decoder.hidden0(network.encode(x)),
        reference.residual_decoder.hidden0(whitened),
    )


@HIDDEN
def test_turning_changes_no_reconstruction(hidden, x):
    network = make(hidden)
    before = network(x)
    turn(network)
    torch.testing.assert_close(network(x), before)


@HIDDEN
def test_turned_codes_are_mapped_codes(hidden, x):
    network = make(hidden)
    before = network.encode(x)
    rotation, mean = turn(network)
    torch.testing.assert_close(network.encode(x), (before - mean) @ rotation.T)


def test_decoder_reverses_hidden_layers():
    network = make((16, 8))
    assert network.residual_encoder.hidden0.out_features == 16
    assert network.residual_decoder.hidden0.out_features == 8


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activation_is_used(activation):
    kinds = {type(layer) for layer in make(activation=activation).modules()}
    assert ACTIVATIONS[activation] in kinds


def test_output_layers_step_by_residuals():
    scales = make((8,)).learning_rate_scales(0.25)
    assert {name for name, scale in scales.items() if scale == 1} == {
        f"residual_{half}.hidden0.{kind}"
        for half in ("encoder", "decoder")
        for kind in ("weight", "bias")
    }
    assert set(scales.values()) == {0.25, 1.0}


def test_network_can_be_exported():
    network = make((8,)).eval()
    x = torch.ones(4, N_FEATURES, dtype=torch.float64)
    exported = torch.export.export(network, (x,)).module()
    torch.testing.assert_close(exported(x), network(x))


# Missing cells


def with_gaps(x, columns=(1, 4)):
    rows = x.clone()
    rows[::3, list(columns)] = torch.nan
    return rows


def set_flag_weights(network, value, first=0):
    with torch.no_grad():
        network.residual_encoder.hidden0.weight[:, N_FEATURES + first :].fill_(value)


@HIDDEN
def test_missing_cells_start_as_centres(hidden, x, start_at_pca):
    network = start_at_pca(make(hidden, gap_columns=[1, 4]))
    rows = with_gaps(x)
    torch.testing.assert_close(network.encode(rows), network.encode(rows.nan_to_num(0)))


def test_weights_of_flags_start_at_zero():
    weight = make((8,), gap_columns=[1, 4]).residual_encoder.hidden0.weight
    assert weight.shape == (8, N_FEATURES + 2)
    assert not weight[:, N_FEATURES:].any()
    assert weight[:, :N_FEATURES].all()


def test_flags_change_no_other_weight():
    plain, flagged = make((8,)).state_dict(), make((8,), gap_columns=[1]).state_dict()
    name = "residual_encoder.hidden0.weight"
    assert torch.equal(flagged.pop(name)[:, :N_FEATURES], plain.pop(name))
    assert all(torch.equal(flagged[name], plain[name]) for name in plain)


def test_flags_tell_gaps_from_centres(x):
    network = make((8,), gap_columns=[1, 4])
    set_flag_weights(network, 1)
    rows = with_gaps(x)
    changed = (network.encode(rows) != network.encode(rows.nan_to_num(0))).any(dim=1)
    assert torch.equal(changed, rows.isnan().any(dim=1))


def test_flags_belong_to_their_columns(x):
    network = make((8,), gap_columns=[1, 4])
    set_flag_weights(network, 1, first=1)
    for column, is_seen in ((1, False), (4, True)):
        rows = with_gaps(x, [column])
        same = torch.equal(network.encode(rows), network.encode(rows.nan_to_num(0)))
        assert same != is_seen


def test_columns_without_gaps_have_no_flag(x):
    network = make((8,), gap_columns=[1])
    set_flag_weights(network, 1)
    rows = with_gaps(x, [2])
    assert torch.equal(network.encode(rows), network.encode(rows.nan_to_num(0)))


def test_weights_of_flags_get_gradients(x):
    network = make((8,), gap_columns=[1, 4])
    network(with_gaps(x)).square().mean().backward()
    gradient = network.residual_encoder.hidden0.weight.grad[:, N_FEATURES:]
    assert gradient.abs().max() > 0


def test_missing_cells_pass_finite_gradients(x):
    network = make((8,), gap_columns=[1, 4])
    network(with_gaps(x)).square().mean().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


def test_flags_add_nothing_to_the_state():
    plain, flagged = make((8,)), make((8,), gap_columns=[1])
    assert flagged.state_dict().keys() == plain.state_dict().keys()


def test_turning_keeps_missing_cells(x):
    network = make((8,), gap_columns=[1, 4])
    set_flag_weights(network, 1)
    before = network(with_gaps(x))
    turn(network)
    torch.testing.assert_close(network(with_gaps(x)), before)
