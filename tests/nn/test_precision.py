import pytest
import torch

from sklearn_ae.nn import Autoencoder, _autoencoder, _precision
from sklearn_ae.nn._fused import add_fused
from sklearn_ae.nn._precision import _MANY_WEIGHTS, product_dtype


@pytest.fixture(autouse=True)
def capable(monkeypatch):
    """Say that the processor multiplies bfloat16; torch rounds on any."""
    monkeypatch.setattr(_precision, "_has_bfloat16", lambda: True)


@pytest.fixture
def incapable(monkeypatch):
    monkeypatch.setattr(_precision, "_has_bfloat16", lambda: False)


def network(n_hidden=4_096, **options):
    """Make a network whose output layers say something."""
    source = torch.Generator().manual_seed(0)
    return Autoencoder(16, 4, (n_hidden,), generator=source, **options)


def rows():
    return torch.randn(20, 16, generator=torch.Generator().manual_seed(1))


def residual(module, x):
    """Return what hidden layers add to codes."""
    return module.encode(x) - module.linear_encoder(x)


@pytest.mark.parametrize(
    ("n_weights", "dtype"),
    [(_MANY_WEIGHTS - 1, torch.float32), (_MANY_WEIGHTS, torch.bfloat16)],
)
def test_only_large_networks_round(n_weights, dtype):
    assert product_dtype(n_weights, torch.ones(2, 2)) == dtype


@pytest.mark.usefixtures("incapable")
def test_other_processors_do_not_round():
    assert product_dtype(_MANY_WEIGHTS, torch.ones(2, 2)) == torch.float32


def test_other_devices_do_not_round():
    x = torch.ones(2, 2, device="meta")
    assert product_dtype(_MANY_WEIGHTS, x) == torch.float32


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_other_precisions_stay_as_they_are(dtype):
    assert product_dtype(_MANY_WEIGHTS, torch.ones(2, 2, dtype=dtype)) == dtype


@pytest.mark.parametrize(("n_hidden", "enabled"), [(4_096, True), (4, False)])
def test_training_rounds_in_hidden_layers_of_large_networks(n_hidden, enabled):
    module, seen = network(n_hidden), []
    module.residual_encoder.hidden0.register_forward_hook(
        lambda layer, inputs, output: seen.append(output.dtype)
    )
    module.train()(rows())
    assert seen == [torch.bfloat16 if enabled else torch.float32]


@pytest.mark.parametrize(("n_hidden", "n_fused"), [(4_096, 2), (4, 0)])
def test_large_networks_train_fused(monkeypatch, n_hidden, n_fused):
    calls = []
    monkeypatch.setattr(
        _autoencoder,
        "add_fused",
        lambda *given: calls.append(given) or add_fused(*given),
    )
    network(n_hidden).train()(rows())
    assert not calls
    network(n_hidden, fuse=True).train()(rows())
    assert len(calls) == n_fused


WAYS = pytest.mark.parametrize("way", [{"fuse": True}, {"fuse": False}])


@WAYS
def test_training_rounds_by_little(way):
    module = network(**way)
    exact = residual(module.double().train(), rows().double())
    rounded = residual(module.float().train(), rows())
    assert not torch.equal(rounded, exact.float())
    torch.testing.assert_close(rounded, exact.float(), rtol=0.05, atol=0.02)


def test_evaluation_does_not_round(monkeypatch):
    module = network().eval()
    capable = module(rows())
    monkeypatch.setattr(_precision, "_has_bfloat16", lambda: False)
    assert torch.equal(module(rows()), capable)


def test_float64_training_does_not_round(monkeypatch):
    module = network().double().train()
    capable = module(rows().double())
    monkeypatch.setattr(_precision, "_has_bfloat16", lambda: False)
    assert torch.equal(module(rows().double()), capable)


def test_codes_and_reconstructions_stay_float32():
    module = network().train()
    code = module.encode(rows())
    assert code.dtype == module.decode(code).dtype == torch.float32


@WAYS
def test_gradients_stay_float32_and_finite(way):
    module = network(**way).train()
    (module(rows()) - rows()).square().mean().backward()
    for weights in module.parameters():
        assert weights.grad.dtype == torch.float32
        assert torch.isfinite(weights.grad).all()


def test_a_network_that_is_pca_trains_from_pca_exactly():
    module = network().train()
    components = torch.linalg.qr(rows()[:16, :4])[0].T
    module.start_at_components(components, torch.ones(4), 0.0)
    x = rows()
    torch.testing.assert_close(module(x), x @ components.T @ components)


@pytest.mark.parametrize("mode", [True, False])
def test_autocast_outside_is_left_as_it_was(mode):
    with torch.autocast("cpu", torch.float16, enabled=mode):
        network().train()(rows())
        assert torch.is_autocast_enabled("cpu") == mode
        assert torch.get_autocast_dtype("cpu") == torch.float16
    assert not torch.is_autocast_enabled("cpu")


def test_autocast_is_off_again_where_a_layer_raises():
    module = network().train()
    module.residual_encoder.hidden0.register_forward_hook(fail)
    with pytest.raises(RuntimeError):
        module(rows())
    assert not torch.is_autocast_enabled("cpu")


def fail(layer, inputs, output):
    raise RuntimeError


def test_an_autocast_outside_reaches_small_networks():
    module, seen = network(4), []
    module.residual_encoder.hidden0.register_forward_hook(
        lambda layer, inputs, output: seen.append(output.dtype)
    )
    with torch.autocast("cpu", torch.bfloat16):
        module.train()(rows())
    assert seen == [torch.bfloat16]


def test_training_runs_where_there_is_no_autocast():
    module = network(device="meta").train()
    assert module(torch.zeros(3, 16, device="meta")).shape == (3, 16)
