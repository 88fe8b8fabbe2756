"""Kept keys and values against a full pass for each new token; loops, made by hand, and plain text."""

import itertools
import re
from functools import partial
from pydoc_data.topics import topics

import jax
import numpy as np
import pytest

import ufm.llm
from ufm.llm.steering import generate

VECTOR = np.linspace(-1, 1, 16) ** 3
PROMPT = [5, 9, 27, 3]


@pytest.mark.parametrize("family", ["gpt2", "mistral", "gpt_neox", "smollm3"])
def test_tokens_are_those_of_full_passes(family):
    """Learned positions; rotary ones, with a window shorter than the text; of a part of each head; none."""
    model = ufm.llm.load(f"tests/data/llm/{family}", "float64")
    steering = ufm.llm.Steering(VECTOR, 0)
    alphas = [0.0, 1.5, -6.0, 3.0]
    found = ufm.llm.generate(model, PROMPT, steering, alphas, count=10)
    for row, alpha in zip(found, alphas, strict=True):
        said = [*PROMPT, *row.tolist()]
        logits = np.asarray(model.all_logits(said, alpha, vector=VECTOR, layer=0))
        top = np.sort(logits, axis=1)
        # greedy choices can be compared where no two tokens tie to rounding
        assert (top[:, -1] - top[:, -2]).min() > 1e-9
        np.testing.assert_array_equal(row, logits.argmax(axis=1)[len(PROMPT) - 1 : -1])
    plain = ufm.llm.generate(model, PROMPT, None, [0.0] * 4, count=10)
    np.testing.assert_array_equal(plain[0], found[0])


def test_a_token_that_is_not_kept_is_missed(monkeypatch):
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    steering = ufm.llm.Steering(VECTOR, 0)
    run = lambda: ufm.llm.generate(model, PROMPT, steering, [0.0, 1.5, -6.0, 3.0], count=10)  # noqa: E731
    right, exact = run(), generate.extend
    # planted: the new token's own key and value are not kept for those after it
    monkeypatch.setattr(generate, "extend", lambda *a: (exact(*a)[0], a[5], a[6]))
    wrong = run()
    # the first two come from the prompt and from the newest token's own
    np.testing.assert_array_equal(right[:, :2], wrong[:, :2])
    assert (right != wrong).any()


def test_the_post_norm_site_and_the_temperature():
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    steering = ufm.llm.Steering(VECTOR, 1, "all", "post-norm")
    run = partial(ufm.llm.generate, model, PROMPT, steering, [0.0, 1.5, -6.0, 3.0], count=10)
    logits = np.stack(
        [
            model.logits(PROMPT, alpha, vector=VECTOR, site="post-norm")
            for alpha in (0.0, 1.5, -6.0, 3.0)
        ]
    )
    np.testing.assert_array_equal(run()[:, 0], logits.argmax(axis=1))
    drawn = run(temperature=0.7, seed=3)
    np.testing.assert_array_equal(drawn, run(temperature=0.7, seed=3))
    assert (drawn != run(temperature=0.7, seed=4)).any()
    # the first token is the one that `_choose` draws, and its draws follow softmax(logits / 0.7)
    first = jax.random.fold_in(jax.random.key(3), 0)
    np.testing.assert_array_equal(drawn[:, 0], generate._choose(logits, first, 0.7))
    keys = jax.random.split(jax.random.key(1), 20_000)
    many = np.asarray(jax.vmap(lambda key: generate._choose(logits, key, 0.7))(keys))
    for k in range(4):
        p = np.exp((logits[k] - logits[k].max()) / 0.7)
        p /= p.sum()
        share = np.bincount(many[:, k], minlength=64) / len(keys)
        # five standard errors of each share, and one draw
        assert (np.abs(share - p) < 5 * np.sqrt(p / len(keys)) + 1 / len(keys)).all()


def test_several_prompts_at_once_go_on_as_each_alone():
    """Padded on the left, each with a seed; positions are learned, rotary in a window, or half rotary."""
    prompts, alphas, steering = (
        [PROMPT, [8], [40, 2, 61, 7, 7, 30]],
        [0.0, 3.0],
        ufm.llm.Steering(VECTOR, 0),
    )
    for family in ("gpt2", "mistral", "gpt_neox"):
        model = ufm.llm.load(f"tests/data/llm/{family}", "float64")
        how = dict(count=9, temperature=0.8)
        found = generate.generate_all(model, prompts, steering, alphas, seeds=[3, 4, 5], **how)
        for j, prompt in enumerate(prompts):
            alone = ufm.llm.generate(model, prompt, steering, alphas, seed=3 + j, **how)
            np.testing.assert_array_equal(found[j], alone)


def test_a_text_ends_with_the_first_end_token():
    model, steering = ufm.llm.load("tests/data/llm/gpt2", "float64"), ufm.llm.Steering(VECTOR, 0)
    run = partial(ufm.llm.generate, model, PROMPT, steering, [0.0, -6.0, 3.0], count=10)
    whole = run(temperature=1.0)
    ends = (int(whole[0, 2]), int(whole[1, 5]))
    for row, free in zip(run(temperature=1.0, ends=ends), whole, strict=True):
        stop = next((k + 1 for k, z in enumerate(free) if z in ends), 10)
        np.testing.assert_array_equal(row[:stop], free[:stop])
        assert (row[stop:] == -1).all()
    steps = []
    run(ends=range(64), progress=lambda *state: steps.append(state))
    assert steps == [(1, 10)]  # all have ended


def test_texts_go_on_until_all_have_said_enough():
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    run = partial(generate.generate_all, model, [PROMPT, [7]], None, [0.0], count=10, seeds=[0, 1])
    whole, seen = run(), []

    def is_over(made):
        seen.append(made.copy())
        return np.array([made.shape[1] >= 2, made.shape[1] >= 4])

    stopped = run(is_over=is_over)[:, 0]
    np.testing.assert_array_equal(stopped[:, :4], whole[:, 0, :4])
    assert (stopped[:, 4:] == -1).all()
    assert [made.shape for made in seen] == [(2, n) for n in (1, 2, 3, 4)]
    np.testing.assert_array_equal(seen[-1], whole[:, 0, :4])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(count=0), "count must be at least 1; got 0"),
        (dict(count=29), "4 tokens of the prompt and 29 new ones are more than the model's 32"),
        (dict(temperature=-1.0), "temperature must be at least 0 and finite; got -1.0"),
        (dict(temperature=float("nan")), "temperature must be at least 0 and finite; got nan"),
        (dict(seed=-1), "seed must be at least 0; got -1"),
        (dict(tokens=[]), "tokens must be [T] or [B, T] with T >= 1"),
        (dict(tokens=[64]), "tokens hold 64, outside the vocabulary"),
        (dict(steering=None), "strengths other than 0 steer nothing without steering"),
        (dict(steering=ufm.llm.Steering(VECTOR, 0, "last")), 'steered at "all" positions'),
        (dict(alphas=[]), "alphas must be a row of strengths, not empty"),
        (dict(alphas=[np.nan]), "alphas[0] = nan is not a finite number"),
    ],
)
def test_what_cannot_be_generated_says_why(change, message):
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    given = dict(tokens=PROMPT, steering=ufm.llm.Steering(VECTOR, 0), alphas=[1.0], count=2)
    with pytest.raises(ValueError, match=re.escape(message)):
        ufm.llm.generate(model, **(given | change))


LOOPS = [
    ([7] * 16, "loops", 1, 16),
    ([1, 2, 3] * 8, "loops", 3, 8),
    (list(range(100, 120)) + [4, 5] * 6, "loops", 2, 6),  # a loop that has only begun
    (list(range(5)) * 5, "loops", 5, 5),
    ([*range(10), *range(10), *range(10), 50], "loops", 0, 0),  # by its 4-grams alone
    ([*range(124), 7, 7, 7, 7], "no loop", 0, 0),  # four full stops are no loop
    (list(range(118)) + [4, 5] * 5, "no loop", 0, 0),  # ten tokens: not yet
    (list(range(128)), "no loop", 0, 0),
    (list(range(127)), "too short", 0, 0),
    ([7] * 15, "too short", 1, 15),
    ([], "too short", 0, 0),
]


@pytest.mark.parametrize(("tokens", "verdict", "period", "times"), LOOPS)
def test_loops_made_by_hand(tokens, verdict, period, times):
    found = ufm.llm.find_loop(tokens)
    assert (found.verdict, found.period, found.times) == (verdict, period, times)


AGAIN = ["I", "'m", "not", "sure", "what", "to", "do"]
SURE = [*AGAIN, ",", "but", *AGAIN]


@pytest.mark.parametrize(
    ("before", "between", "verdict"),
    [
        (0, [], "loops"),
        (32, [], "loops"),  # of 48 tokens, of which four-grams and rows find nothing
        (112, ["then"], "loops"),
        (112, ["but", "then"], "no loop"),  # four words in between
    ],
)
def test_a_phrase_that_is_said_again_at_once_is_a_loop(before, between, verdict):
    words = [*map(str, range(before)), *SURE[:9], *between, *SURE[9:]]
    tokens = [sorted(set(words)).index(word) for word in words]
    found = ufm.llm.find_loop(tokens)
    assert found.verdict == verdict
    period = 9 + len(between) if verdict == "loops" else 0
    assert (found.period, found.times) == (period, 2 if period else 0)
    assert found.repeated < 0.5


def test_a_text_that_has_come_to_its_end_is_judged_at_any_length():
    assert ufm.llm.find_loop(range(5), is_whole=True).verdict == "no loop"
    assert ufm.llm.find_loop([7] * 16, is_whole=True).verdict == "loops"


def test_plain_english_does_not_loop_and_its_repetition_does():
    """The English of Python's own manual, a word a token, in pieces of 64."""
    words = " ".join(topics[name] for name in sorted(topics)).split()
    number = {word: z for z, word in enumerate(dict.fromkeys(words))}
    tokens = [number[word] for word in words]
    pieces = [tokens[i : i + 64] for i in range(0, len(tokens) - 64, 64)]
    assert len(pieces) > 500
    looping = [p for p in pieces if ufm.llm.find_loop(p).verdict == "loops"]
    assert looping == []
    for piece, period in itertools.product(pieces[:20], (1, 5, 12)):
        assert ufm.llm.find_loop(piece[:16] + piece[16 : 16 + period] * 4 * 3).verdict == "loops"
