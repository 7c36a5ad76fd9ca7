import math

import pytest
import torch

from sklearn_ae.nn import ConvolutionalMap

N_COMPONENTS = 3
SHAPES = [
    ((5, 1), (5, 2)),
    ((4, 4, 1), (8, 8, 3)),
    ((3, 4, 2), (3, 4, 2)),
    ((2, 2, 2, 1), (4, 4, 3, 1)),
]


def source(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(params=SHAPES, ids=str)
def build(request):
    input_shape, output_shape = request.param

    def build(**options):
        return ConvolutionalMap(
            math.prod(input_shape),
            N_COMPONENTS,
            n_outputs=math.prod(output_shape),
            input_shape=input_shape,
            output_shape=output_shape,
            generator=source(),
            **{"channels": (4, 6), **options},
        ).double()

    return build


def rows(n_columns, seed=1):
    return torch.randn(20, n_columns, generator=source(seed), dtype=torch.float64)


def rows_of(network):
    return rows(network.linear_encoder.in_features)


def start(network):
    """Start at two linear maps, and return what they make of the rows."""
    x, (n_outputs, _) = rows_of(network), network.loadings.shape
    encoder, decoder = rows(x.shape[1], seed=2)[:2], rows(n_outputs, seed=3)[:2].T
    intercept = rows(n_outputs, seed=4)[0]
    network.start_at_maps(encoder, decoder, torch.ones(2), intercept)
    return x @ encoder.T @ decoder.T + intercept


def test_start_is_two_linear_maps(build):
    network = build()
    expected = start(network)
    torch.testing.assert_close(network(rows_of(network)), expected)


def test_zeroed_convolutions_get_gradients(build):
    network = build()
    start(network)
    network(rows_of(network)).square().sum().backward()
    assert network.residual_map.last.weight.grad.abs().max() > 0


def test_convolutions_add_to_linear_maps(build):
    network, linear = build(), build(channels=())
    linear.load_state_dict(network.state_dict(), strict=False)
    x = rows_of(network)
    torch.testing.assert_close(network(x), linear(x) + network.residual_map(x))


def test_turning_changes_no_output(build):
    network = build()
    x = rows_of(network)
    code, before = network.encode(x), network(x)
    rotation, mean = rows(N_COMPONENTS, seed=5)[:3], rows(N_COMPONENTS, seed=6)[0]
    network.turn_codes(rotation, mean, torch.linalg.inv(rotation))
    torch.testing.assert_close(network.encode(x), (code - mean) @ rotation.T)
    torch.testing.assert_close(network(x), before)


def test_missing_cells_start_as_centres(build):
    network = build(gap_columns=(0, 2))
    x = rows_of(network)
    x[::3, 0] = torch.nan
    torch.testing.assert_close(network(x), network(x.nan_to_num(0.0)))


def test_only_output_layers_step_by_residuals(build):
    scales = build().learning_rate_scales(0.25)
    plain = {name for name, scale in scales.items() if scale == 1}
    assert plain == {
        f"residual_map.hidden{layer}.{kind}"
        for layer in (0, 1)
        for kind in ("weight", "bias")
    }


def test_other_multiples_of_axes_raise():
    with pytest.raises(ValueError, match="must be a multiple"):
        ConvolutionalMap(
            4, 2, n_outputs=5, input_shape=(4, 1), output_shape=(6, 1), channels=(4,)
        )
