import math

import pytest
import torch

from sklearn_ae.nn import CODINGS
from sklearn_ae.nn._sparse_coding import KL, L1, CodeSettings, TopK

N_FEATURES, N_COMPONENTS = 6, 15


def make(coding, **options):
    settings = CodeSettings(N_FEATURES, N_COMPONENTS, **options)
    return coding(settings, generator=torch.Generator().manual_seed(0)).double()


def unit_atoms(seed=0):
    source = torch.Generator().manual_seed(seed)
    rows = torch.randn(N_COMPONENTS, N_FEATURES, generator=source, dtype=torch.float64)
    return torch.nn.functional.normalize(rows, dim=1)


@pytest.fixture(params=CODINGS)
def coding(request):
    return make(CODINGS[request.param], hidden_layer_sizes=(8,), k=3)


def test_sum_is_that_of_weighted_atoms(coding, x):
    atoms = unit_atoms()
    coded = coding.eval().reconstruct(x, atoms)
    torch.testing.assert_close(coded.code, coding.encode(x, atoms))
    torch.testing.assert_close(coded.sum, coding.atom_weights(coded.code) @ atoms)


def test_lengths_of_atoms_do_not_count(coding, x):
    atoms = unit_atoms()
    longer = atoms * torch.arange(1.0, 1 + N_COMPONENTS).unsqueeze(1)
    expected, found = (coding.eval().reconstruct(x, a) for a in (atoms, longer))
    torch.testing.assert_close(found, expected)


def test_codes_do_not_depend_on_rows(coding, x):
    coding, atoms = coding.eval(), unit_atoms()
    alone = torch.cat([coding.encode(row, atoms) for row in x.split(1)])
    torch.testing.assert_close(coding.encode(x, atoms), alone)
    coding.settle(atoms)
    torch.testing.assert_close(coding.encode(x, atoms), alone)


@pytest.mark.parametrize("k", [1, 4, 10, 15])
def test_topk_has_k_nonzero_codes(k, x):
    code = make(TopK, k=k).eval().encode(x, unit_atoms())
    assert ((code != 0).sum(dim=1) == k).all()


@pytest.mark.parametrize(
    ("n_features", "n_components", "k"), [(40, 99, 4), (4, 99, 1), (40, 3, 3)]
)
def test_default_k_is_a_tenth(n_features, n_components, k):
    assert TopK(CodeSettings(n_features, n_components)).k == k


def test_topk_has_no_penalty(x):
    assert not make(TopK, k=3).reconstruct(x, unit_atoms()).penalty.any()


def test_training_replaces_unused_atoms(x):
    coding, atoms = make(TopK, k=1), torch.zeros(N_COMPONENTS, N_FEATURES).double()
    atoms[:N_FEATURES] = torch.eye(N_FEATURES)
    for _ in range(100 * N_COMPONENTS // len(x) + 2):
        coding.train().reconstruct(x, atoms)
    assert torch.linalg.vector_norm(atoms, dim=1).min() > 0.99


def test_switching_modes_discards_the_gram_matrix(x):
    coding = make(TopK, k=3).train()
    coding.reconstruct(x, unit_atoms())
    expected = make(TopK, k=3).eval().encode(x, unit_atoms(1))
    assert torch.equal(coding.eval().encode(x, unit_atoms(1)), expected)


def test_l1_shrinks_towards_zero(x):
    coding, atoms = make(L1), unit_atoms()
    unshrunk = coding.encode(x, atoms)
    with torch.no_grad():
        coding.threshold.fill_(0.1)
    expected = torch.nn.functional.softshrink(unshrunk, 0.1)
    torch.testing.assert_close(coding.encode(x, atoms), expected)


def test_l1_penalizes_absolute_values(x):
    coded = make(L1, alpha=0.7).reconstruct(x, unit_atoms())
    expected = 2 * 0.7 * coded.code.abs().sum(dim=1)
    torch.testing.assert_close(coded.penalty, expected)


def test_kl_has_no_penalty_at_target(x):
    coding = make(KL, target_activity=0.2)
    with torch.no_grad():
        coding.linear_encoder.weight.zero_()
        coding.linear_encoder.bias.fill_(math.log(0.2 / 0.8))
    penalty = coding.reconstruct(x, unit_atoms()).penalty
    torch.testing.assert_close(penalty, torch.zeros_like(penalty))


def test_kl_penalizes_divergence_of_means(x):
    coded = make(KL, alpha=0.7, target_activity=0.2).reconstruct(x, unit_atoms())
    mean, target = coded.code.mean(dim=0), torch.full((N_COMPONENTS,), 0.2).double()
    expected = 0.7 * torch.distributions.kl_divergence(
        torch.distributions.Bernoulli(target), torch.distributions.Bernoulli(mean)
    )
    torch.testing.assert_close(coded.penalty, expected.sum().expand(len(x)))


def test_activity_has_a_threshold():
    code = torch.tensor([0.0, 0.004, 0.1])
    assert make(L1).is_active(code).tolist() == [False, True, True]
    active = make(KL, target_activity=0.5).is_active(code)
    assert active.tolist() == [False, False, True]
