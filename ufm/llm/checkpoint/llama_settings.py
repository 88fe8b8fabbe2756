"""The config.json of Llama, and of those that differ from it in a few settings."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from ..decoder.config import BlockConfig, Config, Reader
from .block_settings import SIZES, head_width, key_heads, without_positions
from .rotary_settings import one_rotary, phi3_rotary, two_rotaries
from .window_settings import (
    layer_types,
    mistral_windows,
    no_windows,
    of_sliding,
    one_window,
    qwen_windows,
    read_windows,
)


@dataclass(frozen=True)
class _Like:
    """A family that is as Llama is: what it takes where a file is silent, and what it does not read."""

    eps: float = 1e-6
    theta: float = 1e4
    is_tied: bool = False
    head_dim: int | None = None  # None: the width divided by the number of heads
    attention_bias: bool = False
    reads_attention_bias: bool = True
    reads_mlp_bias: bool = False
    has_one_rotary: bool = True  # not one for each kind of attention
    windows: Callable[[Reader, int], list[int | None]] = no_windows


_LIKE = {
    "llama": _Like(reads_mlp_bias=True),
    "mistral": _Like(reads_attention_bias=False, windows=mistral_windows),
    "qwen2": _Like(attention_bias=True, reads_attention_bias=False, windows=qwen_windows),
    "qwen3": _Like(head_dim=128, windows=qwen_windows),
    "olmo2": _Like(eps=1e-5),
    "olmo3": _Like(eps=1e-5, has_one_rotary=False),
    "granite": _Like(reads_mlp_bias=True),
    "smollm3": _Like(theta=2e6, is_tied=True, reads_mlp_bias=True),
    "mixtral": _Like(eps=1e-5, theta=1e6, reads_attention_bias=False),
    "qwen3_moe": _Like(),
    "gpt_oss": _Like(eps=1e-5, theta=1.5e5, head_dim=64, attention_bias=True),
}


def llama_like(family: str, reader: Reader) -> Config:
    """Llama, Mistral, Qwen2 and 3, OLMo 2, and what the others start from."""
    like = _LIKE[family]
    d, heads, n = (reader.size(name) for name in SIZES)
    if like.head_dim is None:
        head_dim = head_width(reader, d, heads)
    else:
        head_dim = reader.size("head_dim", like.head_dim)
    block = partial(
        BlockConfig,
        heads=heads,
        kv_heads=key_heads(reader, heads),
        head_dim=head_dim,
        scale=head_dim**-0.5,
        activation=reader.activation("hidden_act", "silu"),
        norm_eps=reader.number("rms_norm_eps", like.eps),
        rotary=one_rotary(reader, head_dim, like.theta) if like.has_one_rotary else None,
    )
    has_bias = like.attention_bias
    if like.reads_attention_bias:
        has_bias = reader.flag("attention_bias", has_bias)
    return without_positions(
        family,
        reader,
        blocks=(block(window=window) for window in like.windows(reader, n)),
        is_tied=like.is_tied,
        attention_bias=has_bias,
        mlp_bias=like.reads_mlp_bias and reader.flag("mlp_bias", False),
    )


def olmo3(family: str, reader: Reader) -> Config:
    """OLMo 3: OLMo 2 with a window in three blocks of four, and YaRN in the others alone."""
    config = llama_like(family, reader)
    if reader.number("rope_theta", 5e5) != 5e5:
        # transformers 5 gives it to full attention alone, transformers 4 to both: two meanings, so none
        raise ValueError(
            f"config.json: rope_theta {reader.get('rope_theta')} for olmo3: say it in rope_parameters"
        )
    rotary = two_rotaries(reader, config.blocks[0].head_dim, 5e5, 5e5)
    kinds = layer_types(reader, [(i + 1) % 4 != 0 for i in range(len(config.blocks))])
    windows = of_sliding(kinds, reader.size("sliding_window", 4096))
    blocks = (
        replace(block, rotary=rotary[kind], window=window)
        for block, kind, window in zip(config.blocks, kinds, windows, strict=True)
    )
    return replace(config, blocks=tuple(blocks))


def granite(family: str, reader: Reader) -> Config:
    """Granite: Llama with four multipliers."""
    config = llama_like(family, reader)
    scale, share = (reader.number(f"{name}_multiplier", 1.0) for name in ("attention", "residual"))
    blocks = (replace(block, scale=scale, residual_scale=share) for block in config.blocks)
    return replace(
        config,
        blocks=tuple(blocks),
        embedding_scale=reader.number("embedding_multiplier", 1.0),
        logit_divisor=reader.number("logits_scaling", 1.0),
    )


def smollm3(family: str, reader: Reader) -> Config:
    """SmolLM3: every fourth block has no positions, and it alone may have a window."""
    config = llama_like(family, reader)
    n, every = len(config.blocks), reader.size("no_rope_layer_interval", 4)
    reader.get("max_window_layers")  # transformers does not read it
    turns = reader.get("no_rope_layers", [int((i + 1) % every != 0) for i in range(n)])
    if not isinstance(turns, list) or len(turns) < n or set(turns) - {0, 1}:
        raise ValueError(f"config.json: no_rope_layers must list {n} of 0 and 1; got {turns!r}")
    windows = read_windows(reader, [not turned for turned in turns[:n]], None)
    blocks = (
        replace(block, rotary=block.rotary if turned else None, window=window)
        for block, turned, window in zip(config.blocks, turns, windows, strict=False)
    )
    return replace(config, blocks=tuple(blocks))


def phi3(family: str, reader: Reader) -> Config:
    """Phi-3 and 4: a part of each head may be turned, by Longrope's factors for short texts."""
    d, heads, n = (reader.size(name) for name in SIZES)
    for name in ("full_attn_mod", "interpolate_factor"):  # Phi-4-mini names them and uses neither
        if reader.get(name, 1) != 1:
            raise ValueError(f"config.json: {name} {reader.get(name)!r} is not supported")
    head_dim = head_width(reader, d, heads)
    block = BlockConfig(
        heads=heads,
        kv_heads=key_heads(reader, heads),
        head_dim=head_dim,
        scale=head_dim**-0.5,
        activation=reader.activation("hidden_act", "silu"),
        norm_eps=reader.number("rms_norm_eps", 1e-5),
        rotary=phi3_rotary(reader, head_dim),
        window=one_window(reader),
    )
    return without_positions(
        family,
        reader,
        blocks=(block,) * n,
        is_tied=False,
        attention_bias=False,
        mlp_bias=False,
    )
