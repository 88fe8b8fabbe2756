"""Tiny random models of every family, made by transformers, and how to steer them there."""

import copy

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
_SIZES = dict(vocab_size=V, hidden_size=D, num_hidden_layers=N, intermediate_size=40)
_IDS = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)
_GPT2 = dict(vocab_size=V, n_embd=D, n_layer=N, n_head=4, n_positions=32, **_IDS)
_HEADS = dict(num_attention_heads=4, num_key_value_heads=2, **_SIZES, **_IDS)
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
    "mistral": lambda: transformers.MistralConfig(**_HEADS, sliding_window=4, head_dim=8),
    "mistral-unlimited": lambda: transformers.MistralConfig(**_HEADS, sliding_window=None),
    "qwen3": lambda: transformers.Qwen3Config(**_HEADS, head_dim=8, tie_word_embeddings=True),
    "qwen3-window": lambda: transformers.Qwen3Config(
        **_HEADS, head_dim=8, use_sliding_window=True, sliding_window=3, max_window_layers=1
    ),
    "gemma3": lambda: transformers.Gemma3TextConfig(
        **_HEADS, head_dim=8, query_pre_attn_scalar=12, sliding_window=4, layer_types=_KINDS
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


def make(name, directory, dtype=torch.float32, shard_size="5GB"):
    """A random model of that kind, saved to `directory`, every parameter away from its default."""
    config = CONFIGS[name]()
    config._attn_implementation = "eager"
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    randomise(model, seed=sorted(CONFIGS).index(name))
    copy.deepcopy(model).to(dtype).save_pretrained(directory, max_shard_size=shard_size)
    with torch.no_grad():
        # the weights only: model.to(dtype) would round the rotary tables with them, for good
        for tensor in model.parameters():
            tensor.copy_(tensor.to(dtype))
    return model


def randomise(model, seed):
    generator = torch.Generator().manual_seed(seed)
    is_gemma = model.config.model_type == "gemma3_text"
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


def steered_logits(model, tokens, mask=None, steer=None):
    """Logits [B, T, V] by transformers, steered by a hook: steer = (layer, alpha, v, positions, site)."""
    handles = []
    if steer is not None:
        layer, alpha, vector, positions, site = steer
        body = model.model if hasattr(model, "model") else model.transformer
        blocks = body.layers if hasattr(body, "layers") else body.h
        final = body.norm if hasattr(body, "norm") else body.ln_f
        step = alpha * torch.as_tensor(np.asarray(vector), dtype=model.dtype)

        def hook(module, args, output):
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
