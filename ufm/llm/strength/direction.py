"""What a strength is chosen for: directions, where they are added, and a usual hidden state there."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ufm._json import JSON

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..steering.control_vector import ControlVector
from ..steering.embeddings import embed_prompts
from ..steering.prompt_states import PromptStates, StatesAtOnce
from ..steering.vector import SteeringVector


@dataclass(frozen=True, eq=False)
class Direction:
    """A direction of one block, or of several at once, and the lengths |h| of hidden states there.

    - `vector`: its own α is not looked at.
    - `mean_hidden_norm`, `median_hidden_norm`: over the tokens of the prompts that v was measured on, or
      of the text, as in a `SteeringVector`. Of several blocks, the one length in whose units |v| is the
      root of Σ_k (|v_k|/|h_k|)².
    - `states`: those of the prompts that v was measured on, None for a vector from elsewhere.
    """

    vector: ControlVector
    mean_hidden_norm: float
    median_hidden_norm: float | None
    states: PromptStates | StatesAtOnce | None = None

    @classmethod
    def of(cls, vector: SteeringVector, states: PromptStates | None = None) -> "Direction":
        """A vector measured on prompts."""
        known = vector.mean_hidden_norm, vector.median_hidden_norm
        return cls(ControlVector.of(vector), *known, states)

    @classmethod
    def at_once(
        cls,
        measured: Sequence[tuple[SteeringVector, PromptStates]],
        weights: Sequence[float] | None = None,
    ) -> "Direction":
        """Vectors measured on the same prompts after several blocks, each added `weights` times (1)."""
        factors = weights or [1.0] * len(measured)
        steering = Steering.of([vector for vector, _ in measured], weights=factors)
        blocks = sorted(zip(measured, factors, strict=True), key=lambda block: block[0][0].layer)
        vectors = [vector for (vector, _), _ in blocks]
        one = ControlVector.of(vectors[0])
        held = replace(
            one,
            directions=dict(zip(steering.layers, np.asarray(steering.vector), strict=True)),
            about={**one.about, "weights": [factor for _, factor in blocks]},
        )
        lengths = [abs(factor) * vector.norm for (vector, _), factor in blocks]
        mean = _common_norm(lengths, [vector.mean_hidden_norm for vector in vectors])
        median = _common_norm(lengths, [vector.hidden_norm for vector in vectors])
        states = StatesAtOnce(*map(tuple, zip(*((s, w) for (_, s), w in blocks), strict=True)))
        return cls(held, mean, median, states)

    @classmethod
    def on_text(
        cls,
        vector: ControlVector,
        model: LanguageModel,
        windows: Sequence[Sequence[int]],
        normalise: bool,
    ) -> "Direction":
        """A vector from a file, with hidden states measured on text; `normalise`: scaled to length 1.

        The vectors of several blocks keep their lengths beside each other; their squares then add up to 1.
        Raises `ValueError` where it does not fit the model, or is meant for the last position alone.
        """
        if vector.positions != "all":
            raise ValueError(
                "the vector is meant for the last position, and a text is steered at all: write a file "
                "for all with `ufm vector convert --positions all` if that is what you want"
            )
        steering = vector.steering()
        model.place(steering)
        if normalise:
            length = np.linalg.norm(np.asarray(steering.vector, np.float64))
            unit = {k: (v / length).astype(np.float32) for k, v in vector.directions.items()}
            vector = replace(vector, directions=unit, alpha=1.0)
        found = embed_prompts(model, windows, steering.layers, pooling="mean", site=vector.site)
        lengths = [float(np.linalg.norm(v)) for v in vector.directions.values()]
        mean, median = found.mean_norms.tolist(), found.median_norms.tolist()
        return cls(vector, _common_norm(lengths, mean), _common_norm(lengths, median))

    @property
    def steering(self) -> Steering:
        """What is added, at all positions."""
        return replace(self.vector.steering(), positions="all")

    @property
    def layers(self) -> tuple[int, ...]:
        """The blocks after which it is added."""
        return self.vector.layers

    @property
    def norm(self) -> float:
        """The length |v|."""
        return float(np.linalg.norm(np.asarray(self.steering.vector, np.float64)))

    @property
    def hidden_norm(self) -> float:
        """The length of a usual hidden state there: the median where it is known, else the mean."""
        return self.median_hidden_norm or self.mean_hidden_norm

    def at(self, alpha: float, **about: JSON) -> ControlVector:
        """The vector at a chosen strength, to write to a file, with what is known besides."""
        known = {
            **self.vector.about,
            "norm": self.norm,
            "mean_hidden_norm": self.mean_hidden_norm,
            "median_hidden_norm": self.median_hidden_norm,
            "units": "alpha times the vector is added to hidden states, whose usual length is the median",
        }
        return replace(self.vector, alpha=alpha, positions="all", about={**known, **about})


def _common_norm(lengths: Sequence[float], norms: Sequence[float]) -> float:
    """The |h| for which √Σ|v_k|² / |h| is √Σ(|v_k|/|h_k|)², v_k of these `lengths`, |h_k| the `norms`."""
    shares = [length / norm for length, norm in zip(lengths, norms, strict=True)]
    return math.hypot(*lengths) / math.hypot(*shares)
