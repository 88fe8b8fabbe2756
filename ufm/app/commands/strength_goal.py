"""The goal of `ufm strength --goal`: a presence, of what, and who judges it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ufm._files import write_whole
from ufm._progress import Progress

from .judge import Judge
from .rules import Rule
from .steering_options import Loaded

if TYPE_CHECKING:
    from ufm.llm.concepts.concept import Concept
    from ufm.llm.efficacy.goal import GoalChoice
    from ufm.llm.judge.judge import Judge as AnyJudge
    from ufm.llm.strength.report import StrengthReport
    from ufm.llm.strength.request import Request


def share_of(text: str) -> float:
    """The share in `presence=SHARE`; `ValueError` where it says anything else."""
    name, _, value = text.partition("=")
    if name != "presence" or not 0 < float(value) < 1:
        raise ValueError(text)
    return float(value)


def _goal(text: str) -> str | None:
    try:
        share_of(text)
    except ValueError:
        return f"must be presence=SHARE, the share in (0, 1); got {text!r}"
    return None


GOAL = Rule(_goal)


@dataclass(frozen=True)
class PresenceGoal:
    """The presence to reach: a `share` of texts of `length` tokens, `samples` after each of `contexts`."""

    share: float
    concept: "Concept"
    judge: "AnyJudge"
    contexts: tuple[str, ...]
    length: int
    samples: int
    seed: int

    def reached(
        self, report: "StrengthReport", request: "Request", loaded: Loaded, bar: Progress
    ) -> "GoalChoice":
        """The strength that reaches it within what the report's budget allows."""
        from ufm.llm.efficacy.goal import choose_for_presence
        from ufm.llm.measure.text_cost import TextSpend

        choice = report.choice
        how = {"length": request.length, "target": request.target}
        chosen_on, held_out = (
            TextSpend(loaded.model, windows, report.vector.steering, **how)
            for windows in (request.windows[::2], request.windows[1::2] or request.windows)
        )
        return choose_for_presence(
            held_out,
            loaded.tokenizer,
            self.judge,
            self.concept,
            self.contexts,
            goal=self.share,
            within=choice.alpha if choice.reachable else choice.furthest,
            chosen_on=chosen_on,
            length=self.length,
            samples=self.samples,
            seed=self.seed,
            progress=bar,
        )


def concept_and_judge(named: str, judge: str) -> "tuple[Concept, AnyJudge]":
    """The concept of that name or JSON file; and keywords, a .json file of words, a model or a server."""
    from ufm.llm.concepts.concept import concept, read_concept
    from ufm.llm.judge.keywords import KeywordJudge, read_words

    asked = read_concept(named) if named.endswith(".json") else concept(named)
    is_file = judge.endswith(".json")
    opened = KeywordJudge({asked.name: read_words(Path(judge))}) if is_file else Judge(judge).open()
    if isinstance(opened, KeywordJudge):
        opened.probabilities((), asked)  # for its error, before any text is written
    return asked, opened


def draw_goal(goal: "GoalChoice", source: str, budget: float, kind: str, path: Path) -> None:
    """Write the picture; `source`: the model and its blocks."""
    from ufm.llm.efficacy.picture import draw_efficacy
    from ufm.llm.report.figures import as_bytes

    figure = draw_efficacy(goal, f"{goal.scan.judged.concept} on {source}", budget, kind)
    write_whole(path, as_bytes(figure, path.suffix[1:]))
