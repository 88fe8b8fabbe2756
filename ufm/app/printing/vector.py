"""A file of steering vectors: its blocks and the lengths of their vectors, as lines and as JSON."""

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console

from ufm._json import JSON
from ufm.llm.measure.budgets import BUDGETS

from .lines import entry, say

if TYPE_CHECKING:
    from ufm.llm.steering.control_vector import ControlVector


# What is known besides, in words and in this order; anything else comes last.
_LABELS = {
    "kind": "what the budget limits",
    "budget": "budget",
    "price": "price on text",
    "goal": "goal, share of texts that show the concept",
    "goal_missed": "the goal is missed",
    "presence": "presence in new texts",
    "method": "method",
    "pooling": "pooling",
    "positive": "positive prompts",
    "negative": "negative prompts",
    "prompts": "digest of the prompts",
    "norm": "length |v|",
    "normalised": "scaled to length 1",
    "median_hidden_norm": "median |h|, first tokens left out",
    "mean_hidden_norm": "mean |h|, all tokens of the prompts",
    "sinks": "attention sinks, in tokens of the prompts",
    "fingerprint": "fingerprint of the model",
    "revision": "revision of the model",
}


def vector_json(format: str, vector: "ControlVector") -> dict[str, JSON]:
    """What is known of the vector, without its numbers."""
    return {
        "format": format,
        "alpha": vector.alpha,
        "site": vector.site,
        "positions": vector.positions,
        "model": vector.model,
        "width": vector.width,
        "norms": {str(layer): _norm(v) for layer, v in vector.directions.items()},
        "about": vector.about,
    }


def print_vector(format: str, vector: "ControlVector", console: Console) -> None:
    """One line of the whole, one for each block, one for each thing that is known besides."""
    of = f" of {vector.model}" if vector.model else ""
    entry(
        console,
        f"{format}: {vector.width} entries a block{of}; added at {vector.positions} positions, site "
        f"{vector.site}, with strength α = {vector.alpha:g}",
    )
    for layer, v in vector.directions.items():
        norm = _norm(v)
        say(console, f"block {layer}: |v| = {norm:.6g}, |αv| = {abs(vector.alpha) * norm:.6g}")
    for name in [
        *(n for n in _LABELS if n in vector.about),
        *(n for n in vector.about if n not in _LABELS),
    ]:
        entry(console, f"{_LABELS.get(name, name)}: {_value(name, vector.about[name], vector)}")


def _value(name: str, value: JSON, vector: "ControlVector") -> str:
    """Six digits of a number; with its unit where that is not the vector's own."""
    if isinstance(value, bool | None):
        return {True: "yes", False: "no", None: "none"}[value]
    shown = f"{value:.6g}" if isinstance(value, float) else str(value)
    kind = vector.about.get("kind")
    unit = BUDGETS[kind].unit if isinstance(kind, str) and kind in BUDGETS else ""
    return f"{shown} {unit}".rstrip() if name in ("budget", "price") else shown


def _norm(v: np.ndarray) -> float:
    return float(np.linalg.norm(v.astype(np.float64)))
