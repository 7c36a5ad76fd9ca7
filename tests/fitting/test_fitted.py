import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.utils import gen_batches

from sklearn_ae._fitting import fitted
from sklearn_ae._fitting.fitted import FittedAutoencoder
from sklearn_ae.nn import Autoencoder, recording_ranges

NETWORK = {
    "n_features": 6,
    "n_components": 2,
    "hidden_layer_sizes": (8,),
    "activation": "relu",
}


@pytest.fixture
def autoencoder(fit_table, X):
    codec = fit_table(X, standardize=True).codec
    network = Autoencoder(**NETWORK, generator=torch.Generator().manual_seed(0)).eval()
    rows = torch.tensor(codec.encode(X, np.float32))
    with recording_ranges(network):
        network(rows)
    arrays = {name: value.numpy() for name, value in network.state_dict().items()}
    unit = np.full(2, codec.scale[0])
    return FittedAutoencoder(codec, "Autoencoder", NETWORK, arrays, code_units=unit)


METHODS = {
    "encode": lambda a, X: a.encode(X),
    "decode": lambda a, X: a.decode(np.ascontiguousarray(X[:, :2])),
    "reconstruct": lambda a, X: a.reconstruct(X),
    "squared_errors": lambda a, X: np.vstack([e for _, e in a.squared_errors(X)]),
}


@pytest.fixture(params=METHODS)
def method(request):
    return METHODS[request.param]


@pytest.mark.parametrize(
    ("dtype", "rtol"), [(np.float32, 1e-5), (np.float64, 1e-12)], ids=["32", "64"]
)
@pytest.mark.parametrize("chunk_rows", [1, 7, 299])
def test_chunking_changes_no_row(
    autoencoder, X, method, dtype, rtol, chunk_rows, monkeypatch
):
    X = X.astype(dtype)
    whole = method(autoencoder, X)
    monkeypatch.setattr(
        fitted, "row_chunks", lambda n_rows, _: gen_batches(n_rows, chunk_rows)
    )
    atol = rtol * np.abs(whole).max()
    np.testing.assert_allclose(method(autoencoder, X), whole, rtol=rtol, atol=atol)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["encode", "decode", "reconstruct"])
def test_dtype_in_is_dtype_out(autoencoder, X, name, dtype):
    assert METHODS[name](autoencoder, X.astype(dtype)).dtype == dtype


def test_float32_and_float64_agree(autoencoder, X, method):
    np.testing.assert_allclose(
        method(autoencoder, X.astype(np.float32)), method(autoencoder, X), atol=1e-4
    )


def test_sparse_rows_encode_as_dense_ones(autoencoder, X):
    np.testing.assert_array_equal(
        autoencoder.encode(sparse.csr_array(X)), autoencoder.encode(X)
    )


def test_reconstruct_is_decode_of_encode(autoencoder, X):
    np.testing.assert_allclose(
        autoencoder.reconstruct(X), autoencoder.decode(autoencoder.encode(X))
    )


def test_squared_errors_are_in_input_units(autoencoder, X):
    expected = (X - autoencoder.reconstruct(X)) ** 2
    np.testing.assert_allclose(METHODS["squared_errors"](autoencoder, X), expected)


def test_output_can_be_written_to(autoencoder, X, method):
    method(autoencoder, X)[:] = 0


def test_modules_are_fresh_and_trainable(autoencoder):
    first, second = autoencoder.module(), autoencoder.module()
    assert first is not second
    assert all(parameter.requires_grad for parameter in first.parameters())


def test_training_a_module_copy_changes_nothing(autoencoder, X, method):
    before = method(autoencoder, X)
    with torch.no_grad():
        for parameter in autoencoder.module().parameters():
            parameter.fill_(7.0)
    np.testing.assert_array_equal(method(autoencoder, X), before)


def test_pickle_gives_the_same_bits(autoencoder, X, method):
    loaded = pickle.loads(pickle.dumps(autoencoder))
    np.testing.assert_array_equal(method(loaded, X), method(autoencoder, X))


def test_memory_mapped_arrays_are_copied(autoencoder, tmp_path):
    joblib.dump(autoencoder, tmp_path / "autoencoder.joblib")
    loaded = joblib.load(tmp_path / "autoencoder.joblib", mmap_mode="r")
    arrays = [*loaded.arrays.values(), loaded.codec.mean, loaded.codec.scale]
    assert not any(isinstance(array, np.memmap) for array in arrays)
    assert all(array.flags.writeable for array in arrays)


def test_memory_mapped_modules_can_be_trained(autoencoder, tmp_path):
    joblib.dump(autoencoder, tmp_path / "autoencoder.joblib")
    module = joblib.load(tmp_path / "autoencoder.joblib", mmap_mode="r").module()
    module(torch.ones(2, 6)).sum().backward()
    torch.optim.SGD(module.parameters(), lr=0.1).step()


def load(state):
    return FittedAutoencoder.__new__(FittedAutoencoder).__setstate__(state)


def damaged(state, part, array):
    if part == "code_units":
        return state | {part: array}
    place = "codec" if part in state["codec"] else "arrays"
    return state | {place: state[place] | {part: array}}


DAMAGE = {
    "shape": lambda array: array[..., :-1],
    "nan": lambda array: np.full_like(array, np.nan),
}


PARTS = ["mean", "scale", "code_units", "linear_encoder.weight"]


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("part", PARTS)
def test_errors_name_damaged_arrays(autoencoder, part, damage):
    state = autoencoder.__getstate__()
    array = (state | state["codec"] | state["arrays"])[part]
    with pytest.raises(ValueError, match=part):
        load(damaged(state, part, DAMAGE[damage](array)))


@pytest.mark.parametrize("damage", ["missing", "added"])
def test_states_with_other_arrays_are_refused(autoencoder, damage):
    state = autoencoder.__getstate__()
    arrays = dict(state["arrays"])
    if damage == "missing":
        del arrays["linear_encoder.bias"]
    else:
        arrays["more"] = np.zeros(3)
    with pytest.raises(ValueError, match="arrays must have all of its entries"):
        load(state | {"arrays": arrays})


@pytest.mark.parametrize("name", ["code_units", "scale"])
@pytest.mark.parametrize("unit", [0.0, -1.0])
def test_units_must_be_positive(autoencoder, name, unit):
    state = autoencoder.__getstate__()
    array = np.full_like((state | state["codec"])[name], unit)
    with pytest.raises(ValueError, match=f"{name} must be .* > 0, got"):
        load(damaged(state, name, array))


def test_an_unknown_network_is_refused(autoencoder):
    with pytest.raises(ValueError, match=r"must be one of .*'Linear'"):
        load(autoencoder.__getstate__() | {"kind": "Linear"})


def test_wrong_numbers_of_columns_are_refused(autoencoder):
    state = autoencoder.__getstate__()
    columns = state["codec"]["schema"] | {"names": ("x0",)}
    with pytest.raises(ValueError, match="schema must encode to 6 numbers"):
        load(damaged(state, "schema", columns))


def test_copies_give_the_same_bits(fitted, X, copied):
    other = copied(fitted)
    np.testing.assert_array_equal(other.transform(X), fitted.transform(X))
    np.testing.assert_array_equal(other.reconstruct(X), fitted.reconstruct(X))


@pytest.mark.parametrize("fitted", ["start"], indirect=True)
def test_copies_can_be_fitted_again(fitted, X, copied):
    other = copied(fitted).fit(X)
    np.testing.assert_array_equal(other.transform(X), fitted.transform(X))


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_every_pickle_protocol_works(fitted, X, protocol):
    loaded = pickle.loads(pickle.dumps(fitted, protocol))
    np.testing.assert_array_equal(loaded.transform(X), fitted.transform(X))


def test_pickles_hold_only_plain_values(fitted, pickled_names):
    names = pickled_names(fitted)
    own = {name for package, name in names if package == "sklearn_ae"}
    assert {package for package, _ in names} <= {"numpy", "sklearn_ae"}
    assert own == {type(fitted).__name__}


@pytest.mark.parametrize("n_rows", [100, 2_000])
def test_pickles_are_little_larger_than_parameters(quick, X, n_rows):
    rows = np.tile(X, (n_rows // 100, 1))[:n_rows]
    estimator = quick(hidden_layer_sizes=(256,), max_epochs=1, early_stopping=False)
    estimator.fit(rows)
    parameters = sum(p.numel() * 4 for p in estimator.module_.parameters())
    codec = estimator.mean_.nbytes + estimator.scale_.nbytes
    limit = 1.2 * (parameters + codec) + 16 * 1024
    assert len(pickle.dumps(estimator)) <= limit


def test_transform_caches_nothing(fitted, X):
    before = pickle.dumps(vars(fitted))
    fitted.inverse_transform(fitted.transform(X))
    fitted.reconstruct(X)
    fitted.score(X)
    assert pickle.dumps(vars(fitted)) == before


MEMORY = """
import numpy as np
from benchmarks.timing import peak_memory
from scipy import sparse
from sklearn_ae import AutoencoderTransformer

rng = np.random.default_rng(0)
tables = [
    lambda: rng.standard_normal((400_000, 60), dtype=np.float32),
    lambda: rng.integers(0, 255, (400_000, 60), dtype=np.uint8),
    lambda: sparse.random_array((100_000, 400), density=0.01, format="csr"),
]
for make in tables:
    X = make()
    estimator = AutoencoderTransformer(2, max_epochs=1, random_state=0)
    estimator.fit(X[:500]).transform(X[:5000])
    codes, n_bytes = peak_memory(estimator.transform, X)
    print(n_bytes - codes.nbytes)
"""


@pytest.mark.extended
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_of_transform_is_bounded():
    run = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True
    )
    n_bytes = [int(line) for line in run.stdout.splitlines()]
    assert len(n_bytes) == 3
    assert max(n_bytes) < 64 * 2**20


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_outside_changes_nothing(autoencoder, X, method, dtype):
    X = X.astype(np.float32)
    alone = method(autoencoder, X)
    with torch.autocast("cpu", dtype):
        np.testing.assert_array_equal(method(autoencoder, X), alone)
