"""What the metadata of a GGUF file says, in the words of config.json; anything unknown is an error."""

from collections.abc import Callable

import numpy as np

from ufm._json import JSON

from ..decoder.config import Config, Reader, refuse_unknown
from .families import read_config
from .gguf import GgufFile

Settings = dict[str, JSON]
# llama.cpp's name of each architecture → the model_type of config.json.
ARCHITECTURES = {
    "gpt2": "gpt2",
    "gptneox": "gpt_neox",
    "llama": "llama",  # and Mistral, whose files say llama
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "gemma2": "gemma2",
    "gemma3": "gemma3_text",
    "phi3": "phi3",
    "olmo2": "olmo2",
    "granite": "granite",
    "smollm3": "smollm3",
}
# The config.json of these names no size of a head: it is the width divided by the number of heads.
_WIDTH_BY_HEADS = ("qwen2", "phi3", "olmo2", "granite", "smollm3")
# Keys that change nothing in a forward pass: the tokenizer's are for the tokenizer.
_HARMLESS = ("general.", "tokenizer.", "quantize.", "split.", "imatrix.")
_HARMLESS_HERE = ("context_length", "vocab_size", "rope.scaling.finetuned")
# Blocks of the size of Gemma 2 and 3 (27B) whose attention is scaled by width / heads: the files lack the
# scale, and llama.cpp too tells it by this number.
_GEMMA_27B = {"gemma2": 46, "gemma3": 62}


def read_gguf_config(file: GgufFile, ignore: tuple[str, ...] = ()) -> Config:
    """The decoder settings of a GGUF file; an unknown architecture or key is an error naming it."""
    reader = Reader(file.metadata, str(file.path))
    architecture = reader.get("general.architecture")
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"{file.path}: architecture {architecture!r} is not supported; known are "
            f"{', '.join(sorted(ARCHITECTURES))}"
        )
    settings = gguf_settings(file, ignore)
    try:
        return read_config(settings)
    except ValueError as error:
        raise ValueError(f"{file.path}, in the words of config.json: {error}") from error


def gguf_settings(file: GgufFile, ignore: tuple[str, ...] = ()) -> Settings:
    """The contents of the config.json that the file's metadata and tensors amount to."""
    keys = _Keys(file)
    settings = {"gpt2": _gpt2, "gptneox": _gpt_neox}.get(keys.architecture, _llama_like)(keys)
    keys.refuse_unread(ignore)
    head = {
        "vocab_size": keys.vocabulary,
        "tie_word_embeddings": "output.weight" not in file.tensors,
        "max_position_embeddings": keys.get("context_length"),
    }
    return head | settings


class _Keys(Reader):
    """The keys of a file's architecture, without its name before them."""

    def __init__(self, file: GgufFile):
        self.file = file
        self.architecture = str(file.metadata.get("general.architecture"))
        before = f"{self.architecture}."
        super().__init__(
            {key.removeprefix(before): value for key, value in file.metadata.items()},
            f"{file.path}: {self.architecture}",
        )
        kind = file.metadata.get("general.type", "model")
        if kind != "model":
            raise ValueError(f"{file.path}: general.type is {kind!r}; only a 'model' is read")

    @property
    def vocabulary(self) -> int:
        """The rows of the embedding; the vocabulary that the keys name may be padded or missing."""
        table = self.file.tensors.get("token_embd.weight")
        if table is None:
            raise ValueError(f"{self.file.path}: tensor token_embd.weight is missing")
        return table.shape[0]

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return self.size("block_count")

    @property
    def share(self) -> int:
        """The width divided by the number of heads."""
        return self.size("embedding_length") // self.per_block("attention.head_count")

    @property
    def head_dim(self) -> int:
        """Numbers in a head of queries, keys and values."""
        given = self.get("rope.dimension_count") if self.architecture != "phi3" else None
        size = self.size("attention.key_length", given or self.share)
        if self.size("attention.value_length", size) != size:
            raise ValueError(
                f"{self.where}.attention.value_length differs from attention.key_length"
            )
        return size

    def number(self, name: str, default: float | None = None) -> float:
        """A positive number: the shortest decimal that rounds to the float32 that is stored."""
        return float(str(np.float32(super().number(name, default))))

    def per_block(self, name: str, default: int | None = None) -> int:
        """A size that some files list block by block; it must be the same in all."""
        value = self.get(name, default)
        if isinstance(value, list) and value and len(set(value)) == 1:
            self.settings = {**self.settings, name: value[0]}
        return self.size(name, default)

    def refuse_unread(self, ignore: tuple[str, ...]) -> None:
        """Raise if keys that may matter were never asked for."""
        unknown: dict[str, JSON] = {}
        for key, value in self.settings.items():
            is_known = key in self.read or key in _HARMLESS_HERE or key.startswith(_HARMLESS)
            full = key if key in self.file.metadata else f"{self.architecture}.{key}"
            if not is_known and full not in ignore and value:
                unknown[full] = value
        refuse_unknown(str(self.file.path), "key", unknown)


def _gpt2(keys: _Keys) -> Settings:
    return {
        "model_type": "gpt2",
        "n_embd": keys.size("embedding_length"),
        "n_head": keys.per_block("attention.head_count"),
        "n_layer": keys.size("block_count"),
        "n_positions": keys.size("context_length"),
        "n_inner": keys.per_block("feed_forward_length"),
        "layer_norm_epsilon": keys.number("attention.layer_norm_epsilon"),
    }


def _gpt_neox(keys: _Keys) -> Settings:
    heads = keys.per_block("attention.head_count")
    return {
        "model_type": "gpt_neox",
        "hidden_size": keys.size("embedding_length"),
        "num_attention_heads": heads,
        "num_hidden_layers": keys.blocks,
        "intermediate_size": keys.per_block("feed_forward_length"),
        "layer_norm_eps": keys.number("attention.layer_norm_epsilon"),
        "rotary_emb_base": keys.number("rope.freq_base", 10000.0),
        "rotary_pct": keys.size("rope.dimension_count", keys.share) / keys.share,
        "use_parallel_residual": keys.flag("use_parallel_residual", True),
        "attention_bias": "blk.0.attn_qkv.bias" in keys.file.tensors,
    }


def _llama_like(keys: _Keys) -> Settings:
    """The settings that all but GPT-2 and GPT-NeoX share, and the family's own."""
    if not keys.flag("attention.causal", True):
        raise ValueError(f"{keys.where}.attention.causal is false: no causal language model")
    heads = keys.per_block("attention.head_count")
    shared: Settings = {
        "model_type": ARCHITECTURES[keys.architecture],
        "hidden_size": keys.size("embedding_length"),
        "num_hidden_layers": keys.blocks,
        "intermediate_size": keys.per_block("feed_forward_length"),
        "num_attention_heads": heads,
        "num_key_value_heads": keys.per_block("attention.head_count_kv", heads),
        "rms_norm_eps": keys.number("attention.layer_norm_rms_epsilon"),
        "rope_theta": keys.number("rope.freq_base", 10000.0),
        "max_position_embeddings": keys.size("context_length", 1),
    }
    if keys.architecture not in _WIDTH_BY_HEADS:
        shared["head_dim"] = keys.head_dim
    elif keys.head_dim != keys.share:
        raise ValueError(f"{keys.where}.attention.key_length differs from width / heads")
    own: dict[str, Callable[[_Keys], Settings]] = {
        "llama": _llama,
        "qwen2": _whole_rotary,
        "qwen3": _whole_rotary,
        "gemma2": _gemma2,
        "gemma3": _gemma3,
        "phi3": _phi3,
        "olmo2": _whole_rotary,
        "granite": _granite,
        "smollm3": _smollm3,
    }
    return shared | own[keys.architecture](keys)


def _whole_rotary(keys: _Keys) -> Settings:
    """The scaling of the rotary embedding, which must turn whole heads."""
    if keys.size("rope.dimension_count", keys.head_dim) != keys.head_dim:
        raise ValueError(
            f"{keys.where}.rope.dimension_count differs from the {keys.head_dim} numbers of a head: "
            "a part of a head turned is not supported for this architecture"
        )
    factor = keys.get("rope.scale_linear")  # old files have this key
    kind = keys.get("rope.scaling.type", "none" if factor is None else "linear")
    if kind == "none" and "rope_freqs.weight" in keys.file.tensors:
        divisors = keys.file.array("rope_freqs.weight").ravel().tolist()
        return {"rope_scaling": {"rope_type": "divided", "divisors": divisors}}
    if kind == "none":
        keys.get("rope.scaling.factor")  # without a kind it scales nothing
        return {}
    if kind == "yarn" and keys.get("rope.scaling.attn_factor", 1.0) != 1.0:
        # llama.cpp multiplies YaRN's own factor by it, where config.json's attention_factor takes its place
        raise ValueError(f"{keys.where}.rope.scaling.attn_factor is not supported for yarn")
    scaling: Settings = {
        "rope_type": kind,
        "factor": keys.number("rope.scaling.factor", factor),
        "original_max_position_embeddings": keys.get("rope.scaling.original_context_length"),
        "attention_factor": None if kind == "yarn" else keys.get("rope.scaling.attn_factor"),
        "beta_fast": keys.get("rope.scaling.yarn_beta_fast"),
        "beta_slow": keys.get("rope.scaling.yarn_beta_slow"),
    }
    if kind == "linear":  # the length trained on plays no part in it
        del scaling["original_max_position_embeddings"]
    return {"rope_scaling": {name: value for name, value in scaling.items() if value is not None}}


def _llama(keys: _Keys) -> Settings:
    if keys.get("expert_count", 0):
        raise ValueError(f"{keys.where}.expert_count: mixtures of experts are not supported")
    keys.get("expert_used_count")
    window = keys.get("attention.sliding_window", 0)
    if window:  # Mistral, which has no biases
        return {"model_type": "mistral", "sliding_window": window} | _whole_rotary(keys)
    return _biases(keys) | _whole_rotary(keys)


def _biases(keys: _Keys) -> Settings:
    return {
        "attention_bias": "blk.0.attn_q.bias" in keys.file.tensors,
        "mlp_bias": "blk.0.ffn_up.bias" in keys.file.tensors,
    }


def _granite(keys: _Keys) -> Settings:
    multipliers: Settings = {
        "attention_multiplier": keys.number("attention.scale"),
        "residual_multiplier": keys.number("residual_scale"),
        "embedding_multiplier": keys.number("embedding_scale"),
        "logits_scaling": keys.number("logit_scale"),
    }
    return multipliers | _biases(keys) | _whole_rotary(keys)


def _smollm3(keys: _Keys) -> Settings:
    # llama.cpp, too, knows of the blocks without positions by the architecture alone
    every = 4
    turns: list[JSON] = [int((i + 1) % every != 0) for i in range(keys.blocks)]
    return {"no_rope_layers": turns} | _biases(keys) | _whole_rotary(keys)


def _gemma2(keys: _Keys) -> Settings:
    own: Settings = {
        "sliding_window": keys.size("attention.sliding_window", 4096),
        "layer_types": _windows(keys, 2),
    }
    if keys.get("attn_logit_softcapping"):
        own["attn_logit_softcapping"] = keys.number("attn_logit_softcapping")
    return own | _gemma(keys)


def _gemma3(keys: _Keys) -> Settings:
    has_windows = bool(keys.get("attention.sliding_window", 0))
    own: Settings = {
        "layer_types": _windows(keys, 6) if has_windows else ["full_attention"] * keys.blocks,
        "rope_local_base_freq": keys.number("rope.freq_base_swa", 10000.0),
    }
    if has_windows:
        own["sliding_window"] = keys.size("attention.sliding_window")
    return own | _gemma(keys)


def _gemma(keys: _Keys) -> Settings:
    """What Gemma 2 and 3 share."""
    is_largest = keys.blocks == _GEMMA_27B[keys.architecture]
    own: Settings = {"query_pre_attn_scalar": keys.share if is_largest else keys.head_dim}
    if keys.get("final_logit_softcapping"):
        own["final_logit_softcapping"] = keys.number("final_logit_softcapping")
    return own | _whole_rotary(keys)


def _windows(keys: _Keys, period: int) -> list[str]:
    """The kind of attention of each block: every `period`th sees all tokens, unless the file says more."""
    pattern = keys.get("attention.sliding_window_pattern", period)
    if not isinstance(pattern, list):
        period = keys.size("attention.sliding_window_pattern", period)
        pattern = [(i + 1) % period != 0 for i in range(keys.blocks)]
    if len(pattern) != keys.blocks:
        raise ValueError(
            f"{keys.where}.attention.sliding_window_pattern must list {keys.blocks} blocks; got {pattern!r}"
        )
    return ["sliding_attention" if slides else "full_attention" for slides in pattern]


def _phi3(keys: _Keys) -> Settings:
    """Phi-3: a part of each head may be turned, by factors for short and for long contexts."""
    turned = keys.size("rope.dimension_count", keys.head_dim)
    keys.get("rope.scaling.attn_factor")  # follows from the two lengths
    own: Settings = {
        "sliding_window": keys.get("attention.sliding_window", 0) or None,
        "original_max_position_embeddings": keys.size(
            "rope.scaling.original_context_length", keys.size("context_length")
        ),
    }
    if turned != keys.head_dim:
        own["partial_rotary_factor"] = turned / keys.head_dim
    if "rope_factors_long.weight" in keys.file.tensors:
        factors = {
            f"{kind}_factor": keys.file.array(f"rope_factors_{kind}.weight").ravel().tolist()
            for kind in ("short", "long")
        }
        own["rope_scaling"] = {"rope_type": "longrope", **factors}
    return own
