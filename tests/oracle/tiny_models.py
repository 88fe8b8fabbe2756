"""Tiny random models of every family, made by transformers, and how to steer them there."""

import copy
import zlib

import numpy as np
import torch
import transformers

V, D, N = 64, 24, 3  # tokens, width, blocks

_LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500.0,  # small, so that at 12 positions all three ranges of frequencies occur
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
_LONG = {
    "rope_type": "longrope",
    "rope_theta": 1e4,
    "partial_rotary_factor": 0.7,  # 4 of 6 numbers are turned
    "short_factor": [1.25, 1.5],
    "long_factor": [2.0, 3.0],
}
# so that at 12 positions some frequencies are kept, some slowed and some blended
_YARN = dict(rope_type="yarn", rope_theta=500.0, factor=3.0, original_max_position_embeddings=64)
_VISION = dict(
    model_type="siglip_vision_model",
    hidden_size=8,
    intermediate_size=8,
    num_hidden_layers=1,
    num_attention_heads=2,
    image_size=8,
    patch_size=4,
)
# token numbers that none of the tests' tokens has
_IMAGE = dict(mm_tokens_per_image=4, boi_token_index=60, eoi_token_index=61, image_token_index=62)
_PARTIAL = {"rope_type": "default", "partial_rotary_factor": 0.5}
_SIZES = dict(vocab_size=V, hidden_size=D, num_hidden_layers=N, intermediate_size=40)
_IDS = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)
_GPT2 = dict(vocab_size=V, n_embd=D, n_layer=N, n_head=4, n_positions=32, **_IDS)
_HEADS = dict(num_attention_heads=4, num_key_value_heads=2, **_SIZES, **_IDS)
_OPT = dict(
    vocab_size=V,
    hidden_size=D,
    num_hidden_layers=N,
    ffn_dim=40,
    num_attention_heads=4,
    max_position_embeddings=32,
    **_IDS,
)
_KINDS = ["sliding_attention", "full_attention", "sliding_attention"]

CONFIGS = {
    "gpt2": lambda: transformers.GPT2Config(**_GPT2),
    "gpt2-variant": lambda: transformers.GPT2Config(
        **_GPT2,
        n_inner=50,
        activation_function="gelu",
        scale_attn_by_inverse_layer_idx=True,
        tie_word_embeddings=False,
    ),
    "llama2": lambda: transformers.LlamaConfig(
        num_attention_heads=4, num_key_value_heads=4, **_SIZES, **_IDS
    ),
    "llama3": lambda: transformers.LlamaConfig(
        **_HEADS, rope_parameters=_LLAMA3, tie_word_embeddings=True
    ),
    "llama-biased": lambda: transformers.LlamaConfig(
        **_HEADS, attention_bias=True, mlp_bias=True, head_dim=10
    ),
    "llama-yarn": lambda: transformers.LlamaConfig(
        **_HEADS, head_dim=10, rope_parameters=_YARN | {"beta_fast": 8.0, "truncate": False}
    ),
    "llama-longrope": lambda: transformers.LlamaConfig(
        **_HEADS,
        max_position_embeddings=96,
        rope_parameters=dict(
            rope_type="longrope",
            rope_theta=1e4,
            short_factor=[1.0, 1.5, 2.0],
            long_factor=[2.0, 3.0, 4.0],
            original_max_position_embeddings=64,
        ),
    ),
    "llama-dynamic": lambda: transformers.LlamaConfig(
        **_HEADS, rope_parameters=dict(rope_type="dynamic", rope_theta=1e4, factor=4.0)
    ),
    "mistral": lambda: transformers.MistralConfig(**_HEADS, sliding_window=4, head_dim=8),
    "mistral-unlimited": lambda: transformers.MistralConfig(**_HEADS, sliding_window=None),
    "qwen2": lambda: transformers.Qwen2Config(**_HEADS),
    "qwen2-window": lambda: transformers.Qwen2Config(
        **_HEADS, use_sliding_window=True, sliding_window=3, max_window_layers=1
    ),
    "phi3": lambda: transformers.Phi3Config(
        **_HEADS, sliding_window=4, rope_parameters=_LONG, original_max_position_embeddings=64
    ),
    "phi3-plain": lambda: transformers.Phi3Config(**_HEADS),
    "gemma2": lambda: transformers.Gemma2Config(
        **_HEADS,
        head_dim=8,
        query_pre_attn_scalar=12,
        sliding_window=4,
        attn_logit_softcapping=1.5,
        final_logit_softcapping=2.0,
    ),
    "gemma2-uncapped": lambda: transformers.Gemma2Config(
        **_HEADS, head_dim=8, attn_logit_softcapping=None, final_logit_softcapping=None
    ),
    "gpt_neox": lambda: transformers.GPTNeoXConfig(
        num_attention_heads=2, **_SIZES, **_IDS, rope_parameters=_PARTIAL | {"rope_theta": 1e4}
    ),
    "gpt_neox-in-turn": lambda: transformers.GPTNeoXConfig(
        num_attention_heads=4,
        **_SIZES,
        **_IDS,
        use_parallel_residual=False,
        attention_bias=False,
        tie_word_embeddings=True,
        hidden_act="gelu_new",
        rope_parameters=_PARTIAL | {"partial_rotary_factor": 1.0, "rope_theta": 1e3},
    ),
    "olmo2": lambda: transformers.Olmo2Config(**_HEADS),
    "granite": lambda: transformers.GraniteConfig(
        **_HEADS,
        embedding_multiplier=3.0,
        attention_multiplier=0.3,
        residual_multiplier=0.4,
        logits_scaling=1.7,
        tie_word_embeddings=True,
        mlp_bias=True,
    ),
    "smollm3": lambda: transformers.SmolLM3Config(**_HEADS, no_rope_layer_interval=2),
    "smollm3-window": lambda: transformers.SmolLM3Config(
        **_HEADS,
        no_rope_layers=[0, 1, 0],
        use_sliding_window=True,
        sliding_window=4,
        attention_bias=True,
        tie_word_embeddings=False,
    ),
    "opt": lambda: transformers.OPTConfig(**_OPT),
    "opt-350m": lambda: transformers.OPTConfig(
        **_OPT, do_layer_norm_before=False, word_embed_proj_dim=10
    ),
    "opt-unnormed": lambda: transformers.OPTConfig(
        **_OPT, _remove_final_layer_norm=True, tie_word_embeddings=False, word_embed_proj_dim=30
    ),
    "qwen3": lambda: transformers.Qwen3Config(**_HEADS, head_dim=8, tie_word_embeddings=True),
    "qwen3-yarn": lambda: transformers.Qwen3Config(
        **_HEADS, head_dim=8, rope_parameters=_YARN | {"mscale": 0.7, "mscale_all_dim": 0.3}
    ),
    "olmo3": lambda: transformers.Olmo3Config(
        **_HEADS,
        sliding_window=4,
        layer_types=_KINDS[1:] + _KINDS[1:2],
        rope_parameters={
            "full_attention": _YARN | {"attention_factor": 1.3},
            "sliding_attention": {"rope_type": "default", "rope_theta": 500.0},
        },
    ),
    "mixtral": lambda: transformers.MixtralConfig(
        **_HEADS, num_local_experts=4, num_experts_per_tok=2
    ),
    "mixtral-window": lambda: transformers.MixtralConfig(
        **_HEADS, num_local_experts=4, num_experts_per_tok=1, sliding_window=4, head_dim=8
    ),
    "qwen3_moe": lambda: transformers.Qwen3MoeConfig(
        **_HEADS,
        num_experts=8,
        num_experts_per_tok=3,
        moe_intermediate_size=24,  # torch's products of experts in bfloat16 want multiples of 8
        norm_topk_prob=True,
    ),
    "qwen3_moe-mixed": lambda: transformers.Qwen3MoeConfig(
        **_HEADS,
        num_experts=6,
        num_experts_per_tok=2,
        moe_intermediate_size=20,
        mlp_only_layers=[1],
        attention_bias=True,
        use_sliding_window=True,
        sliding_window=4,
        tie_word_embeddings=True,
    ),
    "gpt_oss": lambda: transformers.GptOssConfig(
        **_HEADS,
        head_dim=6,
        num_local_experts=4,
        num_experts_per_tok=2,
        sliding_window=4,
        swiglu_limit=0.8,  # so that both clamps are reached
        rope_parameters=_YARN | {"truncate": False},
    ),
    "qwen3-window": lambda: transformers.Qwen3Config(
        **_HEADS, head_dim=8, use_sliding_window=True, sliding_window=3, max_window_layers=1
    ),
    "gemma3": lambda: transformers.Gemma3TextConfig(
        **_HEADS, head_dim=8, query_pre_attn_scalar=12, sliding_window=4, layer_types=_KINDS
    ),
    "gemma3-vision": lambda: transformers.Gemma3Config(
        text_config=CONFIGS["gemma3"]().to_dict(), vision_config=_VISION, **_IMAGE
    ),
    "gemma3-softcap": lambda: transformers.Gemma3TextConfig(
        **_HEADS,
        head_dim=8,
        sliding_window=5,
        layer_types=_KINDS,
        final_logit_softcapping=2.0,
        tie_word_embeddings=False,
        rope_parameters={
            "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
            "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
        },
    ),
}


def make(name, directory, dtype=torch.float32, shard_size="5GB", seed=None):
    """A random model of that kind, saved to `directory`, every parameter away from its default."""
    config = CONFIGS[name]()
    config._attn_implementation = "eager"
    is_wrapper = hasattr(config, "vision_config")
    kind = "AutoModelForImageTextToText" if is_wrapper else "AutoModelForCausalLM"
    model = getattr(transformers, kind).from_config(config).eval()
    randomise(model, zlib.crc32(name.encode()) if seed is None else seed)
    copy.deepcopy(model).to(dtype).save_pretrained(directory, max_shard_size=shard_size)
    with torch.no_grad():
        # the weights only: model.to(dtype) would round the rotary tables with them, for good
        for tensor in model.parameters():
            tensor.copy_(tensor.to(dtype))
    return model


def randomise(model, seed):
    generator = torch.Generator().manual_seed(seed)
    is_gemma = model.config.model_type.startswith("gemma")
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            noise = torch.randn(tensor.shape, generator=generator)
            if "norm" in name or ".ln_" in name:
                centre = 0.0 if name.endswith("bias") or is_gemma else 1.0
                tensor.copy_(centre + 0.3 * noise)
            elif tensor.ndim == 1:
                tensor.copy_(0.2 * noise)
            else:
                tensor.copy_(noise * tensor.shape[-1] ** -0.5)


_BODIES = ("model", "transformer", "gpt_neox")
_INNER = ("language_model", "decoder")
_FINAL_NORMS = ("norm", "ln_f", "final_layer_norm")


def steered_logits(model, tokens, mask=None, steer=None):
    """Logits [B, T, V] by transformers, steered by a hook: steer = (layer, alpha, v, positions, site).

    A list of these steers several blocks at once.
    """
    handles = []
    steers = steer if isinstance(steer, list) else [steer] if steer is not None else []
    for layer, alpha, vector, positions, site in steers:
        body = next(getattr(model, name) for name in _BODIES if hasattr(model, name))
        body = next((getattr(body, name) for name in _INNER if hasattr(body, name)), body)
        blocks = body.layers if hasattr(body, "layers") else body.h
        found = (getattr(body, name) for name in _FINAL_NORMS if hasattr(body, name))
        # without a final norm, "post-norm" is what follows the last block
        final = next(found) or blocks[-1]
        step = alpha * torch.as_tensor(np.asarray(vector), dtype=model.dtype)

        def hook(module, args, output, step=step, positions=positions):
            x = output[0] if isinstance(output, tuple) else output
            x = x.clone()
            if positions == "all":
                x += step
            else:
                for b in range(x.shape[0]):
                    last = x.shape[1] - 1 if mask is None else int(np.flatnonzero(mask[b])[-1])
                    x[b, last] += step
            return (x, *output[1:]) if isinstance(output, tuple) else x

        handles.append(
            (final if site == "post-norm" else blocks[layer]).register_forward_hook(hook)
        )
    inputs = {"input_ids": torch.as_tensor(np.atleast_2d(tokens))}
    if mask is not None:
        inputs["attention_mask"] = torch.as_tensor(np.asarray(mask).astype(np.int64))
        inputs["position_ids"] = (inputs["attention_mask"].cumsum(-1) - 1).clamp(min=0)
    try:
        with torch.no_grad():
            return model(**inputs, use_cache=False).logits.float().numpy()
    finally:
        for handle in handles:
            handle.remove()
