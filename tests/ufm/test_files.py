"""Files are whole or not there, and what was there before stays when a write fails."""

import os
import re

import numpy as np
import pytest

from ufm._files import read_arrays, write_arrays, write_whole


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old")
    full = OSError(28, "No space left on device")

    def fail(_):
        raise full

    for error in (full, KeyboardInterrupt()):
        full = error
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(type(error)):
            write_whole(path, b"new")
        assert path.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [path]
    monkeypatch.undo()
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "file" / "below", tmp_path / "missing" / "below", tmp_path):
        with pytest.raises(OSError, match=re.escape(f"cannot write {path}: ")):
            write_whole(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_arrays_come_back_as_they_were_and_equal_ones_give_equal_files(tmp_path):
    arrays = {"b": np.arange(6.0).reshape(2, 3).T, "a": np.array([True, False])}
    for name in ("one", "two"):
        write_arrays(tmp_path / name, dict(sorted(arrays.items())), {"z": 1, "é": [None]})
    found, about = read_arrays(tmp_path / "one")
    assert about == {"z": 1, "é": [None]}
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
