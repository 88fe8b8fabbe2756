"""The tensors of a GGUF file under the names, and in the layout, of Hugging Face."""

import re
from pathlib import Path

import numpy as np

from .gguf import GgufFile
from .weights import TensorFiles

# llama.cpp's name → Hugging Face's, without its prefix; those of a block after "blk.N." and "layers.N.".
_OUTER = {"token_embd": "embed_tokens", "output_norm": "norm", "output": "lm_head"}
_BLOCK = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_qkv": "self_attn.qkv_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_GEMMA = _BLOCK | {
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}
_GPT2_OUTER = {
    "token_embd": "wte",
    "position_embd": "wpe",
    "output_norm": "ln_f",
    "output": "lm_head",
}
_GPT2 = {
    "attn_norm": "ln_1",
    "attn_qkv": "attn.c_attn",
    "attn_output": "attn.c_proj",
    "ffn_norm": "ln_2",
    "ffn_up": "mlp.c_fc",
    "ffn_down": "mlp.c_proj",
}
_GPT_NEOX_OUTER = {
    "token_embd": "embed_in",
    "output_norm": "final_layer_norm",
    "output": "embed_out",
}
_GPT_NEOX = {
    "attn_norm": "input_layernorm",
    "attn_qkv": "attention.query_key_value",
    "attn_output": "attention.dense",
    "ffn_norm": "post_attention_layernorm",
    "ffn_up": "mlp.dense_h_to_4h",
    "ffn_down": "mlp.dense_4h_to_h",
}
_OUTERS = {"gpt2": _GPT2_OUTER, "gptneox": _GPT_NEOX_OUTER}
_BLOCKS = {
    "gpt2": _GPT2,
    "gptneox": _GPT_NEOX,
    "gemma2": _GEMMA,
    "gemma3": _GEMMA,
    "olmo2": _BLOCK
    | {
        "post_attention_norm": "post_attention_layernorm",
        "post_ffw_norm": "post_feedforward_layernorm",
    },
    "phi3": _BLOCK | {"ffn_up": "mlp.gate_up_proj"},  # both in one, as attn_qkv
}
# Their queries and keys are kept with the two halves of each head interleaved.
_INTERLEAVED = ("llama", "granite", "smollm3")
# Read with the settings.
_ROTARY = ("rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight")


class GgufTensors(TensorFiles):
    """The tensors of a GGUF file, dequantised one at a time, as Hugging Face lays them out.

    llama.cpp keeps queries and keys of Llama, Granite and SmolLM3 with the two halves of each head
    interleaved, Gemma's norms with the one that Hugging Face leaves out, GPT-2's matrices as [out, in], and
    GPT-NeoX's queries of all heads before all keys and all values: all four are undone.
    """

    asked_by = "the metadata"

    def __init__(self, file: GgufFile):
        self.file, self.where, self.rounding = file, file.path, file.rounding
        self.architecture = str(file.metadata["general.architecture"])
        self._names = {self._renamed(name): name for name in file.tensors if name not in _ROTARY}
        self.unread = set(self._names)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def stored(self, name: str) -> tuple[Path, str]:
        """The file, and the tensor's name there."""
        return self.where, self._names.get(name, name)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of the tensor `name`."""
        shape = self.file.tensors[self._names[name]].shape
        return shape[::-1] if self._is_transposed(name) else shape

    def array(self, name: str) -> np.ndarray:
        """The tensor `name` in float32; Gemma's norms, less one, in float64."""
        array = self.file.array(self._names[name])
        if self.architecture in _INTERLEAVED:
            if ".q_proj." in name:
                return _halves(array, self._heads("attention.head_count"))
            if ".k_proj." in name:
                return _halves(array, self._heads("attention.head_count_kv"))
        if ".query_key_value." in name:
            return _by_head(array, self._heads("attention.head_count"))
        if self.architecture.startswith("gemma") and name.endswith("norm.weight"):
            return array.astype(np.float64) - 1
        return array.T if self._is_transposed(name) else array

    def fingerprint(self) -> str:
        """A digest of the file's header and the first megabyte of data."""
        return self.file.fingerprint()

    def _renamed(self, name: str) -> str:
        """Hugging Face's name; one that is unknown stays, and is refused as unread."""
        found = re.fullmatch(r"(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)", name)
        if found is None:
            return name
        block, part, end = found.groups()
        if block is None:
            outer = _OUTERS.get(self.architecture, _OUTER)
            return f"{outer[part]}.{end}" if part in outer else name
        inner = _BLOCKS.get(self.architecture, _BLOCK)
        if part not in inner:
            return name
        blocks = "h" if self.architecture == "gpt2" else "layers"
        return f"{blocks}.{block}.{inner[part]}.{end}"

    def _is_transposed(self, name: str) -> bool:
        return self.architecture == "gpt2" and bool(re.search(r"\.c_\w+\.weight$", name))

    def _heads(self, key: str) -> int:
        """The number of heads, which some files list block by block."""
        metadata, before = self.file.metadata, f"{self.architecture}."
        heads = metadata.get(before + key, metadata[f"{before}attention.head_count"])
        found = heads[0] if isinstance(heads, list) else heads
        assert isinstance(found, int)
        return found


def _by_head(array: np.ndarray, heads: int) -> np.ndarray:
    """Rows of all queries, all keys, all values, to those of the first head, then of the second, …"""
    parts = array.reshape(3, heads, -1, *array.shape[1:])
    return parts.swapaxes(0, 1).reshape(array.shape)


def _halves(array: np.ndarray, heads: int) -> np.ndarray:
    """Rows of each head from (0, half, 1, half + 1, …), llama.cpp's order, back to (0, 1, …)."""
    pairs = array.reshape(heads, -1, 2, *array.shape[1:])
    return pairs.swapaxes(1, 2).reshape(array.shape)
