"""`ufm reproduce`: the experiments of the paper's Section 5 and Appendix A on a model, as one page."""

import time
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from rich.console import Console

from ufm.llm.text.examples import example_file

from ..printing import stages
from ..printing.json_output import print_json
from ..printing.lines import say
from ..printing.reproduction import plan_in_short, print_plan, print_reproduction, print_time
from ..printing.stages import told, waiting
from ..printing.streams import Output
from .bad_input import BadInput, as_bad_input
from .judge import Judge
from .option import Metavar, Positional, Rare
from .rules import EXISTING_FILE, FOLDER, Rule, number
from .start import starting_jax

if TYPE_CHECKING:
    from ufm._progress import Progress
    from ufm.llm.decoder.model import LanguageModel
    from ufm.llm.judge.judge import Judge as AnyJudge
    from ufm.llm.reproduce.laboratory import Laboratory
    from ufm.llm.reproduce.plan import Plan, Share
    from ufm.llm.reproduce.processes import Processes
    from ufm.llm.reproduce.study import Study
    from ufm.llm.reproduce.task import Task
    from ufm.llm.text.tokenizer import Tokenizer


def _files(paths: tuple[Path, ...]) -> str | None:
    return next((f"{path} is no file" for path in paths if not path.is_file()), None)


_QUESTIONS = 64  # so many are taken from Python's manual


def _is_ours(task: str) -> bool:
    """Whether a task needs no harness: questions made of Python's manual, or a file of some."""
    return task == "python" or task.endswith(".jsonl")


def _harness(task: str) -> str | None:
    if _is_ours(task) or find_spec("lm_eval") is not None:
        return None
    return f"{task} needs lm-evaluation-harness: pip install 'ufm[harness]'"


@dataclass(frozen=True)
class Reproduce:
    """Run the paper's experiments on a model, each figure beside its law.

    The experiments of Section 5 and Appendix A, on one page. Exit status 1: a law fails. An interrupted run
    goes on from what is there.

    Examples:
        ufm reproduce smollm2 --scale small --out reproduced
        ufm reproduce smollm2 --concepts joy french --figures 6 A.13 --plan

    Args:
        model: smollm2, an id on the Hub, a GGUF file, or a folder with config.json, safetensors and
            tokenizer.json.
        out: Folder of the page, the figures and the runs.
        concepts: Concepts to steer; if not given, those of --prompts, or joy, formal and french. Prompts
            that are missing are written.
        prompts: Files with prompts of the concepts, in JSON lines, as ufm prompts writes them.
        writer: Instruct model that writes them, if another one.
        contexts: Prompts of the next-token curves.
        text: Text for the cross-entropy.
        judge: Who says whether a text shows a concept, as for ufm judge: a model, the URL of a server, or
            keywords, a rule of words.
        served: What the server calls the judge's model.
        task: python (questions made of its manual), FILE.jsonl, or a task of the harness, such as mmlu.
        include: Folder with tasks of your own, as YAML files.
        scale: The paper's own numbers, or few enough for two cores and a small model.
        layers: Blocks to steer, from 0; four, from an early to the last one, if not given.
        figures: Figures of the paper to run, such as 6 or A.13; all if not given.
        plan: Say what would be run and what it costs, and stop there.
        share: Run part K of N of the plan, K/N; from folders copied together the page is made without it.
        distributed: Run as one of several processes that share --out, each with its part of the plan, as
            jax.distributed finds them.
        split_weights: Split the weights over the devices, for a model that does not fit one; else each
            device has a copy and takes part of the work.
        unit: What the ranges of α are multiples of, if not what the scale says: the vector as measured,
            or usual hidden states.
        dtype: Floating-point type that the model computes in.
        revision: Revision of a model on the Hub.
        ignore: Settings of the model's config.json, unknown here, that you know to change nothing.
        memory: Gigabytes that the arrays of a batch may take, beside the weights.
        json: Print reproduce.json on standard output.
    """

    model: Annotated[str, Positional("MODEL")]
    out: Annotated[Path, FOLDER, Metavar("FOLDER")] = Path("ufm-reproduce")
    concepts: tuple[str, ...] = ()
    prompts: Annotated[tuple[Path, ...], Rule(_files)] = ()
    writer: Annotated[str | None, Metavar("MODEL"), Rare()] = None
    contexts: Annotated[Path, EXISTING_FILE, Rare()] = Path("neutral")
    text: Annotated[Path, EXISTING_FILE] = Path("essays")
    judge: Annotated[str, Metavar("MODEL|URL")] = "keywords"
    served: Annotated[str, Metavar("NAME"), Rare()] = "default"
    task: Annotated[str | None, Metavar("NAME|FILE"), Rule(_harness)] = None
    include: Annotated[Path | None, Metavar("FOLDER"), Rare()] = None
    scale: Literal["small", "paper"] = "small"
    layers: tuple[int, ...] = ()
    figures: Annotated[tuple[str, ...], Metavar("FIGURE")] = ()
    plan: bool = False
    share: Annotated[str | None, Metavar("K/N")] = None
    distributed: Annotated[bool, Rare()] = False
    split_weights: Annotated[bool, Rare()] = False
    unit: Annotated[Literal["vector", "hidden"] | None, Rare()] = None
    dtype: Annotated[Literal["float32", "float64", "bfloat16"], Rare()] = "float32"
    revision: Annotated[str | None, Rare()] = None
    ignore: Annotated[tuple[str, ...], Rare()] = ()
    memory: Annotated[float, number(lambda value: 0 < value < 1e6, "more than 0"), Rare()] = 1.0
    json: bool = False

    def __post_init__(self) -> None:
        for name in ("contexts", "text"):
            object.__setattr__(self, name, example_file(getattr(self, name)))
        words = (part.strip() for concept in self.concepts for part in concept.split(","))
        concepts = tuple(filter(None, words))
        if self.concepts and not concepts:
            raise BadInput("--concepts names no concept")
        if self.distributed and self.share is not None:
            raise BadInput(
                "--distributed finds the shares itself: leave out --share, or --distributed"
            )
        object.__setattr__(self, "concepts", concepts)

    def __call__(self) -> int:
        """The exit status is 1 where a law fails."""
        errors = Console(stderr=True)
        with as_bad_input((ValueError, ModuleNotFoundError)):
            processes = self._processes(errors)
            with starting_jax(errors):
                from ufm.llm.reproduce.experiments import chosen
                from ufm.llm.reproduce.plan import Share, make_plan
            share = processes.share if self.share is None else Share.read(self.share)
            experiments = chosen(self.figures)
            laboratory = self._laboratory(processes, errors)
            plan = make_plan(laboratory, experiments)
            processes.finish(lambda: self._measure(laboratory, plan, share, errors))
            is_part = share.count > 1 if self.share is not None else not processes.is_first
            return 0 if self.plan or is_part else self._page(laboratory, plan, errors)

    def _processes(self, errors: Console) -> "Processes":
        """The processes that were started with this one; JAX learns of them before it starts its devices."""
        with errors.status("starting JAX …"):
            from ufm.llm.reproduce.processes import Processes

            return Processes.join() if self.distributed else Processes()

    def _laboratory(self, processes: "Processes", errors: Console) -> "Laboratory":
        """Models are read by each process; prompts and vectors are made by the first one alone."""
        from ufm.llm.reproduce.make import open_laboratory

        with waiting("loading the model …", errors):
            loaded, runs = self._load(), self.out / "runs"

        def opened() -> "Laboratory":
            with told("reading", errors) as bar:
                return open_laboratory(self._study(loaded, bar), runs, bar)

        return processes.prepare(opened, runs / "run.json")

    def _load(self) -> "_Loaded":
        """The models, the smaller files before their weights."""
        from ufm.llm.checkpoint.spread import load_spread
        from ufm.llm.text.tokenizer import load_tokenizer

        load = partial(load_spread, dtype=self.dtype, is_split=self.split_weights)
        tokenizer = load_tokenizer(self.model, self.revision)
        model = load(self.model, revision=self.revision, ignore=self.ignore)
        writer = None
        if self.writer is not None:
            writer = load(self.writer), load_tokenizer(self.writer)
        judge = Judge(
            self.judge, served=self.served, dtype=self.dtype, split_weights=self.split_weights
        ).open()
        return _Loaded(replace(model, memory=int(self.memory * 1e9)), tokenizer, writer, judge)

    def _study(self, loaded: "_Loaded", bar: "Progress") -> "Study":
        """What is reproduced; prompts that are missing are written."""
        from ufm.llm.decoder.arguments import block_number
        from ufm.llm.reproduce.inputs import Author, read_study
        from ufm.llm.reproduce.scale import SCALES
        from ufm.llm.reproduce.study import default_layers

        blocks = loaded.model.blocks
        given = sorted({block_number(layer, blocks) for layer in self.layers})
        scale = SCALES[self.scale]
        return read_study(
            loaded.model,
            loaded.tokenizer,
            scale if self.unit is None else scale.in_unit(self.unit),
            Author(self.out / "prompts", loaded.writer, bar),
            concepts=self.concepts,
            prompts=self.prompts,
            contexts=self.contexts,
            text=self.text,
            layers=given or default_layers(blocks),
            judge=loaded.judge,
            task=self._task(),
        )

    def _measure(
        self, laboratory: "Laboratory", plan: "Plan", share: "Share", errors: Console
    ) -> None:
        """A share of the plan, told with its cost and, unless that is all that is asked, measured."""
        from ufm.llm.reproduce.make import run
        from ufm.llm.reproduce.plan import measure_cost

        mine = plan.of(share, laboratory)
        left = [m for m in mine if not laboratory.is_done(m)]
        with told("starting", errors) as bar:
            cost = measure_cost(laboratory, left, bar)
        if self.plan or errors.is_terminal:
            console = Output() if self.plan else errors
            print_plan(plan, mine, cost, share, laboratory.study, console)
        elif cost.total > stages.QUIET:
            say(errors, f"ufm: {plan_in_short(cost)}")
        if self.plan:
            return
        begun = time.monotonic()
        with told("starting", errors, is_whole=True) as bar:
            run(laboratory, cost, bar)
        if errors.is_terminal:
            print_time(cost, time.monotonic() - begun, errors)

    def _page(self, laboratory: "Laboratory", plan: "Plan", errors: Console) -> int:
        """Judge what was measured, write it and print it; 1 where a law fails."""
        from ufm.llm.reproduce.files import write_reproduction
        from ufm.llm.reproduce.make import judge

        with told("figures", errors) as bar:
            reproduction = judge(laboratory, plan)
            write_reproduction(reproduction, self.out, bar)
        if self.json:
            print_json(reproduction.as_json())
        else:
            print_reproduction(reproduction, self.out, Output())
        return 1 if reproduction.fails else 0

    def _task(self) -> "Task | None":
        """The questions that the steered model is asked."""
        from ufm.llm.reproduce.question_task import QuestionTask
        from ufm.llm.reproduce.task import HarnessTask
        from ufm.llm.text.questions import python_questions, read_questions

        if self.task is None:
            return None
        if not _is_ours(self.task):
            task = HarnessTask(self.task, self.include)
            task.require_known()
            return task
        if self.task == "python":
            return QuestionTask(python_questions(_QUESTIONS + 2), "Python's manual")
        return QuestionTask(read_questions(self.task), self.task)


@dataclass(frozen=True, eq=False)
class _Loaded:
    """The steered model, its tokenizer, who writes prompts in its place, and who judges texts."""

    model: "LanguageModel"
    tokenizer: "Tokenizer"
    writer: "tuple[LanguageModel, Tokenizer] | None"
    judge: "AnyJudge"
