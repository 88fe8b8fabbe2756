"""The format GGUF: every type of tensor and of value, and files that are no GGUF."""

import struct

import gguf
import numpy as np
import pytest

from tests.gguf_files import finish
from ufm.llm.checkpoint import gguf as reader
from ufm.llm.checkpoint.gguf import GgufFile

KINDS = ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]
K_QUANTS = ["Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]


def write(path, add):
    writer = gguf.GGUFWriter(path, "llama")
    add(writer)
    finish(writer)
    return path


@pytest.mark.parametrize("kind", KINDS + K_QUANTS)
def test_tensors_of_every_type(kind, tmp_path, monkeypatch):
    """As `gguf.GGUFReader` and `gguf.dequantize` read the whole of it; here it is read in pieces."""
    rng = np.random.default_rng(KINDS.index(kind) if kind in KINDS else 99)
    known = gguf.GGMLQuantizationType[kind]
    block, size = gguf.GGML_QUANT_SIZES[known]
    if kind in K_QUANTS:  # the package does not write these: bytes, with scales that are finite
        rows = rng.integers(0, 60, (10, 512 // block * size), np.uint8)
    else:
        rows = gguf.quantize(rng.normal(size=(10, 512)).astype(np.float32), known)
    before, after = rng.normal(size=7).astype(np.float32), np.arange(5, dtype=np.float32)

    def add(writer):
        writer.add_tensor("before", before)
        writer.add_tensor("matrix", rows, raw_dtype=known)
        writer.add_tensor("after", after)

    monkeypatch.setattr(reader, "_PIECE", 3 * 512)
    path = write(tmp_path / "t.gguf", add)
    file = GgufFile(path)
    found = file.array("matrix")
    assert found.dtype == np.float32
    assert found.shape == (10, 512)
    theirs = gguf.GGUFReader(path).tensors[1]
    assert np.array_equal(found, gguf.dequantize(theirs.data, theirs.tensor_type))
    assert found.std() > 0
    assert np.array_equal(file.array("before"), before)
    assert np.array_equal(file.array("after"), after)
    assert file.rounding == (None if kind in ("F32", "F16", "BF16") else kind)


def test_a_block_of_q4_1_by_hand(tmp_path):
    """Numbers j and j + 16 of a block share a byte; each is step · nibble + least."""
    nibbles = np.random.default_rng(4).integers(0, 16, 32, np.uint8)
    packed = struct.pack("<ee", 0.25, -1.5) + bytes(nibbles[:16] | nibbles[16:] << 4)
    row = np.frombuffer(packed, np.uint8)[None]
    kind = gguf.GGMLQuantizationType.Q4_1
    path = write(tmp_path / "t.gguf", lambda w: w.add_tensor("m", row, raw_dtype=kind))
    assert np.array_equal(GgufFile(path).array("m"), 0.25 * nibbles[None] - 1.5)


def test_a_type_that_is_not_read_is_named(tmp_path):
    path = write(tmp_path / "t.gguf", lambda w: w.add_tensor("t", np.ones(4, np.int16)))
    with pytest.raises(ValueError, match=r"t\.gguf: tensor t is of type I16, which is not read"):
        GgufFile(path).array("t")


def test_roundings_are_named_the_most_frequent_first(tmp_path):
    def add(writer):
        for name, kind in zip("abcd", ("Q8_0", "Q4_1", "F16", "Q4_1"), strict=True):
            known = gguf.GGMLQuantizationType[kind]
            rows = gguf.quantize(np.ones((2, 32), np.float32), known)
            writer.add_tensor(name, rows, raw_dtype=known)

    assert GgufFile(write(tmp_path / "t.gguf", add)).rounding == "Q4_1, Q8_0"


VALUES = {
    "uint8": 200, "int8": -7, "uint16": 60_000, "int16": -300, "uint32": 4_000_000_000,
    "int32": -70_000, "float32": 0.1, "uint64": 2**60, "int64": -(2**60), "float64": 0.1, "bool": True,
    "string": "a ▁ b",
}  # fmt: skip


def test_values_of_every_type(tmp_path):
    def add(writer):
        for kind, value in VALUES.items():
            getattr(writer, f"add_{kind}")(f"x.{kind}", value)
        writer.add_array("x.texts", ["", "é", "\n"])
        writer.add_array("x.numbers", [3, -1, 2])
        writer.add_array("x.flags", [True, False])
        writer.add_array("x.shares", [0.5, -2.0])

    found = GgufFile(write(tmp_path / "t.gguf", add)).metadata
    for kind, value in VALUES.items():
        want = float(np.float32(value)) if kind == "float32" else value
        assert found[f"x.{kind}"] == want
        assert type(found[f"x.{kind}"]) is type(value)
    assert found["x.texts"] == ["", "é", "\n"]
    assert found["x.numbers"] == [3, -1, 2]
    assert found["x.flags"] == [True, False]
    assert found["x.shares"] == [0.5, -2.0]


def header(keys=0, tensors=0, version=3):
    return b"GGUF" + struct.pack("<IQQ", version, tensors, keys)


def text(value):
    return struct.pack("<Q", len(value)) + value


TENSOR = text(b"t") + struct.pack("<IQI", 1, 32, 0) + struct.pack("<Q", 0)
WRONG = [
    (b"GGML" + bytes(20), "is not a GGUF file"),
    (header(version=1), "is of GGUF version 1; known are 2 and 3"),
    (header(keys=1), "is corrupt or cut short"),
    (header(keys=1) + struct.pack("<Q", 2**40), "is corrupt or cut short"),
    (header(keys=1) + text(b"\xff\xff"), "is corrupt or cut short"),
    (header(keys=1) + text(b"a") + struct.pack("<I", 77), "key a is of the unknown type 77"),
    (
        header(keys=1) + text(b"a") + struct.pack("<IIQ", 9, 9, 1),
        "key a is a list of the unknown type 9",
    ),
    (header(keys=1) + text(b"a") + struct.pack("<IIQ", 9, 4, 2**60), "is corrupt or cut short"),
    (header(keys=2) + 2 * (text(b"a") + struct.pack("<IB", 0, 1)), "key a is there twice"),
    (header(tensors=1) + TENSOR, "is cut short: tensor t lies beyond its end"),
    (header(tensors=2) + 2 * TENSOR + bytes(300), "tensor t is there twice"),
    (
        header(tensors=1) + text(b"t") + struct.pack("<IQIQ", 1, 32, 99, 0),
        "tensor t has the unknown type 99",
    ),
    (
        header(tensors=1) + text(b"t") + struct.pack("<IQIQ", 1, 33, 3, 0),
        "rows of 33 in tensor t are no multiple of the 32 in a block of Q4_1",
    ),
    (header(tensors=1) + text(b"t") + struct.pack("<IIQ", 0, 0, 0), "tensor t has shape ()"),
    (
        header(keys=1) + text(b"split.count") + struct.pack("<IH", 2, 3),
        "is one of 3 parts: join them with `llama-gguf-split --merge`",
    ),
    (
        header(keys=1) + text(b"general.alignment") + struct.pack("<II", 4, 0),
        "general.alignment must be positive; got 0",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("content", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_is_wrong_with_a_file(content, message, tmp_path):
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.gguf") as error:
        GgufFile(path)
    assert message in str(error.value)


def test_a_file_cut_anywhere_in_its_header_is_refused(tmp_path):
    def add(writer):
        writer.add_array("x.texts", ["one", "two"])
        writer.add_tensor("t", np.ones(8, np.float32))

    whole = write(tmp_path / "t.gguf", add).read_bytes()
    for length in range(len(whole)):
        (tmp_path / "cut.gguf").write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"cut\.gguf"):
            GgufFile(tmp_path / "cut.gguf")
