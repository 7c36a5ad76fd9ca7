"""The page on how to add a noise: its noise works."""

import re
from pathlib import Path

import pytest
import torch

from sklearn_ae.nn import Layout

PAGE = Path(__file__).parents[2] / "docs" / "new_noise.md"
TEXT = PAGE.read_text() if PAGE.exists() else ""

pytestmark = pytest.mark.skipif(not TEXT, reason="the docs are not there")


@pytest.fixture
def noise():
    code = re.search(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)[1]
    names = {"__name__": "laplace"}
    exec(compile(code, PAGE.name, "exec"), names)
    layout = Layout(
        column=torch.tensor([0, 1, 1]),
        missing=torch.full((3,), torch.nan),
        noise_unit=torch.tensor([1.0, 0.1, 0.1]),
        n_cells=2.0,
    )
    generator = torch.Generator().manual_seed(0)
    return names["LaplaceNoise"](layout, 0.5, generator=generator)


def test_deviation_is_level_times_unit(noise):
    added = noise(torch.zeros(100_000, 3))
    torch.testing.assert_close(
        added.std(dim=0), 0.5 * noise.layout.noise_unit, rtol=0.03, atol=0
    )


def test_noise_is_the_identity_in_eval(noise):
    x = torch.ones(4, 3)
    assert noise.eval()(x) is x


def test_rows_and_missing_cells_are_kept(noise):
    x = torch.tensor([[1.0, torch.nan, 2.0]])
    before = x.clone()
    noisy = noise(x)
    torch.testing.assert_close(x, before, rtol=0, atol=0, equal_nan=True)
    assert noisy.isnan().tolist() == [[False, True, False]]
