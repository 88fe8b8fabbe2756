"""The texts from which a concept's vector is taken, and those that it is looked at on; their files."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ufm._files import already_there, write_whole

from ..text.prompts import Prompt, read_prompts


@dataclass(frozen=True)
class ConceptPrompts:
    """Texts of a concept, each once.

    `concept`: its name. `positive`: P. `negative`: N written from the concept's opposite, contrastive.
    `random`: N written from nothing. `contexts`: beginnings of further such texts, in none of the others,
    to steer on. Any of the last three may be empty.

    >>> import tempfile, ufm.llm
    >>> from ufm.llm.concepts.concept_prompts import ConceptPrompts
    >>> made = ConceptPrompts("joy", ("I laugh.",), ("I sit.",), ("See page 3.",), ("It was",))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = made.write(f"{folder}/joy.jsonl")
    ...     print([path.name for path in paths], ConceptPrompts.read(paths[-1]) == made)
    ['joy_contexts.jsonl', 'joy_random.jsonl', 'joy.jsonl'] True
    """

    concept: str
    positive: tuple[str, ...]
    negative: tuple[str, ...] = ()
    random: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()

    def prompts(self, negative: str = "contrastive") -> tuple[Prompt, ...]:
        """P and one kind of N, as `split_prompts` takes them apart again."""
        against = [Prompt(text, self.concept, "negative") for text in self.negative]
        if negative == "random":
            against = [Prompt(text, None, "negative") for text in self.random]
        return (*(Prompt(text, self.concept, "positive") for text in self.positive), *against)

    def write(self, path: str | Path) -> list[Path]:
        """Write JSON lines that `read_prompts` reads: `path` has P and the contrastive N.

        NAME_random.jsonl and NAME_contexts.jsonl beside it have the others; `path` is written last. A file
        that is there already with another content is an error. Returns the files written.
        """
        random, contexts, main = _files(path)
        sides = ((contexts, self.contexts), (random, self.random))
        found = {file: [Prompt(text, None, "negative") for text in texts] for file, texts in sides}
        data = {file: "".join(map(_line, prompts)).encode() for file, prompts in found.items()}
        data[main] = "".join(map(_line, self.prompts())).encode()
        for file, content in data.items():
            # the same content was left by a run that was killed just here
            if file.exists() and file.read_bytes() != content:
                raise ValueError(already_there(file))
        written = [file for file, content in data.items() if content]
        for file in written:
            write_whole(file, data[file])
        return written

    @classmethod
    def read(cls, path: str | Path) -> "ConceptPrompts":
        """What `write` wrote, edited or not; `ValueError` where no positive prompt names its concept."""
        random, contexts, main = _files(path)
        prompts = read_prompts(main)
        names = sorted({x.concept for x in prompts if x.concept and x.kind == "positive"})
        if len(names) != 1:
            raise ValueError(f"{path} must hold positive prompts of one concept; got {names}")
        return cls(
            names[0],
            _texts(x for x in prompts if x.kind == "positive"),
            _texts(x for x in prompts if x.kind == "negative"),
            *(_texts(read_prompts(file)) if file.exists() else () for file in (random, contexts)),
        )


def check_new(path: str | Path) -> None:
    """Raise `ValueError` if a file of `ConceptPrompts.write` is there, or `path` cannot name them."""
    if Path(path).suffix != ".jsonl":
        raise ValueError(f"{path} must end in .jsonl")
    for file in _files(path):
        if file.exists():
            raise ValueError(already_there(file))


def _files(path: str | Path) -> tuple[Path, Path, Path]:
    """The files of N from nothing, of the contexts, and `path` itself."""
    path = Path(path)
    random, contexts = (
        path.with_name(f"{path.stem}_{name}{path.suffix}") for name in ("random", "contexts")
    )
    return random, contexts, path


def _line(prompt: Prompt) -> str:
    entry = {"concept": prompt.concept, "kind": prompt.kind, "text": prompt.text}
    known = {name: value for name, value in entry.items() if value is not None}
    return json.dumps(known, ensure_ascii=False) + "\n"


def _texts(prompts: Iterable[Prompt]) -> tuple[str, ...]:
    return tuple(prompt.text for prompt in prompts)
