import numpy as np
import pytest
import torch
from sklearn.decomposition import sparse_encode

from sklearn_ae.nn._matching_pursuit import (
    _argmax,
    choose_atoms,
    fit_coefficients,
    matching_pursuit,
)

N_ATOMS, N_FEATURES = 40, 6


@pytest.fixture
def atoms():
    source = torch.Generator().manual_seed(0)
    rows = torch.randn(N_ATOMS, N_FEATURES, generator=source, dtype=torch.float64)
    return torch.nn.functional.normalize(rows, dim=1)


def omp(x, atoms, k):
    """Return the codes of scikit-learn's orthogonal matching pursuit."""
    return sparse_encode(x.numpy(), atoms.numpy(), algorithm="omp", n_nonzero_coefs=k)


def sums(index, coefficients, atoms):
    return torch.einsum("ij,ijk->ik", coefficients, atoms[index])


@pytest.mark.parametrize("n_rows", [1, 50])
def test_two_atoms_are_those_of_omp(n_rows, x, atoms):
    # The first two atoms are the same, and so are coefficients by least squares.
    x = x[:n_rows]
    index, coefficients = matching_pursuit(x, atoms, 2)
    code = torch.zeros(n_rows, N_ATOMS, dtype=torch.float64)
    code = code.scatter(1, index, coefficients)
    np.testing.assert_allclose(code.numpy(), omp(x, atoms, 2), atol=1e-8)


def test_error_is_near_that_of_omp(x, atoms):
    ours = sums(*matching_pursuit(x, atoms, 4), atoms)
    theirs = torch.from_numpy(omp(x, atoms, 4)) @ atoms
    assert (ours - x).square().sum() < 1.5 * (theirs - x).square().sum()


def test_residual_is_orthogonal_to_atoms(x, atoms):
    index, coefficients = matching_pursuit(x, atoms, 4)
    residual = x - sums(index, coefficients, atoms)
    along = torch.einsum("ijk,ik->ij", atoms[index], residual)
    torch.testing.assert_close(along, torch.zeros_like(along), atol=1e-8, rtol=0.0)


def test_given_gram_matrix_changes_nothing(x, atoms):
    expected = matching_pursuit(x, atoms, 4)
    found = matching_pursuit(x, atoms, 4, atoms @ atoms.T)
    assert all(map(torch.equal, found, expected))


def test_zero_rows_have_zero_coefficients():
    rows = torch.zeros(3, N_FEATURES)
    _, coefficients = matching_pursuit(rows, torch.eye(N_FEATURES), 4)
    assert not coefficients.any()


def test_zero_atoms_have_zero_coefficients(x):
    _, coefficients = matching_pursuit(x, torch.zeros(9, N_FEATURES).double(), 4)
    assert not coefficients.any()


def test_orthonormal_atoms_are_chosen_by_size(x):
    index = choose_atoms(x, 4, torch.eye(N_FEATURES, dtype=torch.float64))
    assert torch.equal(index, x.abs().argsort(dim=1, descending=True)[:, :4])


def test_coefficients_are_those_of_lstsq(x, atoms):
    chosen = atoms[:3].expand(len(x), -1, -1)
    expected = torch.linalg.lstsq(chosen.mT, x[:, :, None]).solution[:, :, 0]
    torch.testing.assert_close(fit_coefficients(x, chosen), expected)


@pytest.mark.parametrize("n_columns", [1, 31, 64, 65, 96, 200])
def test_blockwise_argmax_is_argmax(n_columns):
    sizes = torch.rand(20, n_columns, generator=torch.Generator().manual_seed(0))
    assert torch.equal(_argmax(sizes), sizes.argmax(dim=1))
