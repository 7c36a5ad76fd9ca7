import math

import pytest
import torch

from sklearn_ae.nn import (
    CORRUPTIONS,
    GaussianNoise,
    Layout,
    MaskingNoise,
    SwapNoise,
    UniformNoise,
)

N_ROWS = 400
WIDTHS = [1, 3, 1, 2]
STARTS = [0, 1, 4, 5]
NAN = torch.nan


def block(n_levels, level, scale=2.0):
    return torch.nn.functional.one_hot(level, n_levels) / scale - 0.1


@pytest.fixture
def layout():
    """A number, a category with a level for missing cells, a number, a category."""
    missing = torch.full((7,), NAN)
    missing[1:4] = block(3, torch.tensor(2))
    return Layout(
        column=torch.repeat_interleave(torch.arange(4), torch.tensor(WIDTHS)),
        missing=missing,
        noise_unit=torch.tensor([1.0, 0.5, 0.25, 0.1, 4.0, 0.5, 0.0]),
        n_cells=4.0,
    )


@pytest.fixture
def x():
    """Rows whose numbers are all different."""
    source = generator(9)
    numbers = torch.arange(N_ROWS, dtype=torch.float32)[:, None]
    first, second = (torch.randint(n, (N_ROWS,), generator=source) for n in (3, 2))
    return torch.cat(
        [numbers, block(3, first), 1000 + numbers, block(2, second)], dim=1
    )


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(params=CORRUPTIONS)
def make(request, layout):
    """Make a noise of each kind."""
    noise = CORRUPTIONS[request.param]
    return lambda level, seed=0: noise(layout, level, generator=generator(seed))


def changed(before, after):
    return ~torch.isclose(before, after, rtol=0, atol=0, equal_nan=True)


def changed_cells(before, after):
    """Tell which cells changed, a block being one, ``(n_rows, n_columns)``."""
    parts = changed(before, after).split(WIDTHS, dim=1)
    return torch.stack([part.any(dim=1) for part in parts], dim=1)


def test_noise_is_the_identity_in_eval(make, x):
    assert make(0.5).eval()(x) is x


def test_level_zero_changes_nothing(make, x):
    assert torch.equal(make(0.0)(x), x)


def test_noise_copies_its_input(make, x):
    before = x.clone()
    make(0.5)(x)
    assert torch.equal(x, before)


def test_each_batch_is_drawn_anew(make, x):
    noise = make(0.5)
    assert (changed(noise(x), noise(x))).any()


def test_noise_has_no_weights(make):
    assert not list(make(0.5).parameters())
    assert not make(0.5).state_dict()


def test_same_generator_gives_same_noise(make, x):
    assert not changed(make(0.5)(x), make(0.5)(x)).any()


def test_other_seeds_give_other_noise(make, x):
    assert changed(make(0.5)(x), make(0.5, seed=1)(x)).any()


def test_global_generator_is_not_used(make, x):
    before = torch.get_rng_state()
    make(0.5)(x)
    assert torch.equal(torch.get_rng_state(), before)


def test_noise_keeps_shape_and_dtype(make, x):
    noisy = make(0.5)(x)
    assert (noisy.shape, noisy.dtype) == (x.shape, x.dtype)


def test_missing_cells_keep_the_shape(make, x):
    x[::3, 0] = NAN
    assert make(0.5)(x).shape == x.shape


@pytest.mark.parametrize("noise", [MaskingNoise, SwapNoise])
@pytest.mark.parametrize("level", [0.1, 0.5])
def test_level_is_the_fraction_of_cells(layout, x, noise, level):
    noisy = noise(layout, level, generator=generator())(x)
    fraction = changed_cells(x, noisy)[:, [0, 2]].float().mean()
    assert fraction.item() == pytest.approx(level, abs=0.04)


@pytest.mark.parametrize("noise", [MaskingNoise, SwapNoise])
def test_cells_are_chosen_one_by_one(layout, x, noise):
    first, second = changed_cells(x, noise(layout, 0.5, generator=generator())(x))[
        :, [0, 2]
    ].T
    assert (first & second).float().mean().item() == pytest.approx(0.25, abs=0.06)


@pytest.mark.parametrize("noise", [MaskingNoise, SwapNoise])
def test_batches_draw_levels_from_ranges(layout, x, noise):
    noise = noise(layout, (0.2, 0.6), generator=generator())
    fractions = torch.stack(
        [changed_cells(x, noise(x))[:, [0, 2]].float().mean() for _ in range(200)]
    )
    assert 0.15 < fractions.min() < 0.3
    assert 0.5 < fractions.max() < 0.65
    assert fractions.mean().item() == pytest.approx(0.4, abs=0.04)


# Swap


@pytest.fixture
def swapped(layout, x):
    return SwapNoise(layout, 1.0, generator=generator())(x)


def donors(swapped):
    """Return the rows that the two numbers come from."""
    return swapped[:, 0].long(), swapped[:, 4].long() - 1000


def test_swapped_values_keep_their_column(x, swapped):
    for column in range(x.shape[1]):
        assert torch.isin(swapped[:, column], x[:, column]).all()


def test_donors_are_other_rows(swapped):
    own = torch.arange(N_ROWS)
    assert all((donor != own).all() for donor in donors(swapped))


def test_donors_of_columns_are_independent(swapped):
    first, second = donors(swapped)
    assert (first == second).float().mean() < 0.05
    steps = [(donor - torch.arange(N_ROWS)) % N_ROWS for donor in (first, second)]
    correlation = torch.corrcoef(torch.stack(steps).float())[0, 1]
    assert abs(correlation.item()) < 0.2


def test_donors_of_rows_are_independent(swapped):
    first, _ = donors(swapped)
    assert len(((first - torch.arange(N_ROWS)) % N_ROWS).unique()) > N_ROWS / 2


def test_every_other_row_is_donor(layout):
    rows = torch.arange(5.0)[:, None].repeat(1, 7)
    noise = SwapNoise(layout, 1.0, generator=generator())
    seen = {value for _ in range(60) for value in noise(rows)[0, [0, 4]].tolist()}
    assert seen == {1.0, 2.0, 3.0, 4.0}


def test_blocks_are_swapped_whole(layout, x):
    swapped = SwapNoise(layout, 0.5, generator=generator())(x)
    for start, width in ((1, 3), (5, 2)):
        rows = swapped[:, start : start + width]
        valid = block(width, torch.arange(width))
        assert (rows[:, None] == valid).all(dim=2).any(dim=1).all()


def test_blocks_are_swapped_like_numbers(layout, x):
    swapped = SwapNoise(layout, 0.5, generator=generator())(x)
    fraction = changed_cells(x, swapped)[:, [1, 3]].float().mean(dim=0)
    # Another row holds the same one of 3 or 2 levels with probability 1/3 or 1/2.
    torch.testing.assert_close(
        fraction, torch.tensor([1 / 3, 1 / 4]), atol=0.07, rtol=0
    )


def test_missing_cells_are_swapped_too(layout, x):
    x[:, 0] = NAN
    x[:200, 0] = 7.0
    swapped = SwapNoise(layout, 1.0, generator=generator())(x)
    assert swapped[:, 0].isnan().float().mean().item() == pytest.approx(0.5, abs=0.1)


def test_one_row_has_no_donor(layout, x):
    noise = SwapNoise(layout, 1.0, generator=generator())
    assert torch.equal(noise(x[:1]), x[:1])


def test_swapping_adds_no_gap_columns(layout):
    assert SwapNoise(layout, 1.0).gap_columns() == []


# Masking


def test_masked_cells_are_missing(layout, x):
    masked = MaskingNoise(layout, 1.0, generator=generator())(x)
    torch.testing.assert_close(
        masked, layout.missing.expand_as(x), rtol=0, atol=0, equal_nan=True
    )


def test_blocks_are_masked_whole(layout, x):
    masked = MaskingNoise(layout, 0.5, generator=generator())(x)
    holes = masked[:, 5:].isnan()
    assert torch.equal(holes[:, 0], holes[:, 1])
    assert 0.4 < holes.float().mean() < 0.6


def test_other_cells_are_not_masked(layout, x):
    masked = MaskingNoise(layout, 0.5, generator=generator())(x)
    same = ~changed(x, masked)
    is_missing = ~changed(layout.missing.expand_as(x), masked)
    assert (same | is_missing).all()


def test_gap_columns_have_no_level(layout):
    assert MaskingNoise(layout, 0.1).gap_columns() == [0, 4, 5]


# Gaussian and uniform

ADDED = pytest.mark.parametrize("kind", [GaussianNoise, UniformNoise])


@ADDED
def test_added_noise_has_columns_units(kind, layout, x):
    x = x.repeat(10, 1)
    noise = (kind(layout, 0.5, generator=generator())(x) - x).double()
    torch.testing.assert_close(
        noise.std(dim=0), 0.5 * layout.noise_unit.double(), rtol=0.07, atol=1e-6
    )
    torch.testing.assert_close(
        noise.mean(dim=0), torch.zeros(7).double(), atol=0.1, rtol=0
    )


@ADDED
def test_added_noise_is_independent(kind, layout, x):
    noise = kind(layout, 1.0, generator=generator())(x) - x
    assert abs(torch.corrcoef(noise[:, [0, 4]].T)[0, 1].item()) < 0.2


@ADDED
def test_added_noise_keeps_missing_cells(kind, layout, x):
    x[::2, 0] = NAN
    noisy = kind(layout, 1.0, generator=generator())(x)
    assert torch.equal(noisy.isnan(), x.isnan())


@ADDED
def test_added_noise_adds_no_gap_columns(kind, layout):
    assert kind(layout, 1.0).gap_columns() == []


def test_uniform_noise_is_uniform(layout, x):
    x, noisy = x.repeat(40, 1), layout.noise_unit > 0
    noise = UniformNoise(layout, 1.0, generator=generator())(x) - x
    shares = (noise / layout.noise_unit)[:, noisy] / math.sqrt(3)
    counts = torch.histc(shares, 8, -1, 1)
    assert counts.sum() == shares.numel()
    torch.testing.assert_close(counts, counts.mean().expand(8), rtol=0.1, atol=0)


def test_uniform_noise_is_drawn_anew(layout, x):
    noise = UniformNoise(layout, 1.0, generator=generator())
    assert not torch.equal(noise(x), noise(x))
