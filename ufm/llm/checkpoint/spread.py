"""Loads a model over all devices of this process: the weights split, or a copy on each."""

from dataclasses import replace
from pathlib import Path

import jax

from ..decoder.devices import on_each_device
from ..decoder.model import LanguageModel
from .load import load


def load_spread(
    path_or_id: str | Path,
    dtype: str = "float32",
    *,
    is_split: bool = False,
    revision: str | None = None,
    ignore: tuple[str, ...] = (),
) -> LanguageModel:
    """Load a model as `load` does, on every device that this process has.

    With `is_split` each holds a part of the large matrices, for a model that does not fit one; else each
    has a copy, and they share the strengths of a sweep and the texts of a batch.

    >>> from ufm.llm.checkpoint.spread import load_spread
    >>> model = load_spread("tests/data/llm/gpt2", "float64", is_split=True)
    >>> print(model.logits([3, 4, 5]).shape)
    (64,)
    """
    devices = jax.local_devices() if is_split else None
    model = load(path_or_id, dtype, revision=revision, devices=devices, ignore=ignore)
    return model if is_split else replace(model, params=on_each_device(model.params))
