"""How often a concept is present in what a steered model writes, by a judge; and how fluent that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ufm._files import Arrays, digest
from ufm._json import JSON, finite_or_null
from ufm._progress import Progress, silent

from ..concepts.concept import Concept
from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..measure.journal import Journal
from ..measure.presence import wilson
from ..text.loops import find_loop
from ..text.tokenizer import Tokenizer
from .fluency import distinct
from .judge import Judge
from .steered_texts import Sampling, SteeredTexts, by_parts, groups, write_texts

# As the paper's code joins the texts of a prompt, each cut to so many characters.
_BETWEEN = "\n\n--- SAMPLE ---\n\n"
_CHARACTERS = 800
_RESAMPLES = 2000
_SAMPLED = 1  # the stream of random numbers of sampled answers


@dataclass(frozen=True, eq=False)
class JudgedPresence:
    """What a judge found in the texts of m prompts at A strengths.

    - `alphas` [A]. `presence` [A]: the mean over prompts of `by_prompt` [m, A], the mean answer, yes being 1.
    - `interval` [A, 2]: 95 %, by drawing the prompts anew (of one prompt, its answers). `wilson` [A, 2]: as
      if all answers were independent, which texts of one prompt are not; NaN for probabilities. Where no
      answer is yes the first has no width, and the second has.
    - `probabilities` [m, A, n]: P(yes) of each answer, n = samples, or 1 in the form "code"; NaN where the
      judge said neither, which counts as no. `unanswered` [A]: their share.
    - `perplexity` [A]: of the texts under the unsteered model, exp of the mean nats a token. `repeated` [A]:
      mean share of 4-grams that a text has said before. `loops` [A]: share of texts that loop. `distinct`
      [A]: share of different 2-grams among those of all texts.
    - `judge`, `concept`, `form`, `answer`: who was asked what, and how. `texts` [m][A][s]: what was written.
    """

    alphas: np.ndarray
    presence: np.ndarray
    interval: np.ndarray
    wilson: np.ndarray
    by_prompt: np.ndarray
    probabilities: np.ndarray
    unanswered: np.ndarray
    perplexity: np.ndarray
    repeated: np.ndarray
    loops: np.ndarray
    distinct: np.ndarray
    judge: str
    concept: str
    form: str
    answer: str
    texts: list[list[list[str]]]


def judged_presence(
    model: LanguageModel,
    tokenizer: Tokenizer,
    judge: Judge,
    concept: Concept,
    contexts: Sequence[str],
    steering: Steering,
    alphas: Sequence[float] | np.ndarray,
    *,
    length: int = 100,
    samples: int | None = None,
    form: str = "paper",
    answer: str = "label",
    threshold: float = 0.5,
    temperature: float = 0.9,
    top_k: int | None = 50,
    top_p: float = 0.95,
    seed: int = 0,
    directory: str | Path | None = None,
    progress: Progress | None = None,
) -> JudgedPresence:
    """The presence of a concept at each strength, as a judge sees it.

    After each context the model, steered at all positions, writes `samples` texts of `length` tokens. In the
    form "paper" (Section 5: 12 prompts, 32 texts each) the judge answers about every text, and the answers
    are averaged. In the form "code" (the official code: 12 texts each) it answers once about the texts of a
    prompt joined into one, each cut to 800 characters, so that one text of twelve is enough for a yes.
    `samples` is 32 or 12 if None. `answer`: "label" is 1 where P(yes) > `threshold`; "sampled" is 1 with
    probability P(yes), drawn; "probability" is P(yes) itself. An empty text is no.

    `directory` keeps the texts as they come, and each judge's answers apart: a killed run goes on with the
    same numbers, and another judge reads the same texts.

    >>> import ufm.llm
    >>> place = "tests/data/llm/gpt2"
    >>> model, tokenizer = ufm.llm.load(place, "float64"), ufm.llm.load_tokenizer(place)
    >>> inside = ufm.llm.Concept("inside", "is about what is inside", "is not", "Is something inside?")
    >>> given = model, tokenizer, ufm.llm.KeywordJudge({"inside": ["in"]}), inside, ["the is", "is the"]
    >>> steering = ufm.llm.Steering(model.unembedding[8], layer=1)
    >>> found = ufm.llm.judged_presence(*given, steering, [0.0, 3.0, 30.0], length=8, samples=4)
    >>> print(found.presence, found.by_prompt.shape)
    [0.    0.625 1.   ] (2, 3)
    """
    _check(form, answer, threshold)
    size = samples if samples is not None else {"paper": 32, "code": 12}[form]
    sampling = Sampling(length, size, temperature, top_k, top_p, seed)
    place, show = None if directory is None else Path(directory), progress or silent
    given = model, tokenizer, contexts, steering, alphas, sampling
    written, settings = write_texts(*given, None if place is None else place / "texts", show)
    about = _about(judge, concept, form, settings)
    journal = None if place is None else Journal(place / f"answers-{digest(about)}", about)
    probabilities = _answers(written, judge, concept, form, journal, show)
    found = _presence(probabilities, answer, threshold, seed) | _fluency(written)
    if journal is not None:
        said = {**about, "answer": answer, "presence": found["presence"]}
        journal.finish({"probability": probabilities}, finite_or_null(said))
    return JudgedPresence(
        alphas=written.alphas,
        **found,
        judge=judge.name,
        concept=concept.name,
        form=form,
        answer=answer,
        texts=written.texts,
    )


def joined(texts: Sequence[str]) -> str:
    """The texts of one prompt as the paper's code shows them to its judge: cut, then one after the other."""
    cut = (text if len(text) <= _CHARACTERS else text[:_CHARACTERS] + "…" for text in texts)
    return _BETWEEN.join(cut)


def _check(form: str, answer: str, threshold: float) -> None:
    if form not in ("paper", "code"):
        raise ValueError(f'form must be "paper" or "code"; got {form!r}')
    if answer not in ("label", "sampled", "probability"):
        raise ValueError(f'answer must be "label", "sampled" or "probability"; got {answer!r}')
    if not 0 <= threshold < 1:
        raise ValueError(f"threshold must be at least 0 and below 1; got {threshold:g}")


def _about(judge: Judge, concept: Concept, form: str, texts: Mapping[str, JSON]) -> dict[str, JSON]:
    """What answers depend on; `texts`: what those that are judged depend on."""
    return {
        "kind": "answers",
        "texts": digest(texts),
        "judge": judge.name,
        "concept": concept.name,
        "question": concept.question,
        "form": form,
    }


def _answers(
    written: SteeredTexts,
    judge: Judge,
    concept: Concept,
    form: str,
    journal: Journal | None,
    progress: Progress,
) -> Float[np.ndarray, "m A n"]:
    """P(yes) of each answer of the judge about the texts, which a journal keeps."""

    def ask(a: int, some: slice) -> Arrays:
        of_prompts = [of_prompt[a] for of_prompt in written.texts[some]]
        return {"probability": _asked(judge, concept, of_prompts, form)}

    prompts, strengths, samples, _ = written.tokens.shape
    parts = groups(prompts, samples)
    return by_parts(journal, strengths, parts, ask, progress, "judging")["probability"]


def _asked(
    judge: Judge, concept: Concept, of_prompts: Sequence[Sequence[str]], form: str
) -> Float[np.ndarray, "prompts answers"]:
    """P(yes) about each text, or about those of each prompt together; 0 where nothing was written."""
    if form == "code":
        of_prompts = [[joined(texts) if any(texts) else ""] for texts in of_prompts]
    flat = [text for texts in of_prompts for text in texts]
    found = np.zeros(len(flat))
    said = [k for k, text in enumerate(flat) if text]
    if said:
        found[said] = judge.probabilities([flat[k] for k in said], concept)
    return found.reshape(len(of_prompts), -1)


def _presence(
    probabilities: Float[np.ndarray, "m A n"], answer: str, threshold: float, seed: int
) -> dict[str, np.ndarray]:
    """The arrays of `JudgedPresence` that tell of the answers."""
    score = np.nan_to_num(probabilities, nan=0.0)
    if answer == "label":
        score = (score > threshold).astype(np.float64)
    elif answer == "sampled":
        drawn = np.random.default_rng([seed, _SAMPLED]).random(score.shape)
        score = (drawn < score).astype(np.float64)
    by_prompt = score.mean(axis=2)
    presence = by_prompt.mean(axis=0)
    number = score.shape[0] * score.shape[2]
    is_share = answer != "probability"
    return {
        "presence": presence,
        "interval": _resampled(by_prompt if len(by_prompt) > 1 else score[0].T, seed),
        "wilson": wilson(presence, number) if is_share else np.full((presence.size, 2), np.nan),
        "by_prompt": by_prompt,
        "probabilities": probabilities,
        "unanswered": np.isnan(probabilities).mean(axis=(0, 2)),
    }


def _fluency(written: SteeredTexts) -> dict[str, np.ndarray]:
    """The arrays of `JudgedPresence` that tell of the texts themselves."""
    rows = [written.rows(a) for a in range(written.alphas.size)]
    counts = np.array([sum(map(len, texts)) for texts in rows])
    spent = written.nats.sum(axis=(0, 2))
    verdicts = [[find_loop(row) for row in texts] for texts in rows]
    return {
        "perplexity": np.where(counts > 0, np.exp(spent / np.maximum(counts, 1)), np.nan),
        "repeated": np.array([np.mean([v.repeated for v in at]) for at in verdicts]),
        "loops": np.array([np.mean([v.verdict == "loops" for v in at]) for at in verdicts]),
        "distinct": np.array([distinct(texts) for texts in rows]),
    }


def _resampled(values: Float[np.ndarray, "m A"], seed: int) -> Float[np.ndarray, "A 2"]:
    """The 95 % interval of the mean of independent rows, drawn anew with replacement."""
    m = len(values)
    counts = np.random.default_rng(seed).multinomial(m, np.full(m, 1 / m), _RESAMPLES)
    return np.quantile(counts @ values / m, [0.025, 0.975], axis=0).T
