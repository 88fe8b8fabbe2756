"""The config.json of decoders with a mixture of experts."""

from dataclasses import replace

from ..decoder.config import ClampedGate, Config, Mixture, Reader
from .llama_settings import llama_like
from .window_settings import layer_types, of_sliding, one_window


def mixtral(family: str, reader: Reader) -> Config:
    """Mixtral: Mistral with experts in every block."""
    config = llama_like(family, reader)
    mixture, window = _mixture(reader, config.inner, True), one_window(reader)
    blocks = (replace(block, mixture=mixture, window=window) for block in config.blocks)
    return replace(config, blocks=tuple(blocks))


def qwen3_moe(family: str, reader: Reader) -> Config:
    """Qwen3 with experts in all blocks, or in every so many; a window, if any, is that of all blocks."""
    config = llama_like(family, reader)
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


def gpt_oss(family: str, reader: Reader) -> Config:
    """gpt-oss: sinks, biases, a window in every other block, YaRN, and experts with a clamped gate."""
    if reader.get("quantization_config"):
        raise ValueError(
            "config.json: the MXFP4 weights of gpt_oss (quantization_config) are not read: take a copy "
            "of the model in bfloat16"
        )
    config = llama_like(family, reader)
    if not reader.get("rope_scaling", reader.get("rope_parameters")):
        raise ValueError("config.json: a gpt_oss needs rope_scaling or rope_parameters")
    reader.get("initial_context_length")  # transformers does not read it: the rope says it
    mixture = _mixture(reader, config.inner, True)
    if config.blocks[0].activation != "silu" or reader.get("experts_per_token", mixture.used) != (
        mixture.used
    ):
        raise ValueError("config.json: hidden_act or experts_per_token is not that of a gpt_oss")
    gate = ClampedGate(reader.number("swiglu_alpha", 1.702), reader.number("swiglu_limit", 7.0))
    kinds = layer_types(reader, [i % 2 == 0 for i in range(len(config.blocks))])
    windows = of_sliding(kinds, reader.size("sliding_window", 128))
    blocks = (
        replace(block, mixture=mixture, clamped_gate=gate, window=window)
        for block, window in zip(config.blocks, windows, strict=True)
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
