"""Log-odds and the tokens that dominate: what Section 5 says of intermediate blocks and of the last."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from ufm import plots
from ufm.plots.style import prepared

from ..laws.log_odds import LARGE, odds_law
from .experiment import Finding
from .laboratory import Laboratory
from .measurement import Measurement
from .panels import BESIDE, grid
from .study import Study


@dataclass(frozen=True)
class LogOdds:
    """Whether the extreme log-odds name the tokens that dominate at large |α|."""

    name: str = "log-odds"
    figures: tuple[str, ...] = ("section-5",)
    title: str = "Log-odds and dominating tokens"
    says: str = (
        "“Dominating tokens do not generally associate to extremal log-odds at intermediate "
        "layers, but they do at "
        "the final layer”"
    )
    law: str = "none: an observation; of a tilt it is Proposition B.1, with M of Definition 3.2"
    protocol: str = (
        "Section 5 refers to Appendix A, which shows no figure of it in v1; the code takes the "
        "log-odds of the prompts "
        "over the whole vocabulary."
    )

    def here(self, study: Study) -> str:
        """What this run does."""
        return (
            f"M from the prompts of P and N; each block steered at ±{LARGE:g} usual hidden states after "
            f"{len(study.rows)} prompts; the verdict is on the last block."
        )

    def why_not(self, study: Study) -> str | None:
        """The claim is on the last block."""
        last = study.model.blocks - 1
        return None if last in study.layers else f"the last block, {last}, is not among --layers"

    def measurements(self, laboratory: Laboratory) -> list[Measurement]:
        """One for each concept, of all blocks."""
        study = laboratory.study
        return [
            Measurement("log-odds", sides.concept, study.layers[-1]) for sides in study.concepts
        ]

    def findings(self, laboratory: Laboratory) -> Sequence[Finding]:
        """Rank correlation at the last block."""
        study, found = laboratory.study, []
        for sides in study.concepts:
            law = odds_law(laboratory.agreement(sides.concept), study.model.blocks)
            found.append(Finding(sides.concept, study.layers[-1], law))
        return found

    def draw(self, laboratory: Laboratory) -> Figure:
        """Rank correlation and shared tokens by block."""
        study = laboratory.study
        figure, axes = grid(len(study.concepts), 2)
        for sides, row in zip(study.concepts, axes, strict=True):
            found = laboratory.agreement(sides.concept)
            chance = found.top / found.log_odds.size
            shown = (
                (found.rank, "rank correlation with M", (-1.05, 1.05), 0.0),
                (found.overlap, f"share of the first {found.top} tokens", (-0.03, 1.03), chance),
            )
            for panel, (values, label, limits, level) in zip(row, shown, strict=True):
                prepared(panel, label)
                for side, colour, name in ((0, 1, "α < 0"), (1, 0, "α > 0")):
                    line = panel.plot(found.layers, values[:, side], "o-", label=name)
                    line[0].set_color(plots.PALETTE[colour])
                panel.axhline(level, color="0.5", linestyle=":", label="by chance")
                panel.set(xlabel="steered block", ylim=limits)
                panel.set_xticks(found.layers)
                panel.set_title(sides.concept, loc="left", fontsize="small")
                panel.legend(**BESIDE)
        return figure
