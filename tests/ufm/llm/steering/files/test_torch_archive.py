"""Files of torch.save without torch: what is read, and that nothing in them is run."""

import collections
import os
import pickle
import pickletools
import re
import subprocess
import zipfile

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import ufm.llm
from ufm.llm.steering.files.torch_archive import archive_bytes, read_archive

NUMBERS = np.arange(6, dtype=np.float32).reshape(2, 3)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**31), 2**31 - 1),
    st.floats(allow_nan=False),
    st.text(),
)
VALUES = st.recursive(LEAVES, lambda inner: st.dictionaries(st.text(), inner, max_size=3))


def archive(path, program, data=(), compression=zipfile.ZIP_STORED, order=b"little"):
    with zipfile.ZipFile(path, "w", compression) as out:
        out.writestr("archive/data.pkl", program)
        out.writestr("archive/byteorder", order)
        for key, content in enumerate(data):
            out.writestr(f"archive/data/{key}", content)


@given(value=VALUES)
@settings(max_examples=50)
def test_python_reads_the_pickle_that_is_written(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "value.pt"
    path.write_bytes(archive_bytes(value))
    with zipfile.ZipFile(path) as found:
        assert pickle.loads(found.read("archive/data.pkl")) == value
        assert {info.compress_type for info in found.infolist()} == {zipfile.ZIP_STORED}
    assert read_archive(path) == value


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_come_back_bit_for_bit(tmp_path, dtype):
    value = {"a": NUMBERS.astype(dtype) / 7, "b": {"c": np.ones(1, dtype)}}
    value["t"] = value["a"].T
    (tmp_path / "v.pt").write_bytes(archive_bytes(value))
    found = read_archive(tmp_path / "v.pt")
    for name in ("a", "t"):
        assert found[name].dtype == dtype
        np.testing.assert_array_equal(found[name], value[name])
    assert found["b"]["c"] == 1


def test_containers_of_every_protocol(tmp_path):
    value = {
        "list": [1, [2.5, "x"]],
        "tuple": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)),
        "é": None,
    }
    value["same"] = value["list"]
    for protocol in (2, 3, 4, 5):
        archive(tmp_path / "v.pt", pickle.dumps(value, protocol))
        assert read_archive(tmp_path / "v.pt") == value
    archive(tmp_path / "v.pt", pickle.dumps(collections.OrderedDict(a=1), 4))
    assert read_archive(tmp_path / "v.pt") == {"a": 1}


class Runs:
    """Unpickled, it makes a file."""

    def __init__(self, call, *arguments):
        self.reduced = call, arguments

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("where", ["alone", "vector", "strength", "key"])
def test_a_payload_is_refused_and_does_not_run(tmp_path, protocol, where):
    mark = tmp_path / "ran"
    calls = {
        "posix.system": Runs(os.system, f"touch {mark}"),
        "subprocess.Popen": Runs(subprocess.Popen, ["touch", str(mark)]),
        "builtins.eval": Runs(eval, f"open({str(mark)!r}, 'w')"),
    }
    for name, payload in calls.items():
        entry = {"steering_vector": payload if where == "vector" else 1.0, "action": "add"}
        value = {
            "layers.1": entry | ({"steering_coefficient": payload} if where == "strength" else {})
        }
        value = {"alone": payload, "key": {(payload, 1): 2}}.get(where, value)
        archive(
            tmp_path / "v.pt", pickle.dumps(value, protocol).replace(b"__builtin__", b"builtins")
        )
        (tmp_path / "bare.pt").write_bytes(pickle.dumps(value, protocol))
        for file, message in [
            ("v.pt", "which is no tensor and might run any code"),
            ("bare.pt", "bare"),
        ]:
            with pytest.raises(ValueError, match=message) as caught:
                ufm.llm.read_vector(tmp_path / file)
            assert "\n" not in str(caught.value)
            assert file != "v.pt" or name.split(".")[1] in str(caught.value)
        assert not mark.exists()
    # the payload is one: where it is unpickled it runs
    pickle.loads(pickle.dumps(calls["posix.system"]))
    assert mark.exists()


def tensor(*, key="0", count=6, storage="FloatStorage", offset=0, shape=(2, 3), strides=(3, 1)):
    """The program that torch writes for one tensor, with one thing changed."""
    program = pickletools.optimize(pickle.dumps(("storage", "TYPE", key, "cpu", count), 2))[2:-1]
    named = f"ctorch\n{storage}\n".encode()
    program = program.replace(b"X\x04\x00\x00\x00TYPE", named)
    rest = pickletools.optimize(pickle.dumps([offset, shape, strides, False], 2))[4:-2]
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + program + b"Q" + rest + b"}tR."


def test_the_program_of_the_test_is_a_tensor(tmp_path):
    for how in ({}, {"strides": (1, 2)}, {"shape": (5,), "strides": (1,), "offset": 1}):
        archive(tmp_path / "v.pt", tensor(**how), [NUMBERS.tobytes()])
        want = np.lib.stride_tricks.as_strided(
            NUMBERS.ravel()[how.get("offset", 0) :],
            how.get("shape", (2, 3)),
            [4 * n for n in how.get("strides", (3, 1))],
        )
        np.testing.assert_array_equal(read_archive(tmp_path / "v.pt"), want)


BAD = [
    ({"count": 7}, "storage 0 holds 6 numbers, not 7"),
    ({"key": "1"}, "archive/data/1"),
    ({"storage": "LongStorage"}, "names torch.LongStorage"),
    ({"storage": "QInt8Storage"}, "names torch.QInt8Storage"),
    ({"shape": (2, 4)}, "leaves its storage of 6 numbers"),
    ({"offset": 1}, "leaves its storage of 6 numbers"),
    ({"shape": (10**9, 10**9), "strides": (0, 0)}, "leaves its storage of 6 numbers"),
    ({"strides": (3,)}, "cannot be"),
    ({"strides": (-3, 1)}, "cannot be"),
    ({"offset": -1}, "cannot be"),
    ({"shape": (2.0, 3)}, "cannot be"),
    ({"shape": (0, 3)}, "cannot be"),
    ({"offset": None}, "in a way that makes no tensor"),
    ({"key": 0}, "describes no storage"),
]


@pytest.mark.parametrize(("how", "message"), BAD)
def test_a_tensor_that_cannot_be_is_refused(tmp_path, how, message):
    archive(tmp_path / "v.pt", tensor(**how), [NUMBERS.tobytes()])
    with pytest.raises(ValueError, match=re.escape(message)):
        read_archive(tmp_path / "v.pt")


PROGRAMS = [
    (b"\x80\x02", "it is no file of torch.save"),
    (b"\x80\x02}", "it is no file of torch.save"),
    (b"\x80\x02.", "it is no file of torch.save"),
    (b"\x80\x02h\x05.", "it is no file of torch.save"),  # not in the memo
    (b"\x80\x02}a.", "it is no file of torch.save"),  # append to nothing
    (b"\x80\x02K\x01K\x02a.", "it is no file of torch.save"),  # append to a number
    (b"\x80\x02]]K\x01s.", "it is no file of torch.save"),  # a key that cannot be hashed
    (b"(S'touch ran'\niposix\nsystem\n.", "uses the opcode STRING"),
    (b"(X\x01\x00\x00\x00aiposix\nsystem\n.", "uses the opcode INST"),
    (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "uses the opcode NEWOBJ"),
    (b"\x80\x02ccollections\nOrderedDict\n)R}b.", "uses the opcode BUILD"),
    (b"\x80\x02\x8b\xff\xff\xff\x7f.", "it is no file of torch.save"),
    (b"\x80\x02K\x01r\xff\xff\xff\xff.", None),  # a memo of 2³² entries costs nothing
    (b"\x80\x02ccollections\nOrderedDict\nK\x01\x85R.", "in a way that makes no tensor"),
    (b"\x80\x02K\x01)R.", "in a way that makes no tensor"),
]


@pytest.mark.parametrize(("program", "message"), PROGRAMS)
def test_a_program_that_makes_no_tensor(tmp_path, program, message):
    archive(tmp_path / "v.pt", program)
    if message is None:
        assert read_archive(tmp_path / "v.pt") == 1
        return
    with pytest.raises(ValueError, match=re.escape(message)):
        read_archive(tmp_path / "v.pt")


def test_archives_that_torch_does_not_write(tmp_path):
    archive(tmp_path / "v.pt", pickle.dumps(1), compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="is compressed"):
        read_archive(tmp_path / "v.pt")
    archive(tmp_path / "v.pt", pickle.dumps(1), order=b"big")
    with pytest.raises(ValueError, match="byte order is b'big'"):
        read_archive(tmp_path / "v.pt")
    with zipfile.ZipFile(tmp_path / "v.pt", "w") as out:
        out.writestr("other", b"")
    with pytest.raises(ValueError, match=r"it holds no data\.pkl"):
        read_archive(tmp_path / "v.pt")
    for value in ({"a": 1}, 3, {"layers.1": {"action": "add"}}, []):
        archive(tmp_path / "v.pt", pickle.dumps(value, 2))
        with pytest.raises(ValueError, match="it is neither a tensor, nor what lm-eval"):
            ufm.llm.read_vector(tmp_path / "v.pt")


ENTRY = {"steering_vector": NUMBERS[1], "steering_coefficient": 2.0, "action": "add"}
LM_EVAL = [
    ({"layers.1": {**ENTRY, "action": "clamp"}}, "layers.1: action 'clamp' is no sum"),
    ({"layers.1": {**ENTRY, "bias": NUMBERS[0]}}, "it has a bias or a head"),
    ({"layers.1": {**ENTRY, "head_index": 3}}, "it has a bias or a head"),
    (
        {"layers.1": {**ENTRY, "steering_coefficient": "2"}},
        "steering_coefficient = '2' is no number",
    ),
    ({"layers.1": {**ENTRY, "steering_vector": "x"}}, "steering_vector is no tensor"),
    ({"layers.1.mlp": ENTRY}, "hook 'layers.1.mlp' is not the output of a block"),
    ({"layers.1": ENTRY, "h.2": ENTRY}, "it hooks modules of several kinds: h, layers"),
    ({"layer_idx": "1", "steering_vector": NUMBERS[1]}, "layer_idx = '1' must be a whole number"),
    ({"layer_idx": 1, "steering_vector": 2}, "steering_vector is no tensor"),
]


@pytest.mark.parametrize(("value", "message"), LM_EVAL)
def test_what_another_tool_would_do_otherwise_is_refused(tmp_path, value, message):
    (tmp_path / "v.pt").write_bytes(archive_bytes(value))
    with pytest.raises(ValueError, match=re.escape(message)):
        ufm.llm.read_vector(tmp_path / "v.pt")


def test_variants_of_lm_eval(tmp_path):
    two = {"steering_coefficient": -1, "steering_vector": NUMBERS[:1]}
    value = {"language_model.layers.1": ENTRY, "language_model.layers.3": {**ENTRY, **two}}
    (tmp_path / "v.pt").write_bytes(archive_bytes(value))
    found = ufm.llm.read_vector(tmp_path / "v.pt")
    # one strength a vector: several are multiplied in
    assert (found.alpha, found.about) == (1.0, {"hook": "language_model.layers"})
    np.testing.assert_array_equal(found.directions[1], 2 * NUMBERS[1])
    np.testing.assert_array_equal(found.directions[3], -NUMBERS[0])
    (tmp_path / "v.pt").write_bytes(
        archive_bytes({"h.1": {"steering_vector": NUMBERS[1], "action": "add"}})
    )
    assert ufm.llm.read_vector(tmp_path / "v.pt").alpha == 1.0
