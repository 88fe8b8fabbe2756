"""Presence of the concept in texts: Figures 7 (above), A.11, A.12, and the rise of Theorem 3.6."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from ufm import plots
from ufm.plots.style import prepared

from ..concepts.concept import CONCEPTS
from ..laws.law import Law, Statement
from ..laws.tanh import fit_tanh
from .experiment import Finding
from .laboratory import Laboratory
from .measurement import Measurement, at_each_block
from .panels import BESIDE, grid
from .study import Study, depth_of

_INSIDE, _OUTSIDE = 0.9, 0.7
STATEMENT = Statement(
    "sigmoid",
    "The concept's presence in texts rises along a sigmoid of α",
    "R² of the tanh m + h tanh(s(α - c)) fitted to the mean over prompts. It holds if the "
    "presence rises from the least "
    "to the largest α by more than the 95 % intervals there (Wilson), and the tanh lies within "
    "these intervals at 9 "
    "strengths in 10; it fails if the presence falls by more than them, or the tanh lies within "
    "at fewer than 7 in 10",
)


@dataclass(frozen=True)
class ConceptPresence:
    """How often a judge finds the concept in what the steered model writes."""

    name: str = "presence"
    figures: tuple[str, ...] = ("7-above", "A.11", "A.12")
    title: str = "Concept probability in texts"
    says: str = (
        "“a mostly sigmoidal trend, with occasional mismatches”, where sampling drifts to punctuation; "
        "Appendix A: “partially verified (more often true than false)”, less clean for harder concepts such "
        "as lying, “more erratic” after early layers, “less consistent behavior on Llama 2”"
    )
    law: str = "Theorem 3.6 (of the probability of tokens, not of texts)"
    protocol: str = (
        "α in [-40, 40]; 12 prompts, 32 completions, as we read it after each; gemma-3-12b-it says of each "
        "text whether it expresses the concept, for which “any word linked to the concept” is enough; "
        "labels are averaged. From the code alone: 41 strengths, 100 tokens, temperature 0.9, top-k 50, "
        "top-p 0.95. It differs in that it asks one answer on 12 completions of a prompt together, of 16 "
        "prompts."
    )

    def here(self, study: Study) -> str:
        """What this run does."""
        scale = study.scale
        assert study.judge is not None
        return (
            f"{scale.presence.words}; {len(study.rows)} prompts, {scale.samples} completions of "
            f"{scale.text_length} "
            f"tokens each; the judge is {study.judge.name}, a text counts where P(yes) > 0.5, and "
            "answers are averaged, "
            "as in the paper. `ufm judge` says how far a judge agrees with people."
        )

    def why_not(self, study: Study) -> str | None:
        """A judge is needed, and a question for it."""
        if study.judge is None:
            return "no judge was named: name one with --judge"
        unknown = [sides.concept for sides in study.concepts if sides.concept not in CONCEPTS]
        if unknown:
            return f"there is no question to ask a judge about {', '.join(unknown)}"
        return None

    def measurements(self, laboratory: Laboratory) -> list[Measurement]:
        """The texts of each concept and block."""
        return at_each_block("presence", laboratory.study)

    def findings(self, laboratory: Laboratory) -> Sequence[Finding]:
        """Whether the presence rises along a sigmoid."""
        found = []
        for measurement in self.measurements(laboratory):
            judged = laboratory.presence(measurement.concept, measurement.layer)
            law = sigmoid_law(judged.alphas, judged.presence, judged.wilson)
            found.append(Finding(measurement.concept, measurement.layer, law))
        return found

    def draw(self, laboratory: Laboratory) -> Figure:
        """A panel for each concept and block: presence with its interval, the fitted tanh, looping texts."""
        study = laboratory.study
        figure, axes = grid(len(study.concepts), len(study.layers))
        for sides, row in zip(study.concepts, axes, strict=True):
            for layer, panel in zip(study.layers, row, strict=True):
                judged = laboratory.presence(sides.concept, layer)
                alphas = judged.alphas
                prepared(panel, "presence", alphas)
                error = np.abs(judged.wilson.T - judged.presence)
                blue, orange = plots.PALETTE[:2]
                panel.errorbar(
                    alphas, judged.presence, error, fmt="o", ms=3, lw=1, color=blue, label="judged"
                )
                fit = fit_tanh(alphas, judged.presence)
                if fit is not None:
                    steps = np.linspace(alphas[0], alphas[-1], 101)
                    panel.plot(steps, np.clip(fit(steps), 0, 1), "--", color=orange, label="tanh")
                panel.plot(alphas, judged.loops, ":", color="0.4", label="texts that loop")
                edge = 0.03 * float(np.ptp(alphas))
                panel.set(ylim=(-0.03, 1.03), xlim=(alphas[0] - edge, alphas[-1] + edge))
                panel.set_xlabel("α (multiples of v)")
                title = f"{sides.concept}, {depth_of(layer, study.model.blocks)} block {layer}"
                panel.set_title(title, loc="left", fontsize="small")
            row[-1].legend(**BESIDE)
        return figure


def sigmoid_law(
    alphas: Float[np.ndarray, " A"],
    presence: Float[np.ndarray, " A"],
    interval: Float[np.ndarray, "A 2"],
) -> Law:
    """Whether the presence, with its intervals, rises along a tanh of α.

    >>> import numpy as np
    >>> from ufm.llm.measure.presence import wilson
    >>> from ufm.llm.reproduce.presence_experiment import sigmoid_law
    >>> a = np.linspace(-3, 3, 13)
    >>> p = 0.5 + 0.4 * np.tanh(a - 1)
    >>> law = sigmoid_law(a, p, wilson(p, 40))
    >>> print(law.verdict, f"{law.number:.3f}")
    holds 1.000
    """
    fit = fit_tanh(alphas, presence)
    low, high = interval.T
    rises, falls = bool(high[0] < low[-1]), bool(low[0] > high[-1])
    inside = 0.0
    if fit is not None:
        fitted = np.clip(fit(alphas), 0.0, 1.0)  # a probability: least squares do not know that
        inside = float(np.mean((low <= fitted) & (fitted <= high)))
    evidence: dict[str, object] = {
        "alphas": alphas,
        "presence": presence,
        "interval": interval,
        "inside": inside,
    }
    ends = f"presence {presence[0]:.2f} at the least α, {presence[-1]:.2f} at the largest"
    if fit is None:
        return STATEMENT.judged("undecided", None, f"{ends}, and the same everywhere", evidence)
    is_far = falls or inside < _OUTSIDE
    verdict = "fails" if is_far else "holds" if rises and inside >= _INSIDE else "undecided"
    top = int(presence.argmax())
    why = (
        f"{ends}, highest {presence[top]:.2f} at α = {alphas[top]:.3g}; the tanh lies within the "
        "interval at "
        f"{inside:.0%} of the strengths"
    )
    if verdict == "undecided" and not rises:
        why += "; the intervals at the ends overlap"
    return STATEMENT.judged(verdict, fit.r_squared, why, evidence)
