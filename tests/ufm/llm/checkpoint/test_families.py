"""What each family's config.json means where the stored models leave a setting at one value."""

import pytest

from ufm.llm.checkpoint.families import read_config

GPT2 = {"model_type": "gpt2", "n_embd": 8, "n_head": 2, "n_layer": 2, "n_positions": 4}
GPT2 |= {"vocab_size": 5}
LLAMA = {"hidden_size": 8, "num_attention_heads": 4, "num_hidden_layers": 4, "vocab_size": 5}
LLAMA |= {"intermediate_size": 12}
QWEN = LLAMA | {"model_type": "qwen3", "use_sliding_window": True, "sliding_window": 6}
SLIDING, FULL = "sliding_attention", "full_attention"


def windows(settings):
    return [block.window for block in read_config(settings).blocks]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (LLAMA | {"model_type": "llama"}, [None] * 4),
        (LLAMA | {"model_type": "mistral"}, [4096] * 4),
        (LLAMA | {"model_type": "mistral", "sliding_window": None}, [None] * 4),
        (LLAMA | {"model_type": "mistral", "sliding_window": 7}, [7] * 4),
        (QWEN | {"use_sliding_window": False, "sliding_window": None}, [None] * 4),
        (QWEN | {"max_window_layers": 1}, [None, 6, 6, 6]),
        (QWEN, [None] * 4),  # from block 28 on, unless told otherwise
        (QWEN | {"layer_types": [SLIDING, FULL, FULL, SLIDING]}, [6, None, None, 6]),
        (LLAMA | {"model_type": "gemma3_text"}, [4096] * 4),  # every sixth is full
        (
            LLAMA | {"model_type": "gemma3_text", "sliding_window": 3, "sliding_window_pattern": 2},
            [3, None, 3, None],
        ),
        (
            LLAMA | {"model_type": "gemma3_text", "layer_types": [FULL, SLIDING, FULL, FULL]},
            [None, 4096, None, None],
        ),
    ],
)
def test_windows(settings, expected):
    assert windows(settings) == expected


@pytest.mark.parametrize(
    ("settings", "field", "expected"),
    [
        (LLAMA | {"model_type": "llama"}, "kv_heads", 4),
        (LLAMA | {"model_type": "llama", "num_key_value_heads": 2}, "kv_heads", 2),
        (LLAMA | {"model_type": "llama"}, "head_dim", 2),
        (LLAMA | {"model_type": "llama", "head_dim": 6}, "head_dim", 6),
        (LLAMA | {"model_type": "llama", "head_dim": 16}, "scale", 0.25),
        (LLAMA | {"model_type": "qwen3"}, "head_dim", 128),
        (LLAMA | {"model_type": "gemma3_text"}, "head_dim", 256),
        (LLAMA | {"model_type": "gemma3_text"}, "scale", 1 / 16),
        (LLAMA | {"model_type": "gemma3_text", "query_pre_attn_scalar": 4}, "scale", 0.5),
        (LLAMA | {"model_type": "gemma3_text"}, "activation", "gelu_tanh"),
        (LLAMA | {"model_type": "llama"}, "activation", "silu"),
        (LLAMA | {"model_type": "llama"}, "norm_eps", 1e-6),
        (LLAMA | {"model_type": "llama", "rms_norm_eps": 1e-5}, "norm_eps", 1e-5),
        (GPT2, "norm_eps", 1e-5),
        (GPT2, "activation", "gelu_tanh"),
        (GPT2 | {"activation_function": "gelu"}, "activation", "gelu"),
        (GPT2, "rotary", None),
    ],
)
def test_settings_of_a_block(settings, field, expected):
    assert getattr(read_config(settings).blocks[0], field) == expected


@pytest.mark.parametrize(
    ("settings", "field", "expected"),
    [
        (GPT2, "inner", 32),
        (GPT2 | {"n_inner": 12}, "inner", 12),
        (GPT2, "tied", True),
        (GPT2, "positions", 4),
        (LLAMA | {"model_type": "llama"}, "positions", None),
        (LLAMA | {"model_type": "llama"}, "tied", False),
        (LLAMA | {"model_type": "gemma3_text"}, "tied", True),
        (LLAMA | {"model_type": "gemma3_text"}, "embedding_scale", 8**0.5),
        (LLAMA | {"model_type": "gemma3_text"}, "final_softcap", None),
        (LLAMA | {"model_type": "gemma3_text", "final_logit_softcapping": 3}, "final_softcap", 3.0),
        (LLAMA | {"model_type": "llama"}, "embedding_scale", 1.0),
        (LLAMA | {"model_type": "llama"}, "attention_bias", False),
        (LLAMA | {"model_type": "llama", "attention_bias": True}, "attention_bias", True),
        (LLAMA | {"model_type": "llama", "mlp_bias": True}, "mlp_bias", True),
    ],
)
def test_settings_of_a_model(settings, field, expected):
    assert getattr(read_config(settings), field) == expected


def test_bases_of_rotary_embeddings():
    llama = LLAMA | {"model_type": "llama"}
    assert read_config(llama).blocks[0].rotary.theta == 10_000
    assert read_config(llama | {"rope_theta": 500.0}).blocks[0].rotary.theta == 500
    gemma = LLAMA | {"model_type": "gemma3_text", "sliding_window_pattern": 2}
    scaled = gemma | {"rope_scaling": {"rope_type": "linear", "factor": 8.0}}
    sliding, full = (read_config(scaled).blocks[i].rotary for i in (0, 1))
    assert (sliding.theta, sliding.factor) == (10_000, 1)  # only full attention is scaled
    assert (full.theta, full.factor) == (1_000_000, 8)
