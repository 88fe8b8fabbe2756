"""The folder of a toy model: Hugging Face's files and the data that `ufm llm` asks for."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tokenizers
from jaxtyping import Array
from safetensors.numpy import save

from ufm._json import JSON

from ..decoder.params import Linear, Norm, Params
from ._settings import Settings
from ._tokenizer import END


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `path` when all went well: whole, or never there.

    Raises `ValueError` if `path` exists, `OSError` if its parent cannot be written to.
    """
    with _aside(path) as aside:
        yield aside
        for file in aside.iterdir():
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
        refuse_existing(path)
        aside.rename(path)


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    """A folder beside `path`, gone at the end unless it was renamed."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        aside.mkdir()
        yield aside
    except OSError as error:
        raise OSError(error.errno, f"cannot write {path}: {error.strerror}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def check_writable(path: Path) -> None:
    """Raise at once what would otherwise be raised at the end; clear what killed runs left."""
    refuse_existing(path)
    for left_over in path.parent.glob(f".{path.name}.*.part"):
        shutil.rmtree(left_over, ignore_errors=True)
    with _aside(path):
        pass


def refuse_existing(path: Path) -> None:
    """Raise if there is something at `path` already."""
    if path.exists() or path.is_symlink():
        raise ValueError(f"{path} exists: name a new folder, or delete this one")


def write_model(
    folder: Path, params: Params, config: Mapping[str, JSON], tokenizer: tokenizers.Tokenizer
) -> None:
    """config.json, model.safetensors, tokenizer.json, tokenizer_config.json as GPT-2 has them."""
    weights = save(gpt2_tensors(params), {"format": "pt"})
    (folder / "model.safetensors").write_bytes(weights)
    tokenizer.save(str(folder / "tokenizer.json"))
    tokenizer_config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": END,
        "eos_token": END,
        "unk_token": END,
        "clean_up_tokenization_spaces": False,
        "model_max_length": config["n_positions"],
    }
    write_data(folder, "config.json", config)
    write_data(folder, "tokenizer_config.json", tokenizer_config)


def gpt2_tensors(params: Params) -> dict[str, np.ndarray]:
    """The parameters of a GPT-2 by their names there: the inverse of what `ufm.llm.load` reads."""
    found: dict[str, np.ndarray] = {}

    def put(name: str, weight: Array | np.ndarray, bias: Array | np.ndarray | None) -> None:
        found[f"transformer.{name}.weight"] = np.ascontiguousarray(weight)
        found[f"transformer.{name}.bias"] = np.ascontiguousarray(bias)

    def norm(name: str, part: Norm | None) -> None:
        assert part is not None  # every block of a GPT-2 has both
        put(name, part.scale, part.bias)

    def linear(name: str, *parts: Linear) -> None:
        # stored [in, out], query, key and value side by side
        weights = np.concatenate([np.asarray(part.weight) for part in parts]).T
        put(name, weights, np.concatenate([np.asarray(part.bias) for part in parts]))

    found["transformer.wte.weight"] = np.asarray(params.embedding)
    found["transformer.wpe.weight"] = np.asarray(params.position_embedding)
    for i, block in enumerate(params.blocks):
        norm(f"h.{i}.ln_1", block.attention_norm)
        linear(f"h.{i}.attn.c_attn", block.query, block.key, block.value)
        linear(f"h.{i}.attn.c_proj", block.output)
        norm(f"h.{i}.ln_2", block.mlp_norm)
        assert isinstance(block.up, Linear)  # a GPT-2 has no experts
        assert isinstance(block.down, Linear)
        linear(f"h.{i}.mlp.c_fc", block.up)
        linear(f"h.{i}.mlp.c_proj", block.down)
    norm("ln_f", params.final_norm)
    return found


def write_lines(path: Path, entries: Iterable[Mapping[str, JSON]]) -> None:
    """JSON lines."""
    write_text(path, "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries))


def write_data(folder: Path, name: str, data: Mapping[str, JSON]) -> None:
    """A JSON file."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)
    write_text(folder / name, text + "\n")


def write_text(path: Path, text: str) -> None:
    """A text file, the same bytes on every system."""
    path.write_bytes(text.encode())


def gpt2_config(settings: Settings, vocabulary: int) -> dict[str, JSON]:
    """The config.json: a GPT-2 without dropout, its head tied to the embedding."""
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "n_layer": settings.blocks,
        "n_head": settings.heads,
        "n_embd": settings.dimension,
        "n_inner": 4 * settings.dimension,
        "n_positions": settings.context,
        "vocab_size": vocabulary,
        "layer_norm_epsilon": 1e-5,
        "tie_word_embeddings": True,
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "torch_dtype": "float32",
    }
