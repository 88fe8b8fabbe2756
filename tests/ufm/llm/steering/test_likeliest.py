"""What sampling leaves out, against transformers' two rules written in numpy."""

import re
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import ufm.llm
from ufm.llm.steering import generate, likeliest

PROMPT = [5, 9, 27, 3]
RULES = [
    dict(top_k=1),
    dict(top_k=7),
    dict(top_k=64),
    dict(top_k=1000),
    dict(top_p=0.02),
    dict(top_p=0.5),
    dict(top_p=0.95),
    dict(top_p=1.0),
    dict(top_k=7, top_p=0.5),
    dict(top_k=50, top_p=0.95),
]


def as_transformers_has_it(logits, temperature, top_k=None, top_p=1.0):
    """What TemperatureLogitsWarper, TopKLogitsWarper and TopPLogitsWarper, in this order, leave: [R, V]."""
    scores = np.array(logits) / temperature
    if top_k is not None:
        least = np.sort(scores, axis=1)[:, -min(top_k, scores.shape[1])][:, None]
        scores[scores < least] = -np.inf
    if top_p < 1:
        for row in scores:
            order = np.argsort(row, kind="stable")  # from the least likely on
            shares = np.exp(row[order] - row.max())
            is_out = np.cumsum(shares / shares.sum()) <= 1 - top_p
            is_out[-1] = False  # min_tokens_to_keep
            row[order[is_out]] = -np.inf
    return scores > -np.inf


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("temperature", [0.3, 0.9, 2.0])
def test_the_tokens_left_are_those_of_transformers(rule, temperature):
    logits = 3 * np.random.default_rng(0).normal(size=(20, 64))
    found = np.asarray(likeliest.keep_likeliest(jnp.asarray(logits), temperature, **rule))
    want = as_transformers_has_it(logits, temperature, **rule)
    np.testing.assert_array_equal(found > -np.inf, want)
    np.testing.assert_array_equal(found[want], logits[want])  # and they stay what they are


def test_ties_of_the_last_token_kept_are_kept():
    logits = np.log([[0.4, 0.2, 0.2, 0.1, 0.1], [0.2, 0.2, 0.2, 0.2, 0.2]])

    def kept(**rule):
        return np.asarray(likeliest.keep_likeliest(jnp.asarray(logits), 1.0, **rule)) > -np.inf

    for k, want in [(1, [1, 5]), (2, [3, 5]), (3, [3, 5]), (4, [5, 5])]:
        assert kept(top_k=k).sum(axis=1).tolist() == want
        np.testing.assert_array_equal(kept(top_k=k), as_transformers_has_it(logits, 1.0, top_k=k))
    # with top_p transformers keeps the last of the ties in its sort; here tokens of one logit fare alike
    assert kept(top_p=0.5).sum(axis=1).tolist() == [3, 5]
    assert as_transformers_has_it(logits, 1.0, top_p=0.5).sum(axis=1).tolist() == [2, 3]
    assert kept(top_k=1, top_p=0.3).sum(axis=1).tolist() == [1, 5]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_far_logits_and_small_temperatures_are_no_overflow(kind):
    logits = jnp.asarray(np.array([[3e4, -3e4, 0.0], [-1e4, -1e4 - 1e-2, -3e4]], kind))
    found = np.asarray(likeliest.keep_likeliest(logits, 1e-3, top_k=2, top_p=0.9))
    assert found.dtype == kind
    assert (found > -np.inf).tolist() == [[True, False, False], [True, False, False]]


def test_draws_follow_the_softmax_of_what_is_left():
    logits = 2 * np.random.default_rng(1).normal(size=(1, 12))
    kept = np.asarray(likeliest.keep_likeliest(jnp.asarray(logits), 0.7, top_k=8, top_p=0.9))
    want = np.where(as_transformers_has_it(logits, 0.7, 8, 0.9), np.exp(logits / 0.7), 0)[0]
    want /= want.sum()
    keys = jax.random.split(jax.random.key(1), 20_000)
    drawn = np.asarray(jax.vmap(lambda key: generate._choose(jnp.asarray(kept), key, 0.7))(keys))
    share = np.bincount(drawn[:, 0], minlength=12) / len(keys)
    assert (share[want == 0] == 0).all()
    # five standard errors
    assert (np.abs(share - want) <= 5 * np.sqrt(want / len(keys))).all()


def test_texts_hold_none_of_the_tokens_left_out_and_all_stay_where_nothing_is():
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    run = partial(ufm.llm.generate, model, PROMPT, None, [0.0], count=10, temperature=5.0, seed=1)
    whole = run()
    for off in (dict(top_k=None), dict(top_p=1.0), dict(top_k=64), dict(top_k=10_000)):
        np.testing.assert_array_equal(run(**off), whole)
    rule = dict(top_k=8, top_p=0.7)
    made = run(**rule)[0].tolist()
    said = [*PROMPT, *made]
    kept = as_transformers_has_it(np.asarray(model.all_logits(said)), 5.0, **rule)
    assert kept[len(PROMPT) - 1 + np.arange(10), made].all()
    assert not kept[len(PROMPT) - 1 + np.arange(10), whole[0]].all()
    # one token is left, which is the most likely one; and at temperature 0 nothing is drawn
    greedy = run(temperature=0.0)
    for rule in (dict(top_k=1), dict(top_p=1e-9), dict(temperature=0.0, top_k=3, top_p=0.5)):
        np.testing.assert_array_equal(run(**rule), greedy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(top_k=0), "top_k must be at least 1, or None for all tokens; got 0"),
        (dict(top_p=0.0), "top_p must be more than 0 and at most 1; got 0.0"),
        (dict(top_p=1.5), "top_p must be more than 0 and at most 1; got 1.5"),
        (dict(top_p=float("nan")), "top_p must be more than 0 and at most 1; got nan"),
    ],
)
def test_what_would_leave_no_token_says_so(change, message):
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    with pytest.raises(ValueError, match=re.escape(message)):
        ufm.llm.generate(model, PROMPT, None, [0.0], count=2, temperature=1.0, **change)
