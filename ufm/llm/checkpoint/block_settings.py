"""How config.json says the sizes that most families name alike."""

from collections.abc import Iterable

from ..decoder.config import BlockConfig, Config, Reader
from .rotary_settings import (
    read_context,
)

SIZES = ("hidden_size", "num_attention_heads", "num_hidden_layers")


def without_positions(
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


def divided(d: int, heads: int, what: str, by: str) -> int:
    """`d` / `heads`, which `what` and `by` name, and which must be whole."""
    if d % heads:
        raise ValueError(f"config.json: {what} {d} is not a multiple of {by} {heads}")
    return d // heads


def head_width(reader: Reader, d: int, heads: int) -> int:
    """Numbers of a head: as config.json says, or the width `d` divided by the number of heads."""
    if reader.get("head_dim") is None:
        return divided(d, heads, *SIZES[:2])
    return reader.size("head_dim")


def key_heads(reader: Reader, heads: int) -> int:
    """Heads of keys and values, of which the number of heads is a multiple."""
    kv_heads = reader.size("num_key_value_heads", heads)
    divided(heads, kv_heads, "num_attention_heads", "num_key_value_heads")
    return kv_heads
