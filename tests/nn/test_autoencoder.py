import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from sklearn_ae.nn import ACTIVATIONS, Autoencoder

N_FEATURES, N_COMPONENTS = 6, 3
HIDDEN = [(), (8,), (16, 8)]


def make(hidden_layer_sizes=(16, 8), seed=0, **options):
    source = torch.Generator().manual_seed(seed)
    return Autoencoder(
        N_FEATURES, N_COMPONENTS, hidden_layer_sizes, generator=source, **options
    ).double()


@pytest.fixture
def x():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(50, N_FEATURES)) @ rng.normal(size=(N_FEATURES, N_FEATURES))
    return torch.from_numpy(rows - rows.mean(axis=0))


@pytest.fixture
def pca(x):
    return PCA(N_COMPONENTS).fit(x.numpy())


def start(network, pca):
    network.start_at_components(
        torch.from_numpy(pca.components_),
        torch.from_numpy(np.sqrt(pca.explained_variance_)),
        0.0,
    )
    return network


def turn(network, seed=0):
    rng = np.random.default_rng(seed)
    rotation = torch.from_numpy(rng.normal(size=(N_COMPONENTS, N_COMPONENTS)))
    mean = torch.from_numpy(rng.normal(size=N_COMPONENTS))
    network.turn_codes(rotation, mean, torch.linalg.inv(rotation))
    return rotation, mean


@pytest.mark.parametrize("hidden", HIDDEN)
def test_network_at_the_start_encodes_as_pca(hidden, x, pca):
    codes = start(make(hidden), pca).encode(x).detach().numpy()
    np.testing.assert_allclose(codes, pca.transform(x.numpy()), atol=1e-12)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_network_at_the_start_reconstructs_as_pca(hidden, x, pca):
    expected = pca.inverse_transform(pca.transform(x.numpy()))
    reconstruction = start(make(hidden), pca)(x).detach().numpy()
    np.testing.assert_allclose(reconstruction, expected, atol=1e-12)


def test_every_silenced_path_gets_a_gradient_at_the_start(x, pca):
    network = start(make(), pca)
    (network(x) - x).square().mean().backward()
    for path in (network.residual_encoder, network.residual_decoder):
        assert path.last.weight.grad.abs().max() > 0


def test_decoders_hidden_layer_starts_with_inputs_of_unit_scale(x, pca):
    reference, network = make(), start(make(), pca)
    whitened = torch.from_numpy(PCA(N_COMPONENTS, whiten=True).fit_transform(x.numpy()))
    torch.testing.assert_close(
        network.residual_decoder.hidden0(network.encode(x)),
        reference.residual_decoder.hidden0(whitened),
    )


@pytest.mark.parametrize("hidden", HIDDEN)
def test_turning_the_codes_changes_no_reconstruction(hidden, x):
    network = make(hidden)
    before = network(x)
    turn(network)
    torch.testing.assert_close(network(x), before)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_turned_codes_are_the_map_of_the_former_ones(hidden, x):
    network = make(hidden)
    before = network.encode(x)
    rotation, mean = turn(network)
    torch.testing.assert_close(network.encode(x), (before - mean) @ rotation.T)


def test_forward_is_decode_of_encode(x):
    network = make()
    torch.testing.assert_close(network(x), network.decode(network.encode(x)))


def test_decoder_has_the_hidden_layers_in_reverse():
    network = make((16, 8))
    assert network.residual_encoder.hidden0.out_features == 16
    assert network.residual_decoder.hidden0.out_features == 8


def test_same_generator_gives_same_weights():
    first, second = make().state_dict(), make().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_own_generator_leaves_the_global_one_alone():
    before = torch.get_rng_state()
    make()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_can_be_asked_for(activation, x):
    kinds = {type(layer) for layer in make(activation=activation).modules()}
    assert ACTIVATIONS[activation] in kinds


def test_every_parameter_has_a_learning_rate_scale():
    network = make()
    names = {name for name, _ in network.named_parameters()}
    assert set(network.learning_rate_scales(0.1)) == names


def test_only_layers_that_write_the_output_step_in_its_unit():
    scales = make((8,)).learning_rate_scales(0.25)
    assert {name for name, scale in scales.items() if scale == 1} == {
        f"residual_{half}.hidden0.{kind}"
        for half in ("encoder", "decoder")
        for kind in ("weight", "bias")
    }
    assert set(scales.values()) == {0.25, 1.0}


def test_rows_of_a_chunk_do_not_depend_on_each_other(x):
    network = make()
    alone = torch.cat([network(row[None]) for row in x])
    torch.testing.assert_close(network(x), alone)


# Missing cells


def with_gaps(x, columns=(1, 4)):
    rows = x.clone()
    rows[::3, list(columns)] = torch.nan
    return rows


@pytest.mark.parametrize("hidden", HIDDEN)
def test_missing_cells_enter_as_the_centre_at_the_start(hidden, x, pca):
    network = start(make(hidden, gap_columns=[1, 4]), pca)
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


def test_flags_tell_missing_cells_from_the_centre(x):
    network = make((8,), gap_columns=[1, 4])
    with torch.no_grad():
        network.residual_encoder.hidden0.weight[:, N_FEATURES:].fill_(1)
    rows = with_gaps(x)
    changed = (network.encode(rows) != network.encode(rows.nan_to_num(0))).any(dim=1)
    assert torch.equal(changed, rows.isnan().any(dim=1))


def test_each_flag_belongs_to_its_column(x):
    network = make((8,), gap_columns=[1, 4])
    with torch.no_grad():
        network.residual_encoder.hidden0.weight[:, N_FEATURES + 1].fill_(1)
    for column, is_told in ((1, False), (4, True)):
        rows = with_gaps(x, [column])
        same = torch.equal(network.encode(rows), network.encode(rows.nan_to_num(0)))
        assert same != is_told


def test_columns_without_gaps_have_no_flag(x):
    network = make((8,), gap_columns=[1])
    with torch.no_grad():
        network.residual_encoder.hidden0.weight[:, N_FEATURES:].fill_(1)
    rows = with_gaps(x, [2])
    assert torch.equal(network.encode(rows), network.encode(rows.nan_to_num(0)))


def test_weights_of_flags_get_a_gradient(x):
    network = make((8,), gap_columns=[1, 4])
    network(with_gaps(x)).square().mean().backward()
    gradient = network.residual_encoder.hidden0.weight.grad[:, N_FEATURES:]
    assert gradient.abs().max() > 0


def test_missing_cells_pass_finite_gradients(x):
    network = make((8,), gap_columns=[1, 4])
    network(with_gaps(x)).square().mean().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


def test_flags_are_no_part_of_the_state():
    assert (
        make((8,), gap_columns=[1]).state_dict().keys()
        == make((8,)).state_dict().keys()
    )


def test_turning_leaves_missing_cells_as_they_are(x):
    network = make((8,), gap_columns=[1, 4])
    with torch.no_grad():
        network.residual_encoder.hidden0.weight[:, N_FEATURES:].fill_(1)
    before = network(with_gaps(x))
    turn(network)
    torch.testing.assert_close(network(with_gaps(x)), before)


def test_the_network_can_be_exported():
    network = make((8,)).eval()
    x = torch.ones(4, N_FEATURES, dtype=torch.float64)
    exported = torch.export.export(network, (x,)).module()
    torch.testing.assert_close(exported(x), network(x))
