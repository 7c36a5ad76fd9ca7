import pytest
import torch

from sklearn_ae.nn import Autoencoder, _autoencoder, _precision
from sklearn_ae.nn._fused import add_fused
from sklearn_ae.nn._precision import _MANY_WEIGHTS, product_dtype


@pytest.fixture(autouse=True)
def capable(monkeypatch):
    """Act as if the processor multiplied bfloat16; torch can round on any."""
    monkeypatch.setattr(_precision, "_has_bfloat16", lambda: True)


@pytest.fixture
def incapable(monkeypatch):
    monkeypatch.setattr(_precision, "_has_bfloat16", lambda: False)


def network(n_hidden=4_096, **options):
    """Make a network that has not been started at PCA."""
    source = torch.Generator().manual_seed(0)
    return Autoencoder(16, 4, (n_hidden,), generator=source, **options)


def rows():
    return torch.randn(20, 16, generator=torch.Generator().manual_seed(1))


def residual(module, x):
    """Return the part of codes from hidden layers."""
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
def test_other_dtypes_do_not_round(dtype):
    assert product_dtype(_MANY_WEIGHTS, torch.ones(2, 2, dtype=dtype)) == dtype


@pytest.mark.parametrize(("n_hidden", "enabled"), [(4_096, True), (4, False)])
def test_only_large_networks_train_rounded(n_hidden, enabled):
    module, seen = network(n_hidden), []
    module.residual_encoder.hidden0.register_forward_hook(
        lambda layer, inputs, output: seen.append(output.dtype)
    )
    module.train()(rows())
    assert seen == [torch.bfloat16 if enabled else torch.float32]


@pytest.mark.parametrize(("n_hidden", "n_fused"), [(4_096, 2), (4, 0)])
def test_only_large_networks_train_fused(monkeypatch, n_hidden, n_fused):
    calls = []
    monkeypatch.setattr(
        _autoencoder,
        "add_fused",
        lambda *arguments: calls.append(arguments) or add_fused(*arguments),
    )
    network(n_hidden).train()(rows())
    assert not calls
    network(n_hidden, fuse=True).train()(rows())
    assert len(calls) == n_fused


FUSE = pytest.mark.parametrize("fuse", [True, False])


def contractive_loss(module):
    """Return a loss that differentiates codes (Rifai et al., 2011)."""
    x = rows().requires_grad_()
    code = module.train().encode(x)
    gradients = (
        torch.autograd.grad(code[:, j].sum(), x, create_graph=True)[0]
        for j in range(code.shape[1])
    )
    return sum(gradient.square().sum() for gradient in gradients)


def test_fused_layers_refuse_contractive_losses():
    with pytest.raises(RuntimeError, match="fuse=False"):
        contractive_loss(network(fuse=True))


@pytest.mark.parametrize(("n_hidden", "fuse"), [(4_096, False), (4, True)])
def test_other_layers_take_contractive_losses(n_hidden, fuse):
    module = network(n_hidden, fuse=fuse)
    contractive_loss(module).backward()
    assert module.residual_encoder.hidden0.weight.grad.abs().max() > 0


@pytest.mark.usefixtures("incapable")
def test_other_processors_take_contractive_losses():
    contractive_loss(network(fuse=True)).backward()


@FUSE
def test_rounding_errors_are_small(fuse):
    module = network(fuse=fuse)
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


def test_outputs_stay_float32():
    module = network().train()
    code = module.encode(rows())
    assert code.dtype == module.decode(code).dtype == torch.float32


@FUSE
def test_gradients_stay_float32_and_finite(fuse):
    module = network(fuse=fuse).train()
    (module(rows()) - rows()).square().mean().backward()
    for weights in module.parameters():
        assert weights.grad.dtype == torch.float32
        assert torch.isfinite(weights.grad).all()


def test_training_starts_at_pca_exactly():
    module = network().train()
    components = torch.linalg.qr(rows()[:16, :4])[0].T
    module.start_at_components(components, torch.ones(4), 0.0)
    x = rows()
    torch.testing.assert_close(module(x), x @ components.T @ components)


@pytest.mark.parametrize("mode", [True, False])
def test_callers_autocast_is_kept(mode):
    with torch.autocast("cpu", torch.float16, enabled=mode):
        network().train()(rows())
        assert torch.is_autocast_enabled("cpu") == mode
        assert torch.get_autocast_dtype("cpu") == torch.float16
    assert not torch.is_autocast_enabled("cpu")


def test_autocast_ends_with_an_error():
    module = network().train()
    module.residual_encoder.hidden0.register_forward_hook(fail)
    with pytest.raises(RuntimeError):
        module(rows())
    assert not torch.is_autocast_enabled("cpu")


def fail(layer, inputs, output):
    raise RuntimeError


def test_callers_autocast_reaches_small_networks():
    module, seen = network(4), []
    module.residual_encoder.hidden0.register_forward_hook(
        lambda layer, inputs, output: seen.append(output.dtype)
    )
    with torch.autocast("cpu", torch.bfloat16):
        module.train()(rows())
    assert seen == [torch.bfloat16]


def test_training_runs_without_autocast():
    module = network(device="meta").train()
    assert module(torch.zeros(3, 16, device="meta")).shape == (3, 16)
