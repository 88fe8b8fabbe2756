"""What the config.json of each family says; anything unknown is an error naming it."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from ufm._json import JSON

from ..decoder.config import BlockConfig, ClampedGate, Config, Mixture, Reader
from ..decoder.rotary import Rotary, read_rotary
from .rotary_settings import (
    one_rotary,
    phi3_rotary,
    read_context,
    read_rope,
    turned_numbers,
    two_rotaries,
)
from .window_settings import layer_types, mistral_window, one_window, qwen_windows, read_windows

_SIZES = ("hidden_size", "num_attention_heads", "num_hidden_layers")
FAMILIES = (
    "gpt2",
    "gpt_neox",
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "phi3",
    "gemma2",
    "gemma3_text",
    "olmo2",
    "olmo3",
    "granite",
    "smollm3",
    "opt",
    "mixtral",
    "qwen3_moe",
    "gpt_oss",
)
# As config.json names them: "gemma3" is the text decoder of Gemma 3 with vision.
KNOWN = (*FAMILIES, "gemma3")


def read_config(settings: dict[str, JSON], ignore: tuple[str, ...] = ()) -> Config:
    """The decoder settings in `settings`, the contents of a config.json.

    An unknown architecture, rope type, activation or setting raises `ValueError` naming it;
    `ignore` lists settings to pass over.
    """
    family = settings.get("model_type")
    if family == "gemma3":
        text = read_config(_text_config(settings, ignore), ignore)
        return replace(text, part_of=family)
    if family not in FAMILIES:
        raise ValueError(
            f"config.json: model_type {family!r} is not supported; known are {', '.join(KNOWN)}"
        )
    reader = Reader(settings)
    read = _READERS.get(family, _llama_like)
    config = read(family, reader)
    reader.refuse_unread(ignore)
    return config


def _text_config(settings: dict[str, JSON], ignore: tuple[str, ...]) -> dict[str, JSON]:
    """The text decoder in the settings of Gemma 3 with vision, whose files leave out much."""
    reader = Reader(settings)
    text = reader.get("text_config")
    if not isinstance(text, dict):
        raise ValueError(f"config.json: text_config must be an object; got {text!r}")
    for name in ("vision_config", "mm_tokens_per_image"):
        reader.get(name)
    tied = reader.flag("tie_word_embeddings", True)
    reader.refuse_unread(ignore)
    # transformers' defaults of Gemma3TextConfig, on which the published files rely
    unsaid = {"vocab_size": 262208, "num_attention_heads": 8, "num_key_value_heads": 4}
    given = {name: value for name, value in text.items() if value is not None}
    return {"tie_word_embeddings": tied, **unsaid, **given, "model_type": "gemma3_text"}


def _gpt2(family: str, reader: Reader) -> Config:
    d, heads, n = reader.size("n_embd"), reader.size("n_head"), reader.size("n_layer")
    head_dim = _split(d, heads, "n_embd", "n_head")
    base = head_dim**-0.5 if reader.flag("scale_attn_weights", True) else 1.0
    by_depth = reader.flag("scale_attn_by_inverse_layer_idx", False)
    reader.flag("reorder_and_upcast_attn", False)  # the same numbers in another order
    activation = reader.activation("activation_function", "gelu_new")
    eps = reader.number("layer_norm_epsilon", 1e-5)
    scales = (base / (i + 1 if by_depth else 1) for i in range(n))
    blocks = (BlockConfig(heads, heads, head_dim, s, activation, eps, None, None) for s in scales)
    return Config(
        family=family,
        vocabulary=reader.size("vocab_size"),
        dimension=d,
        inner=reader.size("n_inner", 4 * d),
        positions=reader.size("n_positions"),
        blocks=tuple(blocks),
        tied=reader.flag("tie_word_embeddings", True),
        attention_bias=True,
        mlp_bias=True,
    )


def _gpt_neox(family: str, reader: Reader) -> Config:
    """GPT-NeoX, such as Pythia: a part of each head is turned, attention and MLP side by side."""
    d, heads, n = (reader.size(name) for name in _SIZES)
    head_dim = _split(d, heads, *_SIZES[:2])
    theta = reader.number("rotary_emb_base", 10000.0)
    rope = read_rope(reader, theta)
    turned = turned_numbers(reader, rope, head_dim, "rotary_pct", 0.25)
    block = BlockConfig(
        heads=heads,
        kv_heads=heads,
        head_dim=head_dim,
        scale=head_dim**-0.5,
        activation=reader.activation("hidden_act", "gelu"),
        norm_eps=reader.number("layer_norm_eps", 1e-5),
        rotary=read_rotary(rope, turned, theta, read_context(reader)),
        window=None,
        is_parallel=reader.flag("use_parallel_residual", True),
    )
    return _with_rotary(
        family,
        reader,
        blocks=(block,) * n,
        is_tied=False,
        attention_bias=reader.flag("attention_bias", True),
        mlp_bias=True,
    )


def _opt(family: str, reader: Reader) -> Config:
    """OPT; that of 350m norms the stream itself, after attention and MLP, and so has no final norm."""
    d, heads, n = (reader.size(name) for name in _SIZES)
    is_before = reader.flag("do_layer_norm_before", True)
    has_final_norm = not reader.flag("_remove_final_layer_norm", False) and is_before
    width = reader.size("word_embed_proj_dim", d)
    if not reader.flag("layer_norm_elementwise_affine", True):
        raise ValueError(
            "config.json: norms without scales (layer_norm_elementwise_affine) are not supported"
        )
    head_dim, has_bias = _split(d, heads, *_SIZES[:2]), reader.flag("enable_bias", True)
    activation = reader.activation("activation_function", "relu")
    block = BlockConfig(heads, heads, head_dim, head_dim**-0.5, activation, 1e-5, None, None)
    block = replace(block, norms_sums=not is_before)
    return Config(
        family=family,
        vocabulary=reader.size("vocab_size"),
        dimension=d,
        inner=reader.size("ffn_dim"),
        positions=reader.size("max_position_embeddings", 2048),
        blocks=(block,) * n,
        tied=reader.flag("tie_word_embeddings", True),
        attention_bias=has_bias,
        mlp_bias=has_bias,
        has_final_norm=has_final_norm,
        embedding_width=None if width == d else width,
    )


def _llama_like(
    family: str, reader: Reader, *, eps: float = 1e-6, theta: float = 1e4, is_tied: bool = False
) -> Config:
    """Llama, Mistral, Qwen2 and 3, and what the others start from; with a family's own defaults."""
    d, heads, n = (reader.size(name) for name in _SIZES)
    own = {"qwen3": 128, "gpt_oss": 64}.get(family)
    head_dim = reader.size("head_dim", own) if own else _head_dim(reader, d, heads)
    if family in ("qwen2", "qwen3"):
        windows = qwen_windows(reader, n)
    else:
        windows = [mistral_window(reader) if family == "mistral" else None] * n
    block = partial(
        BlockConfig,
        heads=heads,
        kv_heads=_kv_heads(reader, heads),
        head_dim=head_dim,
        scale=head_dim**-0.5,
        activation=reader.activation("hidden_act", "silu"),
        norm_eps=reader.number("rms_norm_eps", eps),
        # OLMo 3 has two, one for each kind of attention
        rotary=None if family == "olmo3" else one_rotary(reader, head_dim, theta),
    )
    return _with_rotary(
        family,
        reader,
        blocks=(block(window=window) for window in windows),
        is_tied=is_tied,
        attention_bias=family == "qwen2"
        or (
            family not in ("mistral", "mixtral")
            and reader.flag("attention_bias", family == "gpt_oss")
        ),
        mlp_bias=family in ("llama", "granite", "smollm3") and reader.flag("mlp_bias", False),
    )


def _olmo3(family: str, reader: Reader) -> Config:
    """OLMo 3: OLMo 2 with a window in three blocks of four, and YaRN in the others alone."""
    config = _llama_like(family, reader, eps=1e-5)
    if reader.number("rope_theta", 5e5) != 5e5:
        # transformers 5 gives it to full attention alone, transformers 4 to both: two meanings, so none
        raise ValueError(
            f"config.json: rope_theta {reader.get('rope_theta')} for olmo3: say it in rope_parameters"
        )
    rotary = two_rotaries(reader, config.blocks[0].head_dim, 5e5, 5e5)
    kinds = layer_types(reader, [(i + 1) % 4 != 0 for i in range(len(config.blocks))])
    window = reader.size("sliding_window", 4096)
    blocks = (
        replace(block, rotary=rotary[kind], window=window if kind == "sliding_attention" else None)
        for block, kind in zip(config.blocks, kinds, strict=True)
    )
    return replace(config, blocks=tuple(blocks))


def _mixtral(family: str, reader: Reader) -> Config:
    """Mixtral: Mistral with experts in every block."""
    config = _llama_like(family, reader, eps=1e-5, theta=1e6)
    mixture, window = _mixture(reader, config.inner, True), one_window(reader)
    blocks = (replace(block, mixture=mixture, window=window) for block in config.blocks)
    return replace(config, blocks=tuple(blocks))


def _qwen3_moe(family: str, reader: Reader) -> Config:
    """Qwen3 with experts in all blocks, or in every so many; a window, if any, is that of all blocks."""
    config = _llama_like(family, reader)
    every, plain = reader.size("decoder_sparse_step", 1), reader.get("mlp_only_layers", [])
    inner = reader.size("moe_intermediate_size", 768)
    mixture = _mixture(reader, inner, reader.flag("norm_topk_prob", False))
    is_windowed, window = reader.flag("use_sliding_window", False), one_window(reader)
    if reader.get("max_window_layers") is not None and is_windowed:
        # transformers does not read it here, and gives all blocks the window
        raise ValueError("config.json: max_window_layers is not supported for qwen3_moe")
    blocks = (
        replace(
            block,
            mixture=mixture if (i + 1) % every == 0 and i not in plain else None,
            window=window if is_windowed else None,
        )
        for i, block in enumerate(config.blocks)
    )
    return replace(config, blocks=tuple(blocks))


def _gpt_oss(family: str, reader: Reader) -> Config:
    """gpt-oss: sinks, biases, a window in every other block, YaRN, and experts with a clamped gate."""
    if reader.get("quantization_config"):
        raise ValueError(
            "config.json: the MXFP4 weights of gpt_oss (quantization_config) are not read: take a copy "
            "of the model in bfloat16"
        )
    config = _llama_like(family, reader, eps=1e-5, theta=1.5e5)
    if not reader.get("rope_scaling", reader.get("rope_parameters")):
        raise ValueError("config.json: a gpt_oss needs rope_scaling or rope_parameters")
    reader.get("initial_context_length")  # which transformers does not read: the rope says it
    mixture = _mixture(reader, config.inner, True)
    if config.blocks[0].activation != "silu" or reader.get("experts_per_token", mixture.used) != (
        mixture.used
    ):
        raise ValueError("config.json: hidden_act or experts_per_token is not that of a gpt_oss")
    gate = ClampedGate(reader.number("swiglu_alpha", 1.702), reader.number("swiglu_limit", 7.0))
    window = reader.size("sliding_window", 128)
    kinds = layer_types(reader, [i % 2 == 0 for i in range(len(config.blocks))])
    blocks = (
        replace(
            block,
            mixture=mixture,
            clamped_gate=gate,
            window=window if kind == "sliding_attention" else None,
        )
        for block, kind in zip(config.blocks, kinds, strict=True)
    )
    return replace(config, blocks=tuple(blocks), mlp_bias=True)


def _mixture(reader: Reader, inner: int, is_renormalised: bool) -> Mixture:
    """How many experts, by either name, and how many of them a token uses."""
    names = ("num_local_experts", "num_experts")
    counts = {reader.size(name) for name in names if reader.get(name) is not None}
    if len(counts) != 1:
        raise ValueError(f"config.json: {' or '.join(names)} must say how many experts there are")
    (count,), used = counts, reader.size("num_experts_per_tok")
    if used > count:
        raise ValueError(f"config.json: a token cannot use {used} experts of {count}")
    return Mixture(count, used, inner, is_renormalised)


def _granite(family: str, reader: Reader) -> Config:
    """Granite: Llama with four multipliers."""
    config = _llama_like(family, reader)
    scale, share = (reader.number(f"{name}_multiplier", 1.0) for name in ("attention", "residual"))
    blocks = (replace(block, scale=scale, residual_scale=share) for block in config.blocks)
    return replace(
        config,
        blocks=tuple(blocks),
        embedding_scale=reader.number("embedding_multiplier", 1.0),
        logit_divisor=reader.number("logits_scaling", 1.0),
    )


def _smollm3(family: str, reader: Reader) -> Config:
    """SmolLM3: every fourth block has no positions, and it alone may have a window."""
    config = _llama_like(family, reader, theta=2e6, is_tied=True)
    n, every = len(config.blocks), reader.size("no_rope_layer_interval", 4)
    reader.get("max_window_layers")  # which transformers does not read
    turns = reader.get("no_rope_layers", [int((i + 1) % every != 0) for i in range(n)])
    if not isinstance(turns, list) or len(turns) < n or set(turns) - {0, 1}:
        raise ValueError(f"config.json: no_rope_layers must list {n} of 0 and 1; got {turns!r}")
    windows = read_windows(reader, [not turned for turned in turns[:n]], None)
    blocks = (
        replace(block, rotary=block.rotary if turned else None, window=window)
        for block, turned, window in zip(config.blocks, turns, windows, strict=False)
    )
    return replace(config, blocks=tuple(blocks))


def _phi3(family: str, reader: Reader) -> Config:
    """Phi-3 and 4: a part of each head may be turned, by Longrope's factors for short texts."""
    d, heads, n = (reader.size(name) for name in _SIZES)
    for name in ("full_attn_mod", "interpolate_factor"):  # of Phi-4-mini, which does not use them
        if reader.get(name, 1) != 1:
            raise ValueError(f"config.json: {name} {reader.get(name)!r} is not supported")
    head_dim = _head_dim(reader, d, heads)
    block = BlockConfig(
        heads=heads,
        kv_heads=_kv_heads(reader, heads),
        head_dim=head_dim,
        scale=head_dim**-0.5,
        activation=reader.activation("hidden_act", "silu"),
        norm_eps=reader.number("rms_norm_eps", 1e-5),
        rotary=phi3_rotary(reader, head_dim),
        window=one_window(reader),
    )
    return _with_rotary(
        family,
        reader,
        blocks=(block,) * n,
        is_tied=False,
        attention_bias=False,
        mlp_bias=False,
    )


def _gemma2(family: str, reader: Reader) -> Config:
    """Gemma 2: attention scores and logits are capped, and every other block has a window."""
    head_dim, n = reader.size("head_dim", 256), reader.size("num_hidden_layers")
    # of the first files: other names, which transformers does not read
    for name in ("hidden_act", "sliding_window_size"):
        reader.get(name)
    cap = _softcap(reader, "attn_logit_softcapping", 50.0)
    kinds = layer_types(reader, [i % 2 == 0 for i in range(n)])
    rotary = one_rotary(reader, head_dim)
    config = _gemma(family, reader, kinds, dict.fromkeys(kinds, rotary), 30.0)
    blocks = tuple(replace(block, softcap=cap) for block in config.blocks)
    return replace(config, blocks=blocks)


def _gemma3(family: str, reader: Reader) -> Config:
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
    d, heads, _ = (reader.size(name) for name in _SIZES)
    window = reader.size("sliding_window", 4096)
    block = partial(
        BlockConfig,
        heads=heads,
        kv_heads=_kv_heads(reader, heads),
        head_dim=reader.size("head_dim", 256),
        scale=reader.number("query_pre_attn_scalar", 256.0) ** -0.5,
        activation=reader.activation("hidden_activation", "gelu_pytorch_tanh"),
        norm_eps=reader.number("rms_norm_eps", 1e-6),
    )
    config = _with_rotary(
        family,
        reader,
        blocks=tuple(
            block(rotary=rotary[kind], window=window if kind == "sliding_attention" else None)
            for kind in kinds
        ),
        is_tied=True,
        attention_bias=reader.flag("attention_bias", False),
        mlp_bias=False,
    )
    cap = _softcap(reader, "final_logit_softcapping", final_softcap)
    return replace(config, embedding_scale=d**0.5, final_softcap=cap)


def _with_rotary(
    family: str,
    reader: Reader,
    *,
    blocks: Iterable[BlockConfig],
    is_tied: bool,
    attention_bias: bool,
    mlp_bias: bool,
) -> Config:
    """A model without a table of positions, in the names that all such families share."""
    return Config(
        family=family,
        vocabulary=reader.size("vocab_size"),
        dimension=reader.size("hidden_size"),
        inner=reader.size("intermediate_size"),
        positions=None,
        context=read_context(reader),
        blocks=tuple(blocks),
        tied=reader.flag("tie_word_embeddings", is_tied),
        attention_bias=attention_bias,
        mlp_bias=mlp_bias,
    )


def _softcap(reader: Reader, name: str, default: float | None) -> float | None:
    """A cap; null means none, where a setting that is missing means `default`."""
    if reader.get(name) is None and (default is None or name in reader.settings):
        return None
    return reader.number(name, default)


def _split(d: int, heads: int, what: str, by: str) -> int:
    if d % heads:
        raise ValueError(f"config.json: {what} {d} is not a multiple of {by} {heads}")
    return d // heads


def _head_dim(reader: Reader, d: int, heads: int) -> int:
    if reader.get("head_dim") is None:
        return _split(d, heads, *_SIZES[:2])
    return reader.size("head_dim")


def _kv_heads(reader: Reader, heads: int) -> int:
    kv_heads = reader.size("num_key_value_heads", heads)
    _split(heads, kv_heads, "num_attention_heads", "num_key_value_heads")
    return kv_heads


# All others are as Llama is.
_READERS = {
    "gpt2": _gpt2,
    "gpt_neox": _gpt_neox,
    "phi3": _phi3,
    "gemma2": _gemma2,
    "gemma3_text": _gemma3,
    "olmo2": partial(_llama_like, eps=1e-5),
    "olmo3": _olmo3,
    "granite": _granite,
    "smollm3": _smollm3,
    "opt": _opt,
    "mixtral": _mixtral,
    "qwen3_moe": _qwen3_moe,
    "gpt_oss": _gpt_oss,
}
