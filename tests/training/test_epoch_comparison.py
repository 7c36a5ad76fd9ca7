import pytest
import torch

from sklearn_ae._training.epoch_comparison import is_significant_gain


def test_a_clear_gain_is_found():
    assert is_significant_gain(torch.ones(20), torch.linspace(0.4, 0.6, 20))


def test_gains_blurred_by_large_rows_count():
    before = torch.linspace(-16, 16, 60).exp()
    after = before * torch.linspace(0.7, 0.9, 60)
    gain = (before - after).double()
    assert gain.mean() / gain.std() * 60**0.5 < 2.3
    assert is_significant_gain(before, after)


def test_gains_of_small_rows_are_insignificant():
    before = torch.cat([torch.full((30,), 1e-3), torch.tensor([5.0, 50.0])])
    after = torch.cat([torch.full((30,), 5e-4), torch.tensor([5.5, 49.0])])
    assert not is_significant_gain(before, after)


@pytest.mark.parametrize("after", [1.0, 1.1])
def test_no_lower_mean_is_no_gain(after):
    assert not is_significant_gain(torch.ones(20), torch.full((20,), after))


def test_small_gains_hide_no_higher_mean():
    after = torch.full((20,), 0.9)
    after[0] = 10.0
    assert not is_significant_gain(torch.ones(20), after)


def test_gains_within_noise_are_insignificant():
    assert not is_significant_gain(torch.ones(20), torch.linspace(0.0, 1.9, 20))


def test_the_level_bounds_false_gains():
    source = torch.Generator().manual_seed(0)
    pairs = 1 + torch.rand(1000, 2, 30, generator=source)
    found = sum(is_significant_gain(before, after, 0.01) for before, after in pairs)
    assert found < 40


def test_level_one_takes_lower_means():
    before, after = torch.ones(20), torch.linspace(0.0, 1.99, 20)
    assert is_significant_gain(before, after, 1.0)
    assert not is_significant_gain(before, after + 0.1, 1.0)


@pytest.mark.parametrize("level", [0.01, 0.5])
def test_one_row_is_no_judge(level):
    assert not is_significant_gain(torch.ones(1), torch.zeros(1), level)


def test_losses_of_zero_are_compared():
    assert is_significant_gain(torch.linspace(0.5, 1.5, 20), torch.zeros(20))
    assert not is_significant_gain(torch.zeros(20), torch.zeros(20))


def test_copies_of_a_row_prove_nothing():
    assert not is_significant_gain(torch.full((9,), 2.0), torch.full((9,), 1.0))
