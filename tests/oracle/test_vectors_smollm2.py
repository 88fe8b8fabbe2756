"""Files of steering vectors on SmolLM2: llama.cpp on its weights in float32, transformers with five lines."""

from functools import lru_cache

import gguf
import numpy as np
import pytest
import torch
import transformers

import ufm.llm
from tests.gguf_files import finish
from tests.oracle import llama_cpp
from tests.oracle.test_vectors import FIVE_LINES, softmax, total_variation
from ufm.llm.checkpoint.gguf import GgufFile
from ufm.llm.checkpoint.pretrained import pretrained_file

try:
    FILE = pretrained_file("smollm2")
except ValueError as error:
    pytest.skip(str(error), allow_module_level=True)

LAYERS, ALPHAS = (1, 15, 20, 29), (29.0, 100.0)


@pytest.fixture(scope="module")
def smollm2():
    """The model, tokens of a prompt, and vectors of length 1."""
    model, tokenizer = ufm.llm.load("smollm2"), ufm.llm.load_tokenizer("smollm2")
    joy = ["I am so happy and full of joy today!", "What a wonderful morning this is!"]
    plain = ["I am sitting in the office today.", "This is a usual, ordinary morning."]
    sides = [[tokenizer.encode(text) for text in side] for side in (joy, plain)]
    tokens = tokenizer.encode("The valley was quiet, and she wrote to her brother that")
    return model, tokens, ufm.llm.steering_vectors(model, *sides, LAYERS, normalise=True)


@pytest.fixture
def float32_file(tmp_path):
    """The same weights as the package's file, not rounded once more; half a gigabyte."""
    source, path = GgufFile(FILE), tmp_path / "float32.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    for name, add in {
        "embedding_length": writer.add_embedding_length,
        "block_count": writer.add_block_count,
        "feed_forward_length": writer.add_feed_forward_length,
        "attention.head_count": writer.add_head_count,
        "attention.head_count_kv": writer.add_head_count_kv,
        "attention.layer_norm_rms_epsilon": writer.add_layer_norm_rms_eps,
        "rope.dimension_count": writer.add_rope_dimension_count,
        "rope.freq_base": writer.add_rope_freq_base,
        "context_length": writer.add_context_length,
        "vocab_size": writer.add_vocab_size,
    }.items():
        add(source.metadata[f"llama.{name}"])
    writer.add_tokenizer_model("none")
    for name in source.tensors:
        writer.add_tensor(name, source.array(name))
    finish(writer)
    yield path
    path.unlink()


def test_llama_cpp_adds_the_vector_after_the_same_block(smollm2, float32_file, tmp_path):
    model, tokens, vectors = smollm2
    path = tmp_path / "vector.gguf"
    for vector in vectors:
        for alpha in ALPHAS:
            ufm.llm.write_vector(ufm.llm.ControlVector.of(vector, alpha), path)
            theirs = llama_cpp.logits(
                float32_file, tokens, model.vocabulary, path, model.blocks, model.dimension
            )
            # llama.cpp keeps keys and values in float16
            beside = {vector.layer - 1, vector.layer + 1} & set(range(model.blocks))
            steered = {
                k: model.logits(tokens, alpha, vector=vector.values, layer=k)
                for k in (vector.layer, *beside)
            }
            found = {k: total_variation(theirs, logits) for k, logits in steered.items()}
            assert found[vector.layer] <= 1.5e-3, (alpha, found)
            assert min(found[k] for k in beside) > 0.03, (alpha, found)


def test_five_lines_in_transformers(smollm2, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # transformers asks for the same header again and again, seconds each time
    monkeypatch.setattr(gguf, "GGUFReader", lru_cache(gguf.GGUFReader))
    monkeypatch.setattr(gguf, "get_tensor_name_map", lru_cache(gguf.get_tensor_name_map))
    mine, tokens, vectors = smollm2
    where = dict(pretrained_model_name_or_path=FILE.parent, gguf_file=FILE.name)
    model = transformers.AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
    for vector in vectors:
        for alpha in ALPHAS:
            ufm.llm.write_vector(ufm.llm.ControlVector.of(vector, alpha), "vector.pt")
            names = {"torch": torch, "model": model}
            exec(FIVE_LINES, names)
            with torch.no_grad():
                theirs = model(torch.as_tensor(np.array([tokens]))).logits[0, -1].numpy()
            names["handle"].remove()
            ours = mine.logits(tokens, alpha, vector=vector.values, layer=vector.layer)
            difference = abs(softmax(theirs) - softmax(ours)).max()
            # logits of size 40 are good to 1e-4 in the float32 of either program
            assert difference <= 1e-5, (vector.layer, alpha)
