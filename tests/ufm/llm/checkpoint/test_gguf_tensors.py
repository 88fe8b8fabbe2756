"""Models written as GGUF give the logits that transformers gave for the same weights (tests/data/llm)."""

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file

import ufm.llm
from tests.gguf_files import DATA, stored_model, write_model
from ufm.llm.checkpoint.gguf import GgufFile
from ufm.llm.checkpoint.gguf_tensors import GgufTensors

# float32 in the file: Llama 3's divisors, and the one that is added to Gemma's norms, are rounded to it
TOLERANCE = {"gpt2": 1e-12, "llama3": 1e-6, "mistral": 1e-12, "qwen3": 1e-12, "gemma3": 1e-6}
TOLERANCE |= {"qwen2": 1e-12, "phi3": 1e-12, "gemma2": 1e-6, "olmo2": 1e-12, "granite": 1e-12}
TOLERANCE |= {"gpt_neox": 1e-12}


@pytest.mark.parametrize("family", TOLERANCE)
def test_logits_are_those_of_the_safetensors(family, tmp_path):
    golden = load_file(DATA / family / "golden.safetensors")
    write_model(tmp_path / "model.gguf", *stored_model(family))
    model = ufm.llm.load(tmp_path / "model.gguf", "float64")
    found = np.asarray(model.all_logits(golden["tokens"]))
    assert abs(found - golden["plain.float64"]).max() <= TOLERANCE[family]
    assert model.source.rounding is None
    assert model.source.caveat is None


@pytest.mark.parametrize("fault", ["unpermuted", "norms", "divisors", "by head"])
def test_each_step_of_llama_cpp_matters(fault, tmp_path, monkeypatch):
    """A reader that leaves one of them out is far off."""
    families = {
        "unpermuted": "llama3",
        "norms": "gemma3",
        "divisors": "llama3",
        "by head": "gpt_neox",
    }
    family = families[fault]
    golden = load_file(DATA / family / "golden.safetensors")
    write_model(tmp_path / "model.gguf", *stored_model(family))
    if fault == "divisors":
        keep = GgufFile._read_header

        def forget(self):
            keep(self)
            self.tensors.pop("rope_freqs.weight")

        monkeypatch.setattr(GgufFile, "_read_header", forget)
    else:
        monkeypatch.setattr(
            GgufTensors, "array", lambda self, name: self.file.array(self._names[name])
        )
    model = ufm.llm.load(tmp_path / "model.gguf", "float64")
    found = np.asarray(model.all_logits(golden["tokens"]))
    assert abs(found - golden["plain.float64"]).max() > 1e-2


def test_a_quantised_model_says_what_it_is(tmp_path):
    """Weights within the rounding of 8 bits; the caveat; float32 of the rounded numbers in any dtype."""
    config, state = stored_model("qwen3")
    rng = np.random.default_rng(0)
    # width 32, that rows are of whole blocks
    config = config | {"hidden_size": 32, "intermediate_size": 64, "num_key_value_heads": 4}
    state = {
        name: array
        if array.shape == (8,)
        else 0.2 * rng.normal(size=[{16: 32, 24: 64}.get(n, n) for n in array.shape])
        for name, array in state.items()
    }
    write_model(tmp_path / "model.gguf", config, state, kind=gguf.GGMLQuantizationType.Q8_0)
    model = ufm.llm.load(tmp_path)  # the one GGUF file in a directory
    assert model.source.rounding == "Q8_0"
    assert "weights rounded to 8 bits (GGUF types Q8_0)" in model.source.caveat
    table = state["model.embed_tokens.weight"]
    found = np.asarray(model.params.embedding)
    # half a step of each block of 32, the largest of which is 127 steps; the step itself in 11 bits
    largest = abs(table).reshape(64, 1, 32).max(axis=2)
    assert (abs(found - table) <= largest * (0.5 / 127 + 2**-11)).all()
    assert abs(found - table).max() > 1e-4
    exact = ufm.llm.load(tmp_path / "model.gguf", "float64")
    assert np.array_equal(np.asarray(exact.params.embedding), found.astype(np.float64))
    assert exact.source.fingerprint == model.source.fingerprint


def test_a_fingerprint_tells_files_apart(tmp_path):
    config, state = stored_model("gpt2")
    write_model(tmp_path / "a.gguf", config, state)
    write_model(tmp_path / "b.gguf", config, state)
    state["transformer.wte.weight"] = state["transformer.wte.weight"] + 1
    write_model(tmp_path / "c.gguf", config, state)
    a, b, c = (GgufFile(tmp_path / f"{name}.gguf").fingerprint() for name in "abc")
    assert a == b != c


def test_a_fingerprint_knows_the_size_of_a_large_file(tmp_path, monkeypatch):
    monkeypatch.setattr("ufm.llm.checkpoint.gguf.FINGERPRINT_BYTES", 0)
    path, longer = tmp_path / "a.gguf", tmp_path / "b.gguf"
    write_model(path, *stored_model("gpt2"))
    longer.write_bytes(path.read_bytes() + bytes(1))
    assert GgufFile(path).fingerprint() != GgufFile(longer).fingerprint()


CONFIG, STATE = stored_model("qwen3")
WITHOUT = {name: array for name, array in STATE.items() if "layers.1.mlp.up_proj" not in name}
NOT_FINITE = STATE | {"model.norm.weight": np.full(16, np.nan)}
WRONG_TENSORS = [
    (WITHOUT, {}, r"model.gguf: tensor layers.1.mlp.up_proj.weight is missing"),
    (
        STATE,
        {"intermediate_size": 20},
        "ffn_gate.weight has shape (24, 16); the metadata asks for (20",
    ),
    (NOT_FINITE, {}, "output_norm.weight"),
]


@pytest.mark.parametrize(("state", "change", "message"), WRONG_TENSORS)
def test_wrong_tensors_are_named(state, change, message, tmp_path):
    write_model(tmp_path / "model.gguf", CONFIG | change, state)
    with pytest.raises(ValueError, match=r"model\.gguf") as error:
        ufm.llm.load(tmp_path / "model.gguf")
    assert message in str(error.value)


def test_an_unknown_tensor_is_named(tmp_path):
    def add(writer):
        writer.add_tensor("blk.0.attn_sinks.weight", np.zeros(4, np.float32))

    write_model(tmp_path / "model.gguf", CONFIG, STATE, add)
    with pytest.raises(ValueError, match=r"model.gguf: tensor blk.0.attn_sinks.weight is unknown"):
        ufm.llm.load(tmp_path / "model.gguf")
