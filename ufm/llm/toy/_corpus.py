"""English text that ships with CPython, split by document, and its words in two cases."""

import ast
import hashlib
import re
import sysconfig
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

import numpy as np

# paragraphs, document by document
Documents = tuple[tuple[str, ...], ...]

PARTS = ("train", "prompts", "held-out")
# no text for readers, or not in every distribution of Python
_SKIPPED = r"(site|dist)-packages|tests?|idlelib|lib2to3|turtledemo|ensurepip|pydoc_data"
_PLAIN_WORD = re.compile(r"[(\"'*`]*[A-Za-z][a-z'-]*[)\"'.,:;?!*`]*|[A-Z]+")
_OPENING_WORD = re.compile(r"[A-Z]?[a-z]+,?|[AI]")


@dataclass(frozen=True)
class Corpus:
    """Paragraphs of each part, document by document; no paragraph is in two documents."""

    documents: dict[str, Documents]

    @property
    def digest(self) -> str:
        """A short SHA-256 of all text, which differs from one Python to another."""
        return hashlib.sha256(repr(sorted(self.documents.items())).encode()).hexdigest()[:16]


@cache
def read_corpus() -> Corpus:
    """The prose of CPython's help topics and of the docstrings of its standard library.

    A document is a topic or a module. Which part it belongs to is fixed by a hash of its name: of
    20 documents 17 are for training, 1 for the prompts of the steering vector, 2 held out.
    """
    from pydoc_data.topics import topics

    named = [(f"topic {name}", text) for name, text in topics.items()]
    seen: set[str] = set()
    parts: dict[str, list[tuple[str, ...]]] = {part: [] for part in PARTS}
    for name, text in sorted([*named, *_docstrings()]):
        paragraphs = tuple(p for p in _prose(text) if not (p in seen or seen.add(p)))
        if paragraphs:
            parts[part_of(name)].append(paragraphs)
    return Corpus({part: tuple(found) for part, found in parts.items()})


def part_of(name: str) -> str:
    """The part that the document of that name belongs to."""
    number = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 20
    return "prompts" if number == 0 else "held-out" if number <= 2 else "train"


def _docstrings() -> Iterator[tuple[str, str]]:
    """Docstrings of each module: parsed, never imported or run."""
    library = Path(sysconfig.get_path("stdlib"))
    for path in sorted(library.rglob("*.py")):
        relative = path.relative_to(library)
        if any(re.fullmatch(_SKIPPED, part) for part in relative.parts):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of old escapes in the library's own strings
                tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError, OSError):
            continue
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        found = (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, kinds))
        yield relative.as_posix(), "\n\n".join(filter(None, found))


def _prose(text: str) -> Iterator[str]:
    """Paragraphs on one line each: ASCII, of 8 words or more, at least 7 in 10 of them plain."""
    for paragraph in re.split(r"\n\s*\n", text):
        words = paragraph.split()
        if ">>>" in words or not paragraph.isascii() or len(words) < 8:
            continue
        if sum(bool(_PLAIN_WORD.fullmatch(word)) for word in words) >= 0.7 * len(words):
            yield " ".join(words)


def cased_documents(documents: Documents, switch: float) -> Iterator[str]:
    """Each document in mixed case, a paragraph a line, and its complement: every word in both cases."""
    for number, paragraphs in enumerate(documents):
        text = "".join(f"{paragraph}\n" for paragraph in paragraphs)
        for starts_upper in (False, True):
            yield mix_cases(text, switch, number, starts_upper)


def held_out_text(documents: Documents, switch: float, characters: int) -> str:
    """Paragraphs drawn from all documents, in mixed case, one a line, up to so many characters."""
    every = list(chain.from_iterable(documents))
    text, draw = "", np.random.default_rng(0)
    for i in draw.permutation(len(every)):
        if len(text) + len(every[i]) >= characters:
            break
        text += every[i] + "\n"
    return mix_cases(text, switch, 0)


def mix_cases(text: str, switch: float, seed: int, starts_upper: bool = False) -> str:
    """`text` with its case switched between ordinary and UPPERCASE before a word, at chance `switch`.

    The case lasts for 1/`switch` words on average, so that a model can learn that it lasts. Started
    the other way, the same `seed` gives the complement: each word in the other case.

    >>> mix_cases("one two three four five six", 0.4, seed=1)
    'one two THREE FOUR five six'
    """
    words = re.split(r"(?<=[ \n])", text)
    flips = np.random.default_rng(seed).random(len(words)) < switch
    is_upper = (np.cumsum(flips) + starts_upper) % 2 == 1
    return "".join(w.upper() if up else w for w, up in zip(words, is_upper, strict=True))


def openings(documents: Documents, count: int, words: int, avoid: str = "") -> list[str]:
    """The first `words` words of `count` paragraphs, in ordinary case, spread over the documents.

    Only of paragraphs that go on, whose opening holds plain words alone (none in capitals) and
    is nowhere in the text `avoid`.
    """
    candidates = set()
    for paragraph in chain.from_iterable(documents):
        *first, _ = paragraph.split(" ", words)
        if len(first) == words and all(_OPENING_WORD.fullmatch(word) for word in first):
            candidates.add(" ".join(first))
    found = sorted(opening for opening in candidates if opening not in avoid)
    if len(found) < count:
        raise ValueError(
            f"this Python's library holds only {len(found)} of the {count} prompts asked for; ask for "
            "fewer, or use a Python that ships with its sources"
        )
    chosen = np.random.default_rng(0).permutation(len(found))[:count]
    return [found[i] for i in sorted(chosen)]
