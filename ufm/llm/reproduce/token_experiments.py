"""Next-token curves: Figures 6, A.1, A.2, A.3, A.5 and A.7 to A.10, and the bumps of Theorem 3.3."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure

from ufm._visible import quoted

from ..laws.bumps import SHAPES, shapes_by_eye
from ..laws.law import Law, Statement, judge_prompts
from ..measure.token_curves import Curves
from .experiment import Finding
from .laboratory import Laboratory
from .measurement import Measurement
from .panels import grid, token_panel
from .study import Study, depth_of

_SHARE = 0.5
_SHOWN = 2  # contexts beside each other
STATEMENT = Statement(
    "seen-bumps",
    "Most of the tokens that are likeliest at the far end bump: they rise to one peak, then fall",
    "share of the likeliest tokens at the far end that rise to one peak and fall again on the way there, "
    "a turn counting from 1 % of the curve's range on: above 0.5 in the mean over prompts, two "
    "standard errors "
    "away; it fails only if it would do so with every curve that rises throughout counted as a bump, "
    "for its peak may be beyond the range",
)
MOST = "“most tokens exhibit a bump, while a few increase throughout”"


@dataclass(frozen=True)
class TokenCurves:
    """Curves of the likeliest tokens at one end, for one way to steer.

    `variant`: "main", or what differs from it: "last" position alone, "contrastive" N, "normalised" v.
    `side`: the sign of α. `is_everywhere`: at all blocks, else at the middle one alone.
    """

    name: str
    figures: tuple[str, ...]
    title: str
    says: str
    protocol: str
    differs: str = ""
    variant: str = "main"
    side: int = 1
    is_everywhere: bool = False
    law: str = "Theorem 3.3 (and Proposition 4.1 for which tokens are likeliest at the end)"

    def here(self, study: Study) -> str:
        """What this run does."""
        scale = study.scale
        wide = scale.normalised if self.variant == "normalised" else scale.tokens
        far = "least" if self.side < 0 else "largest"
        words = (
            f"{len(study.rows)} prompts, of which the first are shown; {wide.words}; the "
            f"{scale.followed} likeliest "
            f"tokens at the {far} α; P and N pooled as a mean over tokens, attention sinks left out."
        )
        return f"{words} {self.differs}".strip()

    def why_not(self, study: Study) -> str | None:
        """Contrastive N need prompts of the opposite."""
        lacking = [sides.concept for sides in study.concepts if "contrastive" not in sides.negative]
        if self.variant == "contrastive" and lacking:
            return (
                f"no prompts of the opposite of {', '.join(lacking)} were given: mark them as "
                "negative ones of the "
                "concept"
            )
        return None

    def layers(self, study: Study) -> tuple[int, ...]:
        """The blocks that are looked at."""
        return study.layers if self.is_everywhere else (study.middle,)

    def measurements(self, laboratory: Laboratory) -> list[Measurement]:
        """The curves of each concept and block."""
        study = laboratory.study
        return [
            laboratory.of_curves(sides.concept, layer, self.variant)
            for sides in study.concepts
            for layer in self.layers(study)
        ]

    def findings(self, laboratory: Laboratory) -> Sequence[Finding]:
        """Whether most tokens bump."""
        found = []
        for sides in laboratory.study.concepts:
            for layer in self.layers(laboratory.study):
                curves = laboratory.curves(sides.concept, layer, self.variant)
                law = bumps_law(Side.of(curves, self.side))
                found.append(Finding(sides.concept, layer, law))
        return found

    def draw(self, laboratory: Laboratory) -> Figure:
        """A row for each concept; beside each other the blocks, or the first prompts at one block."""
        study = laboratory.study
        layers = self.layers(study)
        panels = [(layer, 0) for layer in layers]
        if len(layers) == 1:
            panels = [(layers[0], j) for j in range(min(_SHOWN, len(study.rows)))]
        figure, axes = grid(len(study.concepts), len(panels))
        for sides, row in zip(study.concepts, axes, strict=True):
            for (layer, j), panel in zip(panels, row, strict=True):
                curves = laboratory.curves(sides.concept, layer, self.variant)
                outward = Side.of(curves, self.side)
                names = [study.tokenizer.text(z) for z in outward.tokens[j]]
                place = f"{depth_of(layer, study.model.blocks)} block {layer}"
                if len(layers) == 1:
                    place = f"after {quoted(study.contexts[j], 34)}"
                alphas, label = outward.alphas, "α (multiples of v)"
                if self.variant == "normalised":
                    norm = laboratory.vector(sides.concept, layer).norm
                    alphas, label = alphas * norm, "α (multiples of v/|v|)"
                title = f"{sides.concept}, {place}"
                token_panel(panel, title, alphas, outward.increase[j], names, label=label)
        return figure


@dataclass(frozen=True)
class DrawnAnew:
    """Figure A.3: the same curves with P and N drawn anew."""

    name: str = "resampled"
    figures: tuple[str, ...] = ("A.3",)
    title: str = "P and N drawn anew: mean and standard deviation over runs"
    says: str = f"{MOST}; “The variability across runs is moderate, so […] we omit error bars”"
    law: str = "Theorem 3.3"
    protocol: str = (
        "Figure A.3: evil, gemma-3-1b-it, a middle block; mean and standard deviation over 5 runs "
        "“obtained by "
        "resampling the prompt sets P and N”."
    )

    def here(self, study: Study) -> str:
        """What this run does."""
        return (
            f"{study.scale.runs} runs, P and N each drawn anew with replacement from the prompts "
            "there are (the paper "
            "does not say whether its own are drawn or generated); the tokens are those of the "
            "figure before."
        )

    def why_not(self, study: Study) -> str | None:
        """Nothing is missing, ever."""
        return None

    def measurements(self, laboratory: Laboratory) -> list[Measurement]:
        """The curves that say which tokens, and the runs."""
        study, found = laboratory.study, []
        for sides in study.concepts:
            found.append(Measurement("curves", sides.concept, study.middle))
            found.append(Measurement("runs", sides.concept, study.middle))
        return found

    def findings(self, laboratory: Laboratory) -> Sequence[Finding]:
        """Whether most tokens bump in the mean over runs; the spread is in the evidence."""
        study, found = laboratory.study, []
        for sides in study.concepts:
            main = laboratory.curves(sides.concept, study.middle)
            stack = _stacked(laboratory, sides.concept)
            mean = replace(Side.of(main, 1), increase=stack.mean(axis=0))
            law = bumps_law(mean)
            largest = stack.std(axis=0, ddof=1).max(axis=1)
            spread = largest / np.maximum(np.ptp(mean.increase, axis=1), 1e-12)
            share = float(np.median(spread))
            why = (
                f"{law.why}; of half of the curves the standard deviation over {len(stack)} runs is "
                f"at most {share:.0%} of the range"
            )
            evidence = law.evidence | {"runs": len(stack), "median_spread": share}
            law = STATEMENT.judged(law.verdict, law.number, why, evidence)
            found.append(Finding(sides.concept, study.middle, law))
        return found

    def draw(self, laboratory: Laboratory) -> Figure:
        """The mean over the runs, and one standard deviation about it."""
        study = laboratory.study
        shown = len(study.rows[:_SHOWN])
        figure, axes = grid(len(study.concepts), shown)
        for sides, row in zip(study.concepts, axes, strict=True):
            outward = Side.of(laboratory.curves(sides.concept, study.middle), 1)
            stack = _stacked(laboratory, sides.concept)
            for j, panel in enumerate(row):
                names = [study.tokenizer.text(z) for z in outward.tokens[j]]
                mean, band = stack[:, j].mean(axis=0), stack[:, j].std(axis=0, ddof=1)
                title = f"{sides.concept}, after {quoted(study.contexts[j], 34)}"
                token_panel(panel, title, outward.alphas, mean, names, band)
        return figure


def _stacked(laboratory: Laboratory, concept: str) -> np.ndarray:
    """Δp of the runs for α >= 0, [runs, m, A, K]."""
    runs = laboratory.runs(concept, laboratory.study.middle)
    return np.stack([Side.of(run, 1).increase for run in runs])


@dataclass(frozen=True, eq=False)
class Side:
    """Curves from α = 0 to one end, of the tokens that are likeliest there.

    `sign`: that of the end. `alphas` [A], increasing, 0 among them; `tokens`, `unsteered` [m, K];
    `increase` [m, A, K].
    """

    sign: int
    alphas: np.ndarray
    tokens: np.ndarray
    unsteered: np.ndarray
    increase: np.ndarray

    @classmethod
    def of(cls, curves: Curves, sign: int) -> "Side":
        """One half of the curves: the sweep keeps the tokens of the largest α first."""
        half = curves.tokens.shape[1] // 2
        columns = slice(0, half) if sign > 0 else slice(half, None)
        kept = curves.alphas * sign >= 0
        increase = curves.increase[:, kept][:, :, columns].astype(np.float64)
        tokens, unsteered = curves.tokens[:, columns], curves.unsteered[:, columns]
        return cls(sign, curves.alphas[kept], tokens, unsteered, increase)


def bumps_law(side: Side) -> Law:
    """Whether most of the tokens bump on the way from α = 0 to the end.

    >>> import numpy as np
    >>> from ufm.llm.reproduce.token_experiments import Side, bumps_law
    >>> a = np.linspace(0, 1, 101)
    >>> curves = np.stack([a * (1 - a), a * (0.6 - a), a], axis=1)[None].repeat(3, axis=0)
    >>> law = bumps_law(Side(1, a, np.zeros((3, 3), int), np.full((3, 3), 0.1), curves))
    >>> print(law.verdict, f"{law.number:.2f}", law.evidence["shapes"]["increasing"])
    holds 0.67 3
    """
    outward = side.increase if side.sign > 0 else side.increase[:, ::-1]
    shapes = [shapes_by_eye(x, p) for x, p in zip(outward, side.unsteered, strict=True)]
    shares = [row.count("bump") / len(row) for row in shapes]
    at_most = [(row.count("bump") + row.count("increasing")) / len(row) for row in shapes]
    verdict, why = judge_prompts(shares, _SHARE)
    if verdict == "fails" and judge_prompts(at_most, _SHARE)[0] != "fails":
        verdict, why = "undecided", f"{why}; those that rise throughout may peak beyond the range"
    counts = {shape: sum(row.count(shape) for row in shapes) for shape in SHAPES}
    total = sum(counts.values())
    shown = ", ".join(f"{counts[s]} {_WORDS[s]}" for s in SHAPES if counts[s])
    why = f"of {total} curves {shown}; share that bump: {why}"
    evidence = {"shapes": counts, "share_by_prompt": shares}
    return STATEMENT.judged(verdict, float(np.mean(shares)), why, evidence)


_WORDS = {
    "bump": "bump",
    "increasing": "rise throughout",
    "decreasing": "fall throughout",
    "dip": "dip",
    "several": "turn several times",
}
