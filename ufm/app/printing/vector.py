"""A file of steering vectors: its blocks and the lengths of their vectors, as lines and as JSON."""

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console

from ufm._json import JSON

from .lines import say

if TYPE_CHECKING:
    from ufm.llm.steering.control_vector import ControlVector


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
    say(
        console,
        f"{format}: {vector.width} entries a block{of}; added at {vector.positions} positions, site "
        f"{vector.site}, with strength α = {vector.alpha:g}",
    )
    for layer, v in vector.directions.items():
        norm = _norm(v)
        say(console, f"block {layer}: |v| = {norm:.6g}, |αv| = {abs(vector.alpha) * norm:.6g}")
    for name, value in vector.about.items():
        say(console, f"{name}: {value}")


def _norm(v: np.ndarray) -> float:
    return float(np.linalg.norm(v.astype(np.float64)))
