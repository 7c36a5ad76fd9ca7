import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA, sparse_encode

from sklearn_ae.nn import CODINGS, SparseNetwork, sparse_loss
from sklearn_ae.nn._matching_pursuit import _largest, pursue

N_FEATURES, N_COMPONENTS = 6, 15
HIDDEN = [(), (8,)]


def make(hidden_layer_sizes=(), seed=0, **options):
    source = torch.Generator().manual_seed(seed)
    return SparseNetwork(
        N_FEATURES, N_COMPONENTS, hidden_layer_sizes, generator=source, **options
    ).double()


@pytest.fixture
def x():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(50, N_FEATURES)) @ rng.normal(size=(N_FEATURES, N_FEATURES))
    return torch.from_numpy(rows - rows.mean(axis=0))


@pytest.fixture
def pca(x):
    return PCA().fit(x.numpy())


def start(network, pca):
    network.start_at_components(
        torch.from_numpy(pca.components_),
        torch.from_numpy(np.sqrt(pca.explained_variance_)),
        0.0,
    )
    return network.eval()


def unit_atoms(n_atoms, seed=0):
    rows = torch.randn(
        n_atoms,
        N_FEATURES,
        generator=torch.Generator().manual_seed(seed),
        dtype=torch.float64,
    )
    return torch.nn.functional.normalize(rows, dim=1)


def squared_error(a, b):
    return (a - b).square().sum().item()


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("k", [1, 3, 6])
def test_topk_keeps_the_largest_codes_of_pca_at_the_start(hidden, k, x, pca):
    codes = pca.transform(x.numpy())
    smallest = np.argsort(np.abs(codes), axis=1)[:, : N_FEATURES - k]
    np.put_along_axis(codes, smallest, 0, axis=1)
    found = start(make(hidden, k=k), pca).encode(x).detach().numpy()
    np.testing.assert_allclose(found[:, :N_FEATURES], codes, atol=1e-8)
    assert not found[:, N_FEATURES:].any()


@pytest.mark.parametrize("k", [1, 2, 3])
def test_topk_is_never_worse_than_pca_at_the_start(k, x, pca):
    smaller = PCA(k).fit(x.numpy())
    theirs = smaller.inverse_transform(smaller.transform(x.numpy()))
    with torch.no_grad():
        ours = start(make(k=k), pca)(x)
    assert squared_error(ours, x) <= squared_error(torch.from_numpy(theirs), x)


@pytest.mark.parametrize("k", [1, 4, 10, 15])
def test_topk_has_k_codes_that_are_not_zero(k, x):
    code = make(k=k).eval().encode(x)
    assert ((code != 0).sum(dim=1) == k).all()


def test_k_is_a_tenth_of_the_columns_and_at_most_all_atoms():
    assert SparseNetwork(40, 99).coding.k == 4
    assert SparseNetwork(4, 99).coding.k == 1
    assert SparseNetwork(40, 3).coding.k == 3


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("sparsity", sorted(CODINGS))
def test_forward_decodes_what_is_encoded(sparsity, hidden, x):
    network = make(hidden, sparsity=sparsity, k=2).eval()
    torch.testing.assert_close(network(x), network.decode(network.encode(x)))


@pytest.mark.parametrize("sparsity", sorted(CODINGS))
def test_codes_do_not_depend_on_other_rows(sparsity, x):
    network = make((8,), sparsity=sparsity, k=3).eval()
    alone = torch.cat([network.encode(row) for row in x.split(1)])
    torch.testing.assert_close(network.encode(x), alone)
    network.settle()
    torch.testing.assert_close(network.encode(x), alone)


@pytest.mark.parametrize("sparsity", sorted(CODINGS))
def test_missing_cells_count_as_the_centre(sparsity, x):
    network, filled = make(sparsity=sparsity).eval(), x.clone()
    filled[:, 2], x[:, 2] = 0, torch.nan
    torch.testing.assert_close(network(x), network(filled))


@pytest.mark.parametrize("sparsity", sorted(CODINGS))
def test_atoms_count_as_of_unit_length_and_fold_to_it(sparsity, x):
    network = make(sparsity=sparsity).eval()
    before = network(x)
    with torch.no_grad():
        network.atoms.mul_(torch.arange(1.0, 1 + N_COMPONENTS).unsqueeze(1))
    torch.testing.assert_close(network(x), before)
    network.fold()
    torch.testing.assert_close(network(x), before)
    lengths = torch.linalg.vector_norm(network.atoms, dim=1)
    torch.testing.assert_close(lengths, torch.ones_like(lengths))


@pytest.mark.parametrize("sparsity", sorted(CODINGS))
def test_state_dict_rebuilds_the_network(sparsity, x):
    network = make((8,), sparsity=sparsity).eval()
    twin = SparseNetwork(
        N_FEATURES, N_COMPONENTS, (8,), sparsity=sparsity, device="meta"
    )
    twin.load_state_dict(network.state_dict(), assign=True)
    assert torch.equal(twin.eval()(x), network(x))


@pytest.mark.parametrize("sparsity", sorted(CODINGS))
def test_no_global_generator_is_touched(sparsity, x):
    before = torch.get_rng_state()
    make((8,), sparsity=sparsity).train()(x)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_l1_is_pca_at_the_start(hidden, x, pca):
    network = start(make(hidden, sparsity="l1"), pca)
    torch.testing.assert_close(network(x), x)


def test_kl_is_nearly_pca_at_the_start(x, pca):
    network = start(make(sparsity="kl", target_activity=0.3), pca)
    assert squared_error(network(x), x) < 0.2 * x.square().sum().item()


@pytest.mark.parametrize("sparsity", sorted(CODINGS))
def test_awakened_atoms_have_unit_length_and_learn(sparsity, x, pca):
    network = start(make(sparsity=sparsity, k=6), pca)
    network.awaken(x)
    lengths = torch.linalg.vector_norm(network.atoms, dim=1)
    torch.testing.assert_close(lengths, torch.ones_like(lengths))
    # Of the start nothing is left to explain with as many atoms as columns.
    network.train()
    target = x + unit_atoms(len(x))
    sparse_loss(network, (x, target), n_cells=N_FEATURES).sum().backward()
    assert (network.atoms.grad.abs().sum(dim=1) > 0).sum() > N_FEATURES


@pytest.mark.parametrize(
    ("sparsity", "penalty"),
    [
        ("topk", lambda z: 0.0),
        ("l1", lambda z: 2 * 0.7 * z.abs().sum(dim=1)),
    ],
)
def test_penalty_is_added_to_the_squared_error(sparsity, penalty, x):
    network = make(sparsity=sparsity, alpha=0.7).eval()
    error = (network(x) - x).square().sum(dim=1)
    expected = (error + penalty(network.encode(x))) / N_FEATURES
    found = sparse_loss(network, (x, x), n_cells=N_FEATURES)
    torch.testing.assert_close(found, expected)


def test_kl_costs_nothing_at_its_target(x):
    network = make(sparsity="kl", target_activity=0.2).eval()
    with torch.no_grad():
        network.coding.linear_encoder.weight.zero_()
        network.coding.linear_encoder.bias.fill_(np.log(0.2 / 0.8))
    penalty = network.reconstruct(x)[1]
    torch.testing.assert_close(penalty, torch.zeros_like(penalty))


def test_gradient_of_topk_is_that_of_its_own_optimum(x):
    network = make(k=3).train()
    loss = sparse_loss(network, (x, x), n_cells=1).sum()
    loss.backward()
    step = 1e-6 * unit_atoms(N_COMPONENTS, seed=3)
    with torch.no_grad():
        network.atoms.add_(step)
        after = sparse_loss(network.eval(), (x, x), n_cells=1).sum()
    change = (network.atoms.grad * step).sum()
    torch.testing.assert_close(after - loss.detach(), change, rtol=1e-3, atol=0.0)


def test_silent_atoms_go_along_rows_after_a_while(x, pca):
    network = start(make(k=1), pca).train()
    with torch.no_grad():
        for _ in range(100 * N_COMPONENTS // len(x) + 2):
            network.train()(x)
    taken = network.eval().encode(x).count_nonzero(dim=0) > 0
    assert taken[N_FEATURES:].any()


@pytest.mark.parametrize("n_rows", [1, 50])
def test_pursuit_takes_as_orthogonal_matching_pursuit_for_two(n_rows, x):
    # The first two atoms are the same, and so are coefficients by least squares.
    x, atoms = x[:n_rows], unit_atoms(40)
    index, values = pursue(x, atoms, 2)
    code = torch.zeros(n_rows, 40, dtype=torch.float64).scatter(1, index, values)
    expected = sparse_encode(
        x.numpy(), atoms.numpy(), algorithm="omp", n_nonzero_coefs=2
    )
    np.testing.assert_allclose(code.numpy(), expected, atol=1e-8)


def test_pursuit_is_near_orthogonal_matching_pursuit(x):
    atoms = unit_atoms(40)
    index, values = pursue(x, atoms, 4)
    ours = torch.einsum("ij,ijk->ik", values, atoms[index])
    code = sparse_encode(x.numpy(), atoms.numpy(), algorithm="omp", n_nonzero_coefs=4)
    theirs = torch.from_numpy(code) @ atoms
    assert squared_error(ours, x) < 1.5 * squared_error(theirs, x)


def test_pursuit_leaves_nothing_along_the_atoms_taken(x):
    atoms = unit_atoms(40)
    index, values = pursue(x, atoms, 4)
    left = x - torch.einsum("ij,ijk->ik", values, atoms[index])
    along = torch.einsum("ijk,ik->ij", atoms[index], left)
    torch.testing.assert_close(along, torch.zeros_like(along), atol=1e-8, rtol=0.0)


def test_pursuit_of_rows_and_atoms_of_zero_is_zero(x):
    _, values = pursue(torch.zeros(3, N_FEATURES), torch.eye(N_FEATURES), 4)
    assert not values.any()
    _, values = pursue(x, torch.zeros(9, N_FEATURES, dtype=torch.float64), 4)
    assert not values.any()


@pytest.mark.parametrize("n_columns", [1, 31, 64, 65, 96, 200])
def test_largest_is_argmax(n_columns):
    source = torch.Generator().manual_seed(0)
    sizes = torch.rand(20, n_columns, generator=source)
    assert torch.equal(_largest(sizes), sizes.argmax(dim=1))
