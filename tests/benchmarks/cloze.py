"""What a strength does to accuracy: which word comes next in Python's manual, of four. For docs/harness.md.

    python -m tests.benchmarks.cloze MODEL VECTOR ALPHA [ALPHA ...]

A passage is cut before a word of four small letters or more, the first such from the 19th word on; the three
other choices are words at which other passages are cut. The answer is the choice whose first token is the
likeliest after the passage. Prints, for each strength, how many are right with Wilson's interval, and how
many were right at the first strength alone ("lost") or at this one alone ("won").
"""

import argparse
import re
from typing import NamedTuple

import numpy as np

import ufm.llm
from ufm.llm.measure.presence import wilson
from ufm.llm.measure.token_scores import score_tokens
from ufm.llm.text.questions import python_questions

_WORDS = 18  # of a passage, at least
_AT_ONCE = 32  # passages in one batch


class Question(NamedTuple):
    """A passage as tokens, the first token of each of the four choices, and which of them is right."""

    tokens: list[int]
    choices: list[int]
    answer: int


def questions(tokenizer: ufm.llm.Tokenizer, count: int, seed: int = 0) -> list[Question]:
    """At most `count`, the shortest first; those whose choices share a first token are left out."""
    draw = np.random.default_rng(seed)
    cuts = [cut for q in python_questions(200) if (cut := _cut(q.text.rsplit("\n", 1)[0]))]
    pool = sorted({word for _, word in cuts})
    found: list[Question] = []
    for passage, word in cuts:
        others = [other for other in draw.permutation(pool) if other != word][:3]
        answer = int(draw.integers(4))
        choices = [*others[:answer], word, *others[answer:]]
        tokens = list(tokenizer.encode(passage))
        whole = [list(tokenizer.encode(f"{passage} {choice}")) for choice in choices]
        first = [row[len(tokens)] for row in whole]
        if all(row[: len(tokens)] == tokens for row in whole) and len({*first}) == 4:
            found.append(Question(tokens, first, answer))
    return sorted(found[:count], key=lambda question: len(question.tokens))


def _cut(passage: str) -> tuple[str, str] | None:
    words = passage.split()
    for k in range(_WORDS, len(words)):
        if re.fullmatch("[a-z]{4,}", words[k]):
            return " ".join(words[:k]), words[k]
    return None


def right(
    model: ufm.llm.LanguageModel, steering: ufm.llm.Steering, alpha: float, asked: list[Question]
):
    """Which questions the steered model answers rightly."""
    picked: list[int] = []
    for start in range(0, len(asked), _AT_ONCE):
        some = asked[start : start + _AT_ONCE]
        places = [(j, len(q.tokens) - 1, z) for j, q in enumerate(some) for z in q.choices]
        scores, _ = score_tokens(
            model, steering, alpha, [q.tokens for q in some], np.array(places, np.int32)
        )
        picked += np.reshape(scores, (-1, 4)).argmax(1).tolist()
    return np.array(picked) == [q.answer for q in asked]


def main() -> None:
    """Print a row for each strength."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("vector")
    parser.add_argument("alphas", nargs="+", type=float)
    parser.add_argument("--count", type=int, default=128)
    given = parser.parse_args()
    model, tokenizer = ufm.llm.load(given.model), ufm.llm.load_tokenizer(given.model)
    steering = ufm.llm.read_vector(given.vector).steering()
    asked = questions(tokenizer, given.count)
    first = right(model, steering, given.alphas[0], asked)
    for alpha in given.alphas:
        now = right(model, steering, alpha, asked)
        (low, high), n = np.ravel(wilson(np.array([now.mean()]), len(now))), len(now)
        lost, won = (first & ~now).sum(), (~first & now).sum()
        print(
            f"α = {alpha:g}: {now.sum()} of {n}, {now.mean():.2f} [{low:.2f}, {high:.2f}]; "
            f"lost {lost}, won {won}"
        )


if __name__ == "__main__":
    main()
