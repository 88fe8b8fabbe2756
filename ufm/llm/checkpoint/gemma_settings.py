"""The config.json of Gemma 2 and 3."""

from dataclasses import replace
from functools import partial

from ..decoder.config import BlockConfig, Config, Reader
from ..decoder.rotary import Rotary
from .block_settings import SIZES, key_heads, without_positions
from .rotary_settings import one_rotary, two_rotaries
from .window_settings import layer_types, of_sliding


def gemma2(family: str, reader: Reader) -> Config:
    """Gemma 2: attention scores and logits are capped, and every other block has a window."""
    head_dim, n = reader.size("head_dim", 256), reader.size("num_hidden_layers")
    # the first files have these names, which transformers does not read
    for name in ("hidden_act", "sliding_window_size"):
        reader.get(name)
    cap = _softcap(reader, "attn_logit_softcapping", 50.0)
    kinds = layer_types(reader, [i % 2 == 0 for i in range(n)])
    rotary = one_rotary(reader, head_dim)
    config = _gemma(family, reader, kinds, dict.fromkeys(kinds, rotary), 30.0)
    blocks = tuple(replace(block, softcap=cap) for block in config.blocks)
    return replace(config, blocks=blocks)


def gemma3(family: str, reader: Reader) -> Config:
    """Gemma 3: no caps, five windows to a block without one, and a rotary for each of the two."""
    if reader.get("attn_logit_softcapping") is not None:
        # transformers reads this setting and then does not use it: two meanings, so none
        raise ValueError("config.json: attn_logit_softcapping is not supported for gemma3_text")
    pattern = reader.size("sliding_window_pattern", reader.get("_sliding_window_pattern", 6))
    n = reader.size("num_hidden_layers")
    kinds = layer_types(reader, [(i + 1) % pattern != 0 for i in range(n)])
    rotary = two_rotaries(reader, reader.size("head_dim", 256))
    return _gemma(family, reader, kinds, rotary, None)


def _gemma(
    family: str,
    reader: Reader,
    kinds: list[str],
    rotary: dict[str, Rotary],
    final_softcap: float | None,
) -> Config:
    """What Gemma 2 and 3 share, given the kind of attention of each block and the rotary of each kind."""
    if reader.flag("use_bidirectional_attention", False):
        raise ValueError("config.json: use_bidirectional_attention makes no causal language model")
    d, heads, _ = (reader.size(name) for name in SIZES)
    windows = of_sliding(kinds, reader.size("sliding_window", 4096))
    block = partial(
        BlockConfig,
        heads=heads,
        kv_heads=key_heads(reader, heads),
        head_dim=reader.size("head_dim", 256),
        scale=reader.number("query_pre_attn_scalar", 256.0) ** -0.5,
        activation=reader.activation("hidden_activation", "gelu_pytorch_tanh"),
        norm_eps=reader.number("rms_norm_eps", 1e-6),
    )
    config = without_positions(
        family,
        reader,
        blocks=tuple(
            block(rotary=rotary[kind], window=window)
            for kind, window in zip(kinds, windows, strict=True)
        ),
        is_tied=True,
        attention_bias=reader.flag("attention_bias", False),
        mlp_bias=False,
    )
    cap = _softcap(reader, "final_logit_softcapping", final_softcap)
    return replace(config, embedding_scale=d**0.5, final_softcap=cap)


def _softcap(reader: Reader, name: str, default: float | None) -> float | None:
    """A cap; null means none, where a setting that is missing means `default`."""
    if reader.get(name) is None and (default is None or name in reader.settings):
        return None
    return reader.number(name, default)
