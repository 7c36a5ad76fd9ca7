import math

import numpy as np
import torch

from sklearn_ae.nn._reshape import Flatten, PixelShuffle, ToGrid


def rows_of(shape):
    return torch.arange(20.0 * math.prod(shape)).view(20, -1)


def test_flatten_inverts_to_grid(shape):
    x = rows_of(shape)
    assert torch.equal(Flatten()(ToGrid(shape)(x)), x)


def test_grids_have_numpys_axes(shape):
    x = rows_of(shape)
    expected = np.moveaxis(x.numpy().reshape(-1, *shape), -1, 1)
    np.testing.assert_array_equal(ToGrid(shape)(x).numpy(), expected)


def test_shuffled_channels_become_neighbours(axes):
    smaller = [-(-size // 2) for size in axes]
    n_phases = 2 ** len(axes)
    phases = rows_of((n_phases, 2, *smaller)).view(-1, n_phases, 2, *smaller)
    shuffled = PixelShuffle(axes)(phases.flatten(1, 2))
    for cell in np.ndindex(*axes):
        phase = np.ravel_multi_index(tuple(i % 2 for i in cell), (2,) * len(axes))
        expected = phases[(slice(None), phase, slice(None), *(i // 2 for i in cell))]
        assert torch.equal(shuffled[(slice(None), slice(None), *cell)], expected)


def test_flags_lie_at_their_cells():
    x = torch.tensor([[1.0, 2.0, 3.0, 4.0, 0.0, 1.0]])
    grid = ToGrid((2, 2, 1), (1, 3))(x)
    expected = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 1.0]]]])
    assert torch.equal(grid, expected)
