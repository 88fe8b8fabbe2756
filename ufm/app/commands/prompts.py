"""`ufm prompts`: a model writes the texts from which a concept's steering vector is taken."""

import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from rich.console import Console

from ufm._progress import progress_bar

from ..printing.json_output import print_json
from ..printing.prompts import print_prompts
from ..printing.streams import Output
from .bad_input import as_bad_input
from .option import Metavar, Positional, Rare
from .rules import NEW_FILE, POSITIVE, SEED, at_least, number
from .start import starting_jax
from .steering_options import OptionalFile

if TYPE_CHECKING:
    from ufm.llm.concepts.concept import Concept
    from ufm.llm.concepts.concept_prompts import ConceptPrompts
    from ufm.llm.decoder.model import LanguageModel
    from ufm.llm.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Prompts:
    """Have a model write prompts of a concept and of its opposite.

    An instruct model is asked, by its own chat template, for texts of the concept (positive) and of its
    opposite (contrastive); the model to be steered writes others (random) and contexts from its start token
    alone. What is written is kept beside the file at once: a run that was stopped goes on where it was.

    Examples:
        ufm prompts smollm2 --concept joy --out joy.jsonl --count 64 --length 80

    Args:
        model: The model that is to be steered: smollm2, an id on the Hub, a GGUF file, or a folder.
        concept: apathetic, depression, evil, humorous, impolite, joy, lying, optimistic, formal or french;
            or a JSON file with name, shows, shows_not and question.
        out: The new file, NAME.jsonl; NAME_random.jsonl and NAME_contexts.jsonl go beside it.
        writer: The instruct model that is asked, if it is another one.
        negative: Which negative prompts are written: contrastive, random or both.
        count: How many texts of each kind.
        length: New tokens of a text, at most.
        contexts: How many contexts: beginnings of texts that are in none of the other files.
        temperature: Temperature at which texts are sampled.
        top_k: Draw each token among so many of the likeliest; 0 draws among all.
        top_p: … and of these among the likeliest that have this share of the probability together.
        seed: Seed of all texts.
        template: Text file with what is asked, in which {name}, {shows} and {subject} are filled in.
        ignore_ends: Let texts go on to their full length past the model's ends, as the paper's code does.
        dtype: Floating-point type that the models compute in.
        revision: Revision of the model on the Hub.
        memory: Gigabytes that the arrays of a batch may take, beside the weights; batches are sized by it.
        json: Print numbers and files as JSON on standard output.
    """

    model: Annotated[str, Positional("MODEL")]
    concept: Annotated[str, Metavar("NAME|FILE")]
    out: Annotated[Path, NEW_FILE]
    writer: Annotated[str | None, Metavar("MODEL")] = None
    negative: Literal["contrastive", "random", "both"] = "both"
    count: Annotated[int, at_least(1)] = 500
    length: Annotated[int, at_least(1)] = 300
    contexts: Annotated[int, at_least(0)] = 12
    temperature: Annotated[float, POSITIVE, Rare()] = 0.9
    top_k: Annotated[int, at_least(0), Rare()] = 50
    top_p: Annotated[float, number(lambda value: 0 < value <= 1, "in (0, 1]"), Rare()] = 0.95
    seed: Annotated[int, SEED] = 0
    template: Annotated[OptionalFile, Rare()] = None
    ignore_ends: Annotated[bool, Rare()] = False
    dtype: Annotated[Literal["float32", "float64", "bfloat16"], Rare()] = "float32"
    revision: Annotated[str | None, Rare()] = None
    memory: Annotated[float, number(lambda value: 0 < value < 1e6, "more than 0"), Rare()] = 1.0
    json: bool = False

    def __call__(self) -> int:
        """Write the files, and print how many texts they hold and one of each kind."""
        errors = Console(stderr=True)
        with as_bad_input((ValueError, ImportError)):
            with starting_jax(errors):
                from ufm.llm.concepts.concept_prompts import check_new
                from ufm.llm.concepts.request import read_template
            drafts = self.out.with_name(f"{self.out.name}.drafts")
            if (
                not drafts.is_dir()
            ):  # else files may be there of a run that was killed as it wrote them
                check_new(self.out)
            concept = self._concept()
            template = None if self.template is None else read_template(self.template)
            with errors.status("loading the model …"):
                steered = self._load(self.model, self.revision)
                writer = None if self.writer is None else self._load(self.writer, None)
            made = self._write(concept, template, steered, writer, drafts, errors)
            files = made.write(self.out)
        shutil.rmtree(drafts, ignore_errors=True)
        if self.json:
            print_json({**asdict(made), "files": [str(file) for file in files]})
        else:
            print_prompts(made, files, self.model, Output())
        return 0

    def _concept(self) -> "Concept":
        """The concept of that name, or the one in a file."""
        from ufm.llm.concepts.concept import CONCEPTS, concept, read_concept

        path = Path(self.concept)
        is_file = self.concept not in CONCEPTS and (path.suffix == ".json" or path.is_file())
        return read_concept(path) if is_file else concept(self.concept)

    def _load(self, name: str, revision: str | None) -> "tuple[LanguageModel, Tokenizer]":
        from ufm.llm.checkpoint.load import load
        from ufm.llm.text.tokenizer import load_tokenizer

        tokenizer = load_tokenizer(name, revision)
        model = load(name, self.dtype, revision=revision)
        return replace(model, memory=int(self.memory * 1e9)), tokenizer

    def _write(
        self,
        concept: "Concept",
        template: str | None,
        steered: "tuple[LanguageModel, Tokenizer]",
        writer: "tuple[LanguageModel, Tokenizer] | None",
        drafts: Path,
        errors: Console,
    ) -> "ConceptPrompts":
        from ufm.llm.concepts.write import write_prompts

        with progress_bar("starting", errors) as bar:
            return write_prompts(
                *steered,
                concept,
                count=self.count,
                length=self.length,
                contexts=self.contexts,
                negative=self.negative,
                temperature=self.temperature,
                top_k=self.top_k or None,
                top_p=self.top_p,
                seed=self.seed,
                ends_count=not self.ignore_ends,
                template=template,
                writer=writer,
                directory=drafts,
                progress=bar,
            )
