"""Cross-entropy, Figures 7 (below) and A.13: the parabola of Theorem 3.8, the plateau of Prop 4.1."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ufm import plots
from ufm.plots.style import prepared

from ..laws.law import Law, Statement
from ..laws.quadratic import cost_law
from .costs import Costs
from .experiment import Finding
from .laboratory import Laboratory
from .measurement import Measurement, at_each_block
from .panels import BESIDE, grid
from .study import Study, depth_of

_CLOSE = 0.1
PLATEAU = Statement(
    "cost-plateau",
    "ΔCE plateaus for large |α|",
    "largest difference, at the two ends of the range, between ΔCE and its exact limit there, as a share "
    "of the limit: at most 0.1 holds (which does not show in a picture); it fails if at one end ΔCE is "
    "farther from its limit than half way there, and is undecided where it is still on its way",
)


@dataclass(frozen=True)
class CrossEntropy:
    """ΔCE on a text over the strengths, for each concept and block."""

    name: str = "cross-entropy"
    figures: tuple[str, ...] = ("7-below", "A.13")
    title: str = "Cross-entropy on text"
    says: str = "“locally U-shaped around α = 0 and plateauing for large |α|”"
    law: str = "Theorem 3.8, Proposition 4.1"
    protocol: str = (
        "ΔCE on 10⁶ tokens “sampled from the processed fineweb dataset”, α in [-100, 100]. Looked at, not "
        "fitted: the quadratic scaling is said to hold “only locally”. From the code alone: 8,192 blocks of "
        "128 predicted tokens of fineweb-edu, without a start token and with an end token between "
        "documents, 128 strengths."
    )

    def here(self, study: Study) -> str:
        """What this run does."""
        start = "opened by the start token" if study.tokenizer.start else "without a start token"
        return (
            f"{study.predicted:,} predicted tokens in {len(study.windows):,} windows, {start}; "
            f"{study.scale.cost.words}; "
            "the parabola has the exact second derivative, and the limits are exact."
        )

    def why_not(self, study: Study) -> str | None:
        """A text is needed."""
        return None if study.windows else "no text was given: name one with --text"

    def measurements(self, laboratory: Laboratory) -> list[Measurement]:
        """ΔCE for each concept and block."""
        return at_each_block("cost", laboratory.study)

    def findings(self, laboratory: Laboratory) -> Sequence[Finding]:
        """The parabola near 0 and the plateau far out."""
        found = []
        for measurement in self.measurements(laboratory):
            concept, layer = measurement.concept, measurement.layer
            costs = laboratory.costs(concept, layer)
            near = costs.near
            law = cost_law(costs.exact.derivatives, near.alphas, near.increase, near.tokens)
            found += [Finding(concept, layer, law), Finding(concept, layer, plateau_of(costs))]
        return found

    def draw(self, laboratory: Laboratory) -> Figure:
        """A row for each concept: the whole range by block, and near 0 with the parabolas."""
        study = laboratory.study
        figure, axes = grid(len(study.concepts), 2)
        for sides, (left, right) in zip(study.concepts, axes, strict=True):
            for k, layer in enumerate(study.layers):
                costs, colour = laboratory.costs(sides.concept, layer), plots.PALETTE[k]
                vector = laboratory.vector(sides.concept, layer)
                label = f"{layer} ({depth_of(layer, study.model.blocks)})"
                _draw(left, right, costs, vector.relative(1.0), colour, label)
            for panel, words in ((left, "the whole range"), (right, "near 0")):
                panel.set_title(f"{sides.concept}, {words}", loc="left", fontsize="small")
                panel.legend(title="block", **BESIDE)
        return figure


def _draw(left: Axes, right: Axes, costs: Costs, unit: float, colour: str, label: str) -> None:
    """One block's curves; strengths in usual hidden states, so that blocks share an axis."""
    prepared(left, "ΔCE (nats a token)")
    prepared(right, "ΔCE (nats a token)")
    left.set_xlabel("α|v| (usual hidden states); dotted: the limit")
    right.set_xlabel("α, in units where ½ CE'' α² is 0.05 nats (dashed)")
    x = costs.wide.alphas * unit
    left.plot(x, costs.wide.increase, color=colour, label=label)
    for limit, end in zip(costs.limits or (), (0, -1), strict=False):
        ends = [x[end], x[end] * 0.6]
        left.plot(ends, [limit] * 2, color=colour, linestyle=":", linewidth=1)
    near = costs.near.alphas / max(float(costs.near.alphas.max()) / 1.5, 1e-300)
    right.plot(near, costs.near.increase, "o-", markersize=3, color=colour, label=label)
    if costs.exact.derivatives[2] > 0:
        steps = np.linspace(-1.5, 1.5, 61)
        right.plot(steps, 0.05 * steps**2, "--", color="0.4", linewidth=1)


def plateau_of(costs: Costs) -> Law:
    """Whether ΔCE has come to its limits at the ends of the range."""
    if costs.limits is None:
        return PLATEAU.not_asked(costs.why_none)
    alphas, increase = costs.wide.alphas, costs.wide.increase
    gaps, halfway, ends = [], [], []
    for end, limit in zip((0, -1), costs.limits, strict=True):
        half = np.interp(alphas[end] / 2, alphas, increase)
        ends.append(float(increase[end]))
        for found, value in ((gaps, ends[-1]), (halfway, half)):
            found.append(float(abs(value - limit) / max(abs(limit), 1e-12)))
    number = max(gaps)
    leaves = any(gap > max(before, _CLOSE) for gap, before in zip(gaps, halfway, strict=True))
    verdict = "holds" if number <= _CLOSE else "fails" if leaves else "undecided"
    why = (
        f"ΔCE is {ends[0]:.3g} and {ends[1]:.3g} at the ends of the range, its limits are "
        f"{costs.limits[0]:.3g} and {costs.limits[1]:.3g}"
    )
    if verdict == "undecided":
        why += ", to which it is on its way: widen the range"
    evidence: dict[str, object] = {
        "ends": ends,
        "limits": list(costs.limits),
        "gaps": gaps,
        "gaps_half_way": halfway,
    }
    return PLATEAU.judged(verdict, number, why, evidence)
