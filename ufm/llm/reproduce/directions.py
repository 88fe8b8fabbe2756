"""The steering vectors of a concept: along which its experiments steer, measured once and kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from ufm import __version__
from ufm._files import Arrays, digest
from ufm._progress import Progress
from ufm.tilt.resampling import resampled_differences

from ..decoder.model import LanguageModel
from ..laws.log_odds import measure_log_odds
from ..measure.journal import Journal
from ..steering.vector import Recipe, SteeringVector, vectors_and_states

# The ways to choose N, the paper's first choice first.
NEGATIVES = ("random", "contrastive")
POOLING = "mean"
_SEED = 0


@dataclass(frozen=True, eq=False)
class Sides:
    """The prompts of a concept as tokens: P, and N by how it was chosen, some of `NEGATIVES`."""

    concept: str
    positive: Sequence[Sequence[int]]
    negative: Mapping[str, Sequence[Sequence[int]]]

    @property
    def main(self) -> str:
        """The N of all figures but A.5: random where there is one, as in the paper."""
        return next(kind for kind in NEGATIVES if kind in self.negative)


@dataclass(frozen=True, eq=False)
class Directions:
    """What the experiments steer along for one concept.

    - `by_negative`: for each way to choose N the vectors by block, as measured. `main`: that of most figures.
    - `runs`: vectors of the middle block from P and N drawn anew. `log_odds` [V]: M. Both are of the main N.
    """

    main: str
    by_negative: Mapping[str, Mapping[int, SteeringVector]]
    runs: tuple[SteeringVector, ...] = ()
    log_odds: np.ndarray = field(default_factory=lambda: np.zeros(0))


def measure_directions(
    model: LanguageModel,
    concepts: Sequence[Sides],
    layers: Sequence[int],
    middle: int,
    runs: int,
    directory: str | Path,
    progress: Progress,
) -> dict[str, Directions]:
    """The vectors of all concepts after the blocks `layers`, by concept; each is a part in `directory`.

    `runs` vectors of the block `middle` come from prompts that are drawn anew with replacement.
    """
    settings = {
        "kind": "directions",
        "version": __version__,
        "fingerprint": model.source.fingerprint,
        "dtype": str(model.dtype),
        "layers": list(layers),
        "middle": middle,
        "runs": runs,
        "pooling": POOLING,
    }
    journal = Journal(directory, settings)
    found: dict[str, Directions] = {}
    for k, sides in enumerate(concepts):
        by_negative, drawn, log_odds = {}, (), np.zeros(0)
        for kind in sides.negative:
            progress(k, len(concepts), f"vectors of {sides.concept}")
            about = {"prompts": digest(list(sides.positive), list(sides.negative[kind]))}
            make = partial(_measure, model, sides, kind, layers, middle, runs)
            part = journal.part(f"{k:04d}-{kind}", make, about)
            vectors = {layer: _vector(model, sides, kind, part, layer, layers) for layer in layers}
            by_negative[kind] = vectors
            if kind == sides.main:
                drawn = tuple(_along(vectors[middle], values) for values in part["runs"])
                log_odds = part["log_odds"]
        found[sides.concept] = Directions(sides.main, by_negative, drawn, log_odds)
    progress(len(concepts), len(concepts), "vectors")
    return found


def _measure(
    model: LanguageModel,
    sides: Sides,
    kind: str,
    layers: Sequence[int],
    middle: int,
    runs: int,
) -> Arrays:
    negative = sides.negative[kind]
    made = vectors_and_states(model, sides.positive, negative, layers, Recipe(pooling=POOLING))
    vectors = [vector for vector, _ in made]
    arrays = {
        "vectors": np.stack([vector.values for vector in vectors]),
        "mean_hidden_norms": np.array([vector.mean_hidden_norm for vector in vectors]),
        "hidden_norms": np.array([vector.hidden_norm for vector in vectors]),
        "sinks": np.array([vector.sinks for vector in vectors]),
    }
    if kind == sides.main:
        states = made[list(layers).index(middle)][1]
        drawn = resampled_differences(states.positive, states.negative, runs, _SEED)
        arrays["runs"] = drawn.astype(arrays["vectors"].dtype)
        arrays["log_odds"] = measure_log_odds(model, sides.positive, negative)
    return arrays


def _vector(
    model: LanguageModel, sides: Sides, kind: str, part: Arrays, layer: int, layers: Sequence[int]
) -> SteeringVector:
    k, values = list(layers).index(layer), part["vectors"]
    return SteeringVector(
        values=values[k],
        layer=layer,
        site="residual",
        positions="all",
        pooling=POOLING,
        normalised=False,
        norm=_length(values[k]),
        mean_hidden_norm=float(part["mean_hidden_norms"][k]),
        median_hidden_norm=float(part["hidden_norms"][k]),
        sinks=int(part["sinks"][k]),
        model=model.source.name,
        revision=model.source.revision,
        fingerprint=model.source.fingerprint,
        prompts=digest(list(sides.positive), list(sides.negative[kind])),
        positive=len(sides.positive),
        negative=len(sides.negative[kind]),
    )


def _along(vector: SteeringVector, values: np.ndarray) -> SteeringVector:
    return replace(vector, values=values, norm=_length(values))


def _length(values: np.ndarray) -> float:
    return float(np.linalg.norm(values.astype(np.float64)))
