"""The settings of a decoder, and how they are read from config.json: nothing is guessed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ufm._json import JSON

from .rotary import Rotary

# Settings that change nothing in a forward pass.
_HARMLESS = """
    activation_dropout add_bos_token add_eos_token architectures attention_dropout
    attn_implementation attn_pdrop auto_map bad_words_ids begin_suppress_tokens boi_token_index
    bos_token_id cache_implementation chunk_size_feed_forward classifier_dropout cls_token_id
    decoder_start_token_id diversity_penalty do_sample dropout dtype early_stopping embd_pdrop
    encoder_no_repeat_ngram_size eoi_token_index eos_token_id exponential_decay_length_penalty
    finetuning_task forced_bos_token_id forced_eos_token_id gradient_checkpointing hidden_dropout
    id2label image_token_index init_std initializer_range is_decoder is_encoder_decoder is_llama_config
    keys_to_ignore_at_inference label2id layerdrop length_penalty mask_token_id max_length
    max_new_tokens max_position_embeddings min_length model_max_length model_type n_ctx
    name_or_path no_repeat_ngram_size num_beam_groups num_beams num_return_sequences
    output_attentions output_hidden_states output_router_logits output_scores pad_token_id
    predict_special_tokens
    prefix pretraining_tp problem_type pruned_heads remove_invalid_values repetition_penalty
    resid_pdrop return_dict return_dict_in_generate router_aux_loss_coef
    router_jitter_noise sep_token_id suppress_tokens
    task_specific_params temperature tf_legacy_loss tokenizer_class tokenizer_model_max_length
    tokenizer_padding_side top_k top_p torch_dtype torchscript transformers_version typical_p
    unk_token_id use_bfloat16 use_cache use_return_dict vocab_size
"""
_HARMLESS_STARTS = ("_", "summary_", "unsloth", "transformers")
_ACTIVATIONS = {
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu": "gelu",
    "silu": "silu",
    "swish": "silu",
    "relu": "relu",
}


@dataclass(frozen=True)
class Mixture:
    """A mixture of experts: how many there are, how many a token uses, and how wide each is.

    A token uses those whose router scores s are largest. The share of one is softmax(s) among all, or,
    if `is_renormalised`, among the used.
    """

    count: int
    used: int
    inner: int
    is_renormalised: bool


@dataclass(frozen=True)
class ClampedGate:
    """What gpt-oss makes of gate g and up u, g at most `limit` and |u| too: g σ(slope · g) (u + 1)."""

    slope: float
    limit: float


@dataclass(frozen=True)
class BlockConfig:
    """The settings of one block; blocks with equal settings share one compiled program."""

    heads: int
    kv_heads: int
    head_dim: int
    scale: float  # attention scores are multiplied by it
    activation: str
    norm_eps: float
    rotary: Rotary | None  # None: learned positions, or none at all
    window: int | None  # the tokens that sliding attention sees; None: all earlier ones
    softcap: float | None = None  # attention scores s become cap · tanh(s / cap)
    residual_scale: float = 1.0  # what attention and MLP add to the stream is multiplied by it
    is_parallel: bool = False  # the MLP sees the stream before attention adds to it
    mixture: Mixture | None = None  # None: one MLP for all tokens
    clamped_gate: ClampedGate | None = None  # in place of the activation
    norms_sums: bool = False  # the norms after attention and MLP take the stream with what is added


@dataclass(frozen=True)
class Config:
    """Sizes and settings of a decoder; `positions` is None where positions are rotary.

    `context`: how many tokens the model was made for, as config.json says it (max_position_embeddings); None
    where it does not. A rotary model takes more, without having learned what they mean. `part_of`: of a
    decoder that is a part of a larger model, such as one with vision, that model's family.
    """

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
    logit_divisor: float = 1.0  # by which the unembedding was divided when it was read
    context: int | None = None
    has_final_norm: bool = True
    # where matrices, multiplied in when read, lead from and to it
    embedding_width: int | None = None
    part_of: str | None = None

    @property
    def longest(self) -> int | None:
        """The most tokens that the model can, or knows to, read at once; None where that is not known."""
        return self.positions or self.context

    @property
    def heads(self) -> int:
        """The most attention heads of any block."""
        return max(block.heads for block in self.blocks)


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
        for name in ignore:
            if name in self.read:
                raise ValueError(f"{self.where}: {name} changes the model: it cannot be ignored")
        known = {*_HARMLESS.split(), *self.read, *ignore}
        # one switched off, or empty, is nothing that we leave out
        unknown = {
            name: value
            for name, value in self.settings.items()
            if value and name not in known and not name.startswith(_HARMLESS_STARTS)
        }
        refuse_unknown(self.where, "setting", unknown)


def refuse_unknown(where: str, noun: str, unknown: Mapping[str, JSON]) -> None:
    """Raise, naming all of them, where `unknown` holds any setting (or whatever the `noun` is)."""
    if unknown:
        shown = ", ".join(f"{name!r} = {_short(value)}" for name, value in unknown.items())
        some, they_do = (f"{noun}s", "they do") if len(unknown) > 1 else (noun, "it does")
        raise ValueError(
            f"{where}: {some} {shown} {'are' if they_do == 'they do' else 'is'} unknown and may change the "
            f"model; if {they_do} not, load with ignore={tuple(unknown)!r} (--ignore {' '.join(unknown)})"
        )


def _short(value: JSON) -> str:
    return repr(value) if len(repr(value)) < 60 else repr(value)[:57] + "…"
