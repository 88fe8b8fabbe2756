"""What a strength is chosen for: one direction, where it is added, and a usual hidden state there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ufm._json import JSON

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..steering.control_vector import ControlVector
from ..steering.embeddings import embed_prompts
from ..steering.prompt_states import PromptStates
from ..steering.vector import SteeringVector


@dataclass(frozen=True, eq=False)
class Direction:
    """A direction of one block, and the lengths |h| of hidden states where it is added.

    - `vector`: has one block; its own α is not looked at.
    - `mean_hidden_norm`, `median_hidden_norm`: over the tokens of the prompts that v was measured on, or
      of the text, as in a `SteeringVector`.
    - `states`: those of the prompts that v was measured on, None for a vector from elsewhere.
    """

    vector: ControlVector
    mean_hidden_norm: float
    median_hidden_norm: float | None
    states: PromptStates | None = None

    @classmethod
    def of(cls, vector: SteeringVector, states: PromptStates | None = None) -> "Direction":
        """A vector measured on prompts."""
        known = vector.mean_hidden_norm, vector.median_hidden_norm
        return cls(ControlVector.of(vector), *known, states)

    @classmethod
    def on_text(
        cls,
        vector: ControlVector,
        model: LanguageModel,
        windows: Sequence[Sequence[int]],
        normalise: bool,
    ) -> "Direction":
        """A vector from a file, with hidden states measured on text; `normalise`: scaled to length 1.

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
            wide = np.asarray(steering.vector, np.float64)
            v = wide / np.linalg.norm(wide)
            vector = replace(vector, directions={steering.layer: v.astype(np.float32)}, alpha=1.0)
        where = [steering.layer]
        found = embed_prompts(model, windows, where, pooling="mean", site=vector.site)
        return cls(vector, float(found.mean_norms[0]), float(found.median_norms[0]))

    @property
    def steering(self) -> Steering:
        """What is added, at all positions."""
        return replace(self.vector.steering(), positions="all")

    @property
    def layer(self) -> int:
        """The block after which it is added."""
        return self.vector.layers[0]

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
