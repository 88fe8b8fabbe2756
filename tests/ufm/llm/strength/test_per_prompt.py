"""A strength a prompt: against brute force on the tilt that the model is, and a closed form."""

import numpy as np
import pytest

import ufm.llm

TARGET = np.arange(64) < 9
PROMPTS = [[3, 4, 5], [9, 8], [7]]


@pytest.fixture(scope="module")
def model():
    return ufm.llm.load("tests/data/llm/gpt2", "float64")


@pytest.fixture(scope="module")
def vector(model):
    """Towards the target's tokens."""
    head = np.asarray(model.unembedding)
    return head[TARGET].mean(axis=0) - head[~TARGET].mean(axis=0)


@pytest.fixture(scope="module")
def tilt(model, vector):
    """At the post-norm site the steered model is this tilt."""
    return ufm.llm.tilt(model, PROMPTS, vector)


@pytest.fixture(scope="module")
def found_by(model, vector):
    """The strengths of the three rules."""

    def found(budget, prompts=PROMPTS, layer=1, site="post-norm", furthest=60.0):
        steering = ufm.llm.Steering(vector, layer, site=site)
        how = dict(budget=budget, furthest=furthest)
        return ufm.llm.prompt_strengths(model, prompts, steering, TARGET, **how)

    return found


def by_hand(tilt, j, alphas):
    """KL(p_0||p_α) and F_T of context j, from logarithms in numpy."""
    log_p, m = np.asarray(tilt.log_probs)[j], np.asarray(tilt.log_odds)
    x = log_p + np.asarray(alphas)[:, None] * m
    log_q = x - np.log(np.exp(x).sum(axis=1, keepdims=True))
    return (np.exp(log_p) * (log_p - log_q)).sum(axis=1), np.exp(log_q)[:, TARGET].sum(axis=1)


def test_what_is_spent_and_bought_is_that_of_the_tilt(found_by, tilt):
    for rule in found_by(0.05):
        assert rule.spent.mean() == pytest.approx(0.05, rel=1e-3)
        for j, alpha in enumerate(rule.alphas):
            spent, mass = by_hand(tilt, j, [0.0, alpha])
            assert rule.spent[j] == pytest.approx(spent[1], rel=1e-9)
            np.testing.assert_allclose([rule.unsteered_mass[j], rule.mass[j]], mass, rtol=1e-12)


def test_each_rule_is_what_its_name_says(found_by, tilt):
    one, spend, rate = found_by(0.05)
    assert len(set(one.alphas)) == 1
    np.testing.assert_allclose(spend.spent, 0.05, rtol=1e-4)
    assert np.ptp(one.spent) > 0.004
    # what a little more strength brings over what it costs, by differences
    rates = []
    for j, alpha in enumerate(rate.alphas):
        (low, high), (below, above) = by_hand(tilt, j, alpha * np.array([1 - 1e-5, 1 + 1e-5]))
        rates.append((above - below) / (high - low))
    np.testing.assert_allclose(rates, np.mean(rates), rtol=1e-2)
    assert rate.gain > max(one.gain, spend.gain)


@pytest.mark.parametrize("budget", [0.02, 0.3])
def test_no_other_strengths_of_two_prompts_bring_more(found_by, tilt, budget):
    """Brute force: every strength of the one, the other by what is left to spend."""
    best = found_by(budget, PROMPTS[:2]).equal_rate
    grid = np.linspace(0, 60, 60_001)
    (spent, mass), (other_spent, other_mass) = (by_hand(tilt, j, grid) for j in (0, 1))
    left = 2 * budget - spent
    some = left >= 0
    # no price falls with α in a tilt
    at = np.interp(left[some], other_spent, other_mass)
    want = ((mass[some] + at) / 2).max() - best.unsteered_mass.mean()
    assert best.gain == pytest.approx(want, rel=1e-4)


def test_a_small_budget_buys_what_the_closed_form_says(found_by, tilt):
    kappa = 1e-4
    p, m = np.exp(np.asarray(tilt.log_probs)), np.asarray(tilt.log_odds)
    deviation = m - (p @ m)[:, None]
    sigma = np.sqrt((p * deviation**2).sum(axis=1))
    c = (p * deviation)[:, TARGET].sum(axis=1)
    assert (c > 0).all()
    root = np.sqrt(2 * kappa)
    one, spend, rate = found_by(kappa, furthest=8.0)
    assert one.gain == pytest.approx(root * c.mean() / np.sqrt((sigma**2).mean()), rel=0.02)
    assert spend.gain == pytest.approx(root * (c / sigma).mean(), rel=0.02)
    assert rate.gain == pytest.approx(root * np.sqrt((c**2 / sigma**2).mean()), rel=0.02)
    shares = rate.alphas / rate.alphas.sum()
    want = c / sigma**2
    np.testing.assert_allclose(shares, want / want.sum(), rtol=0.05)


def test_at_an_early_block_no_multiple_of_the_best_strengths_is_better(model, vector, found_by):
    _, _, rate = found_by(0.02, layer=0, site="residual")
    steering = ufm.llm.Steering(vector, 0)

    def measured(alphas):
        pairs = []
        for row, a in zip(PROMPTS, alphas, strict=True):
            logits = ufm.llm.steered_logits(model, row, steering, [0.0, a])
            log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
            p, q = np.exp(log_p)
            pairs.append([(p * (log_p[0] - log_p[1])).sum(), q[TARGET].sum()])
        return np.mean(pairs, axis=0)

    spent, mass = measured(rate.alphas)
    assert spent == pytest.approx(0.02, rel=1e-3)
    h = 0.05
    for i, j in ((0, 1), (0, 2), (1, 2)):
        for up, down in ((i, j), (j, i)):
            moved = rate.alphas.copy()
            moved[up] *= 1 + h
            # so much less at the other that the mean is spent again, by halving
            low, high = 0.0, moved[down]
            for _ in range(40):
                moved[down] = (low + high) / 2
                low, high = (
                    (low, moved[down]) if measured(moved)[0] > spent else (moved[down], high)
                )
            assert measured(moved)[1] < mass


BAD = [
    (dict(budget=0.0), "budget must be positive and finite, in nats; got 0.0"),
    (dict(furthest=-1.0), "furthest must be positive and finite; got -1.0"),
    (dict(prompts=[]), "there is no prompt"),
    (dict(budget=50.0, furthest=2.0), r"prompt 0 spends at most .* nats, not 50"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_input_is_one_line(found_by, change, message):
    with pytest.raises(ValueError, match=message):
        found_by(**{"budget": 0.02, **change})
