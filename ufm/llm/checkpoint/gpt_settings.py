"""The config.json of decoders with LayerNorm: GPT-2, GPT-NeoX and OPT."""

from dataclasses import replace

from ..decoder.config import BlockConfig, Config, Reader
from ..decoder.rotary import read_rotary
from .block_settings import SIZES, divided, without_positions
from .rotary_settings import read_context, read_rope, turned_numbers


def gpt2(family: str, reader: Reader) -> Config:
    """GPT-2: learned positions, and scores that may be divided by the number of the block."""
    d, heads, n = reader.size("n_embd"), reader.size("n_head"), reader.size("n_layer")
    head_dim = divided(d, heads, "n_embd", "n_head")
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


def gpt_neox(family: str, reader: Reader) -> Config:
    """GPT-NeoX, such as Pythia: a part of each head is turned, attention and MLP side by side."""
    d, heads, n = (reader.size(name) for name in SIZES)
    head_dim = divided(d, heads, *SIZES[:2])
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
    return without_positions(
        family,
        reader,
        blocks=(block,) * n,
        is_tied=False,
        attention_bias=reader.flag("attention_bias", True),
        mlp_bias=True,
    )


def opt(family: str, reader: Reader) -> Config:
    """OPT; that of 350m norms the stream itself, after attention and MLP, and so has no final norm."""
    d, heads, n = (reader.size(name) for name in SIZES)
    is_before = reader.flag("do_layer_norm_before", True)
    has_final_norm = not reader.flag("_remove_final_layer_norm", False) and is_before
    width = reader.size("word_embed_proj_dim", d)
    if not reader.flag("layer_norm_elementwise_affine", True):
        raise ValueError(
            "config.json: norms without scales (layer_norm_elementwise_affine) are not supported"
        )
    head_dim, has_bias = divided(d, heads, *SIZES[:2]), reader.flag("enable_bias", True)
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
