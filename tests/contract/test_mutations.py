"""Changed files are refused, or read as what they say: no crash, no hang."""

import contextlib
import copy
import hashlib
import json
import signal
import warnings
from itertools import count, islice

import numpy as np
import pytest

from sklearn_ae import InvalidFileError, load
from sklearn_ae._compression.packing import _HEADER, FORMAT
from sklearn_ae._persistence.archive import from_bytes, to_bytes
from sklearn_ae._persistence.persistent import PersistenceMixin, _to_tree

resource = pytest.importorskip("resource", reason="Unix alone counts memory so")

_SECONDS, _MIB = 20, 2**20
_NO_DIGEST = b"0" * 64


@pytest.fixture
def guarded():
    """Stop what hangs, and see to it that memory stays bounded."""

    @contextlib.contextmanager
    def limited():
        signal.setitimer(signal.ITIMER_REAL, _SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def interrupt(*_):
        raise TimeoutError(f"more than {_SECONDS} seconds")

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    handler = signal.signal(signal.SIGALRM, interrupt)
    yield limited
    signal.signal(signal.SIGALRM, handler)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 512 * 1024


def flip(data, rng):
    at = rng.integers(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.integers(8)]) + data[at + 1 :]


def cut(data, rng):
    return data[: rng.integers(len(data))]


def cut_inside(data, rng):
    start, stop = sorted(rng.integers(len(data), size=2))
    return data[:start] + data[stop:]


def insert(data, rng):
    at = rng.integers(len(data) + 1)
    return data[:at] + rng.bytes(rng.integers(1, 20)) + data[at:]


def duplicate(data, rng):
    start, stop = sorted(rng.integers(len(data), size=2))
    return data[:stop] + data[start:]


def swap(data, rng):
    one, two, stop = sorted(rng.integers(len(data) + 1, size=3))
    return data[:one] + data[two:stop] + data[one:two] + data[stop:]


def zero(data, rng):
    start, stop = sorted(rng.integers(len(data) + 1, size=2))
    return data[:start] + bytes(stop - start) + data[stop:]


def overwrite(data, rng):
    at = rng.integers(len(data))
    block = rng.bytes(rng.integers(1, 9))
    return (data[:at] + block + data[at + len(block) :])[: len(data)]


BYTES = [flip, cut, cut_inside, insert, duplicate, swap, zero, overwrite]

SCALARS = [None, True, False, 0, 1, -1, 2, 3, 7, 64, 2**31, 10**12, 2**70, 0.5, -0.5]
SCALARS += [1e300, -1e300, float("nan"), float("inf"), "", "x", "relu", "pandas", b""]
SCALARS += [(), [], {}, (1,), [0.5], {"a": 1}, (2,) * 9, np.float32(1), np.int64(3)]
SCALARS += [np.zeros(0), np.zeros((0, 10**9)), np.array(1.0), np.array(["a"], object)]


def nodes(tree, path=()):
    """Yield the paths of all that is in a tree."""
    if path:
        yield path
    if isinstance(tree, dict):
        keys = list(tree)
    else:
        keys = range(len(tree)) if isinstance(tree, list | tuple) else ()
    for key in keys:
        yield from nodes(tree[key], (*path, key))


def replaced(tree, path, change):
    """Return a tree with one node changed, or left out if that gives nothing."""
    key, *rest = path
    new = replaced(tree[key], rest, change) if rest else change(tree[key])
    if isinstance(tree, dict):
        items = {k: new if k == key else v for k, v in tree.items()}
        return {k: v for k, v in items.items() if v is not NOTHING}
    items = [new if i == key else v for i, v in enumerate(tree)]
    return type(tree)(v for v in items if v is not NOTHING)


NOTHING = object()


def of_array(array, rng):
    """Return another array, or something else."""
    kind = rng.integers(9)
    if kind == 0 or array.size == 0:
        return array.reshape(-1)[:-1]
    if kind == 1:
        return array.T if array.ndim > 1 else array[None]
    if kind == 2 and array.dtype.kind in "biuf":
        with np.errstate(all="ignore"):
            return array.astype(rng.choice(["i8", "f4", "f2", "u1", "?", "f8"]))
    if kind == 3:
        return array.astype(object)
    if kind == 4:
        return array.tolist()
    new = array.astype(float) if array.dtype.kind == "f" else array.copy()
    cells = new.reshape(-1)
    at = rng.integers(cells.size)
    if new.dtype.kind == "f":
        cells[at] = rng.choice([np.nan, np.inf, 0, -1, 1e300, 1e-300, cells[at] + 1])
    elif new.dtype.kind in "iu":
        cells[at] = rng.choice([0, 1, 40, 2**40])
    else:
        cells[at] = rng.choice(cells)
    return new if rng.integers(2) else np.resize(new, rng.integers(1, 4, size=new.ndim))


def of_value(value, rng):
    """Return something else in the place of a value."""
    if isinstance(value, np.ndarray) and rng.integers(4):
        return of_array(value, rng)
    kind = rng.integers(5)
    if kind == 0:
        return NOTHING
    if kind == 1 and isinstance(value, dict) and value:
        key = list(value)[rng.integers(len(value))]
        return {(k if k != key else "renamed"): v for k, v in value.items()}
    if kind == 1 and isinstance(value, list | tuple) and value:
        return type(value)([*value, value[rng.integers(len(value))]])
    if kind == 2 and isinstance(value, list | tuple):
        return (tuple if isinstance(value, list) else list)(value)
    if kind == 2 and type(value) in (int, float):
        return value * int(rng.choice([-1, 2, 1000])) + int(rng.integers(2))
    return copy.deepcopy(SCALARS[rng.integers(len(SCALARS))])


def of_tree(tree, rng, fixed=()):
    """Return a tree with one to three nodes changed."""
    for _ in range(rng.integers(1, 4)):
        paths = [path for path in nodes(tree) if path[:1] not in fixed]
        if paths:
            path = paths[rng.integers(len(paths))]
            tree = replaced(tree, path, lambda value: of_value(value, rng))
    return tree


def of_text(data, rng):
    """Return a file with another JSON text, and the right digest."""
    stop = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:stop])
    content = json.loads(header["__metadata__"]["sklearn_ae"])
    kind = rng.integers(6)
    if kind == 0:
        content = of_tree({"all": content}, rng)["all"]
    elif kind == 1:
        for _ in range(rng.integers(1, 30)):
            content["tree"] = {"tuple": [content["tree"]]}
    elif kind == 2:
        content["tree"] = {"cells": ["<U999999999", [1], ["a"]]}
    elif kind == 3:
        tensors = {"more": {"dtype": "U8", "shape": [0, 2**40], "data_offsets": [0, 0]}}
        header |= tensors
    if kind < 4:
        content["sha256"] = _NO_DIGEST.decode()
        text = json.dumps(content, default=str)
    else:
        # Deeper than Python's own limits, and texts that are no JSON.
        deep = b"[" * 100_000 if kind == 4 else rng.bytes(30).hex().encode()
        text = '{"sha256":"' + _NO_DIGEST.decode() + '","tree":' + deep.decode()
    header["__metadata__"]["sklearn_ae"] = text
    start = json.dumps(header).encode()
    whole = len(start).to_bytes(8, "little") + start + data[stop:]
    return whole.replace(_NO_DIGEST, hashlib.sha256(whole).hexdigest().encode(), 1)


def is_finite(name, result):
    """Tell whether a result has no infinity, and codes and scores no NaN."""
    if hasattr(result, "toarray"):
        result = result.toarray()
    result = np.asarray(result)
    if result.dtype.kind != "f":
        return True
    bad = np.isinf(result)
    if name in {"transform", "predict", "predict_proba", "score_samples"}:
        bad |= np.isnan(result)
    return not bad.any()


def largest(value):
    """Return the largest number of all arrays in a state."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.abs(value).max(initial=0)
    if isinstance(value, PersistenceMixin):
        return largest(value.__getstate__())
    items = value.values() if isinstance(value, dict) else ()
    items = value if isinstance(value, list | tuple) else items
    return max(map(largest, items), default=0)


# Words of errors that tell of numbers too large, and of other columns than X has.
TOLD = ("finite", "infinity", "too large", "as in fit", "error_bound")


def check_works(results, estimator, X):
    """Assert that all methods work, and tell whether numbers are too large for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = results(estimator, X)
        except ValueError as error:
            if any(word in str(error) for word in TOLD):
                return False
            raise
    if all(is_finite(name, result) for name, result in made.items()):
        return True
    assert largest(estimator) > np.sqrt(np.finfo(float).max)
    return False


def outcome(read, data, guarded):
    """Return what is read, or None where it is refused in the one right way."""
    with guarded(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            return read(data)
        except InvalidFileError:
            return None


def files(saveable, seed):
    """Yield (estimator, table, its file, random numbers) without an end."""
    made = [
        (estimator, X, to_bytes("estimator", _to_tree(estimator, "estimator")))
        for estimator, X in saveable.values()
    ]
    for number in count():
        yield *made[number % len(made)], np.random.default_rng([seed, number])


def changed_bytes(saveable):
    """Yield files with other bytes."""
    for _, _, data, rng in files(saveable, 0):
        changed = BYTES[rng.integers(len(BYTES))](data, rng)
        if changed != data:
            yield changed


def run_bytes(saveable, n_files, tmp_path, guarded):
    """Change bytes of files; each must be refused."""
    path = tmp_path / "file"
    for changed in islice(changed_bytes(saveable), n_files):
        path.write_bytes(changed)
        assert outcome(load, path, guarded) is None


def changed_trees(saveable):
    """Yield (table, a whole file that says something else)."""
    for _, X, data, rng in files(saveable, 1):
        try:
            if rng.integers(4):
                tree = {"all": from_bytes("estimator", data)}
                changed = to_bytes("estimator", of_tree(tree, rng).get("all"))
            else:
                changed = of_text(data, rng)
        except (TypeError, ValueError, LookupError, AttributeError):
            continue  # it can't be written
        if changed != data:
            yield X, changed


def run_trees(saveable, n_files, tmp_path, guarded, results):
    """Change what whole files say, and count what was read and what works."""
    n_read = n_working = 0
    path = tmp_path / "file"
    for X, data in islice(changed_trees(saveable), n_files):
        path.write_bytes(data)
        loaded = outcome(load, path, guarded)
        if loaded is not None:
            n_read += 1
            with guarded():
                n_working += check_works(results, loaded, X)
    return n_read, n_working


def run_states(saveable, n_files, guarded, results):
    """Change what pickles hold."""
    for estimator, X, _, rng in islice(files(saveable, 2), n_files):
        state = copy.deepcopy(estimator.__getstate__())
        parameters = {(name,) for name in estimator.get_params(deep=False)}
        state = of_tree(state, rng, fixed=parameters)
        made = type(estimator).__new__(type(estimator))

        def read(state, made=made):
            made.__setstate__(state)
            return made

        if outcome(read, state, guarded) is not None:
            with guarded():
                check_works(results, made, X)


def changed_codes(saveable):
    """Yield (compressor, other rows of it), half of them with the right checksum."""
    compressors = [saveable[name] for name in ("compressor", "bounded")]
    whole = [(one, one.compress(X)) for one, X in compressors]
    for number in count():
        compressor, data = whole[number % 2]
        rng = np.random.default_rng([3, number])
        changed = BYTES[rng.integers(len(BYTES))](data, rng)
        if rng.integers(2):
            changed = signed(compressor, changed, rng)
        if changed != data:
            yield compressor, changed


def run_codes(saveable, n_files, guarded):
    """Change compressed rows."""
    for compressor, changed in islice(changed_codes(saveable), n_files):
        with guarded(), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            with contextlib.suppress(ValueError):
                rows = compressor.decompress(changed)
                assert len(rows) >= 1


def signed(compressor, data, rng):
    """Return changed rows with a header that fits them."""
    packer = compressor._packer
    data = data.ljust(_HEADER.size, b"\0")
    _, _, *fields, _, _ = _HEADER.unpack(data[: _HEADER.size])
    if rng.integers(2):
        fields[-1] = int(rng.choice([0, 1, 60, 2**20, 2**63]))
    if rng.integers(2):
        fields[2] = int(rng.integers(256))
    head = [b"\x93SAE", FORMAT, *fields, packer._fingerprint[:8]]
    check = packer._checksum(_HEADER.pack(*head, b""), data[_HEADER.size :])
    return _HEADER.pack(*head, check) + data[_HEADER.size :]


def run(saveable, n_files, tmp_path, guarded, results):
    share = n_files // 5
    run_bytes(saveable, share, tmp_path, guarded)
    read, working = run_trees(saveable, 2 * share, tmp_path, guarded, results)
    assert 0 < working <= read < share
    run_states(saveable, share, guarded, results)
    run_codes(saveable, share, guarded)
    return read, working


def test_changed_files_are_refused_or_work(saveable, tmp_path, guarded, results):
    run(saveable, 1_000, tmp_path, guarded, results)


@pytest.mark.long
def test_twenty_thousand_changed_files(saveable, tmp_path, guarded, results):
    run(saveable, 20_000, tmp_path, guarded, results)
