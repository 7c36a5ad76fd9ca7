"""Tests of what every network has."""

import pytest
import torch

from sklearn_ae.nn import NETWORKS, Network
from sklearn_ae.nn._network import fill_missing, safe_deviations

N_FEATURES, N_COMPONENTS = 6, 3
ARGUMENTS = {
    "ConvolutionalMap": {
        "n_outputs": 6,
        "input_shape": (3, 2),
        "output_shape": (3, 2),
        "channels": (4,),
        "gap_columns": (1,),
    },
    "SparseNetwork": {"sparsity": "l1"},
    "Autoencoder": {"gap_columns": (1,)},
    "VariationalNetwork": {"gap_columns": (1,)},
}


@pytest.fixture(params=NETWORKS)
def build(request):
    """Build one of the networks, by default with residual paths."""
    name = request.param

    def build(**options):
        source = torch.Generator().manual_seed(0)
        arguments = {"hidden_layer_sizes": (8,), **ARGUMENTS[name], **options}
        arguments = {"generator": source, **arguments}
        return NETWORKS[name](N_FEATURES, N_COMPONENTS, **arguments)

    return build


@pytest.fixture
def x():
    return torch.randn(20, N_FEATURES, generator=torch.Generator().manual_seed(1))


def test_forward_maps_rows_to_rows(build, x):
    assert build().eval()(x).shape == x.shape


def test_decoded_codes_have_all_columns(build, x):
    network = build().eval()
    code = network.encode(x)
    assert code.shape == (len(x), N_COMPONENTS)
    assert network.decode(code).shape == x.shape


def test_rows_do_not_depend_on_others(build, x):
    network = build().double().eval()
    alone = torch.cat([network(row) for row in x.double().split(1)])
    torch.testing.assert_close(network(x.double()), alone)


def test_record_returns_codes(build, x):
    network = build().eval()
    torch.testing.assert_close(network.record(x), network.encode(x))


def test_record_reaches_all_layers(build, x):
    network = build().train()
    network.record(x)
    assert all(buffer.isfinite().all() for buffer in network.buffers())


def test_settling_changes_no_output(build, x):
    network = build().eval()
    before = network(x)
    network.settle()
    torch.testing.assert_close(network(x), before)


def test_initial_weights_pass_the_check(build):
    build().check()


def test_every_parameter_has_a_scale(build):
    network = build()
    names = {name for name, _ in network.named_parameters()}
    assert set(network.learning_rate_scales(0.1)) == names


def test_linear_arguments_leave_no_paths(build, x):
    network = build()
    linear = build(**network.linear_arguments)
    assert linear.is_linear
    assert not network.is_linear


def test_start_equals_the_linear_start(build, x):
    components = torch.linalg.qr(x[:2].T)[0].T
    start = components, torch.tensor([2.0, 0.5]), 0.1
    network = build().eval()
    linear = build(**network.linear_arguments).eval()
    network.start_at_components(*start)
    linear.start_at_components(*start)
    torch.testing.assert_close(network(x), linear(x))
    if network.starts_as_pca:
        torch.testing.assert_close(network(x), x @ components.T @ components)


def test_state_rebuilds_the_network(build, x):
    network, rebuilt = build().eval(), build(device="meta").eval()
    rebuilt.load_state_dict(network.state_dict(), assign=True)
    assert torch.equal(rebuilt(x), network(x))


def test_same_generator_gives_same_weights(build):
    first, second = build().state_dict(), build().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_global_generator_is_not_used(build, x):
    before = torch.get_rng_state()
    build().train()(x)
    assert torch.equal(torch.get_rng_state(), before)


def test_loss_of_nothing_left_is_finite(build):
    assert build().loss_unit(0.0) >= 0
    assert build().residual_deviation(0.0) >= 0


class Minimal(Network):
    """A network that has only what it must have."""

    is_linear = True

    def encode(self, x):
        return x

    def decode(self, code):
        return code

    def learning_rate_scales(self, residual_scale):
        return {}

    def start_at_components(self, components, code_deviations, noise_deviation=0.0):
        return


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda network: network.turn_codes(None, None, None), "can't be turned"),
        (lambda network: network.start_at_maps(None, None, None), "two linear maps"),
        (lambda network: network.loadings, "no linear path"),
    ],
)
def test_optional_methods_raise(use, message):
    with pytest.raises(NotImplementedError, match=message):
        use(Minimal())


def test_missing_cells_become_centres():
    x = torch.tensor([[torch.nan, 1.0], [torch.inf, -torch.inf]])
    expected = torch.tensor([[0.0, 1.0], [torch.inf, -torch.inf]])
    assert torch.equal(fill_missing(x), expected)


def test_rounded_deviations_become_the_largest():
    deviations = torch.tensor([2.0, 1e-9, 1.0])
    assert torch.equal(safe_deviations(deviations), torch.tensor([2.0, 2.0, 1.0]))
    assert torch.equal(safe_deviations(torch.zeros(2)), torch.ones(2))
