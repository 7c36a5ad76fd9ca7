import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from sklearn_ae.nn import CODINGS, SparseNetwork, sparse_loss

N_FEATURES, N_COMPONENTS = 6, 15
HIDDEN = pytest.mark.parametrize("hidden", [(), (8,)])
SPARSITY = pytest.mark.parametrize("sparsity", sorted(CODINGS))


def make(hidden_layer_sizes=(), seed=0, **options):
    source = torch.Generator().manual_seed(seed)
    return SparseNetwork(
        N_FEATURES, N_COMPONENTS, hidden_layer_sizes, generator=source, **options
    ).double()


@pytest.fixture
def pca(x):
    """PCA with as many components as columns, for `start_at_pca`."""
    return PCA().fit(x.numpy())


def directions(n_rows, seed=0):
    source = torch.Generator().manual_seed(seed)
    rows = torch.randn(n_rows, N_FEATURES, generator=source, dtype=torch.float64)
    return torch.nn.functional.normalize(rows, dim=1)


def squared_error(a, b):
    return (a - b).square().sum().item()


@HIDDEN
@pytest.mark.parametrize("k", [1, 3, 6])
def test_topk_starts_with_largest_codes(hidden, k, x, pca, start_at_pca):
    codes = pca.transform(x.numpy())
    smallest = np.argsort(np.abs(codes), axis=1)[:, : N_FEATURES - k]
    np.put_along_axis(codes, smallest, 0, axis=1)
    found = start_at_pca(make(hidden, k=k)).eval().encode(x).detach().numpy()
    np.testing.assert_allclose(found[:, :N_FEATURES], codes, atol=1e-8)
    assert not found[:, N_FEATURES:].any()


@pytest.mark.parametrize("k", [1, 2, 3])
def test_topk_starts_no_worse_than_pca(k, x, start_at_pca):
    smaller = PCA(k).fit(x.numpy())
    theirs = smaller.inverse_transform(smaller.transform(x.numpy()))
    with torch.no_grad():
        ours = start_at_pca(make(k=k)).eval()(x)
    assert squared_error(ours, x) <= squared_error(torch.from_numpy(theirs), x)


@HIDDEN
def test_l1_starts_as_pca(hidden, x, start_at_pca):
    network = start_at_pca(make(hidden, sparsity="l1")).eval()
    torch.testing.assert_close(network(x), x)


def test_kl_starts_near_pca(x, start_at_pca):
    network = start_at_pca(make(sparsity="kl", target_activity=0.3)).eval()
    assert squared_error(network(x), x) < 0.2 * x.square().sum().item()


@HIDDEN
@SPARSITY
def test_forward_decodes_codes(sparsity, hidden, x):
    network = make(hidden, sparsity=sparsity, k=2).eval()
    torch.testing.assert_close(network(x), network.decode(network.encode(x)))


@SPARSITY
def test_missing_cells_count_as_centres(sparsity, x):
    network, filled = make(sparsity=sparsity).eval(), x.clone()
    filled[:, 2], x[:, 2] = 0, torch.nan
    torch.testing.assert_close(network(x), network(filled))


@SPARSITY
def test_folding_keeps_reconstructions(sparsity, x):
    network = make(sparsity=sparsity).eval()
    before = network(x)
    with torch.no_grad():
        network.atoms.mul_(torch.arange(1.0, 1 + N_COMPONENTS).unsqueeze(1))
    network.fold()
    torch.testing.assert_close(network(x), before)
    lengths = torch.linalg.vector_norm(network.atoms, dim=1)
    torch.testing.assert_close(lengths, torch.ones_like(lengths))


@SPARSITY
def test_state_rebuilds_the_network(sparsity, x):
    network = make((8,), sparsity=sparsity).eval()
    rebuilt = make((8,), sparsity=sparsity, device="meta").eval()
    rebuilt.load_state_dict(network.state_dict(), assign=True)
    assert torch.equal(rebuilt(x), network(x))


@SPARSITY
def test_global_generator_is_not_used(sparsity, x):
    before = torch.get_rng_state()
    make((8,), sparsity=sparsity).train()(x)
    assert torch.equal(torch.get_rng_state(), before)


@SPARSITY
def test_awakened_atoms_learn(sparsity, x, start_at_pca):
    network = start_at_pca(make(sparsity=sparsity, k=6))
    assert network.n_silent == N_COMPONENTS - N_FEATURES
    network.awaken(x)
    assert network.n_silent == 0
    lengths = torch.linalg.vector_norm(network.atoms, dim=1)
    torch.testing.assert_close(lengths, torch.ones_like(lengths))
    # The start leaves nothing to explain with as many atoms as columns.
    network.train()
    target = x + directions(len(x))
    sparse_loss(network, (x, target), n_cells=N_FEATURES).sum().backward()
    assert (network.atoms.grad.abs().sum(dim=1) > 0).sum() > N_FEATURES


def test_equal_rows_awaken_one_atom(x, start_at_pca):
    network = start_at_pca(make())
    network.awaken(x[:1].expand(len(x), -1))
    assert network.n_silent == N_COMPONENTS - N_FEATURES - 1


def test_active_codes_are_nonzero(x):
    network = make(k=2).eval()
    assert torch.equal(network.active(x), network.encode(x) != 0)


@SPARSITY
def test_penalty_is_added_to_squared_error(sparsity, x):
    network = make(sparsity=sparsity, alpha=0.7).eval()
    reconstruction, penalty = network.reconstruct(x)
    expected = ((reconstruction - x).square().sum(dim=1) + penalty) / N_FEATURES
    found = sparse_loss(network, (x, x), n_cells=N_FEATURES)
    torch.testing.assert_close(found, expected)


def test_gradient_of_topk_follows_codes(x):
    # Codes change with the atoms, and yet are not differentiated.
    network = make(k=3).train()
    loss = sparse_loss(network, (x, x), n_cells=1).sum()
    loss.backward()
    step = 1e-6 * directions(N_COMPONENTS, seed=3)
    with torch.no_grad():
        network.atoms.add_(step)
        after = sparse_loss(network.eval(), (x, x), n_cells=1).sum()
    change = (network.atoms.grad * step).sum()
    torch.testing.assert_close(after - loss.detach(), change, rtol=1e-3, atol=0.0)


def test_unused_atoms_are_used_again(x, start_at_pca):
    network = start_at_pca(make(k=1)).train()
    with torch.no_grad():
        for _ in range(100 * N_COMPONENTS // len(x) + 2):
            network.train()(x)
    used = network.eval().encode(x).count_nonzero(dim=0) > 0
    assert used[N_FEATURES:].any()
