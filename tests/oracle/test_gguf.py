"""GGUF files against transformers: its models of the same weights, and its own reader of such files."""

from dataclasses import replace

import jax
import numpy as np
import pytest
import transformers

import ufm.llm
from tests.gguf_files import ARCHITECTURES, write_model
from tests.oracle import llama_cpp, reference
from tests.oracle.test_decoder import TOKENS, VECTOR
from tests.oracle.tiny_models import _GPT2, _HEADS, CONFIGS, V, make, randomise, steered_logits
from ufm.llm.checkpoint.families import FAMILIES
from ufm.llm.checkpoint.gguf import GgufFile
from ufm.llm.checkpoint.gguf_settings import gguf_settings
from ufm.llm.checkpoint.gguf_tensors import GgufTensors

# As the decoder itself against transformers (test_decoder.py); logits are of order one.
TOLERANCE = 5e-6
# llama.cpp keeps no scale of attention but 1/√head_dim, and no activation, n_inner or scale by depth.
WRITTEN = [
    "gpt2",
    "gpt_neox",
    "llama2",
    "llama3",
    "llama-biased",
    "mistral",
    "mistral-unlimited",
    "qwen3",
]
# What transformers' reader gets right: it forgets Llama 3's divisors, the head_dim of Qwen3, windows, and
# the positions and vocabulary of a GPT-2 that are not the published ones.
READ_BY_TRANSFORMERS = {
    "gpt2": lambda: transformers.GPT2Config(**_GPT2 | {"n_positions": 1024, "vocab_size": 50257}),
    "llama2": CONFIGS["llama2"],
    "mistral": CONFIGS["mistral-unlimited"],
}
FACTORS = dict(short_factor=[1.0, 1.5, 2.0], long_factor=[2.0, 3.0, 4.0])
OTHERS = {
    "qwen2": lambda: transformers.Qwen2Config(**_HEADS),
    "gemma2": lambda: transformers.Gemma2Config(**_HEADS, head_dim=8, query_pre_attn_scalar=8),
    "gemma3": lambda: transformers.Gemma3TextConfig(
        **_HEADS,
        head_dim=8,
        query_pre_attn_scalar=8,
        sliding_window=4,
        final_logit_softcapping=2.0,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    ),
    "olmo2": CONFIGS["olmo2"],
    "granite": CONFIGS["granite"],
    "smollm3": lambda: transformers.SmolLM3Config(**_HEADS | {"num_hidden_layers": 4}),
    "phi3": lambda: transformers.Phi3Config(
        **_HEADS,
        rope_parameters=dict(
            rope_type="longrope", rope_theta=1e4, partial_rotary_factor=1.0, **FACTORS
        ),
        original_max_position_embeddings=64,
    ),
}


def to_gguf(model, path):
    state = {k: v.detach().float().numpy() for k, v in model.state_dict().items()}
    write_model(path, model.config.to_dict(), state)


def random_model(config):
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    randomise(model, seed=7)
    return model


@pytest.mark.parametrize("name", WRITTEN)
def test_logits_are_those_of_the_model_that_was_written(name, tmp_path):
    theirs = make(name, tmp_path / "safetensors")
    to_gguf(theirs, tmp_path / "model.gguf")
    ours = ufm.llm.load(tmp_path)
    plain = steered_logits(theirs, TOKENS)[0]
    assert plain.std() > 0.3
    assert abs(np.asarray(ours.all_logits(TOKENS)) - plain).max() <= TOLERANCE
    steer = (1, 2.0, VECTOR, "all", "residual")
    want = steered_logits(theirs, TOKENS, steer=steer)[0]
    found = ours.all_logits(TOKENS, 2.0, vector=VECTOR, layer=1)
    assert abs(np.asarray(found) - want).max() <= TOLERANCE
    if name != "llama3":  # whose divisors are stored in float32
        same = ufm.llm.load(tmp_path / "safetensors").all_logits(TOKENS)
        assert np.array_equal(same, ours.all_logits(TOKENS))


@pytest.mark.parametrize("is_parallel", [True, False])
def test_llama_cpp_reads_the_same_gpt_neox(is_parallel, tmp_path, monkeypatch):
    """Which transformers' reader does not know: whole heads, and the two in turn, would be far off."""
    plain = CONFIGS["gpt_neox"]
    monkeypatch.setitem(CONFIGS, "in turn or not", lambda: _in_turn(plain(), not is_parallel))
    theirs = make("in turn or not", tmp_path / "safetensors")
    state = {k: v.detach().float().numpy() for k, v in theirs.state_dict().items()}

    def add(writer):
        writer.add_tokenizer_model("none")
        writer.add_vocab_size(V)

    write_model(tmp_path / "model.gguf", theirs.config.to_dict(), state, add)
    ours = ufm.llm.load(tmp_path / "model.gguf")
    other = [replace(block, is_parallel=not is_parallel) for block in ours.config.blocks]
    wrong = ufm.llm.LanguageModel(ours.params, replace(ours.config, blocks=tuple(other)))
    want = softmax(llama_cpp.logits(tmp_path / "model.gguf", TOKENS, V))
    # llama.cpp keeps keys, values and its table of GELU in float16
    found, far = (abs(softmax(model.logits(TOKENS)) - want).sum() / 2 for model in (ours, wrong))
    assert found < 1e-3
    assert far > 0.1


def _in_turn(config, is_so):
    config.use_parallel_residual = not is_so
    return config


def softmax(logits):
    return np.asarray(jax.nn.softmax(np.asarray(logits, np.float64)))


@pytest.mark.parametrize("name", READ_BY_TRANSFORMERS)
def test_transformers_reads_the_same_from_the_file(name, tmp_path):
    to_gguf(random_model(READ_BY_TRANSFORMERS[name]()), tmp_path / "model.gguf")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path, gguf_file="model.gguf", attn_implementation="eager"
    ).eval()
    ours = np.asarray(ufm.llm.load(tmp_path).all_logits(TOKENS))
    assert abs(ours - steered_logits(theirs, TOKENS)[0]).max() <= TOLERANCE


@pytest.mark.parametrize("name", OTHERS)
def test_other_families_become_their_tensors_and_settings(name, tmp_path):
    """Families that the decoder may not know yet: the state dict and config of transformers."""
    config = OTHERS[name]()
    model = random_model(config)
    to_gguf(model, tmp_path / "model.gguf")
    tensors = GgufTensors(GgufFile(tmp_path / "model.gguf"))
    for full, want in model.state_dict().items():
        name_here = full.removeprefix("model.")
        if full == "lm_head.weight" and config.tie_word_embeddings:
            continue
        assert abs(tensors.read(name_here, tuple(want.shape)) - want.numpy()).max() <= 2**-23
    assert not tensors.unread
    settings = gguf_settings(GgufFile(tmp_path / "model.gguf"))
    assert type(config).from_dict(dict(settings)).to_dict() | _unsaid(settings) == (
        config.to_dict() | _unsaid(settings)
    )
    if settings["model_type"] in FAMILIES:
        # against the exact pass: two passes in float32 may be off to two sides
        state = {k: v.detach().double().numpy() for k, v in model.state_dict().items()}
        exact = reference.logits(config, state, TOKENS)
        assert abs(steered_logits(model, TOKENS)[0] - exact).max() <= TOLERANCE
        ours = np.asarray(ufm.llm.load(tmp_path).all_logits(TOKENS))
        assert abs(ours - exact).max() <= TOLERANCE
    else:
        with pytest.raises(ValueError, match="the decoder does not know the family"):
            ufm.llm.load(tmp_path)


def _unsaid(settings):
    """What a GGUF file does not say of the model, or says of the tokenizer."""
    names = ("architectures", "dtype", "bos_token_id", "eos_token_id", "pad_token_id")
    return dict.fromkeys((*names, "transformers_version", "_attn_implementation"))


def test_every_architecture_is_here():
    assert {CONFIGS[name]().model_type for name in WRITTEN} | {
        config().model_type for config in OTHERS.values()
    } == set(ARCHITECTURES)
