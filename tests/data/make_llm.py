"""Makes tests/data/llm: tiny random checkpoints of every family with the logits they must give.

Needs `pip install -e '.[oracle]'`. Run from the root of the repository:

    python -m tests.data.make_llm [FAMILY …]

The logits in golden.safetensors are those of transformers (float32) and of the plain numpy forward
pass in tests/oracle/reference.py (float64), unsteered and steered; nothing of `ufm` takes part.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers

from tests.oracle import reference, tiny_models

HERE = Path(__file__).parent / "llm"
TOKENS = np.random.default_rng(7).integers(3, 64, size=9)
KINDS = {"gpt2": "5GB", "llama3": "5GB", "mistral": "8KB", "qwen3": "5GB", "gemma3": "8KB"}
KINDS |= dict.fromkeys(
    ["qwen2", "phi3", "gemma2", "gpt_neox", "olmo2", "olmo3", "granite", "smollm3", "opt"], "5GB"
)
KINDS |= dict.fromkeys(["opt-350m", "mixtral", "qwen3_moe", "gpt_oss"], "5GB")
SEED = 11
# layer, alpha, positions, site
STEERS = {
    "plain": None,
    "first-all": (0, 2.0, "all", "residual"),
    "first-last": (0, -7.0, "last", "residual"),
    "last-all": (1, 100.0, "all", "residual"),
    "post-norm": (1, 2.0, "all", "post-norm"),
}
WORDS = [
    "the",
    "a",
    "of",
    "and",
    "to",
    "in",
    "is",
    "it",
    "that",
    "was",
    "he",
    "for",
    "on",
    "are",
    "as",
    "with",
    "his",
    "they",
    "at",
    "be",
    "this",
    "from",
    "i",
    "have",
    "or",
    "by",
    "one",
    "had",
    "not",
    "but",
    "what",
    "all",
    "were",
    "when",
    "we",
    "there",
    "can",
    "an",
    "your",
    "which",
    "their",
    "said",
    "if",
    "do",
    "will",
    "each",
    "about",
    "how",
    "up",
    "out",
    "them",
    "then",
    "she",
]


def main() -> None:
    tiny_models.D, tiny_models.N = 16, 2
    for name in sys.argv[1:] or KINDS:
        shard_size = KINDS[name]
        directory = HERE / name
        shutil.rmtree(directory, ignore_errors=True)
        dtype = torch.bfloat16 if name in ("mistral", "gemma3") else torch.float32
        model = make(name, directory, dtype, shard_size)
        (directory / "generation_config.json").unlink(missing_ok=True)
        save_file(golden(model), directory / "golden.safetensors")
        for path in directory.glob("*.safetensors"):
            path.chmod(0o644)
    tokenizer().save(str(HERE / "gpt2" / "tokenizer.json"))


def make(name, directory, dtype, shard_size):
    settings = tiny_models.CONFIGS[name]().to_dict()
    small = dict(hidden_size=16, num_hidden_layers=2, intermediate_size=24, n_embd=16, n_layer=2)
    if settings.get("word_embed_proj_dim") == settings.get("hidden_size"):
        small["word_embed_proj_dim"] = 16
    settings.update({k: v for k, v in small.items() if k in settings})
    if settings.get("layer_types"):
        settings["layer_types"] = settings["layer_types"][:2]
    rope = settings.get("rope_parameters") or {}
    for kind in {"short_factor", "long_factor"} & rope.keys():
        rope[kind] = rope[kind][:1]  # heads of 4, of which 2 numbers are turned
    tiny_models.CONFIGS["small"] = lambda: transformers.AutoConfig.for_model(**settings)
    return tiny_models.make("small", directory, dtype, shard_size, SEED)


def golden(model) -> dict[str, np.ndarray]:
    vector = np.random.default_rng(8).normal(size=16) / 4
    found = {"tokens": TOKENS, "vector": vector}
    state = {k: v.detach().double().numpy() for k, v in model.state_dict().items()}
    for name, steer in STEERS.items():
        if steer is not None:
            steer = (*steer[:2], vector, *steer[2:])
        found[f"{name}.float32"] = tiny_models.steered_logits(model, TOKENS, steer=steer)[0]
        found[f"{name}.float64"] = reference.logits(model.config, state, TOKENS, steer)
    (HERE / "steers.json").write_text(json.dumps(STEERS, indent=1) + "\n")
    return found


def tokenizer() -> Tokenizer:
    vocabulary = {"<pad>": 0, "<s>": 1, "<unk>": 2}
    for word in WORDS:
        vocabulary.setdefault(word, len(vocabulary))
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        if len(vocabulary) < 64:
            vocabulary.setdefault(letter, len(vocabulary))
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


if __name__ == "__main__":
    main()
