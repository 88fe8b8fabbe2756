"""SmolLM2's GGUF file as other programs read it."""

from functools import lru_cache

import gguf
import pytest

from tests.gguf_files import finish
from ufm.llm.checkpoint.gguf import GgufFile
from ufm.llm.checkpoint.pretrained import pretrained_file

try:
    FILE = pretrained_file("smollm2")
except ValueError as error:
    pytest.skip(str(error), allow_module_level=True)

# What transformers is to read.
WHERE = dict(pretrained_model_name_or_path=FILE.parent, gguf_file=FILE.name)


def read_header_once(monkeypatch):
    """transformers asks for the same header and table of names again and again, seconds each time."""
    for name in ("GGUFReader", "get_tensor_name_map"):
        monkeypatch.setattr(gguf, name, lru_cache(getattr(gguf, name)))


def write_float32(path):
    """The same weights as in the package's file, not rounded once more, for llama.cpp; half a gigabyte."""
    source = GgufFile(FILE)
    writer = gguf.GGUFWriter(path, "llama")
    for name, add in {
        "embedding_length": writer.add_embedding_length,
        "block_count": writer.add_block_count,
        "feed_forward_length": writer.add_feed_forward_length,
        "attention.head_count": writer.add_head_count,
        "attention.head_count_kv": writer.add_head_count_kv,
        "attention.layer_norm_rms_epsilon": writer.add_layer_norm_rms_eps,
        "rope.dimension_count": writer.add_rope_dimension_count,
        "rope.freq_base": writer.add_rope_freq_base,
        "context_length": writer.add_context_length,
        "vocab_size": writer.add_vocab_size,
    }.items():
        add(source.metadata[f"llama.{name}"])
    writer.add_tokenizer_model("none")
    for name in source.tensors:
        writer.add_tensor(name, source.array(name))
    finish(writer)
