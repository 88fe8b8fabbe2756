"""How a saved vector is applied elsewhere: lines of Python for transformers, commands for other tools."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ufm.llm.decoder.config import Config
    from ufm.llm.steering.control_vector import ControlVector

# What transformers calls the blocks below `model.base_model`, by family, where it is not "layers"; "gemma3"
# is Gemma 3 with vision, whose text decoder is a part of it.
_BLOCKS = {"gpt2": "h", "opt": "decoder.layers", "gemma3": "language_model.layers"}


def transformers_lines(path: Path, alpha: float, layer: int, config: "Config") -> list[str]:
    """Python that adds α v after block `layer` of `model`, at all positions, until `handle.remove()`."""
    blocks = _BLOCKS.get(config.part_of or config.family, "layers")
    return [
        f'v = safetensors.torch.load_file({json.dumps(str(path), ensure_ascii=False)})["block.{layer}"]',
        f"step = {alpha!r} * v.to(model.device, model.dtype)",
        f"handle = model.base_model.{blocks}[{layer}].register_forward_hook(",
        "    lambda _, given, out: (out[0] + step, *out[1:]) if isinstance(out, tuple) else out + step",
        ")",
    ]


def several_blocks_lines(path: Path, vector: "ControlVector", config: "Config") -> list[str]:
    """The same for each block of the file at once; `handles` have a `remove` each."""
    blocks = _BLOCKS.get(config.part_of or config.family, "layers")
    return [
        f"vectors = safetensors.torch.load_file({json.dumps(str(path), ensure_ascii=False)})",
        f"blocks, handles = model.base_model.{blocks}, []",
        f"for k in {list(vector.layers)}:",
        f'    step = {vector.alpha!r} * vectors[f"block.{{k}}"].to(model.device, model.dtype)',
        "    handles.append(blocks[k].register_forward_hook(",
        "        lambda _, given, out, step=step:",
        "        (out[0] + step, *out[1:]) if isinstance(out, tuple) else out + step",
        "    ))",
    ]


def how_to_apply(path: Path, vector: "ControlVector", config: "Config") -> list[str]:
    """What is said of a file that `ufm strength --save` wrote; lines of code are indented by four blanks."""
    layer = vector.layers[0]
    lines = ["", f"saved: {path} (v, α and what is known of it):", f"    ufm vector show {path}"]
    if vector.site != "residual":
        return [*lines, "a vector after the final norm: other tools have no format for it"]
    lines.append("in transformers (import safetensors.torch):")
    if len(vector.layers) > 1:
        applied = several_blocks_lines(path, vector, config)
    else:
        applied = transformers_lines(path, vector.alpha, layer, config)
    lines += [f"    {line}" for line in applied]
    gguf = path.with_suffix(".gguf")
    if layer == 0:
        return [*lines, "llama.cpp, and servers that read its files, cannot name block 0"]
    return [
        *lines,
        "in llama.cpp (α is multiplied in, the scale is 1):",
        f"    ufm vector convert {path} {gguf}",
        f"    llama-cli -m MODEL.gguf --control-vector {gguf}",
        "on a server: llama-server takes --control-vector too. Of the tools built on vLLM, EasySteer reads "
        "the same .gguf (scale 1), and the plugin hotwire-vllm reads an array (neither was run by the "
        "authors of ufm):",
        f"    ufm vector convert {path} {path.with_suffix('.pt')} --to rows --blocks NUMBER_OF_BLOCKS",
    ]
