"""Rows of six columns, their PCA, and shapes of rows with axes."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA


@pytest.fixture
def x():
    """Centred rows of six columns in float64."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(50, 6)) @ rng.normal(size=(6, 6))
    return torch.from_numpy(rows - rows.mean(axis=0))


@pytest.fixture
def pca(x):
    return PCA(3).fit(x.numpy())


@pytest.fixture
def start_at_pca(pca):
    def start(network, noise_deviation=0.0):
        network.start_at_components(
            torch.from_numpy(pca.components_),
            torch.from_numpy(np.sqrt(pca.explained_variance_)),
            noise_deviation,
        )
        return network

    return start


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


@pytest.fixture(params=SHAPES, ids=str)
def shape(request):
    """Axes of a row, and its channels last."""
    return request.param


@pytest.fixture(params=[(5,), (3, 4), (2, 3, 2)], ids=str)
def axes(request):
    return request.param
