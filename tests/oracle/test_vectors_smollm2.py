"""Files of steering vectors on SmolLM2: llama.cpp on its weights in float32, transformers with five lines."""

import numpy as np
import pytest
import torch
import transformers

import ufm.llm
from tests.oracle import llama_cpp, smollm2
from tests.oracle.test_vectors import FIVE_LINES, softmax, total_variation

LAYERS, ALPHAS = (1, 15, 20, 29), (29.0, 100.0)


@pytest.fixture(scope="module")
def steered():
    """The model, tokens of a prompt, and vectors of length 1."""
    model, tokenizer = ufm.llm.load("smollm2"), ufm.llm.load_tokenizer("smollm2")
    joy = ["I am so happy and full of joy today!", "What a wonderful morning this is!"]
    plain = ["I am sitting in the office today.", "This is a usual, ordinary morning."]
    sides = [[tokenizer.encode(text) for text in side] for side in (joy, plain)]
    tokens = tokenizer.encode("The valley was quiet, and she wrote to her brother that")
    return model, tokens, ufm.llm.steering_vectors(model, *sides, LAYERS, normalise=True)


@pytest.fixture
def float32_file(tmp_path):
    path = tmp_path / "float32.gguf"
    smollm2.write_float32(path)
    yield path
    path.unlink()


def test_llama_cpp_adds_the_vector_after_the_same_block(steered, float32_file, tmp_path):
    model, tokens, vectors = steered
    path = tmp_path / "vector.gguf"
    for vector in vectors:
        for alpha in ALPHAS:
            ufm.llm.write_vector(ufm.llm.ControlVector.of(vector, alpha), path)
            theirs = llama_cpp.logits(
                float32_file, tokens, model.vocabulary, path, model.blocks, model.dimension
            )
            # llama.cpp keeps keys and values in float16
            beside = {vector.layer - 1, vector.layer + 1} & set(range(model.blocks))
            logits = {
                k: model.logits(tokens, alpha, vector=vector.values, layer=k)
                for k in (vector.layer, *beside)
            }
            found = {k: total_variation(theirs, each) for k, each in logits.items()}
            assert found[vector.layer] <= 1.5e-3, (alpha, found)
            assert min(found[k] for k in beside) > 0.03, (alpha, found)


def test_five_lines_in_transformers(steered, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    smollm2.read_header_once(monkeypatch)
    mine, tokens, vectors = steered
    model = transformers.AutoModelForCausalLM.from_pretrained(**smollm2.WHERE, dtype=torch.float32)
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
