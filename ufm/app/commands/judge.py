"""`ufm judge`: how far a judge agrees with people before its answers are believed."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from rich.console import Console

from ufm.llm.text.examples import example_file

from ..printing.json_output import print_json
from ..printing.judge import agreement_json, print_agreement
from ..printing.streams import Output
from .bad_input import as_bad_input
from .option import Metavar, Positional, Rare
from .rules import EXISTING_FILE, POSITIVE, at_least
from .start import starting_jax

if TYPE_CHECKING:
    from ufm.llm.judge.judge import Judge as AnyJudge


@dataclass(frozen=True)
class Judge:
    """Ask a judge about labelled texts: how far does it agree?

    Examples:
        ufm judge smollm2
        ufm judge http://localhost:8080 --served qwen3 --labels mine.jsonl

    Args:
        judge: smollm2, an id on the Hub, a GGUF file, a folder, the URL of an OpenAI-compatible server, or
            keywords.
        labels: JSON lines, {"text": "…", "concept": "joy", "label": "yes"}, or no; 60 texts that come with
            ufm if not given.
        wording: How the judge is asked; few-shot for a model of ours and system for a server if not given.
        served: What the server calls its model.
        timeout: Seconds to wait for a server's answer.
        at_once: Questions to a server that are under way at one time.
        split_weights: Split the weights over the devices, for a model that does not fit one.
        dtype: Floating-point type that a model of ours computes in.
        texts: List each text with the answer.
        json: Print everything, each text too, as JSON on standard output.
    """

    judge: Annotated[str, Positional("MODEL|URL")]
    labels: Annotated[Path, EXISTING_FILE] = Path("judge_labels")
    wording: Literal["plain", "system", "few-shot"] | None = None
    served: Annotated[str, Metavar("NAME")] = "default"
    timeout: Annotated[float, POSITIVE, Rare()] = 60.0
    dtype: Annotated[Literal["float32", "float64", "bfloat16"], Rare()] = "float32"
    at_once: Annotated[int, at_least(1, 256), Rare()] = 4
    split_weights: Annotated[bool, Rare()] = False
    texts: bool = False
    json: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", example_file(self.labels))

    def __call__(self) -> int:
        """Print the agreement."""
        errors = Console(stderr=True)
        with as_bad_input((ValueError, ModuleNotFoundError)):
            with starting_jax(errors):
                from ufm.llm.judge.agreement import measure_judge
                from ufm.llm.judge.labels import read_labels
            labels = read_labels(self.labels)
            with errors.status("asking the judge …"):
                found = measure_judge(self._judge(), labels)
        if self.json:
            print_json(agreement_json(found))
        else:
            print_agreement(found, Output(), self.texts)
        return 0

    def open(self) -> "AnyJudge":
        """The judge for other commands: a model with the threshold that the labelled texts give it."""
        from ufm.llm.judge.calibrated import calibrated
        from ufm.llm.judge.labels import read_labels

        judge = self._judge()
        is_rule = self.judge == "keywords"
        return judge if is_rule else calibrated(judge, read_labels(self.labels))[0]

    def _judge(self) -> "AnyJudge":
        from ufm.llm.checkpoint.pretrained import PACKAGES, refuse_misspelt
        from ufm.llm.checkpoint.spread import load_spread
        from ufm.llm.judge.keywords import KeywordJudge
        from ufm.llm.judge.model_judge import ModelJudge
        from ufm.llm.judge.server_judge import ServerJudge
        from ufm.llm.judge.wording import WORDINGS
        from ufm.llm.text.tokenizer import load_tokenizer

        wording = None if self.wording is None else WORDINGS[self.wording]
        if self.judge == "keywords":
            return KeywordJudge()
        if "://" in self.judge:
            how = self.judge, self.served, wording
            return ServerJudge(*how, timeout=self.timeout, at_once=self.at_once)
        if not Path(self.judge).exists():
            refuse_misspelt(self.judge, ("keywords", *PACKAGES))
        tokenizer = load_tokenizer(self.judge)
        model = load_spread(self.judge, self.dtype, is_split=self.split_weights)
        return ModelJudge(model, tokenizer, wording)
