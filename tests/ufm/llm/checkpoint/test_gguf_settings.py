"""What each architecture's metadata means, and which of it is refused."""

import gguf
import numpy as np
import pytest

import ufm.llm
from tests.gguf_files import finish
from ufm.llm.checkpoint.gguf import GgufFile
from ufm.llm.checkpoint.gguf_settings import gguf_settings

SIZES = {
    "block_count": 3,
    "context_length": 64,
    "embedding_length": 12,
    "feed_forward_length": 20,
    "attention.head_count": 3,
}
RMS = SIZES | {"attention.layer_norm_rms_epsilon": 1e-6}
GPT2 = SIZES | {"attention.layer_norm_epsilon": 1e-5}
SLIDING, FULL = "sliding_attention", "full_attention"


def written(path, architecture, keys, tensors=("token_embd.weight",), **general):
    writer = gguf.GGUFWriter(path, architecture)
    for key, value in keys.items():
        full = key if key.startswith(("general.", "other.")) else f"{architecture}.{key}"
        if isinstance(value, list):
            writer.add_array(full, value)
        else:
            kinds = {bool: writer.add_bool, int: writer.add_uint32, float: writer.add_float32}
            kinds.get(type(value), writer.add_string)(full, value)
    for name in tensors:
        writer.add_tensor(name, np.full((7, 12), 2, np.float32))
    finish(writer)
    return GgufFile(path)


GRANITE = {"attention.scale": 0.3, "residual_scale": 0.22}
GRANITE |= {"embedding_scale": 12.0, "logit_scale": 8.0}
MEANINGS = [
    ("gpt2", GPT2, "n_positions", 64),
    ("gpt2", GPT2, "vocab_size", 7),
    ("gpt2", GPT2, "tie_word_embeddings", True),
    ("gpt2", GPT2, "layer_norm_epsilon", 1e-5),  # not the float32 next to it
    ("gpt2", GPT2, "n_inner", 20),
    ("gptneox", GPT2, "layer_norm_eps", 1e-5),
    ("gptneox", GPT2, "use_parallel_residual", True),
    ("gptneox", GPT2 | {"use_parallel_residual": False}, "use_parallel_residual", False),
    ("gptneox", GPT2, "rotary_pct", 1.0),
    ("gptneox", GPT2 | {"rope.dimension_count": 2}, "rotary_pct", 0.5),
    ("gptneox", GPT2, "rotary_emb_base", 10000.0),
    ("gptneox", GPT2 | {"rope.freq_base": 5e5}, "rotary_emb_base", 5e5),
    ("gptneox", GPT2, "attention_bias", False),
    ("llama", RMS, "model_type", "llama"),
    ("llama", RMS, "head_dim", 4),
    ("llama", RMS, "num_key_value_heads", 3),
    ("llama", RMS, "rope_theta", 10000.0),
    ("llama", RMS | {"attention.head_count_kv": 1}, "num_key_value_heads", 1),
    ("llama", RMS | {"attention.head_count_kv": [1, 1, 1]}, "num_key_value_heads", 1),
    ("llama", RMS | {"rope.dimension_count": 6}, "head_dim", 6),
    ("llama", RMS | {"attention.key_length": 6, "rope.dimension_count": 6}, "head_dim", 6),
    ("llama", RMS | {"rope.freq_base": 5e5}, "rope_theta", 5e5),
    ("llama", RMS, "attention_bias", False),
    ("llama", RMS | {"attention.sliding_window": 9}, "model_type", "mistral"),
    ("llama", RMS | {"attention.sliding_window": 9}, "sliding_window", 9),
    (
        "llama",
        RMS | {"rope.scale_linear": 4.0},
        "rope_scaling",
        {"rope_type": "linear", "factor": 4.0},
    ),
    (
        "llama",
        RMS | {"rope.scaling.type": "linear", "rope.scaling.factor": 2.5},
        "rope_scaling",
        {"rope_type": "linear", "factor": 2.5},
    ),
    (
        "qwen2",
        RMS
        | {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0}
        | {"rope.scaling.original_context_length": 32},
        "rope_scaling",
        {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32},
    ),
    ("qwen3", RMS | {"attention.key_length": 8}, "head_dim", 8),
    ("gemma2", RMS, "layer_types", [SLIDING, FULL, SLIDING]),
    ("gemma2", RMS, "sliding_window", 4096),
    ("gemma2", RMS | {"attn_logit_softcapping": 50.0}, "attn_logit_softcapping", 50.0),
    ("gemma2", RMS | {"final_logit_softcapping": 30.0}, "final_logit_softcapping", 30.0),
    ("gemma2", RMS | {"block_count": 46, "attention.key_length": 5}, "query_pre_attn_scalar", 4),
    ("gemma3", RMS, "layer_types", [FULL] * 3),
    ("gemma3", RMS | {"attention.sliding_window": 5}, "layer_types", [SLIDING] * 3),
    (
        "gemma3",
        RMS
        | {"attention.sliding_window": 5, "attention.sliding_window_pattern": [True, False, True]},
        "layer_types",
        [SLIDING, FULL, SLIDING],
    ),
    (
        "gemma3",
        RMS | {"attention.sliding_window": 5, "attention.sliding_window_pattern": 3},
        "layer_types",
        [SLIDING, SLIDING, FULL],
    ),
    ("gemma3", RMS, "rope_local_base_freq", 10000.0),
    ("gemma3", RMS | {"attention.key_length": 5}, "query_pre_attn_scalar", 5),
    ("gemma3", RMS | {"block_count": 62, "attention.key_length": 5}, "query_pre_attn_scalar", 4),
    ("phi3", RMS | {"rope.dimension_count": 3}, "partial_rotary_factor", 0.75),
    ("phi3", RMS | {"attention.sliding_window": 0}, "sliding_window", None),
    ("phi3", RMS, "original_max_position_embeddings", 64),
    ("granite", RMS | GRANITE, "attention_multiplier", 0.3),
    ("granite", RMS | GRANITE, "residual_multiplier", 0.22),
    ("granite", RMS | GRANITE, "embedding_multiplier", 12.0),
    ("granite", RMS | GRANITE, "logits_scaling", 8.0),
    ("smollm3", RMS | {"block_count": 9}, "no_rope_layers", [1, 1, 1, 0, 1, 1, 1, 0, 1]),
]


@pytest.mark.parametrize(("architecture", "keys", "name", "expected"), MEANINGS)
def test_what_metadata_means(architecture, keys, name, expected, tmp_path):
    assert gguf_settings(written(tmp_path / "m.gguf", architecture, keys))[name] == expected


def test_what_the_tensors_say(tmp_path):
    names = ("token_embd.weight", "output.weight", "blk.0.attn_q.bias", "blk.0.ffn_up.bias")
    found = gguf_settings(written(tmp_path / "m.gguf", "llama", RMS, names))
    assert not found["tie_word_embeddings"]
    assert found["attention_bias"]
    assert found["mlp_bias"]
    names = ("token_embd.weight", "rope_freqs.weight")
    found = gguf_settings(written(tmp_path / "m.gguf", "llama", RMS, names))
    assert found["rope_scaling"] == {"rope_type": "divided", "divisors": [2.0] * 84}


REFUSED = [
    (
        "granite",
        RMS | GRANITE | {"attention.scale": 0.0},
        "granite: attention.scale must be a positive number; got 0.0",
    ),
    ("olmo2", RMS | {"attention.sliding_window": 4096}, "key 'olmo2.attention.sliding_window'"),
    (
        "mamba",
        RMS,
        "architecture 'mamba' is not supported; known are gemma2, gemma3, gpt2, gptneox, granite, llama",
    ),
    ("opt", GPT2, "architecture 'opt' is not supported; known are"),
    (
        "gptneox",
        GPT2 | {"rope.scaling.type": "linear"},
        "key 'gptneox.rope.scaling.type' = 'linear' is",
    ),
    (
        "llama",
        RMS | {"general.type": "adapter"},
        "general.type is 'adapter'; only a 'model' is read",
    ),
    ("llama", RMS | {"logit_scale": 2.0}, "key 'llama.logit_scale' = 2.0 is unknown"),
    (
        "llama",
        RMS | {"other.thing": 3},
        "key 'other.thing' = 3 is unknown and may change the model",
    ),
    (
        "llama",
        RMS | {"expert_count": 8},
        "llama.expert_count: mixtures of experts are not supported",
    ),
    ("llama", RMS | {"attention.causal": False}, "attention.causal is false"),
    (
        "llama",
        RMS | {"attention.value_length": 5},
        "value_length differs from attention.key_length",
    ),
    (
        "llama",
        RMS | {"attention.key_length": 4, "rope.dimension_count": 2},
        "rope.dimension_count differs from the 4 numbers of a head",
    ),
    (
        "llama",
        RMS | {"attention.head_count_kv": [1, 3, 3]},
        "attention.head_count_kv must be a positive integer; got [1, 3, 3]",
    ),
    ("llama", RMS | {"block_count": 0}, "llama: block_count must be a positive integer; got 0"),
    ("llama", SIZES, "attention.layer_norm_rms_epsilon must be a positive number; got None"),
    (
        "llama",
        RMS | {"rope.scaling.type": "su", "rope.scaling.factor": 2.0},
        "in the words of config.json: config.json asks for rope type 'su'",
    ),
    (
        "gemma3",
        RMS | {"attention.sliding_window": 5, "attention.sliding_window_pattern": [True]},
        "sliding_window_pattern must list 3 blocks; got [True]",
    ),
]


@pytest.mark.parametrize(("architecture", "keys", "message"), REFUSED)
def test_what_is_refused(architecture, keys, message, tmp_path):
    written(tmp_path / "m.gguf", architecture, keys)
    with pytest.raises(ValueError, match=r"m\.gguf") as error:
        ufm.llm.load(tmp_path / "m.gguf")
    assert message in str(error.value)


def test_a_key_that_one_knows_to_be_harmless_is_ignored(tmp_path):
    file = written(tmp_path / "m.gguf", "llama", RMS | {"logit_scale": 2.0})
    assert gguf_settings(file, ("llama.logit_scale",)) == gguf_settings(
        written(tmp_path / "n.gguf", "llama", RMS)
    )
