"""What the config.json of each family says; anything unknown is an error naming it."""

from dataclasses import replace

from ufm._json import JSON

from ..decoder.config import Config, Reader
from .gemma_settings import gemma2, gemma3
from .gpt_settings import gpt2, gpt_neox, opt
from .llama_settings import granite, llama_like, olmo3, phi3, smollm3
from .mixture_settings import gpt_oss, mixtral, qwen3_moe

# How the settings of each family are read.
_READERS = {
    "gpt2": gpt2,
    "gpt_neox": gpt_neox,
    "llama": llama_like,
    "mistral": llama_like,
    "qwen2": llama_like,
    "qwen3": llama_like,
    "phi3": phi3,
    "gemma2": gemma2,
    "gemma3_text": gemma3,
    "olmo2": llama_like,
    "olmo3": olmo3,
    "granite": granite,
    "smollm3": smollm3,
    "opt": opt,
    "mixtral": mixtral,
    "qwen3_moe": qwen3_moe,
    "gpt_oss": gpt_oss,
}
FAMILIES = tuple(_READERS)
# As config.json names them: "gemma3" is the text decoder of Gemma 3 with vision.
KNOWN = (*FAMILIES, "gemma3")


def read_config(settings: dict[str, JSON], ignore: tuple[str, ...] = ()) -> Config:
    """The decoder settings in `settings`, the contents of a config.json.

    An unknown architecture, rope type, activation or setting raises `ValueError` naming it;
    `ignore` lists settings to pass over.
    """
    family = settings.get("model_type")
    if family == "gemma3":
        text = read_config(_text_config(settings, ignore), ignore)
        return replace(text, part_of=family)
    if not isinstance(family, str) or family not in _READERS:
        raise ValueError(
            f"config.json: model_type {family!r} is not supported; known are {', '.join(KNOWN)}"
        )
    reader = Reader(settings)
    config = _READERS[family](family, reader)
    reader.refuse_unread(ignore)
    return config


def _text_config(settings: dict[str, JSON], ignore: tuple[str, ...]) -> dict[str, JSON]:
    """The text decoder in the settings of Gemma 3 with vision, whose files leave out much."""
    reader = Reader(settings)
    text = reader.get("text_config")
    if not isinstance(text, dict):
        raise ValueError(f"config.json: text_config must be an object; got {text!r}")
    for name in ("vision_config", "mm_tokens_per_image"):
        reader.get(name)
    tied = reader.flag("tie_word_embeddings", True)
    reader.refuse_unread(ignore)
    # transformers' defaults of Gemma3TextConfig, on which the published files rely
    unsaid = {"vocab_size": 262208, "num_attention_heads": 8, "num_key_value_heads": 4}
    given = {name: value for name, value in text.items() if value is not None}
    return {"tie_word_embeddings": tied, **unsaid, **given, "model_type": "gemma3_text"}
