import pytest
import torch
from torch import nn

from sklearn_ae._training.flat_parameters import FlatParameters, UncompiledAdamW


@pytest.fixture
def layer():
    return nn.Linear(3, 2)


@pytest.fixture
def flat(layer):
    return FlatParameters([layer.parameters()])


def step_to(flat, value):
    """Pretend that a step made all weights this number."""
    flat.tensors[0].data.fill_(value)
    flat.update_average()


def test_flattening_leaves_values_and_shapes():
    layer = nn.Linear(3, 2)
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    FlatParameters([layer.parameters()])
    for name, value in layer.state_dict().items():
        assert torch.equal(value, before[name])


def test_flattening_leaves_what_the_network_computes():
    network, x = (
        nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)),
        torch.ones(3),
    )
    before = network(x)
    FlatParameters([network[2].parameters(), network[0].parameters()])
    assert torch.equal(network(x), before)


def test_parameters_are_views(layer, flat):
    with torch.no_grad():
        flat.tensors[0].copy_(torch.arange(8.0))
    assert layer.weight.flatten().tolist() == [0, 1, 2, 3, 4, 5]
    assert layer.bias.tolist() == [6, 7]


def test_parameters_stay_the_objects_they_were(layer):
    before = list(layer.parameters())
    FlatParameters([layer.parameters()])
    assert all(a is b for a, b in zip(layer.parameters(), before, strict=True))


def test_gradients_accumulate_into_the_long_tensor(layer, flat):
    plain = nn.Linear(3, 2)
    plain.load_state_dict(layer.state_dict())
    for x in torch.eye(3):
        for network in (plain, layer):
            network(x).square().sum().backward()
    expected = torch.cat([p.grad.flatten() for p in plain.parameters()])
    assert torch.equal(flat.tensors[0].grad, expected)


def test_zeroed_gradients_are_the_parameters(layer, flat):
    optimizer = torch.optim.AdamW(flat.tensors)
    layer(torch.ones(3)).sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert not layer.weight.grad.any()
    layer(torch.ones(3)).sum().backward()
    assert flat.tensors[0].grad.any()


def test_steps_equal_those_of_separate_parameters():
    torch_source = torch.Generator().manual_seed(0)
    x = torch.randn(5, 3, generator=torch_source)
    flat_layer, plain = nn.Linear(3, 2), nn.Linear(3, 2)
    plain.load_state_dict(flat_layer.state_dict())
    flat = FlatParameters([flat_layer.parameters()])
    for layer, weights in ((plain, plain.parameters()), (flat_layer, flat.tensors)):
        optimizer = torch.optim.AdamW(weights, lr=0.1, weight_decay=0.1)
        layer(x).square().sum().backward()
        optimizer.step()
    torch.testing.assert_close(flat_layer.weight, plain.weight)
    torch.testing.assert_close(flat_layer.bias, plain.bias)


def test_steps_are_those_of_adamw():
    ends = []
    for kind in (UncompiledAdamW, torch.optim.AdamW):
        weights = [nn.Parameter(torch.arange(4.0)), nn.Parameter(torch.ones(3))]
        groups = [{"params": weights[:1]}, {"params": weights[1:], "lr": 0.01}]
        optimizer = kind(groups, lr=0.1, weight_decay=0.1, fused=True)
        for number in range(5):
            for weight in weights:
                weight.grad = number * weight.detach() - 1
            optimizer.step()
        ends.append(weights)
    for ours, theirs in zip(*ends, strict=True):
        assert torch.equal(ours, theirs)


def test_schedulers_take_the_optimizer():
    optimizer = UncompiledAdamW([nn.Parameter(torch.ones(1))], lr=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    optimizer.step()
    schedule.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01)


@pytest.mark.parametrize("norm", [0.5, 1.0, 50.0])
def test_groups_are_clipped_together(layer, norm):
    flat = FlatParameters([[layer.bias], [layer.weight]])
    for tensor in flat.tensors:
        tensor.grad.fill_(2.0)
    expected = [tensor.detach().clone() for tensor in flat.tensors]
    for tensor, copy in zip(flat.tensors, expected, strict=True):
        copy.grad = tensor.grad.clone()
    nn.utils.clip_grad_norm_(expected, norm)
    flat.clip_gradients(norm)
    for tensor, copy in zip(flat.tensors, expected, strict=True):
        torch.testing.assert_close(tensor.grad, copy.grad)


def test_zero_grad_keeps_gradients_in_place(layer, flat):
    layer(torch.ones(1, 3)).sum().backward()
    flat.zero_grad()
    assert layer.weight.grad.tolist() == [[0, 0, 0]] * 2
    layer(torch.ones(1, 3)).sum().backward()
    assert flat.tensors[0].grad.tolist() == [1] * 8


def test_every_group_has_its_own_tensor(layer):
    flat = FlatParameters([[layer.bias], [layer.weight]])
    assert [tensor.numel() for tensor in flat.tensors] == [2, 6]
    assert flat.tensors[0].tolist() == layer.bias.tolist()


def test_float64_weights_are_kept():
    layer = nn.Linear(3, 2).double()
    assert FlatParameters([layer.parameters()]).tensors[0].dtype == torch.float64


def test_one_step_is_its_own_average(layer, flat):
    step_to(flat, 3.0)
    flat.load_weights(averaged=True)
    assert (layer.weight == 3).all()


def test_average_decays_polynomially(layer, flat):
    values, expected = [3.0, -1.0, 4.0, 1.0, 5.0], 0.0
    for n_before, value in enumerate(values):
        step_to(flat, value)
        expected += 9 / (n_before + 9) * (value - expected)
    flat.load_weights(averaged=True)
    assert layer.bias[0].item() == pytest.approx(expected)


def test_average_leaves_the_steps_alone(layer, flat):
    step_to(flat, 1.0)
    step_to(flat, 2.0)
    assert (layer.weight == 2).all()


def test_the_last_tenth_dominates_the_average(layer, flat):
    for step in range(1000):
        step_to(flat, float(step >= 900))
    flat.load_weights(averaged=True)
    assert 0.5 < layer.bias[0].item() < 0.7


def test_loading_back_leaves_the_weights(layer, flat):
    for value in (1.0, 2.0):
        step_to(flat, value)
    before = layer.weight.clone()
    flat.load_weights(averaged=True)
    assert not torch.equal(layer.weight, before)
    flat.load_weights(averaged=False)
    assert torch.equal(layer.weight, before)


@pytest.mark.parametrize("averaged", [True, False])
def test_loading_twice_is_loading_once(layer, flat, averaged):
    for value in (1.0, 2.0):
        step_to(flat, value)
    flat.load_weights(averaged=averaged)
    once = layer.weight.clone()
    flat.load_weights(averaged=averaged)
    assert torch.equal(layer.weight, once)


def test_average_goes_on_after_loading(layer, flat):
    other = nn.Linear(3, 2)
    shown, never = flat, FlatParameters([other.parameters()])
    for value in (1.0, 2.0, 5.0):
        for one in (shown, never):
            step_to(one, value)
        shown.load_weights(averaged=True)
        shown.load_weights(averaged=False)
    for one in (shown, never):
        one.load_weights(averaged=True)
    assert torch.equal(layer.weight, other.weight)


def trained(state=None, *, seeds, averaged=False):
    """Return the state after one step for each seed."""
    layer = nn.Linear(3, 2)
    nn.init.constant_(layer.weight, 0.5)
    nn.init.constant_(layer.bias, 0.1)
    flat = FlatParameters([[layer.weight], [layer.bias]])
    groups = [{"params": [tensor]} for tensor in flat.tensors]
    optimizer = UncompiledAdamW(groups, lr=0.1, fused=True)
    if state is not None:
        flat.restore(optimizer, state)
    for seed in seeds:
        flat.zero_grad()
        x = torch.randn(5, 3, generator=torch.Generator().manual_seed(seed))
        layer(x).square().sum().backward()
        optimizer.step()
        flat.update_average()
    flat.load_weights(averaged=averaged)
    return flat.state(optimizer)


@pytest.mark.parametrize("averaged", [False, True])
@pytest.mark.parametrize("n_before", [0, 1, 3])
def test_resumed_steps_have_equal_bits(n_before, averaged):
    before = trained(seeds=range(n_before), averaged=averaged)
    resumed = trained(before, seeds=range(n_before, 5))
    expected = trained(seeds=range(5))
    assert resumed.pop("n_steps") == expected.pop("n_steps")
    for name, array in expected.items():
        assert resumed[name].tobytes() == array.tobytes()
