"""GGUF files of small models, written as llama.cpp's converter does: names, keys and layout from `gguf`."""

import json
import math
from pathlib import Path

import gguf
import jax.numpy as jnp
import numpy as np
from safetensors.flax import load_file

DATA = Path(__file__).parent / "data" / "llm"

ARCHITECTURES = {
    "gpt2": gguf.MODEL_ARCH.GPT2,
    "gpt_neox": gguf.MODEL_ARCH.GPTNEOX,
    "llama": gguf.MODEL_ARCH.LLAMA,
    "mistral": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
    "gemma2": gguf.MODEL_ARCH.GEMMA2,
    "gemma3_text": gguf.MODEL_ARCH.GEMMA3,
    "phi3": gguf.MODEL_ARCH.PHI3,
    "olmo2": gguf.MODEL_ARCH.OLMO2,
    "granite": gguf.MODEL_ARCH.GRANITE,
    "smollm3": gguf.MODEL_ARCH.SMOLLM3,
}


def stored_model(family):
    """The config.json and the tensors, in float32, of a stored model."""
    config = json.loads((DATA / family / "config.json").read_text())
    shards = [load_file(path) for path in sorted((DATA / family).glob("model*.safetensors"))]
    state = {k: np.asarray(v.astype(jnp.float32)) for part in shards for k, v in part.items()}
    if family.startswith("gemma"):
        # the file holds no scale of attention but 1/√head_dim: the queries, or their norm, take it over
        ratio = np.float32((config["head_dim"] / config["query_pre_attn_scalar"]) ** 0.5)
        for name in state:
            if "q_norm" in name:
                state[name] = (1 + state[name]) * ratio - 1
            elif "q_proj" in name and family == "gemma2":
                state[name] = state[name] * ratio
    return config, state


def write_model(path, config, state, add=lambda writer: None, kind=None):
    """Writes the model of `config`, a config.json, and `state`, name → array, to `path`.

    `add(writer)` may add keys. `kind`: the quantisation of matrices whose rows allow it.
    """
    family = config["model_type"]
    arch = ARCHITECTURES[family]
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[arch])
    keys = {"gpt2": _gpt2_keys, "gpt_neox": _gpt_neox_keys}.get(family, _keys)
    blocks = keys(writer, config)
    names = gguf.get_tensor_name_map(arch, blocks)
    for name, array in state.items():
        if name == "lm_head.weight" and config["tie_word_embeddings"]:
            continue
        stem, end = name.rsplit(".", 1)
        array = np.asarray(_laid_out(family, config, name, np.asarray(array, np.float32)))
        stored = f"{names.get_name(stem)}.{end}"
        if kind is not None and array.ndim == 2 and array.shape[1] % 32 == 0:
            writer.add_tensor(stored, gguf.quantize(array, kind), raw_dtype=kind)
        else:
            writer.add_tensor(stored, np.ascontiguousarray(array))
    add(writer)
    finish(writer)


def finish(writer):
    """Writes what was added to the file, and closes it."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_tokenizer(writer, tokens, *, model="gpt2", pre="gpt-2", merges=(), kinds=None, scores=None):
    """The keys of a tokenizer."""
    writer.add_tokenizer_model(model)
    if pre is not None:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds or [1] * len(tokens))
    if merges:
        writer.add_token_merges(list(merges))
    if scores is not None:
        writer.add_token_scores(scores)


def write_tokenizer(path, tokens, add=lambda writer: None, **settings):
    """A file with a tokenizer and no tensor."""
    writer = gguf.GGUFWriter(path, "llama")
    add_tokenizer(writer, tokens, **settings)
    add(writer)
    finish(writer)


def _gpt2_keys(writer, config):
    writer.add_block_count(config["n_layer"])
    writer.add_context_length(config["n_positions"])
    writer.add_embedding_length(config["n_embd"])
    writer.add_feed_forward_length(config.get("n_inner") or 4 * config["n_embd"])
    writer.add_head_count(config["n_head"])
    writer.add_layer_norm_eps(config["layer_norm_epsilon"])
    return config["n_layer"]


def _gpt_neox_keys(writer, config):
    width, heads = config["hidden_size"], config["num_attention_heads"]
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(width)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    share = config["rope_parameters"]["partial_rotary_factor"]
    writer.add_rope_dimension_count(int(share * (width // heads)))
    writer.add_head_count(heads)
    writer.add_parallel_residual(config["use_parallel_residual"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    return config["num_hidden_layers"]


def _keys(writer, config):
    blocks, width, heads = (
        config[f"{name}"] for name in ("num_hidden_layers", "hidden_size", "num_attention_heads")
    )
    head_dim = config.get("head_dim") or width // heads
    writer.add_block_count(blocks)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    if config["model_type"] != "phi3":
        writer.add_key_length(head_dim)
        writer.add_value_length(head_dim)
        writer.add_rope_dimension_count(head_dim)
    rope = config["rope_parameters"]
    full = rope.get("full_attention", rope)
    writer.add_rope_freq_base(full["rope_theta"])
    if full["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(full["factor"])
    if full["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", _llama3_divisors(full, head_dim))
    if config["model_type"] in ("gemma2", "gemma3_text") or config.get("sliding_window"):
        writer.add_sliding_window(config["sliding_window"])
    if config["model_type"].startswith("gemma"):
        writer.add_sliding_window_pattern(
            [kind == "sliding_attention" for kind in config["layer_types"]]
        )
        for name in ("attn", "final"):
            if config.get(f"{name}_logit_softcapping"):
                add = getattr(writer, f"add_{name}_logit_softcapping")
                add(config[f"{name}_logit_softcapping"])
    if config["model_type"] == "granite":
        writer.add_attention_scale(config["attention_multiplier"])
        writer.add_residual_scale(config["residual_multiplier"])
        writer.add_embedding_scale(config["embedding_multiplier"])
        writer.add_logit_scale(config["logits_scaling"])
    if config["model_type"] == "phi3":
        writer.add_rope_dimension_count(int(head_dim * full["partial_rotary_factor"]))
        writer.add_rope_scaling_orig_ctx_len(config["original_max_position_embeddings"])
        for kind in ("long", "short"):
            factors = np.array(full[f"{kind}_factor"], np.float32)
            writer.add_tensor(f"rope_factors_{kind}.weight", factors)
    return blocks


def _laid_out(family, config, name, array):
    """The tensor as llama.cpp keeps it."""
    if family == "gpt2" and ".c_" in name and name.endswith("weight"):
        return array.T
    if ".query_key_value." in name:
        # of each head together, to all queries, all keys, all values
        heads = config["num_attention_heads"]
        apart = array.reshape(heads, 3, array.shape[0] // heads // 3, *array.shape[1:])
        return np.concatenate(list(apart.swapaxes(0, 1))).reshape(array.shape)
    if family.startswith("gemma") and name.endswith("norm.weight"):
        return array + 1
    if family in ("llama", "mistral", "granite", "smollm3") and (
        ".q_proj." in name or ".k_proj." in name
    ):
        heads = config["num_attention_heads" if ".q_" in name else "num_key_value_heads"]
        halves = array.reshape(heads, 2, array.shape[0] // heads // 2, *array.shape[1:])
        return halves.swapaxes(1, 2).reshape(array.shape)
    return array


def _llama3_divisors(rope, head_dim):
    """By what llama.cpp divides each frequency for Llama 3."""
    factor, low, high = (rope[name] for name in ("factor", "low_freq_factor", "high_freq_factor"))
    divisors = []
    for k in range(0, head_dim, 2):
        turns = rope["original_max_position_embeddings"] / (
            2 * math.pi * rope["rope_theta"] ** (k / head_dim)
        )
        share = (turns - low) / (high - low)
        divisors.append(
            1 if turns > high else factor if turns < low else 1 / ((1 - share) / factor + share)
        )
    return np.array(divisors, np.float32)
