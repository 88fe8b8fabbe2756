"""Writes the prompts of a concept: a model is asked for P and N, or goes on from its start token alone."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

import jax

from ufm import __version__
from ufm._json import JSON
from ufm._progress import Progress, silent
from ufm._random import check_seed

from ..decoder.model import LanguageModel
from ..measure.journal import Journal
from ..text.tokenizer import Tokenizer
from .author import Author
from .concept import Concept
from .concept_prompts import ConceptPrompts
from .draws import Draws, Sampling
from .request import TEMPLATE, check_template

NEGATIVES = ("contrastive", "random", "both")
_LEAST_WORDS = 3  # a text that has fewer does not count


def write_prompts(
    model: LanguageModel,
    tokenizer: Tokenizer,
    concept: Concept,
    *,
    count: int = 500,
    length: int = 300,
    contexts: int = 12,
    negative: str = "both",
    temperature: float = 0.9,
    top_k: int | None = 50,
    top_p: float = 0.95,
    seed: int = 0,
    ends_count: bool = True,
    template: str | None = None,
    writer: tuple[LanguageModel, Tokenizer] | None = None,
    directory: str | Path | None = None,
    progress: Progress | None = None,
) -> ConceptPrompts:
    """`count` distinct texts for a concept and as many against it, and `contexts` to steer on.

    `writer`, an instruct model, or `model` itself, is asked by its chat template for texts of the concept
    (P) and of its opposite (N, "contrastive"): `request(template, concept, k)`, with `TEMPLATE` if None; the
    k-th of either have one subject and one stream of random numbers. `model`, which is to be steered, writes
    N "random" and the contexts from its start token alone (`tokenizer.prefix`). `negative`: one of the two
    kinds, or "both". Texts have up to `length` new tokens; a context has 64 words at most, of which the last
    was not cut.

    A text counts from 3 words on, and once: texts equal but for case and blanks are one, and a context is
    the beginning of no other text. Numbers of texts, tokens, temperature, `top_k` and `top_p` are those of
    the paper's code, which lets texts go on past their end (`ends_count=False`) and asks in other words.

    With a `directory` each batch is kept there; a run that was killed goes on, and ends with the same texts.

    Raises `ValueError` where the writer has no chat template, the model names no start token or writes
    nothing, or three times `count` texts do not hold `count` distinct ones.

    >>> import ufm.llm
    >>> from ufm.llm.text.chat import ChatTemplate
    >>> path = "tests/data/llm/gpt2"
    >>> model, tokenizer = ufm.llm.load(path, "float64"), ufm.llm.load_tokenizer(path)
    >>> tokenizer.template = ChatTemplate("{{ messages[0].content }}")  # an instruct model brings its own
    >>> how = dict(count=4, length=8, contexts=2, temperature=3.0, template="it {shows}")
    >>> made = ufm.llm.write_prompts(model, tokenizer, ufm.llm.concept("joy"), **how)
    >>> print(len(made.positive), len(made.negative), len(made.random), len(made.contexts))
    4 4 4 2
    """
    template = TEMPLATE if template is None else template
    _check(count, contexts, negative, length, seed)
    check_template(template)
    sampling = Sampling(length, temperature, top_k, top_p, seed, ends_count)
    asked = partial(Author.asked, *(writer or (model, tokenizer)), concept, template)
    by_itself = Author.unasked(model, tokenizer)
    wanted = {
        "positive": (asked(is_for=True), count),
        "negative": (asked(is_for=False), 0 if negative == "random" else count),
        "random": (by_itself, 0 if negative == "contrastive" else count),
        "contexts": (by_itself, contexts),
    }
    settings = _settings(model, writer, concept, template, sampling)
    journal = None if directory is None else Journal(directory, settings)
    return ConceptPrompts(concept.name, **_written(wanted, sampling, journal, progress or silent))


def _written(
    wanted: Mapping[str, tuple[Author, int]],
    sampling: Sampling,
    journal: Journal | None,
    progress: Progress,
) -> dict[str, tuple[str, ...]]:
    """The texts of each kind: by whom, and how many; all are distinct."""
    total, done, seen = sum(number for _, number in wanted.values()), 0, set[str]()
    found: dict[str, tuple[str, ...]] = {}
    for kind, (author, number) in wanted.items():
        draws = Draws(author, kind, number, sampling, journal)
        show = _stage(progress, done, number, total, f"writing texts: {kind}")
        found[kind] = tuple(_distinct(draws, number, seen, show))
        done += number
    return found


def _stage(
    progress: Progress, done: int, number: int, total: int, stage: str
) -> Callable[[float], None]:
    """Takes the share that is done of `number` texts, which come after `done` others of `total`."""
    return lambda share: progress(done + share * number, total, stage)


def _check(count: int, contexts: int, negative: str, length: int, seed: int) -> None:
    if count < 1:
        raise ValueError(f"count must be at least 1; got {count}")
    if contexts < 0:
        raise ValueError(f"contexts must be at least 0; got {contexts}")
    if length < 1:
        raise ValueError(f"length must be at least 1; got {length}")
    check_seed(seed)
    if negative not in NEGATIVES:
        raise ValueError(f"negative must be one of {', '.join(NEGATIVES)}; got {negative!r}")


def _settings(
    model: LanguageModel,
    writer: tuple[LanguageModel, Tokenizer] | None,
    concept: Concept,
    template: str,
    sampling: Sampling,
) -> dict[str, JSON]:
    """What the texts depend on, beside the number asked for, which says how they are batched."""
    about: dict[str, JSON] = {"kind": "prompts", "version": __version__, "jax": jax.__version__}
    for name, of in (("model", model), ("writer", model if writer is None else writer[0])):
        about[name] = [of.source.name, of.source.fingerprint, str(of.dtype), of.memory]
    concepts = {f"concept {name}": value for name, value in asdict(concept).items()}
    return {**about, **concepts, "template": template, **asdict(sampling)}


def _distinct(
    draws: Draws, number: int, seen: set[str], show: Callable[[float], None]
) -> list[str]:
    """So many texts that are in `seen` neither before nor among themselves; `seen` grows by them."""
    found: list[str] = []
    written, furthest = 0, 0.0

    def share(of_batch: float) -> None:
        nonlocal furthest  # a batch may have held fewer texts than it promised
        furthest = max(furthest, min(1.0, (len(found) + of_batch * draws.size) / number))
        show(furthest)

    for texts in draws.batches(share):
        written += len(texts)
        usable = [text for text in texts if len(text.split()) >= _LEAST_WORDS]
        if not usable and not found:
            raise ValueError(
                f"{draws.author.tokenizer.name} writes nothing: each of {len(texts)} texts ({draws.kind}) "
                f"has fewer than {_LEAST_WORDS} words; give it another template, or let it go on past ends"
            )
        for text in usable:
            key = " ".join(text.split()).casefold()
            is_known = key in seen
            if draws.kind == "contexts":
                is_known = any(each.startswith(key) for each in seen)
            if not is_known and len(found) < number:
                seen.add(key)
                found.append(text)
        share(0.0)
        if len(found) == number:
            return found
    if number == 0:
        return []
    raise ValueError(
        f"only {len(found)} distinct texts ({draws.kind}) of the {number} asked for are among {written}: "
        "ask for fewer, or raise temperature, top_k or top_p"
    )
