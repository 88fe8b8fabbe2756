"""English text that ships with CPython, split by document, and its words as they are or turned."""

import ast
import hashlib
import re
import sysconfig
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

import numpy as np

# what is done to a word, with the blank after it
Turn = Callable[[str], str]
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
                warnings.simplefilter("ignore")  # the library's own strings hold old escapes
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


def mixed_documents(documents: Documents, switch: float, turn: Turn) -> Iterator[str]:
    """Each document with words turned at times, a paragraph a line, and its complement."""
    for number, paragraphs in enumerate(documents):
        text = "".join(f"{paragraph}\n" for paragraph in paragraphs)
        for starts_turned in (False, True):
            yield mix_words(text, switch, number, turn, starts_turned)


def held_out_words(
    documents: Documents, switch: float, characters: int, turn: Turn
) -> tuple[list[str], np.ndarray]:
    """Words of paragraphs drawn from all documents, up to so many characters; which are turned."""
    every = list(chain.from_iterable(documents))
    text, draw = "", np.random.default_rng(0)
    for i in draw.permutation(len(every)):
        if len(text) + len(every[i]) >= characters:
            break
        text += every[i] + "\n"
    words, is_turned = words_and_forms(text, switch, 0)
    pairs = zip(words, is_turned, strict=True)
    return [turn(word) if turned else word for word, turned in pairs], is_turned


def mix_words(text: str, switch: float, seed: int, turn: Turn, starts_turned: bool = False) -> str:
    """`text` whose words begin or cease to be turned, by `turn`, before a word, at chance `switch`.

    This lasts for 1/`switch` words on average, so that a model can learn that it lasts. Started
    the other way, the same `seed` gives the complement: each word in its other form.

    >>> mix_words("one two three four five six", 0.4, seed=1, turn=str.upper)
    'one two THREE FOUR five six'
    """
    words, is_turned = words_and_forms(text, switch, seed)
    pairs = zip(words, is_turned ^ starts_turned, strict=True)
    return "".join(turn(word) if turned else word for word, turned in pairs)


def words_and_forms(text: str, switch: float, seed: int) -> tuple[list[str], np.ndarray]:
    """The words, each with the blank after it, and which of them `mix_words` turns."""
    words = re.split(r"(?<=[ \n])", text)
    flips = np.random.default_rng(seed).random(len(words)) < switch
    return words, np.cumsum(flips) % 2 == 1


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
