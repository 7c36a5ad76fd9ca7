"""Files of plain values and arrays."""

import errno
import json
import os
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save

from sklearn_ae import InvalidFileError
from sklearn_ae._persistence import archive
from sklearn_ae._persistence.archive import from_bytes, read_file, to_bytes, write_file

TREE = {
    "nothing": None,
    "flags": [True, False],
    "numbers": (1, -(2**63), 2**64 - 1, 0.1, float("inf"), -0.0),
    "texts": ["", "é\ud800", '"0":{}'],
    3: {"nested": {None: np.float32(0.1), True: ((1, 2), "key")}},
    "arrays": [
        np.arange(6).reshape(2, 3).astype(dtype)
        for dtype in ("float64", "float32", "float16", "int8", "uint64", "bool")
    ],
    "odd": [np.empty((0, 3)), np.array(2.5), np.arange(4)[::-2], np.ones(2, ">f8")],
    "names": [np.array(["a", "bc"], object), np.array([["x", "yz"]])],
    np.int8(4): np.array([np.float32(0.5), None], object),
    "digest": "0" * 64,
}


def same(one, other):
    """Tell whether two trees hold the same, dtypes and types included."""
    if isinstance(one, np.ndarray):
        alike = one.dtype.newbyteorder("=") == other.dtype and one.shape == other.shape
        return alike and one.tolist() == other.tolist()
    if isinstance(one, dict):
        pairs = zip(one.items(), other.items(), strict=True)
        return type(other) is dict and all(same(*pair) for pair in pairs)
    if isinstance(one, list | tuple):
        pairs = zip(one, other, strict=True)
        return type(one) is type(other) and all(same(*pair) for pair in pairs)
    return type(one) is type(other) and repr(one) == repr(other)


def test_trees_come_back_as_they_were():
    assert same(TREE, from_bytes("example", to_bytes("example", TREE)))


def test_loaded_arrays_are_writable():
    array = from_bytes("example", to_bytes("example", np.zeros(2)))
    array += 1
    assert array.tolist() == [1, 1]


def test_same_trees_give_same_bytes():
    assert to_bytes("example", TREE) == to_bytes("example", TREE)


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        {frozenset(): 1},
        {(1, 2): 3},
        2**64,
        np.zeros(2, complex),
        np.zeros(1, "M8[s]"),
        np.longdouble(1),
        np.array([object()]),
    ],
)
def test_errors_name_values_not_plain(value):
    with pytest.raises(TypeError, match=r"example\.part\[1\](\[0\])? must be"):
        to_bytes("example", {"part": [0, value]})


def test_another_kind_is_refused():
    with pytest.raises(InvalidFileError, match="must hold a model, got a example"):
        from_bytes("model", to_bytes("example", TREE))


def test_every_changed_byte_is_found():
    data = to_bytes("example", {"numbers": np.arange(3), "text": "short"})
    for position in range(len(data)):
        for change in (1, 0x80):
            changed = bytearray(data)
            changed[position] ^= change
            with pytest.raises(InvalidFileError):
                from_bytes("example", bytes(changed))


def test_every_cut_and_addition_is_found():
    data = to_bytes("example", np.arange(3))
    for stop in range(len(data)):
        with pytest.raises(InvalidFileError):
            from_bytes("example", data[:stop])
    with pytest.raises(InvalidFileError):
        from_bytes("example", data + b"\0")


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (lambda data: data[:100], "whole and one that sklearn_ae wrote, got 100 bytes"),
        (lambda data: data + b"1", "must be as it was written, got changed bytes"),
        (lambda data: save({}, {"other": ""}), "got something else: 'sklearn_ae'"),
    ],
)
def test_errors_say_what_is_wrong(damage, match):
    with pytest.raises(InvalidFileError, match=match):
        from_bytes("example", damage(to_bytes("example", np.arange(3))))


def test_a_newer_format_is_refused(monkeypatch):
    with monkeypatch.context() as newer:
        newer.setattr(archive, "_FORMAT", 2)
        newer.setattr(archive, "__version__", "9.8")
        data = to_bytes("example", None)
    with pytest.raises(InvalidFileError, match=r"format 1, got 2 of sklearn_ae '9\.8'"):
        from_bytes("example", data)


@pytest.mark.parametrize(
    ("cells", "match"),
    [
        (["<f8", [1], [1.0]], "objects or strings, got float64"),
        (["<U-1", [1], ["a"]], "objects or strings, got <U-1|'<U-1' not understood"),
    ],
)
def test_cells_of_another_kind_are_refused(monkeypatch, cells, match):
    with monkeypatch.context() as foreign:
        cells = {"cells": cells}
        foreign.setattr(archive, "_to_json", lambda *arguments: cells)
        data = to_bytes("example", None)
    with pytest.raises(InvalidFileError, match=match):
        from_bytes("example", data)


COLLIDING = [number * (2**61 - 1) for number in range(1, 30_000)]


@pytest.mark.parametrize("number", ["%d", '{"tuple":[%d]}'])
def test_colliding_keys_are_refused(monkeypatch, number):
    pairs = [f"[{number % key},0]" for key in COLLIDING]
    text = '{"dict":[' + ",".join(pairs) + "]}"
    with monkeypatch.context() as foreign:
        tree = json.loads(text)
        foreign.setattr(archive, "_to_json", lambda *arguments: tree)
        data = to_bytes("example", None)
    with pytest.raises(InvalidFileError, match=r"64 bits|Keys must be strings"):
        from_bytes("example", data)


def test_files_replace_what_was_there(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    write_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_stays_one(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to("file")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_full_disks_keep_the_former_file(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_paths_may_be_bytes(tmp_path):
    write_file(os.fsencode(tmp_path / "file"), b"new")
    assert os.listdir(tmp_path) == ["file"]


def test_who_may_read_a_file_stays(tmp_path):
    path = tmp_path / "file"
    path.touch(0o600)
    write_file(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_was_written_is_read(tmp_path):
    data = to_bytes("example", TREE)
    write_file(tmp_path / "file", data)
    assert read_file(tmp_path / "file") == data


@pytest.mark.parametrize("start", [b"", b"\0" * 8, b"\x89PNG\r\n\x1a\n"])
def test_of_other_files_little_is_read(tmp_path, start):
    path = tmp_path / "file"
    path.write_bytes(start)
    if start:
        os.truncate(path, 2**36)  # of holes: they take no room
    with pytest.raises(InvalidFileError, match="bytes of something else"):
        read_file(path)


def test_files_beyond_memory_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes((64).to_bytes(8, "little"))
    monkeypatch.setattr(os, "fstat", lambda file: SimpleNamespace(st_size=2**62))
    with pytest.raises(InvalidFileError, match="fit into memory"):
        read_file(path)
