"""The names under which each family keeps its tensors, and how it lays them out."""

from dataclasses import dataclass, replace

from ..decoder.config import Config

# Cut off the names, in this order.
PREFIXES = ("transformer.", "gpt_neox.", "language_model.", "model.", "language_model.", "decoder.")


@dataclass(frozen=True)
class Names:
    """The names of a family's tensors, and how it lays them out; None where it has no such tensor.

    Those of a block follow "`block`.N.". `qkv` and `gate_up` hold in one what others hold apart.
    """

    embedding: str = "embed_tokens"
    positions: str | None = None
    first_position: int = 0  # the row of the table of positions that is position 0
    final_norm: str = "norm"
    head: str = "lm_head"
    project_in: str = "project_in"  # where the embedding is of another width than the stream
    project_out: str = "project_out"
    block: str = "layers"
    attention_norm: str | None = "input_layernorm"
    query: str = "self_attn.q_proj"
    key: str = "self_attn.k_proj"
    value: str = "self_attn.v_proj"
    qkv: str | None = None
    output: str = "self_attn.o_proj"
    sinks: str | None = None
    query_norm: str | None = None
    key_norm: str | None = None
    has_wide_norms: bool = False  # queries and keys are normed over all heads together, not each
    attention_post_norm: str | None = None
    mlp_norm: str | None = "post_attention_layernorm"
    gate: str | None = "mlp.gate_proj"
    up: str = "mlp.up_proj"
    gate_up: str | None = None
    down: str = "mlp.down_proj"
    mlp_post_norm: str | None = None
    router: str = "mlp.gate"
    experts: str = "mlp.experts"  # "`experts`.N." and these, or two tensors of all experts
    expert: tuple[str, str, str] = ("gate_proj", "up_proj", "down_proj")
    has_experts_in_one: bool = False  # stored [expert, in, out], gate and up in turn, with biases
    is_by_head: bool = False  # `qkv` holds those of the first head, then those of the second, …
    has_output_bias: bool = True  # where queries, keys and values have one
    has_norm_bias: bool = False  # LayerNorm, not RMSNorm
    is_norm_less_one: bool = False  # stored: the scale less one
    is_transposed: bool = False  # matrices are stored [in, out]


_LLAMA = Names()
_QWEN3 = Names(query_norm="self_attn.q_norm", key_norm="self_attn.k_norm")
_GEMMA2 = Names(
    attention_post_norm="post_attention_layernorm",
    mlp_norm="pre_feedforward_layernorm",
    mlp_post_norm="post_feedforward_layernorm",
    is_norm_less_one=True,
)
_OLMO2 = Names(
    attention_norm=None,
    query_norm="self_attn.q_norm",
    key_norm="self_attn.k_norm",
    has_wide_norms=True,
    attention_post_norm="post_attention_layernorm",
    mlp_norm=None,
    mlp_post_norm="post_feedforward_layernorm",
)
_GPT2 = Names(
    embedding="wte",
    positions="wpe",
    final_norm="ln_f",
    block="h",
    attention_norm="ln_1",
    qkv="attn.c_attn",
    output="attn.c_proj",
    mlp_norm="ln_2",
    gate=None,
    up="mlp.c_fc",
    down="mlp.c_proj",
    has_norm_bias=True,
    is_transposed=True,
)
_GPT_NEOX = Names(
    embedding="embed_in",
    final_norm="final_layer_norm",
    head="embed_out",
    qkv="attention.query_key_value",
    is_by_head=True,
    output="attention.dense",
    gate=None,
    up="mlp.dense_h_to_4h",
    down="mlp.dense_4h_to_h",
    has_norm_bias=True,
)
_OPT = Names(
    positions="embed_positions",
    first_position=2,
    final_norm="final_layer_norm",
    attention_norm="self_attn_layer_norm",
    output="self_attn.out_proj",
    mlp_norm="final_layer_norm",
    gate=None,
    up="fc1",
    down="fc2",
    has_norm_bias=True,
)
_NAMES = {
    "gpt2": _GPT2,
    "gpt_neox": _GPT_NEOX,
    "llama": _LLAMA,
    "mistral": _LLAMA,
    "qwen2": replace(_LLAMA, has_output_bias=False),
    "qwen3": _QWEN3,
    "phi3": replace(_LLAMA, qkv="self_attn.qkv_proj", gate_up="mlp.gate_up_proj"),
    "gemma2": _GEMMA2,
    "gemma3_text": replace(_GEMMA2, query_norm=_QWEN3.query_norm, key_norm=_QWEN3.key_norm),
    "olmo2": _OLMO2,
    "olmo3": _OLMO2,
    "granite": _LLAMA,
    "smollm3": _LLAMA,
    "opt": _OPT,
    "mixtral": replace(
        _LLAMA,
        router="block_sparse_moe.gate",
        experts="block_sparse_moe.experts",
        expert=("w1", "w3", "w2"),
    ),
    "qwen3_moe": _QWEN3,
    "gpt_oss": replace(
        _LLAMA, sinks="self_attn.sinks", router="mlp.router", has_experts_in_one=True
    ),
}


def names_of(config: Config) -> Names:
    """The names of the family of `config`."""
    names = _NAMES[config.family]
    if not config.blocks[0].norms_sums:
        return names
    return replace(  # the norms before are those after
        names,
        attention_norm=None,
        attention_post_norm=names.attention_norm,
        mlp_norm=None,
        mlp_post_norm=names.mlp_norm,
    )
