"""`ufm vector`: show and convert, what is said, and what is refused in one line."""

import json

import numpy as np
import pytest

import ufm.llm
from tests.command_line import refused, run

V = np.array([0.5, -0.25, 3.0], np.float32)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "v.safetensors"
    about = {"pooling": "last", "note": "\x1b[2J"}
    vector = ufm.llm.ControlVector({0: V, 3: 2 * V}, 2.0, model="gpt2", about=about)
    ufm.llm.write_vector(vector, path)
    return path


def test_show(monkeypatch, capsys, file):
    status, out, err = run(monkeypatch, capsys, "vector", "show", file)
    assert (status, err) == (0, "")
    assert "ufm: 3 entries a block of gpt2; added at all positions, site residual, with str" in out
    assert "block 3: |v| = 6.10328, |αv| = 12.2066" in out
    assert "pooling: last" in out
    assert "\x1b" not in out
    status, out, err = run(monkeypatch, capsys, "vector", "show", file, "--json", "--layers", 3)
    found = json.loads(out)
    assert (status, err, list(found["norms"])) == (0, "", ["3"])
    assert found["norms"]["3"] == pytest.approx(np.linalg.norm(2 * V))
    assert (found["format"], found["alpha"], found["width"]) == ("ufm", 2.0, 3)


def test_convert_says_what_it_cannot_keep(monkeypatch, capsys, file, tmp_path):
    out_file = tmp_path / "v.gguf"
    how = ["--layers", 3, "--alpha", 29]
    status, out, err = run(monkeypatch, capsys, "vector", "convert", file, out_file, *how)
    assert status == 0
    assert "note: α = 29 is multiplied into the directions: the strength to apply is 1\n" in err
    assert "note: the format gguf does not hold note, pooling\n" in err
    assert "gguf: 3 entries a block of gpt2;" in out
    assert "block 3: |v| = 176.995" in out
    np.testing.assert_array_equal(ufm.llm.read_vector(out_file).directions[3], 58 * V)
    how = ["--to", "rows", "--blocks", 6]
    status, _, err = run(
        monkeypatch, capsys, "vector", "convert", out_file, tmp_path / "r.pt", *how
    )
    assert (status, err) == (0, "note: the format rows does not name the model, gpt2\n")
    how = ["--hook", "h", "--layers", 3]
    run(monkeypatch, capsys, "vector", "convert", tmp_path / "r.pt", tmp_path / "e.pt", *how)
    found = ufm.llm.read_vector(tmp_path / "e.pt")
    assert (found.layers, found.about) == ((3,), {"hook": "h"})


REFUSED = [
    (["convert", "{v}", "{d}/v.gguf"], "the format gguf cannot name block 0: its first is 1"),
    (["convert", "{v}", "{d}/v.xyz"], "the end says the format"),
    (["convert", "{v}", "{d}/bad"], "bad exists: name a new file, or delete this one"),
    (["convert", "{v}", "{d}/no/v.gguf"], "is no place for a file"),
    (
        ["convert", "{v}", "{d}/v.pt", "--to", "paper"],
        "the format paper holds one block; choose one of (0, 3)",
    ),
    (
        ["convert", "{v}", "{d}/v.pt", "--positions", "last"],
        "the format lm-eval is read to add at all positions",
    ),
    (["convert", "{v}", "{d}/v.svec", "--alpha", "0"], "the strength must be finite and not 0"),
    (["convert", "{v}", "{d}/v.npy", "--blocks", "0"], "--blocks must be at least 1; got 0"),
    (["convert", "{v}", "{d}/v.npy", "--blocks", "3"], "a direction of block 3, outside 0..2"),
    (["convert", "{v}", "{d}/v.svec", "--layers", "-1"], "--layers are counted from 0; got -1"),
    (["convert", "{v}", "{d}/v.svec", "--layers", "1"], "there is no direction of block 1"),
    (["convert", "{v}", "{d}/v.svec", "--hidden-states"], "rows of a plain array, and this is"),
    (["show", "{d}/none"], "none does not exist"),
    (["show", "{d}"], "is a folder, not a file"),
    (["show", "{d}/bad"], "it is a bare pickle, which can run any code"),
    (["frob"], "frob"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_refused(monkeypatch, capsys, file, tmp_path, arguments, message):
    (tmp_path / "bad").write_bytes(b"\x80\x02}.")
    given = [word.format(v=file, d=tmp_path) for word in arguments]
    refused(monkeypatch, capsys, message, "vector", *given)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "v.safetensors"]


def test_without_gguf_one_line_says_what_to_install(monkeypatch, capsys, file, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "gguf", None)
    how = ["vector", "convert", file, tmp_path / "v.gguf", "--layers", 3]
    refused(monkeypatch, capsys, "language models need gguf: pip install 'ufm[llm]'", *how)
