"""The settings of a decoder, and how they are read from config.json: nothing is guessed."""

from dataclasses import dataclass
from typing import Any

from ufm._json import JSON

from .rotary import Rotary

# Settings that change nothing in a forward pass.
_HARMLESS = """
    architectures attention_dropout attn_pdrop auto_map bad_words_ids boi_token_index
    bos_token_id cache_implementation chunk_size_feed_forward decoder_start_token_id dtype
    embd_pdrop eoi_token_index eos_token_id gradient_checkpointing id2label image_token_index
    initializer_range is_decoder label2id max_length max_position_embeddings model_type n_ctx
    output_attentions output_hidden_states pad_token_id pretraining_tp problem_type resid_pdrop
    return_dict sep_token_id task_specific_params tokenizer_class torch_dtype
    transformers_version use_cache vocab_size
"""
_HARMLESS_STARTS = ("_", "summary_", "unsloth", "transformers")
_ACTIVATIONS = {
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu": "gelu",
    "silu": "silu",
    "swish": "silu",
}


@dataclass(frozen=True)
class BlockConfig:
    """The settings of one block; blocks with equal settings share one compiled program."""

    heads: int
    kv_heads: int
    head_dim: int
    scale: float  # of attention scores
    activation: str
    norm_eps: float
    rotary: Rotary | None  # None: learned positions
    window: int | None  # of sliding attention, in tokens; None: all earlier tokens


@dataclass(frozen=True)
class Config:
    """Sizes and settings of a decoder; `positions` is None where positions are rotary."""

    family: str
    vocabulary: int
    dimension: int
    inner: int
    positions: int | None
    blocks: tuple[BlockConfig, ...]
    tied: bool
    attention_bias: bool
    mlp_bias: bool
    embedding_scale: float = 1.0
    final_softcap: float | None = None


class Reader:
    """Hands out settings and remembers which were asked for; errors name `where` they are from."""

    def __init__(self, settings: dict[str, JSON], where: str = "config.json"):
        self.settings = settings
        self.where = where
        self.read: set[str] = set()

    def get(self, name: str, default: JSON = None) -> Any:  # whoever reads checks
        """The setting, or `default` where it is missing or null."""
        self.read.add(name)
        value = self.settings.get(name)
        return default if value is None else value

    def size(self, name: str, default: int | None = None) -> int:
        """A positive integer."""
        value = self.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{self.where}: {name} must be a positive integer; got {value!r}")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """A positive number."""
        value = self.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise ValueError(f"{self.where}: {name} must be a positive number; got {value!r}")
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self.get(name, default)
        if not isinstance(value, bool):
            raise ValueError(f"{self.where}: {name} must be true or false; got {value!r}")
        return value

    def activation(self, name: str, default: str) -> str:
        """An activation that the decoder knows, by its name there."""
        value = self.get(name, default)
        if value not in _ACTIVATIONS:
            known = ", ".join(sorted(_ACTIVATIONS))
            raise ValueError(f"config.json: {name} {value!r} is not supported; known are {known}")
        return _ACTIVATIONS[value]

    def refuse_unread(self, ignore: tuple[str, ...]) -> None:
        """Raise if a setting that may matter was never asked for."""
        harmless = {*_HARMLESS.split(), *ignore}
        for name, value in self.settings.items():
            is_known = name in self.read or name in harmless or name.startswith(_HARMLESS_STARTS)
            # switched off, or empty: nothing that we leave out
            if is_known or not value:
                continue
            shown = repr(value) if len(repr(value)) < 60 else repr(value)[:57] + "…"
            raise ValueError(
                f"config.json: setting {name!r} = {shown} is unknown and may change the model; if it "
                f"does not, load with ignore=({name!r},)"
            )
