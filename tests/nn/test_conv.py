import numpy as np
import pytest
import torch
from torch import nn

from sklearn_ae.nn import Autoencoder, recording_ranges
from sklearn_ae.nn._conv import (
    ConvSettings,
    convolution,
    convolutional_decoder,
    convolutional_encoder,
)
from sklearn_ae.nn._reshape import Flatten, ToGrid

N_COMPONENTS = 3


def source(seed=0):
    return torch.Generator().manual_seed(seed)


def make(shape, channels=(4, 6), hidden_layer_sizes=(10,), **options):
    return Autoencoder(
        int(np.prod(shape)),
        N_COMPONENTS,
        hidden_layer_sizes,
        "silu",
        input_shape=shape,
        channels=channels,
        generator=source(),
        **options,
    )


def rows_of(shape, n_rows=20, seed=1):
    return torch.randn(n_rows, int(np.prod(shape)), generator=source(seed))


def start(network, x):
    _, _, components = torch.linalg.svd(x, full_matrices=False)
    components = components[:N_COMPONENTS]
    network.start_at_components(components, torch.ones(len(components)))


def record(network, x):
    with recording_ranges(network):
        network(x)


def cells(axes):
    return np.array(list(np.ndindex(*axes)))


def test_full_kernel_equals_dense_layer(axes):
    size = 2 * max(axes) - 1
    layer = convolution(len(axes), 2, 3, size, generator=source()).double()
    places = cells(axes)
    # The kernel's centre lies on the output cell.
    steps = places[None] - places[:, None] + size // 2
    kernel = layer.weight.detach().numpy()
    weight = kernel[(slice(None), slice(None), *np.moveaxis(steps, -1, 0))]
    # (C_out, C_in, cells_out, cells_in) -> (cells_out, C_out, cells_in, C_in)
    weight = weight.transpose(2, 0, 3, 1).reshape(3 * len(places), -1)
    dense = nn.Linear(*weight.shape[::-1]).double()
    with torch.no_grad():
        dense.weight.copy_(torch.from_numpy(weight))
        dense.bias.copy_(layer.bias.repeat(len(places)))
    x = rows_of((*axes, 2)).double()
    folded = nn.Sequential(ToGrid((*axes, 2)), layer, Flatten())
    torch.testing.assert_close(folded(x), dense(x))


def test_stride_keeps_every_other_cell(axes):
    dense = convolution(len(axes), 1, 2, 3, generator=source())
    strided = convolution(len(axes), 1, 2, 3, stride=2, generator=source())
    x = ToGrid((*axes, 1))(rows_of(axes))
    every_other = (slice(None), slice(None), *(slice(None, None, 2),) * len(axes))
    torch.testing.assert_close(strided(x), dense(x)[every_other])


def test_network_starts_linear(shape):
    x, network = rows_of(shape), make(shape)
    start(network, x)
    components = network.linear_encoder.weight
    torch.testing.assert_close(network.encode(x), x @ components.T)
    torch.testing.assert_close(network(x), x @ components.T @ components)


def test_zeroed_paths_get_gradients(shape):
    x, network = rows_of(shape), make(shape)
    start(network, x)
    (network(x) - 2 * x - 1).square().sum().backward()
    for path in (network.residual_encoder, network.residual_decoder):
        assert path.last.weight.grad.abs().max() > 0


@pytest.mark.parametrize("hidden", [(), (10,), (10, 5)])
def test_turning_changes_no_reconstruction(shape, hidden):
    x = rows_of(shape).double()
    network = make(shape, hidden_layer_sizes=hidden).double()
    code, before = network.encode(x), network(x)
    rotation = torch.randn(N_COMPONENTS, N_COMPONENTS, generator=source(2)).double()
    mean = torch.randn(N_COMPONENTS, generator=source(3)).double()
    network.turn_codes(rotation, mean, torch.linalg.inv(rotation))
    torch.testing.assert_close(network.encode(x), (code - mean) @ rotation.T)
    torch.testing.assert_close(network(x), before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_state_rebuilds_the_network(shape, dtype):
    x, network = rows_of(shape).to(dtype), make(shape, gap_columns=(0,))
    record(network, x.float())
    rebuilt = make(shape, gap_columns=(0,), device="meta")
    state = {name: value.to(dtype) for name, value in network.state_dict().items()}
    rebuilt.load_state_dict(state, assign=True)
    x[0, 0] = torch.nan
    assert torch.equal(rebuilt.eval()(x), network.to(dtype).eval()(x))


def test_float64_agrees_with_float32(shape):
    x, network = rows_of(shape), make(shape)
    single = network(x)
    torch.testing.assert_close(network.double()(x.double()).float(), single)


def test_rows_do_not_depend_on_others(shape):
    x, network = rows_of(shape).double(), make(shape).double()
    record(network, x)
    torch.testing.assert_close(network(x)[3:4], network(x[3:4]))


def test_missing_cells_start_as_centres(shape):
    x, network = rows_of(shape), make(shape, gap_columns=(0,))
    x[0, 0] = torch.nan
    filled = x.nan_to_num(0.0)
    torch.testing.assert_close(network(x), network(filled))


@pytest.mark.parametrize("shape", [(7, 2), (5, 6, 3), (2, 3, 4, 1)])
def test_flags_with_weights_change_codes(shape):
    network = make(shape, gap_columns=(1,))
    x = rows_of(shape)
    x[:, 1] = torch.nan
    before = network.encode(x)
    with torch.no_grad():
        network.residual_encoder.hidden0.weight[:, shape[-1] :] += 1
    assert not torch.allclose(network.encode(x), before)


def test_hidden_layers_are_bounded(shape):
    x, network = rows_of(shape), make(shape)
    record(network, x)
    network.double()
    path, far = network.residual_encoder, x.double() * 1e6
    torch.testing.assert_close(path(far), path(far * 10))


def test_only_the_generator_draws_weights():
    state = torch.random.get_rng_state()
    first, second = make((4, 4, 1)), make((4, 4, 1))
    assert torch.equal(state, torch.random.get_rng_state())
    for name, weight in first.state_dict().items():
        assert torch.equal(weight, second.state_dict()[name])


def test_layers_are_named_as_dense():
    settings = ConvSettings((6, 6, 1), (4, 8), 3)
    encoder = convolutional_encoder(settings, 2)
    decoder = convolutional_decoder(2, (5,), settings)
    hidden = [name for name, _ in encoder.named_children() if "hidden" in name]
    assert hidden == ["hidden0", "hidden1"]
    hidden = [name for name, _ in decoder.named_children() if "hidden" in name]
    assert hidden == ["hidden0", "hidden1", "hidden2"]
    assert isinstance(decoder.hidden0, nn.Linear)
    assert encoder.last.bias is None
    assert decoder.last.bias is None


def test_shapes_of_other_sizes_raise():
    with pytest.raises(ValueError, match="as many cells as n_features=10"):
        Autoencoder(10, 2, input_shape=(3, 3, 1), channels=(4,))
