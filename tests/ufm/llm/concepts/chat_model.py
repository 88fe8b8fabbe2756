"""A tiny model that chats: that of tests/data/llm/llama3, random weights, with a tokenizer of 64 words."""

import json
import shutil
from pathlib import Path

DATA = Path("tests/data/llm")
CHAT = "{{ bos_token }} a {{ messages[0].content }} b"


def make_chat_model(folder: Path, **settings: str) -> Path:
    """A copy with a tokenizer; `settings` are further ones of tokenizer_config.json."""
    shutil.copytree(DATA / "llama3", folder)
    shutil.copy(DATA / "gpt2" / "tokenizer.json", folder)
    about = {"bos_token": "<s>", "eos_token": "<unk>", **settings}
    (folder / "tokenizer_config.json").write_text(json.dumps(about))
    return folder
