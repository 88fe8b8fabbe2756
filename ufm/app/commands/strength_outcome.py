"""What `ufm strength` found, and where it goes: the terminal, files, the exit status."""

import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ufm._files import write_whole
from ufm._json import JSON

from ..printing.goal import goals_json
from ..printing.json_output import print_json
from ..printing.lines import entry, name_blocks, say
from ..printing.snippets import how_to_apply
from ..printing.streams import Output
from ..printing.strength.page import print_strength
from ..printing.strength.record import strength_json
from ..printing.strength.texts import all_texts
from .steering_options import Loaded
from .strength_goal import draw_goal

if TYPE_CHECKING:
    from ufm.llm.efficacy.goal import GoalChoice
    from ufm.llm.strength.report import StrengthReport
    from ufm.llm.strength.request import Request


@dataclass(frozen=True)
class StrengthOutcome:
    """A report for each block, or for all at once; and with a goal, the strength in each that reaches it."""

    reports: "list[StrengthReport]"
    goals: "list[GoalChoice]"
    request: "Request"
    loaded: Loaded

    def save(self, path: Path) -> list[str]:
        """Write the vector of the first report and its strength; the lines that say how to apply it.

        Where a goal is missed, that is the strength of the budget, and the file says so.
        """
        from ufm.llm import write_vector

        report, goal = self.reports[0], self.goals[0] if self.goals else None
        choice = report.choice
        is_missed = goal is not None and not goal.is_met
        alpha = choice.alpha if goal is None or is_missed else goal.alpha
        if not math.isfinite(alpha):
            return [f"no strength was found: {path} is not written"]
        if alpha == 0:
            return [f"the goal is reached without steering: {path} is not written"]
        about: dict[str, JSON] = {"kind": choice.kind, "budget": choice.budget}
        if goal is None or is_missed:
            about["price"] = report.price[0]
        if goal is not None:
            about["goal"] = goal.goal
            about |= {"goal_missed": True} if is_missed else {"presence": goal.presence}
        held = report.vector.at(alpha, **about)
        write_vector(held, path)
        of_budget = f"the goal is missed: what is saved is v and the α of the budget, {alpha:.4g}"
        return [
            *([of_budget] if is_missed else []),
            *how_to_apply(path, held, self.loaded.model.config),
        ]

    def draw(self, path: Path) -> None:
        """The picture of the first goal."""
        source = f"{self.loaded.model.source.name}, {name_blocks(self.reports[0].choice.layer)}"
        draw_goal(self.goals[0], source, self.request.budget, self.request.kind, path)

    def write_texts(self, path: Path) -> None:
        """All continuations of all contexts."""
        write_whole(path, all_texts(self.reports, self.request, self.loaded.tokenizer).encode())

    def print(self, text: Path, saved: list[str]) -> None:
        """The page for the terminal: what was measured on `text`, and lines about the file that was saved."""
        console, loaded = Output(), self.loaded
        given = self.reports, self.request, loaded.model, loaded.tokenizer, text
        print_strength(*given, console, self.goals)
        for line in saved:
            is_code = line.startswith("    ")
            (say if is_code else entry)(console, line)

    def print_as_json(self, is_chat: bool) -> None:
        """What the page says, for programs; `is_chat`: prompts were put into the model's chat template."""
        loaded = self.loaded
        given = self.reports, self.request, loaded.model, loaded.tokenizer, is_chat
        print_json(strength_json(*given) | goals_json(self.goals))

    def exit_status(self) -> int:
        """0 or 1, with a line on standard error for a block that makes it 1."""
        status = 0
        for report in self.reports:
            if report.differs_at_zero is not None:
                sys.stderr.write(
                    f"ufm: {name_blocks(report.choice.layer)}: α = 0 is not the unsteered model: "
                    f"{report.differs_at_zero} differ\n"
                )
                status = 1
        if not any(report.choice.reachable for report in self.reports):
            nearest = max(self.reports, key=lambda report: report.choice.largest).choice
            sys.stderr.write(
                f"ufm: no strength up to {self.request.furthest:g} hidden-state norms reaches the budget "
                f"{self.request.budget:g}; the nearest was {nearest.largest:.6g}\n"
            )
            status = 1
        if self.goals and not any(goal.is_met for goal in self.goals):
            status = 1
        return status
