"""What the config.json of each family says; anything unknown is an error naming it."""

from functools import partial

from ufm._json import JSON

from ..decoder.config import BlockConfig, Config, Reader
from ..decoder.rotary import Rotary, read_rotary

_SIZES = ("hidden_size", "num_attention_heads", "num_hidden_layers")
FAMILIES = ("gpt2", "llama", "mistral", "qwen3", "gemma3_text")


def read_config(settings: dict[str, JSON], ignore: tuple[str, ...] = ()) -> Config:
    """The decoder settings in `settings`, the contents of a config.json.

    An unknown architecture, rope type, activation or setting raises `ValueError` naming it;
    `ignore` lists settings to pass over.
    """
    family = settings.get("model_type")
    if family not in FAMILIES:
        raise ValueError(
            f"config.json: model_type {family!r} is not supported; known are {', '.join(FAMILIES)}"
        )
    reader = Reader(settings)
    config = {"gpt2": _gpt2, "gemma3_text": _gemma3}.get(family, _llama_like)(family, reader)
    reader.refuse_unread(ignore)
    return config


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


def _llama_like(family: str, reader: Reader) -> Config:
    """Llama, Mistral and Qwen3: the same block, with a window or norms of queries and keys."""
    d, heads, n = (reader.size(name) for name in _SIZES)
    if family == "qwen3":
        head_dim = reader.size("head_dim", 128)
        windows = _qwen3_windows(reader, n)
    else:
        is_split = reader.get("head_dim") is None
        head_dim = _split(d, heads, *_SIZES[:2]) if is_split else reader.size("head_dim")
        windows = [_mistral_window(reader) if family == "mistral" else None] * n
    block = partial(
        BlockConfig,
        heads=heads,
        kv_heads=_kv_heads(reader, heads),
        head_dim=head_dim,
        scale=head_dim**-0.5,
        activation=reader.activation("hidden_act", "silu"),
        norm_eps=reader.number("rms_norm_eps", 1e-6),
        rotary=_one_rotary(reader, head_dim),
    )
    return Config(
        family=family,
        vocabulary=reader.size("vocab_size"),
        dimension=d,
        inner=reader.size("intermediate_size"),
        positions=None,
        context=_context(reader),
        blocks=tuple(block(window=window) for window in windows),
        tied=reader.flag("tie_word_embeddings", False),
        attention_bias=family != "mistral" and reader.flag("attention_bias", False),
        mlp_bias=family == "llama" and reader.flag("mlp_bias", False),
    )


def _gemma3(family: str, reader: Reader) -> Config:
    d, heads, n = (reader.size(name) for name in _SIZES)
    if reader.get("attn_logit_softcapping") is not None:
        # transformers reads this setting and then does not use it: two meanings, so none
        raise ValueError("config.json: attn_logit_softcapping is not supported for gemma3_text")
    if reader.flag("use_bidirectional_attention", False):
        raise ValueError("config.json: use_bidirectional_attention makes no causal language model")
    head_dim = reader.size("head_dim", 256)
    window = reader.size("sliding_window", 4096)
    pattern = reader.size("sliding_window_pattern", reader.get("_sliding_window_pattern", 6))
    kinds = _layer_types(reader, [(i + 1) % pattern != 0 for i in range(n)])
    rotary = _two_rotaries(reader, head_dim)
    block = partial(
        BlockConfig,
        heads=heads,
        kv_heads=_kv_heads(reader, heads),
        head_dim=head_dim,
        scale=reader.number("query_pre_attn_scalar", 256.0) ** -0.5,
        activation=reader.activation("hidden_activation", "gelu_pytorch_tanh"),
        norm_eps=reader.number("rms_norm_eps", 1e-6),
    )
    softcap = reader.get("final_logit_softcapping")
    return Config(
        family=family,
        vocabulary=reader.size("vocab_size"),
        dimension=d,
        inner=reader.size("intermediate_size"),
        positions=None,
        context=_context(reader),
        blocks=tuple(
            block(rotary=rotary[kind], window=window if kind == "sliding_attention" else None)
            for kind in kinds
        ),
        tied=reader.flag("tie_word_embeddings", True),
        attention_bias=reader.flag("attention_bias", False),
        mlp_bias=False,
        embedding_scale=d**0.5,
        final_softcap=None if softcap is None else reader.number("final_logit_softcapping"),
    )


def _context(reader: Reader) -> int | None:
    given = reader.get("max_position_embeddings")
    return None if given is None else reader.size("max_position_embeddings")


def _split(d: int, heads: int, what: str, by: str) -> int:
    if d % heads:
        raise ValueError(f"config.json: {what} {d} is not a multiple of {by} {heads}")
    return d // heads


def _kv_heads(reader: Reader, heads: int) -> int:
    kv_heads = reader.size("num_key_value_heads", heads)
    _split(heads, kv_heads, "num_attention_heads", "num_key_value_heads")
    return kv_heads


def _one_rotary(reader: Reader, head_dim: int) -> Rotary:
    theta = reader.number("rope_theta", 10000.0)
    given = _one_of_two(reader.get("rope_scaling", {}), reader.get("rope_parameters", {}), theta)
    return read_rotary(given, head_dim, theta)


def _one_of_two(
    scaling: dict[str, JSON], parameters: dict[str, JSON], theta: float
) -> dict[str, JSON]:
    """What rope_scaling (older) or rope_parameters (newer) says; if there are both, they must say the same.

    transformers takes rope_scaling then and drops the other, its base included; nobody means that.
    """
    if not (scaling and parameters):
        return scaling or parameters
    older, newer = ({"rope_theta": theta, **given} for given in (scaling, parameters))
    for given in (older, newer):  # two names of one thing
        kind = given.pop("type", "default")
        given.setdefault("rope_type", kind)
    for name in sorted({*older, *newer}):
        if older.get(name) != newer.get(name):
            raise ValueError(
                f"config.json: rope_scaling says {name} = {older.get(name)!r}, rope_parameters says "
                f"{newer.get(name)!r}: keep the one that the model was trained with"
            )
    return newer


def _two_rotaries(reader: Reader, head_dim: int) -> dict[str, Rotary]:
    """Gemma 3: one base for full attention, which alone may be scaled, one for sliding attention."""
    bases = {
        "full_attention": reader.number("rope_theta", 1e6),
        "sliding_attention": reader.number("rope_local_base_freq", 1e4),
    }
    given = reader.get("rope_parameters", {})
    unknown = sorted(set(given) - set(bases))
    if unknown:
        raise ValueError(f"config.json: unknown entry {unknown[0]!r} in rope_parameters")
    scaling = {"full_attention": reader.get("rope_scaling", {})}
    return {
        kind: read_rotary(
            _one_of_two(scaling.get(kind, {}), given.get(kind) or {}, base), head_dim, base
        )
        for kind, base in bases.items()
    }


def _layer_types(reader: Reader, is_sliding: list[bool]) -> list[str]:
    """The kind of attention of each block; `is_sliding` says it where config.json does not."""
    default = ["sliding_attention" if sliding else "full_attention" for sliding in is_sliding]
    kinds = reader.get("layer_types", default)
    if not isinstance(kinds, list) or len(kinds) != len(default):
        raise ValueError(f"config.json: layer_types must list {len(default)} kinds; got {kinds!r}")
    for kind in kinds:
        if kind not in ("full_attention", "sliding_attention"):
            raise ValueError(f"config.json: layer type {kind!r} is not supported")
    return kinds


def _mistral_window(reader: Reader) -> int | None:
    # null means no window; without the setting it is the 4096 of the first Mistral
    if "sliding_window" in reader.settings and reader.get("sliding_window") is None:
        return None
    return reader.size("sliding_window", 4096)


def _qwen3_windows(reader: Reader, n: int) -> list[int | None]:
    is_used = reader.flag("use_sliding_window", False)
    first = reader.get("max_window_layers", 28)
    given = reader.size("sliding_window", 4096)
    window = given if is_used else None
    kinds = _layer_types(reader, [window is not None and i >= first for i in range(n)])
    if window is None and "sliding_attention" in kinds:
        raise ValueError(
            "config.json: layer_types asks for sliding_attention but use_sliding_window is off"
        )
    return [window if kind == "sliding_attention" else None for kind in kinds]
