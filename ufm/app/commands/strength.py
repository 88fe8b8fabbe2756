"""`ufm strength`: the steering strength that a language model can bear, and what it costs."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from rich.console import Console

from ufm._progress import Progress

from ..printing.lines import name_blocks
from ..printing.stages import told, waiting
from .bad_input import BadInput, as_bad_input
from .option import Metavar, Rare
from .rules import NEW_FILE, NOT_NEGATIVE, POSITIVE, SEED, Rule, at_least, number
from .start import starting_jax
from .steering_options import Loaded, OptionalFile, SteeringOptions
from .strength_goal import GOAL, PresenceGoal, concept_and_judge, share_of
from .strength_outcome import StrengthOutcome

if TYPE_CHECKING:
    from ufm.llm.concepts.concept import Concept
    from ufm.llm.efficacy.goal import GoalChoice
    from ufm.llm.judge.judge import Judge
    from ufm.llm.steering.control_vector import ControlVector
    from ufm.llm.strength.direction import Direction
    from ufm.llm.strength.report import StrengthReport
    from ufm.llm.strength.request import Request

# Of fewer tokens a cost is a word's luck, and a strength chosen on them is none to use.
LEAST_TOKENS = 64
# "choosing" runs over the text about so often: derivatives, the scan, closing in.
_PASSES = 7


def _safetensors(path: Path) -> str | None:
    return None if path.suffix == ".safetensors" else f"{path} must end in .safetensors"


def _picture(path: Path) -> str | None:
    return None if path.suffix in (".png", ".svg") else f"{path} must end in .png or .svg"


@dataclass(frozen=True)
class Strength:
    """Choose the steering strength of a language model under a budget.

    What it buys and costs is shown with it. The vector is mean(positive) - mean(negative), or one from a
    file, added at every position after a block. Every second window of the text is held out from the choice.
    Exit status 1: no block reaches the budget, or α = 0 is not the unsteered model bit for bit.

    Examples:
        ufm strength smollm2 --positive joy --negative joy --text essays

    Args:
        shared: the model and what it reads
        budget: The cost to spend, in nats a token, or the target mass to reach, in (0, 1).
        kind: What the budget limits: a cost or the target mass, each a mean over the text's tokens.
        vector: A vector's file in place of prompts; needs --contexts.
        layers: Several blocks, each with its report; or all at once, with --together.
        together: Steer the blocks of --layers at once, by one α.
        weights: How many times each block's vector is added with --together, in the order of --layers; once
            if not given.
        method: How the vector is found from the prompts: the difference of means; the first principal
            direction of the differences of pairs; or a logistic probe.
        site: The stream after the block, or the last hidden state after the final norm.
        furthest: How far to look for a strength, in usual hidden-state norms (the median).
        digits: Digits of α to look for; as many as the text can tell if not given: to a tenth of the
            standard error of the cost.
        prompts: Of how many contexts the target's mass and the sweet spots are measured.
        tolerance: Share of the mass that may move the wrong way in a sweet spot; 0 is the theory's.
        samples: How many contexts to continue at 0, α/2, α and 2α; 0 writes no texts.
        new_tokens: Tokens of each continuation, which ends earlier where the model ends it; in fewer
            than 128 a loop may be yet to come.
        temperature: Temperature at which continuations are sampled; 0 takes the most likely token.
        seed: Seed of the sampled continuations.
        resamples: How often the vector's prompts are drawn anew, to first order, for the interval of α, price
            and mass; 0 leaves it out.
        halves: How often the prompts are divided in halves, each measured in full, to check that interval and
            whether it falls as 1/√n; 8 tell.
        goal: The share P of texts that are to show the concept, at the least strength within the budget.
        looked_for: The concept that the judge looks for, a name or a JSON file of ufm prompts; that of
            --concept or of the prompts' file if not given.
        judge: What sees the concept, for --goal: a .json file of words, or what ufm judge takes.
        judged: How many texts are judged after each of the --prompts contexts, at each strength, to choose
            the least strength that reaches --goal; as many new ones confirm it.
        picture: Draw presence, target mass, cost and fluency over α, with a --goal: a .png or .svg file.
        save: Write the vector and the chosen α to this .safetensors file, and say how to apply it.
        texts: Write all continuations of all contexts to this file.
        json: Print the report as JSON on standard output.
    """

    shared: SteeringOptions
    budget: float = 0.1
    kind: Annotated[Literal["cross_entropy", "forward_kl", "reverse_kl", "target_mass"], Rare()] = (
        "cross_entropy"
    )
    vector: OptionalFile = None
    layers: tuple[int, ...] = ()
    together: Annotated[bool, Rare()] = False
    weights: Annotated[tuple[float, ...], Rare()] = ()
    method: Annotated[Literal["mean", "pca", "probe"], Rare()] = "mean"
    site: Annotated[Literal["residual", "post-norm"], Rare()] = "residual"
    furthest: Annotated[float, POSITIVE, Rare()] = 256.0
    digits: Annotated[int | None, at_least(1, 17), Rare()] = None
    prompts: Annotated[int, at_least(1), Rare()] = 8
    tolerance: Annotated[float, number(lambda value: 0 <= value < 1, "in [0, 1)"), Rare()] = 0.1
    samples: Annotated[int, at_least(0), Rare()] = 4
    new_tokens: Annotated[int, at_least(1), Rare()] = 128
    temperature: Annotated[float, NOT_NEGATIVE, Rare()] = 0.0
    seed: Annotated[int, SEED, Rare()] = 0
    resamples: Annotated[int, at_least(0), Rare()] = 1000
    halves: Annotated[int, at_least(0), Rare()] = 0
    goal: Annotated[str | None, GOAL, Metavar("presence=P")] = None
    looked_for: Annotated[str | None, Rare()] = None
    judge: Annotated[str, Metavar("NAME|FILE")] = "keywords"
    judged: Annotated[int, at_least(1), Rare()] = 8
    picture: Annotated[Path | None, NEW_FILE, Rule(_picture), Rare()] = None
    save: Annotated[Path | None, NEW_FILE, Rule(_safetensors)] = None
    texts: Annotated[Path | None, NEW_FILE, Rare()] = None
    json: bool = False

    def __call__(self) -> int:
        """The exit status is 1 where no block reaches the budget, or α = 0 changes anything."""
        self._refuse_contradictions()
        errors = Console(stderr=True)
        with as_bad_input((ValueError, TypeError, ImportError)):
            with starting_jax(errors):
                from ufm.llm.measure.budgets import KINDS
                from ufm.llm.strength.make import strength_report
                from ufm.tilt.strength import check_budget

            check_budget(self.budget, self.kind, KINDS)
            vector = None if self.vector is None else self._read(self.vector)
            asked = self._concept_and_judge(errors)
            loaded = self.shared.load(errors, self.vector is not None)
            request = self._request(loaded)
            directions = self._directions(vector, loaded, request, errors)
            with told("starting", errors) as bar:
                reports = [
                    strength_report(
                        loaded.model, direction, request, _of_block(direction.layers, bar)
                    )
                    for direction in directions
                ]
                goals = self._goals(reports, request, loaded, asked, bar)
            outcome = StrengthOutcome(reports, goals, request, loaded)
            saved = [] if self.save is None else outcome.save(self.save)
            if self.picture is not None:
                outcome.draw(self.picture)
        if self.texts is not None:
            outcome.write_texts(self.texts)
        if self.json:
            outcome.print_as_json(self.shared.chat)
        else:
            assert self.shared.text is not None
            outcome.print(self.shared.text, saved)
        return outcome.exit_status()

    def _refuse_contradictions(self) -> None:
        """Raise `BadInput` for options that do not go together."""
        shared, has_vector, blocks = self.shared, self.vector is not None, len(self.layers)
        prompts = () if has_vector else ("positive", "negative")
        shared.require("ufm strength", *prompts, "text")
        are_several = blocks > 1 and not self.together and not has_vector  # reports
        refused = {
            "name --layer or --layers, not both": shared.layer is not None and blocks,
            "--save is of one block, or of several steered --together": are_several and self.save,
            "--together needs --layers: name the blocks to steer at once": (
                self.together and blocks < 2 and not has_vector
            ),
            "--weights goes with --together, one number for each of --layers": (
                self.weights and not (self.together and len(self.weights) == blocks)
            ),
            "--weights is of vectors from prompts: those of a file have their lengths": (
                self.weights and has_vector
            ),
            "name --vector or --positive, not both": has_vector and shared.positive is not None,
            "--kind target_mass needs --tokens: name the tokens of the target": (
                self.kind == "target_mass" and shared.tokens is None
            ),
            "--goal is reached under a cost: --kind target_mass is none": (
                self.goal is not None and self.kind == "target_mass"
            ),
            "--goal needs --looked-for: name the concept that the judge looks for": (
                self.goal is not None and self._concept is None
            ),
            "--texts is of samples: leave out --texts or --samples 0": (
                self.texts is not None and not self.samples
            ),
            "--picture is of one report with a --goal": (
                self.picture is not None and (self.goal is None or are_several)
            ),
        }
        for words, is_wrong in refused.items():
            if is_wrong:
                raise BadInput(words)

    @property
    def _concept(self) -> str | None:
        """What the judge looks for: as said, else that of the prompts, else their file's name."""
        of_file = None if self.shared.positive is None else self.shared.positive.stem
        return self.looked_for or self.shared.concept or of_file

    def _concept_and_judge(self, errors: Console) -> "tuple[Concept, Judge] | None":
        """What a goal is of and who judges it, opened before the model: a wrong name costs no run."""
        if self.goal is None:
            return None
        assert self._concept is not None
        with waiting("opening the judge …", errors):
            return concept_and_judge(self._concept, self.judge)

    def _goals(
        self,
        reports: "list[StrengthReport]",
        request: "Request",
        loaded: Loaded,
        asked: "tuple[Concept, Judge] | None",
        bar: Progress,
    ) -> "list[GoalChoice]":
        """The strength that reaches the goal, for each report; none without a goal."""
        if self.goal is None or asked is None:
            return []
        concept, judge = asked
        goal = PresenceGoal(
            share=share_of(self.goal),
            concept=concept,
            judge=judge,
            contexts=loaded.contexts[: self.prompts],
            length=self.new_tokens,
            samples=self.judged,
            seed=self.seed,
        )
        return [goal.reached(report, request, loaded, bar) for report in reports]

    def _request(self, loaded: Loaded) -> "Request":
        """What each block is asked; refused now, not after the search, where a text will not fit."""
        from ufm.llm.strength.request import Request
        from ufm.llm.text.windows import window_count, windows

        shared, positions = self.shared, loaded.model.config.positions
        assert shared.text is not None
        prompts = [loaded.tokenizer.encode(text) for text in loaded.contexts]
        continued = max(self.samples, 0 if self.goal is None else self.prompts)
        longest = max(map(len, prompts[:continued]), default=0)
        if positions is not None and longest + self.new_tokens > positions:
            raise BadInput(
                f"{longest} tokens of a prompt and {self.new_tokens} new ones are more than the model's "
                f"{positions} positions: lower --new-tokens"
            )
        most = window_count(shared.text_tokens, loaded.length)
        read = list(islice(windows(loaded.tokenizer, shared.text, loaded.length), most))
        predicted = sum(len(window) - 1 for window in read[::2])
        if predicted < LEAST_TOKENS:
            raise BadInput(
                f"α would be chosen on {predicted} of the tokens of {shared.text}, and at least "
                f"{LEAST_TOKENS} are needed: name more text (--text, --text-tokens), best thousands of tokens"
            )
        return Request(
            windows=read,
            prompts=prompts,
            length=loaded.length,
            target=loaded.target,
            budget=self.budget,
            kind=self.kind,
            furthest=self.furthest,
            digits=self.digits,
            measured=self.prompts,
            ends=loaded.tokenizer.ends,
            tolerance=self.tolerance,
            samples=self.samples,
            new_tokens=self.new_tokens,
            temperature=self.temperature,
            seed=self.seed,
            resamples=self.resamples,
            halves=self.halves,
        )

    def _directions(
        self,
        vector: "ControlVector | None",
        loaded: Loaded,
        request: "Request",
        errors: Console,
    ) -> "list[Direction]":
        """What is steered along after each block."""
        from ufm.llm.steering.vector import Recipe, vectors_and_states
        from ufm.llm.strength.direction import Direction

        model, encode = loaded.model, loaded.tokenizer.encode
        if vector is not None:
            return [Direction.on_text(vector, model, request.windows, self.shared.normalise)]
        with waiting("measuring the steering vectors …", errors):
            found = vectors_and_states(
                model,
                list(map(encode, loaded.positive)),
                list(map(encode, loaded.negative)),
                self._blocks(model.blocks),
                Recipe(
                    method=self.method,
                    pooling=self.shared.pooling,
                    site=self.site,
                    normalise=self.shared.normalise,
                ),
            )
        if self.together:
            return [Direction.at_once(found, self.weights or None)]
        return [Direction.of(*measured) for measured in found]

    def _read(self, path: Path) -> "ControlVector":
        """The directions in a file, of the blocks that are asked for, or all, at once."""
        from ufm.llm import read_vector

        layers = self.layers if self.shared.layer is None else [self.shared.layer]
        found = read_vector(path, layers or None)
        if self.site != found.site:
            raise BadInput(f"{path} is of the site {found.site}: name it with --site")
        return found

    def _blocks(self, blocks: int) -> list[int]:
        """The numbers of the blocks to steer after."""
        chosen = list(self.layers) if self.shared.layer is None else [self.shared.layer]
        if self.site == "post-norm":
            if chosen not in ([], [blocks - 1]):
                raise BadInput(f"--site post-norm follows the last block, {blocks - 1}")
            return [blocks - 1]
        if len(set(chosen)) < len(chosen):
            raise BadInput(f"--layers names a block twice: {' '.join(map(str, chosen))}")
        return chosen or [blocks // 2]


def _of_block(layers: tuple[int, ...], bar: Progress) -> Progress:
    """Moves the bar through the stages of one report."""
    calls, name = 0, name_blocks(layers)

    def show(done: int | float, total: int | float | None = 1.0, stage: str = "") -> None:
        nonlocal calls
        if stage == "choosing":
            calls += 1
            done, total = calls, max(calls, _PASSES * (total or 1))
        bar(done, total, f"{name}: {stage}")

    return show
