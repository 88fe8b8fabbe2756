"""`ufm reproduce`: the experiments of the paper's Section 5 and Appendix A on a model, as one page."""

from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from rich.console import Console

from ufm._progress import progress_bar
from ufm.llm.text.examples import example_file

from ..printing.json_output import print_json
from ..printing.reproduction import print_plan, print_reproduction
from ..printing.streams import Output
from .bad_input import BadInput, as_bad_input
from .judge import Judge
from .option import Metavar, Positional, Rare
from .rules import EXISTING_FILE, FOLDER, Rule, number
from .start import starting_jax

if TYPE_CHECKING:
    from ufm.llm.reproduce.study import Study
    from ufm.llm.reproduce.task import Task


def _files(paths: tuple[Path, ...]) -> str | None:
    return next((f"{path} is no file" for path in paths if not path.is_file()), None)


_QUESTIONS = 64  # of Python's manual


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
        object.__setattr__(self, "concepts", concepts)

    def __call__(self) -> int:
        """The exit status is 1 where a law fails."""
        errors = Console(stderr=True)
        with as_bad_input((ValueError, ModuleNotFoundError)), starting_jax(errors):
            from ufm.llm.reproduce.experiments import chosen
            from ufm.llm.reproduce.files import write_reproduction
            from ufm.llm.reproduce.make import judge, open_laboratory, run
            from ufm.llm.reproduce.plan import Share, make_plan, measure_cost
        with as_bad_input((ValueError, ModuleNotFoundError)):
            share = Share() if self.share is None else Share.read(self.share)
            experiments = chosen(self.figures)
            study = self._study(errors)
            with progress_bar("starting", errors) as bar:
                laboratory = open_laboratory(study, self.out / "runs", bar)
                plan = make_plan(laboratory, experiments)
                mine = plan.of(share, laboratory)
                left = [m for m in mine if not laboratory.is_done(m)]
                cost = measure_cost(laboratory, left, bar)
            if self.plan or errors.is_terminal:
                print_plan(plan, mine, cost, share, study, Output() if self.plan else errors)
            if self.plan:
                return 0
            with progress_bar("starting", errors) as bar:
                run(laboratory, cost, bar)
            if share.count > 1:
                return 0
            with progress_bar("figures", errors) as bar:
                reproduction = judge(laboratory, plan)
                write_reproduction(reproduction, self.out, bar)
        if self.json:
            print_json(reproduction.as_json())
        else:
            print_reproduction(reproduction, self.out, Output())
        return 1 if reproduction.fails else 0

    def _study(self, errors: Console) -> "Study":
        """The model and the files, read: the small files first."""
        from ufm.llm.checkpoint.load import load
        from ufm.llm.decoder.arguments import block_number
        from ufm.llm.reproduce.inputs import Author, read_study
        from ufm.llm.reproduce.scale import SCALES
        from ufm.llm.reproduce.study import default_layers
        from ufm.llm.steering.devices import on_each_device
        from ufm.llm.text.tokenizer import load_tokenizer

        with errors.status("loading the model …"):
            tokenizer = load_tokenizer(self.model, self.revision)
            model = load(self.model, self.dtype, revision=self.revision, ignore=self.ignore)
            model = on_each_device(replace(model, memory=int(self.memory * 1e9)))
            writer = None
            if self.writer is not None:
                writer = load(self.writer, self.dtype), load_tokenizer(self.writer)
            judge = Judge(self.judge, served=self.served, dtype=self.dtype).open()
        given = sorted({block_number(layer, model.blocks) for layer in self.layers})
        scale = SCALES[self.scale]
        with progress_bar("reading", errors) as bar:
            return read_study(
                model,
                tokenizer,
                scale if self.unit is None else scale.in_unit(self.unit),
                Author(self.out / "prompts", writer, bar),
                concepts=self.concepts,
                prompts=self.prompts,
                contexts=self.contexts,
                text=self.text,
                layers=given or default_layers(model.blocks),
                judge=judge,
                task=self._task(),
            )

    def _task(self) -> "Task | None":
        """The questions that the steered model is asked."""
        from ufm.llm.reproduce.question_task import QuestionTask
        from ufm.llm.reproduce.task import HarnessTask
        from ufm.llm.text.questions import python_questions, read_questions

        if self.task is None:
            return None
        if not _is_ours(self.task):
            return HarnessTask(self.task, self.include)
        if self.task == "python":
            return QuestionTask(python_questions(_QUESTIONS + 2), "Python's manual")
        return QuestionTask(read_questions(self.task), self.task)
