import math

import numpy as np
import pytest
import torch

from sklearn_ae.nn._reshape import Flatten, PixelShuffle, ToGrid

SHAPES = [
    (7, 1),
    (6, 2),
    (7, 9, 1),
    (1, 5, 1),
    (8, 8, 3),
    (3, 4, 5, 1),
    (2, 3, 4, 2),
    (1, 1, 1),
]
AXES = [(5,), (3, 4), (2, 3, 2)]


def rows_of(shape):
    return torch.arange(20.0 * math.prod(shape)).view(20, -1)


@pytest.mark.parametrize("shape", SHAPES)
def test_unfolding_gives_rows_back_in_their_order(shape):
    x = rows_of(shape)
    assert torch.equal(Flatten()(ToGrid(shape)(x)), x)


@pytest.mark.parametrize("shape", SHAPES)
def test_folded_rows_have_the_axes_of_numpy(shape):
    x = rows_of(shape)
    expected = np.moveaxis(x.numpy().reshape(-1, *shape), -1, 1)
    np.testing.assert_array_equal(ToGrid(shape)(x).numpy(), expected)


@pytest.mark.parametrize("axes", AXES)
def test_spread_cells_lie_beside_each_other(axes):
    smaller = [-(-size // 2) for size in axes]
    n_phases = 2 ** len(axes)
    phases = rows_of((n_phases, 2, *smaller)).view(-1, n_phases, 2, *smaller)
    spread = PixelShuffle(axes)(phases.flatten(1, 2))
    for cell in np.ndindex(*axes):
        phase = np.ravel_multi_index(tuple(i % 2 for i in cell), (2,) * len(axes))
        expected = phases[(slice(None), phase, slice(None), *(i // 2 for i in cell))]
        assert torch.equal(spread[(slice(None), slice(None), *cell)], expected)


def test_flags_lie_where_their_cells_do():
    x = torch.tensor([[1.0, 2.0, 3.0, 4.0, 0.0, 1.0]])
    folded = ToGrid((2, 2, 1), (1, 3))(x)
    expected = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 1.0]]]])
    assert torch.equal(folded, expected)
