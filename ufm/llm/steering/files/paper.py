"""The `layer_<i>.pt` of the paper's own code: one vector [d] after block i, with its concept and model."""

from pathlib import Path

import numpy as np

from ufm._files import write_whole

from ..control_vector import ControlVector
from .content import Content
from .torch_archive import archive_bytes

_CONCEPT = "concept"
CONTENT = Content(float64=False, several=False, model=True, about=frozenset({_CONCEPT}))


def write(vector: ControlVector, path: Path) -> None:
    """Write a dict with the fields of the paper's code."""
    ((layer, v),) = vector.directions.items()
    concept = str(vector.about.get(_CONCEPT, ""))
    value = {
        "model": vector.model,
        "concept": concept,
        "concept_slug": "_".join(concept.lower().split()),
        "layer_idx": layer,
        "hidden_size": v.size,
        "steering_vector": v.astype(np.float32),
    }
    write_whole(path, archive_bytes(value))


def is_ours(value: object) -> bool:
    """Whether this content of a `.pt` is of this format."""
    return isinstance(value, dict) and {"steering_vector", "layer_idx"} <= value.keys()


def read(value: dict[str, object]) -> ControlVector:
    """The vector of the content of a `.pt`."""
    layer, v = value["layer_idx"], value["steering_vector"]
    if isinstance(layer, bool) or not isinstance(layer, int):
        raise ValueError(f"layer_idx = {layer!r} must be a whole number")
    if not isinstance(v, np.ndarray):
        raise ValueError("steering_vector is no tensor of floating-point numbers")
    concept = str(value.get(_CONCEPT) or "")
    about = {_CONCEPT: concept} if concept else {}
    return ControlVector({layer: v}, model=str(value.get("model") or ""), about=about)
