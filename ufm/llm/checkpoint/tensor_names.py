"""Where each family keeps its tensors, and how they become the decoder's parameters."""

import numpy as np
from jaxtyping import Array

from ..decoder.blocks import Block, Linear, Norm, Params
from ..decoder.config import Config
from .weights import Place, TensorFiles

PREFIXES = ("transformer.", "model.")
# Buffers that old files carry along: masks and rotary tables, worked out here from config.json.
_BUFFERS = (".attn.bias", ".attn.masked_bias", "rotary_emb.inv_freq")


def read_params(files: TensorFiles, config: Config, place: Place) -> Params:
    """The parameters in `files`; a tensor missing, unknown or of another shape is an error."""
    read = _gpt2 if config.family == "gpt2" else _llama_like
    params = read(files, config, place)
    unknown = sorted(name for name in files.unread if not name.endswith(_BUFFERS))
    if unknown:
        raise ValueError(
            f"{files.where}: tensor {unknown[0]} is unknown to {config.family}"
            + (f", and so are {len(unknown) - 1} more" if unknown[1:] else "")
        )
    return params


def _gpt2(files: TensorFiles, config: Config, place: Place) -> Params:
    d, inner = config.dimension, config.inner

    def norm(name: str) -> Norm:
        scale, bias = (files.read(f"{name}.{part}", (d,)) for part in ("weight", "bias"))
        return Norm(place(scale, wide=True), place(bias, wide=True))

    def linears(name: str, width: int, out: int, split: int, count: int = 1) -> list[Linear]:
        # stored [in, out], `count` side by side
        weights = files.read(f"{name}.weight", (width, count * out))
        biases = files.read(f"{name}.bias", (count * out,))
        return [
            Linear(place(w.T, split=split), place(b, split=0 if split == 0 else None))
            for w, b in zip(np.split(weights, count, 1), np.split(biases, count), strict=True)
        ]

    def block(i: int) -> Block:
        at = f"h.{i}"
        query, key, value = linears(f"{at}.attn.c_attn", d, d, 0, 3)
        (output,) = linears(f"{at}.attn.c_proj", d, d, 1)
        (up,) = linears(f"{at}.mlp.c_fc", d, inner, 0)
        (down,) = linears(f"{at}.mlp.c_proj", inner, d, 1)
        return Block(
            attention_norm=norm(f"{at}.ln_1"),
            query=query,
            key=key,
            value=value,
            output=output,
            mlp_norm=norm(f"{at}.ln_2"),
            up=up,
            down=down,
        )

    embedding, unembedding = _embeddings(files, config, place, "wte.weight")
    return Params(
        embedding=embedding,
        position_embedding=place(files.read("wpe.weight", (config.positions or 0, d))),
        blocks=tuple(block(i) for i in range(len(config.blocks))),
        final_norm=norm("ln_f"),
        unembedding=unembedding,
    )


def _llama_like(files: TensorFiles, config: Config, place: Place) -> Params:
    d, inner, is_gemma = config.dimension, config.inner, config.family == "gemma3_text"

    def norm(name: str, size: int = d) -> Norm:
        scale = files.read(f"{name}.weight", (size,))
        # Gemma stores the scale less one
        return Norm(place(1 + scale.astype(np.float64) if is_gemma else scale, wide=True))

    def linear(name: str, out: int, width: int, split: int, has_bias: bool) -> Linear:
        weight = place(files.read(f"{name}.weight", (out, width)), split=split)
        if not has_bias:
            return Linear(weight)
        bias = files.read(f"{name}.bias", (out,))
        return Linear(weight, place(bias, split=0 if split == 0 else None))

    def block(i: int) -> Block:
        at, settings = f"layers.{i}", config.blocks[i]
        size = settings.head_dim
        wide, narrow = settings.heads * size, settings.kv_heads * size
        attention, mlp = config.attention_bias, config.mlp_bias
        has_head_norms = config.family in ("qwen3", "gemma3_text")
        second = "pre_feedforward_layernorm" if is_gemma else "post_attention_layernorm"
        return Block(
            attention_norm=norm(f"{at}.input_layernorm"),
            query=linear(f"{at}.self_attn.q_proj", wide, d, 0, attention),
            key=linear(f"{at}.self_attn.k_proj", narrow, d, 0, attention),
            value=linear(f"{at}.self_attn.v_proj", narrow, d, 0, attention),
            output=linear(f"{at}.self_attn.o_proj", d, wide, 1, attention),
            query_norm=norm(f"{at}.self_attn.q_norm", size) if has_head_norms else None,
            key_norm=norm(f"{at}.self_attn.k_norm", size) if has_head_norms else None,
            attention_post_norm=norm(f"{at}.post_attention_layernorm") if is_gemma else None,
            mlp_norm=norm(f"{at}.{second}"),
            gate=linear(f"{at}.mlp.gate_proj", inner, d, 0, mlp),
            up=linear(f"{at}.mlp.up_proj", inner, d, 0, mlp),
            down=linear(f"{at}.mlp.down_proj", d, inner, 1, mlp),
            mlp_post_norm=norm(f"{at}.post_feedforward_layernorm") if is_gemma else None,
        )

    embedding, unembedding = _embeddings(files, config, place, "embed_tokens.weight")
    return Params(
        embedding=embedding,
        position_embedding=None,
        blocks=tuple(block(i) for i in range(len(config.blocks))),
        final_norm=norm("norm"),
        unembedding=unembedding,
    )


def _embeddings(files: TensorFiles, config: Config, place: Place, name: str) -> tuple[Array, Array]:
    """Embedding and unembedding, one array where they are tied."""
    shape = (config.vocabulary, config.dimension)
    if config.tied and name not in files and "lm_head.weight" in files:
        name = "lm_head.weight"  # one array, kept under its other name
    table = files.read(name, shape)
    embedding = place(table, split=0)
    if not config.tied:
        return embedding, place(files.read("lm_head.weight", shape), split=0)
    if "lm_head.weight" in files and not np.array_equal(files.read("lm_head.weight", shape), table):
        raise ValueError(
            f"{files.where}: config.json ties the head to the embedding (tie_word_embeddings), "
            "but lm_head.weight differs from it: correct config.json"
        )
    return embedding, embedding
