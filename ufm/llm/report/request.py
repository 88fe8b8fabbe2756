"""What a report is asked for, and what it then holds."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ufm._json import JSON, finite_or_null

from ..laws.bumps import Protocol, protocols_of
from ..laws.law import Law
from ..laws.log_odds import Agreement
from ..measure.ceiling import CeilingCurve
from ..measure.cost_sweep import Cost
from ..measure.slopes import Slopes
from ..measure.token_curves import Curves


@dataclass(frozen=True, eq=False)
class Request:
    """What a report is asked for.

    - `positive`, `negative`, `contexts`: prompts as texts; the curves are those of `contexts`.
    - `alphas` [A]: strengths, increasing, in `unit`: multiples of the "vector", usual "hidden" states, or
      "nats" at the ends (`in_multiples`). `top`: tokens kept at each end.
    - `layer`, `positions`, `pooling`, `normalise`, `site`: the steering vector, as `steering_vectors` has
      them; at the site "post-norm" the layer is the last.
    - `text`: a file for the cross-entropy. At most `text_tokens` of its tokens are read (0: all), in
      windows of `length` tokens, or as many as the model has positions if those are fewer.
    - `concept` [V] bool: the concept's tokens, fixed beforehand.
    """

    positive: tuple[str, ...]
    negative: tuple[str, ...]
    contexts: tuple[str, ...]
    alphas: np.ndarray
    layer: int
    top: int = 100
    positions: str = "all"
    pooling: str = "last"
    normalise: bool = True
    text: Path | None = None
    text_tokens: int = 8192
    length: int = 128
    concept: np.ndarray | None = None
    site: str = "residual"
    unit: str = "vector"


@dataclass(frozen=True, eq=False)
class Report:
    """The laws with their verdicts, and the data behind the pictures.

    `facts`: the model, the steering and the request, plain JSON. `names`: the texts of the tokens shown,
    by number. `contexts`: the texts of the curves' prompts. `concept` [V] bool: the concept's tokens.
    `ceiling`: its mass against the most that any change could make of it, None without one.
    """

    facts: dict[str, object]
    laws: tuple[Law, ...]
    curves: Curves
    slopes: Slopes
    agreement: Agreement
    names: dict[int, str]
    contexts: tuple[str, ...]
    concept: np.ndarray | None = None
    wide_cost: Cost | None = None
    near_cost: Cost | None = None
    ceiling: CeilingCurve | None = None

    @property
    def fails(self) -> bool:
        """Whether some law fails."""
        return any(law.verdict == "fails" for law in self.laws)

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """The ways in which the shapes of the curves are counted, side by side."""
        return protocols_of(next(law for law in self.laws if law.id == "bumps"))

    def as_json(self) -> dict[str, JSON]:
        """What report.json holds: no times, no paths, so that equal runs give equal files."""
        data = {
            "format": 1,
            **self.facts,
            "laws": [law.as_json() for law in self.laws],
            "summary": {law.id: law.verdict for law in self.laws},
        }
        return finite_or_null(data)
