"""Files of steering vectors in the tools they are written for: torch, transformers, lm-eval, llama.cpp."""

import json
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

import ufm.llm
from tests.gguf_files import write_model
from tests.oracle import llama_cpp
from tests.oracle.tiny_models import D, N, V, make, steered_logits
from ufm.app.printing.snippets import transformers_lines

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "vectors.md"

rng = np.random.default_rng(20261)
TOKENS = rng.integers(3, V, size=12)
VECTOR = (rng.normal(size=D) / D**0.5).astype(np.float32)
ALPHAS = (-7.0, 0.5, 2.0, 100.0)
# Of probabilities in float32; the figure on a real model.
TOLERANCE = 2.3e-6
# Kinds of models, and what transformers calls their blocks below `base_model`.
HOOKS = dict.fromkeys(["llama3", "mistral", "qwen3", "gemma3"], "layers")
HOOKS |= {"gpt2": "h", "opt": "decoder.layers", "gemma3-vision": "language_model.layers"}


def softmax(logits):
    wide = np.asarray(logits, np.float64)
    weights = np.exp(wide - wide.max())
    return weights / weights.sum()


def total_variation(a, b):
    return abs(softmax(a) - softmax(b)).sum() / 2


@pytest.fixture(scope="module", params=HOOKS)
def tiny(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp(request.param)
    theirs = make(request.param, directory)
    return theirs, ufm.llm.load(directory), HOOKS[request.param]


def ours(model, alpha, layer):
    return model.logits(TOKENS, alpha, vector=VECTOR, layer=layer)


FIVE_LINES, SEVERAL_BLOCKS = (
    part.split("```", 1)[0] for part in DOCUMENTATION.read_text().split("```python\n")[1:3]
)


def check_lines(lines, names, mine, alpha, layer):
    """The lines steer the model in `names` as ours is steered, and say how to stop."""
    exec(lines, names)
    with torch.no_grad():
        theirs = names["model"](torch.as_tensor(TOKENS)[None]).logits[0, -1].numpy()
    names["handle"].remove()
    difference = abs(softmax(theirs) - softmax(ours(mine, alpha, layer))).max()
    assert difference <= TOLERANCE, (layer, alpha)
    assert total_variation(theirs, mine.logits(TOKENS)) > 100 * TOLERANCE


def test_the_five_lines_of_the_documentation(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(FIVE_LINES.splitlines()) == 5
    model, mine, name = tiny
    for layer in range(N):
        for alpha in ALPHAS:
            vector = ufm.llm.ControlVector({layer: VECTOR}, alpha)
            ufm.llm.write_vector(vector, "vector.pt", hook=name)
            names = {"torch": torch, "model": model}
            check_lines(FIVE_LINES, names, mine, alpha, layer)


def test_the_lines_for_several_blocks_of_the_documentation(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model, mine, name = tiny
    vector = ufm.llm.ControlVector({0: VECTOR, 2: -VECTOR}, 3.0)
    ufm.llm.write_vector(vector, "vector.pt", hook=name)
    names = {"torch": torch, "model": model}
    exec(SEVERAL_BLOCKS, names)
    assert len(names["handles"]) == 2
    with torch.no_grad():
        theirs = model(torch.as_tensor(TOKENS)[None]).logits[0, -1].numpy()
    for handle in names["handles"]:
        handle.remove()
    both = ufm.llm.Steering(np.stack([VECTOR, -VECTOR]), (0, 2))
    want = np.asarray(ufm.llm.steered_logits(mine, TOKENS, both, [3.0]))[0]
    assert abs(softmax(theirs) - softmax(want)).max() <= TOLERANCE
    assert total_variation(theirs, mine.logits(TOKENS)) > 100 * TOLERANCE


def test_the_lines_that_ufm_strength_prints(tiny, tmp_path):
    model, mine, _ = tiny
    path = tmp_path / "v.safetensors"
    for layer in range(N):
        for alpha in ALPHAS:
            ufm.llm.write_vector(ufm.llm.ControlVector({layer: VECTOR}, alpha), path)
            lines = transformers_lines(path, alpha, layer, mine.config)
            assert len(lines) == 5
            names = {"safetensors": safetensors, "model": model}
            check_lines("\n".join(lines), names, mine, alpha, layer)


def test_lm_eval_reads_the_file_and_adds_the_vector(tiny, tmp_path):
    """The keys that `SteeredModel` of lm_eval 0.4.13 reads, used as it uses them, with two blocks at once."""
    model, mine, name = tiny
    vector = ufm.llm.ControlVector({0: VECTOR, 2: -VECTOR}, 3.0)
    ufm.llm.write_vector(vector, tmp_path / "steer.pt", hook=name)
    steps = {}
    for weights_only in (True, False):
        for hook, entry in torch.load(tmp_path / "steer.pt", weights_only=weights_only).items():
            assert entry["action"] == "add"
            assert entry.get("bias") is None
            assert entry.get("head_index") is None
            v = entry["steering_vector"].to("cpu").to(model.dtype)
            steps[hook] = v * float(entry.get("steering_coefficient", 1.0))
    modules = {n: m for n, m in model.base_model.named_modules() if n in steps}
    assert list(modules) == [f"{name}.0", f"{name}.2"]

    def hook_of(step):
        def hook(module, given, out):
            return (out[0] + step, *out[1:]) if isinstance(out, tuple) else out + step

        return hook

    handles = [m.register_forward_hook(hook_of(steps[n])) for n, m in modules.items()]
    with torch.no_grad():
        theirs = model(torch.as_tensor(TOKENS)[None]).logits[0, -1].numpy()
    for handle in handles:
        handle.remove()
    # two blocks are steered in transformers alone: by the tests' own hook at 2 over the file's at 0
    handle = modules[f"{name}.0"].register_forward_hook(hook_of(steps[f"{name}.0"]))
    want = steered_logits(model, TOKENS, steer=(2, -3.0, VECTOR, "all", "residual"))[0, -1]
    handle.remove()
    np.testing.assert_allclose(theirs, want, atol=1e-6)
    assert total_variation(theirs, mine.logits(TOKENS)) > 0.01


def test_arrays_and_the_papers_format_load_in_torch(tmp_path):
    vector = ufm.llm.ControlVector({1: VECTOR}, 2.0, model="gpt2", about={"concept": "Joy x"})
    ufm.llm.write_vector(vector, tmp_path / "rows.pt", "rows", blocks=N)
    rows = torch.load(tmp_path / "rows.pt", weights_only=True)
    assert rows.shape == (N, D)
    np.testing.assert_array_equal(rows[1], 2 * VECTOR)
    ufm.llm.write_vector(vector, tmp_path / "layer_1.pt", "paper")
    found = torch.load(tmp_path / "layer_1.pt", weights_only=True)
    np.testing.assert_array_equal(found.pop("steering_vector"), 2 * VECTOR)
    want = {"model": "gpt2", "concept": "Joy x", "concept_slug": "joy_x"}
    assert found == want | {"layer_idx": 1, "hidden_size": D}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_what_torch_saves_is_read(tmp_path, protocol):
    whole = torch.as_tensor(np.outer([0, 1, 0, 2], VECTOR))
    base = torch.randn(D, 9)
    kinds = {
        "float64": whole,
        "float32": whole.float(),
        "half": whole.half(),
        "bfloat16": whole.bfloat16(),
        "parameter": torch.nn.Parameter(whole),
        "view": base.T[2:6],
    }
    for name, tensor in kinds.items():
        torch.save(tensor, tmp_path / "v.pt", pickle_protocol=protocol)
        want = {k: v for k, v in enumerate(tensor.detach().double().numpy()) if v.any()}
        found = ufm.llm.read_vector(tmp_path / "v.pt")
        assert found.layers == tuple(want), name
        for layer, v in want.items():
            np.testing.assert_array_equal(found.directions[layer], v)
    entry = {"steering_vector": whole[1:2], "steering_coefficient": 2, "action": "add"}
    value = OrderedDict({"layers.7": entry | {"bias": None, "head_index": None}})
    torch.save(value, tmp_path / "v.pt", pickle_protocol=protocol)
    found = ufm.llm.read_vector(tmp_path / "v.pt")
    assert (found.layers, found.alpha) == ((7,), 2.0)
    # the paper's own code
    value = {"model": "openai-community/gpt2", "concept": "joy", "concept_slug": "joy"}
    value |= {
        "layer_idx": 5,
        "hidden_size": D,
        "steering_vector": whole[1],
        "tensor_parallel_size": 1,
    }
    torch.save(value, tmp_path / "layer_5.pt", pickle_protocol=protocol)
    found = ufm.llm.read_vector(tmp_path / "layer_5.pt")
    assert (found.layers, found.model) == ((5,), "openai-community/gpt2")
    assert found.about == {"concept": "joy"}


def test_what_is_more_than_tensors_is_refused(tmp_path):
    for value, named in [
        (torch.nn.Linear(2, 2), "torch.nn.modules.linear.Linear"),
        ({"vector": np.ones(3)}, "numpy"),
        (torch.ones(2, 3, dtype=torch.int64), "torch.LongStorage"),
    ]:
        torch.save(value, tmp_path / "v.pt")
        with pytest.raises(ValueError, match=named) as caught:
            ufm.llm.read_vector(tmp_path / "v.pt")
        assert "\n" not in str(caught.value)
    torch.save(torch.ones(2), tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(ValueError, match="bare pickle"):
        ufm.llm.read_vector(tmp_path / "old.pt")
    (tmp_path / "bare.pkl").write_bytes(pickle.dumps(torch.ones(2)))
    with pytest.raises(ValueError, match="bare pickle"):
        ufm.llm.read_vector(tmp_path / "bare.pkl")


def test_llama_cpp_adds_direction_n_after_block_n(tmp_path):
    """Total variation is small at the right block, and large one block off: of the numbering."""
    model = make("llama2", tmp_path / "hf")
    mine = ufm.llm.load(tmp_path / "hf")
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    config = json.loads((tmp_path / "hf" / "config.json").read_text())
    write_model(tmp_path / "model.gguf", config, state, lambda w: w.add_tokenizer_model("none"))
    # llama.cpp keeps keys and values in float16
    limit, far = 2e-3, 0.05
    theirs = llama_cpp.logits(tmp_path / "model.gguf", TOKENS, V)
    assert total_variation(theirs, mine.logits(TOKENS)) < limit
    for layer in range(1, N):
        for alpha in (-7.0, 2.0, 7.0):
            path = tmp_path / "vector.gguf"
            ufm.llm.write_vector(ufm.llm.ControlVector({layer: VECTOR}, alpha), path)
            theirs = llama_cpp.logits(tmp_path / "model.gguf", TOKENS, V, path, N, D)
            at = {k: total_variation(theirs, ours(mine, alpha, k)) for k in range(N)}
            assert at[layer] < limit, (layer, alpha, at)
            assert min(v for k, v in at.items() if abs(k - layer) == 1) > far, (layer, alpha, at)
