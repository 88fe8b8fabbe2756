"""`.svec`: the JSON of IBM's activation-steering and of AISteer360.

`{"model_type": …, "directions": {"L": [d numbers]}, "explained_variances": {"L": number}}`, block L counted
from 0. AISteer360 writes `[[d numbers]]` and reads a plain row too; activation-steering needs
`explained_variances`, which are 0 where no principal component was taken.
"""

import json
from pathlib import Path
from typing import cast

import numpy as np

from ufm._files import write_whole
from ufm._json import JSON

from ..control_vector import ControlVector
from .content import Content

_VARIANCES = "explained_variances"
CONTENT = Content(model=True, about=frozenset({_VARIANCES}))


def write(vector: ControlVector, path: Path) -> None:
    """Write what both libraries read."""
    known = vector.about.get(_VARIANCES)
    variances = known if isinstance(known, dict) else {}
    data: dict[str, JSON] = {
        "model_type": vector.model or "unknown",
        "directions": {str(k): v.astype(np.float64).tolist() for k, v in vector.directions.items()},
        _VARIANCES: {str(k): variances.get(str(k), 0.0) for k in vector.layers},
    }
    write_whole(path, json.dumps(data, ensure_ascii=False, allow_nan=False).encode())


def read(path: Path) -> ControlVector:
    """A file of either library, with one direction a block."""
    try:
        data = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("directions"), dict):
        raise ValueError('it holds no "directions" by block')
    if data.get("num_heads") is not None:
        raise ValueError("it steers heads of attention, not the residual stream")
    directions = {_block(k): _row(k, rows) for k, rows in data["directions"].items()}
    model = data.get("model_type", "")
    if not isinstance(model, str):
        raise ValueError(f"model_type = {model!r} must be a text")
    variances = data.get(_VARIANCES)
    is_known = isinstance(variances, dict) and any(variances.values())
    return ControlVector(
        directions,
        model="" if model == "unknown" else model,
        about={_VARIANCES: variances} if is_known else {},
    )


def _block(key: str) -> int:
    if not (key.isascii() and key.isdecimal()):
        raise ValueError(f"direction {key!r} is of no block; blocks are counted from 0")
    return int(key)


def _row(key: str, rows: object) -> np.ndarray:
    """The one direction of a block, [d] or [[d]]."""
    try:
        found = np.array(cast(list[float], rows), np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"direction {key} is no row of numbers") from error
    if found.ndim == 2 and len(found) == 1:
        return found[0]
    if found.ndim == 2:
        raise ValueError(f"block {key} has {len(found)} directions; one is read")
    return found
