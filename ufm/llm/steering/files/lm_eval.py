"""The `.pt` of lm-eval's `steered` model (`--model steered --model_args pretrained=…,steer_path=FILE`).

A dict by hook, the name of a module below the model's `base_model`: `layers.L` (Llama, Mistral, Qwen, Gemma,
Pythia), `h.L` (GPT-2). With the action "add", steering_coefficient · steering_vector is added to the
module's output at all positions.
"""

import re
from pathlib import Path

import numpy as np

from ufm._files import write_whole

from ..control_vector import ControlVector
from .content import Content
from .torch_archive import archive_bytes

_HOOK = "hook"
_COEFFICIENT = "steering_coefficient"  # 1 if it is absent
_DEFAULT_HOOK = "layers"
CONTENT = Content(alpha=True, float64=False, positions=None, about=frozenset({_HOOK}))


def hook_of(vector: ControlVector) -> str:
    """The name, without the number, of the modules that are hooked."""
    return str(vector.about.get(_HOOK, _DEFAULT_HOOK))


def write(vector: ControlVector, path: Path) -> None:
    """Write a dict that lm-eval reads; `about["hook"]` names the modules, `layers` if it is absent."""
    hook = hook_of(vector)
    value = {
        f"{hook}.{layer}": {
            "steering_vector": v.astype(np.float32),
            _COEFFICIENT: float(vector.alpha),
            "action": "add",
            "bias": None,
            "head_index": None,
        }
        for layer, v in vector.directions.items()
    }
    write_whole(path, archive_bytes(value))


def is_ours(value: object) -> bool:
    """Whether this content of a `.pt` is of this format."""
    return isinstance(value, dict) and all(
        isinstance(entry, dict) and "steering_vector" in entry for entry in value.values()
    )


def read(value: dict[str, dict[str, object]]) -> ControlVector:
    """The vectors of the content of a `.pt`."""
    directions, strengths, hooks = {}, {}, set()
    for name, entry in value.items():
        hook, layer = _place(name)
        _check(entry, f"{name}: ")
        v = np.asarray(entry["steering_vector"])
        directions[layer] = v[0] if v.ndim == 2 and len(v) == 1 else v
        strengths[layer] = float(str(entry.get(_COEFFICIENT, 1.0)))
        hooks.add(hook)
    if len(hooks) > 1:
        raise ValueError(f"it hooks modules of several kinds: {', '.join(sorted(hooks))}")
    about = {} if hooks <= {_DEFAULT_HOOK} else {_HOOK: hooks.pop()}
    if len(set(strengths.values())) == 1:
        return ControlVector(directions, strengths.popitem()[1], about=about)
    # one strength a vector: where the file has several, each is multiplied in
    scaled = {
        k: ControlVector({k: directions[k]}, alpha).folded() for k, alpha in strengths.items()
    }
    return ControlVector({k: v.directions[k] for k, v in scaled.items()}, about=about)


def _place(name: str) -> tuple[str, int]:
    found = re.fullmatch(r"((?:[\w.]+\.)?(?:h|layers|blocks))\.(\d+)", str(name), re.ASCII)
    if found is None:
        raise ValueError(f"hook {name!r} is not the output of a block, such as layers.3")
    return found[1], int(found[2])


def _check(entry: dict[str, object], where: str) -> None:
    if entry.get("action") != "add":
        raise ValueError(
            f"{where}action {entry.get('action')!r} is no sum of a vector; add is read"
        )
    if entry.get("bias") is not None or entry.get("head_index") is not None:
        raise ValueError(f"{where}it has a bias or a head, which a sum of a vector has not")
    number = entry.get(_COEFFICIENT, 1.0)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ValueError(f"{where}{_COEFFICIENT} = {number!r} is no number")
    if not isinstance(entry["steering_vector"], np.ndarray):
        raise ValueError(f"{where}steering_vector is no tensor of floating-point numbers")
