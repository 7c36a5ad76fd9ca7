import copy

import pytest
import torch
from torch import nn
from torch.autograd import forward_ad
from torch.nn.utils import parametrizations

from sklearn_ae.nn._fused import add_fused, can_fuse
from sklearn_ae.nn._mlp import mlp

N_ROWS, N_INPUTS, N_OUTPUTS = 11, 5, 3
SIZES = [(), (4,), (7, 6), (6, 2, 9)]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def path_of(sizes=(7, 6), activation="relu"):
    path = mlp(N_INPUTS, sizes, N_OUTPUTS, activation, generator=seeded())
    return path.double()


def rows(n_columns, seed=1):
    return torch.randn(N_ROWS, n_columns, generator=seeded(seed), dtype=torch.float64)


def layered(base, path, x):
    return base + path(x)


def fused(base, path, x):
    return add_fused(base, path, x, x.dtype)


def run(add, path):
    """Return output, gradients of inputs and of weights, and ranges."""
    path = copy.deepcopy(path).train()
    base, x = rows(N_OUTPUTS, 2).requires_grad_(), rows(N_INPUTS).requires_grad_()
    output = add(base, path, x)
    output.backward(rows(N_OUTPUTS, 3))
    gradients = [base.grad, x.grad, *(weights.grad for weights in path.parameters())]
    return [output.detach(), *gradients, *path.buffers()]


@pytest.mark.parametrize("sizes", SIZES)
def test_fused_layers_equal_single_ones(sizes):
    path = path_of(sizes)
    for ours, theirs in zip(run(fused, path), run(layered, path), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("sizes", SIZES)
def test_gradients_equal_finite_differences(sizes):
    path = path_of(sizes).train()
    base, x = rows(N_OUTPUTS, 2).requires_grad_(), rows(N_INPUTS).requires_grad_()
    assert torch.autograd.gradcheck(lambda b, a: fused(b, path, a), (base, x))


def test_ranges_span_batches():
    path = path_of().train()
    for part in rows(N_INPUTS).split(4):
        fused(torch.zeros(len(part), N_OUTPUTS), path, part)
    together = path_of().train()
    together(rows(N_INPUTS))
    for ours, theirs in zip(path.buffers(), together.buffers(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_frozen_weights_get_no_gradient():
    path = path_of().train()
    path.hidden1.requires_grad_(False)
    fused(rows(N_OUTPUTS), path, rows(N_INPUTS)).sum().backward()
    assert path.hidden1.weight.grad is None
    assert path.hidden0.weight.grad.abs().sum() > 0


def test_rounded_products_keep_dtypes():
    path, base, x = path_of().float().train(), rows(N_OUTPUTS), rows(N_INPUTS)
    rounded = add_fused(base.float(), path, x.float(), torch.bfloat16)
    assert rounded.dtype == torch.float32
    exact = layered(base.float(), path, x.float())
    assert not torch.equal(rounded, exact)
    torch.testing.assert_close(rounded, exact, rtol=0.02, atol=0.02)
    rounded.sum().backward()
    gradients = [weights.grad.clone() for weights in path.parameters()]
    path.zero_grad()
    exact.sum().backward()
    for found, weights in zip(gradients, path.parameters(), strict=True):
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, weights.grad, rtol=0.05, atol=0.1)


@pytest.mark.parametrize("loss", [torch.sum, lambda output: output.square().sum()])
def test_second_derivatives_are_refused(loss):
    x = rows(N_INPUTS).requires_grad_()
    output = loss(fused(rows(N_OUTPUTS), path_of().train(), x)) + x.square().sum()
    with pytest.raises(RuntimeError, match="fuse=False"):
        torch.autograd.grad(output, x, create_graph=True)


# torch compiles scripts when it first differentiates forwards.
@pytest.mark.filterwarnings("ignore:`torch.jit.script`:DeprecationWarning")
def test_forward_derivatives_are_refused():
    path, x = path_of().train(), rows(N_INPUTS)
    with forward_ad.dual_level(), pytest.raises(RuntimeError, match="fuse=False"):
        fused(rows(N_OUTPUTS), path, forward_ad.make_dual(x, x))


@pytest.mark.parametrize("activation", ["elu", "gelu", "logistic", "silu", "tanh"])
def test_other_activations_stay_single(activation):
    assert not can_fuse(path_of(activation=activation))


HOOKS = [
    "register_forward_hook",
    "register_forward_pre_hook",
    "register_full_backward_hook",
    "register_full_backward_pre_hook",
]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("part", ["", "hidden0", "range1", "last"])
def test_layers_with_hooks_stay_single(hook, part):
    path = path_of()
    handle = getattr(path.get_submodule(part), hook)(lambda *given: None)
    assert not can_fuse(path)
    handle.remove()
    assert can_fuse(path)


def test_changed_layers_stay_single():
    path = path_of()
    parametrizations.weight_norm(path.hidden1)
    assert not can_fuse(path)
    path = path_of()
    path.add_module("activation0", nn.Sequential(nn.ReLU(), nn.Dropout()))
    assert not can_fuse(path)
    path = path_of()
    path.last = nn.Linear(6, N_OUTPUTS)
    assert not can_fuse(path)
    path = path_of()
    path.hidden0 = nn.Linear(N_INPUTS, 7, bias=False)
    assert not can_fuse(path)


@pytest.mark.parametrize("part", ["", "range0"])
def test_layers_in_eval_stay_single(part):
    path = path_of()
    path.get_submodule(part).eval()
    assert not can_fuse(path)


def test_layers_under_autocast_stay_single():
    with torch.autocast("cpu", torch.bfloat16):
        assert not can_fuse(path_of())
