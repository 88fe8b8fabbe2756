"""Every quantity at the ends of what floats hold of offset, scale, confidence, ties and weights, by balls."""

import flint
import jax
import mpmath as mp
import numpy as np
import pytest
from flint import arb
from hypothesis import settings

import ufm
from tests import balls, extremes, oracles
from ufm.tilt.cross_entropy_bounds import cross_entropy_enclosure

# 100,000 random instances are for the night: pytest --hypothesis-profile=nightly
EXAMPLES = 100_000 if settings().max_examples >= 2000 else 80
BUDGETS = [
    ("cross_entropy", 0.1),
    ("cross_entropy", 1e-200),
    ("cross_entropy", 50.0),
    ("reverse_kl", 1e-100),
    ("reverse_kl", 300.0),
    ("target_mass", 1e-100),
]
LOWER, UPPER = ("lower", "target", "asymptote"), ("hoeffding", "bennett", "two_point")


@pytest.mark.parametrize("instances", [extremes.table, extremes.two_tokens])
def test_table_of_extremes(instances):
    assert list(extremes.misses(instances())) == []


def test_extremes_that_a_night_found():
    """The mean's own rounding in the KL of a sweep; data_probs below 1e-308."""
    assert list(extremes.misses([extremes.drawn(seed) for seed in (50736, 8513, 224)])) == []


def test_random_extremes():
    for start in range(0, EXAMPLES, 800):
        seeds = range(start, min(EXAMPLES, start + 800))
        assert list(extremes.misses([extremes.drawn(seed) for seed in seeds])) == []


# each a formula that loses digits, or an answer off in its tenth
FAULTS = {
    "forward_kl": lambda f: lambda *a: f(*a) + 1e-16,
    "reverse_kl": lambda f: lambda *a: f(*a) * (1 + 3e-10),
    "probability_increase": lambda f: lambda tilt, alpha: tilt.probs(alpha) - tilt.probs(0.0),
    "concept_log_odds_increase": lambda f: (
        lambda tilt, alpha, tokens: (
            ufm.concept_log_odds(tilt, alpha, tokens) - ufm.concept_log_odds(tilt, 0.0, tokens)
        )
    ),
    "cross_entropy_increase": lambda f: (
        lambda tilt, alpha, weights, data=None: (
            f(tilt, alpha, weights) if data is None else f(tilt, alpha, weights, data) * (1 - 1e-9)
        )
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_an_error_is_found(name, monkeypatch):
    monkeypatch.setattr(ufm, name, FAULTS[name](getattr(ufm, name)))
    monkeypatch.setattr(extremes, "_answers", extremes._answers.__wrapped__)  # compiled already
    found = list(extremes.misses(extremes.table()[33:37]))
    assert {miss.quantity.split(",")[0] for miss in found} == {name}


def _separated(one: extremes.Instance) -> np.ndarray:
    """The tokens whose M is among the larger half of its values."""
    odds = np.asarray(one.tilt.log_odds)
    values = np.unique(odds)
    return odds >= values[values.size // 2]


def _exact(one: extremes.Instance, alpha: float, tokens: np.ndarray, name: str) -> list[arb]:
    odds = np.asarray(one.tilt.log_odds).tolist()
    return [
        balls.proved(balls.effects, balls.Case(row, odds, alpha, tokens.tolist(), row))[name][0]
        for row in np.asarray(one.tilt.log_probs).tolist()
    ]


def _mean(one: extremes.Instance, answers: list[arb]) -> float:
    return float(
        sum((arb(w) * a for w, a in zip(one.weights.tolist(), answers, strict=True)), arb(0))
    )


SOME = [*extremes.table()[::9], *extremes.two_tokens()[::15]]


@pytest.mark.parametrize("one", SOME)
def test_half_of_the_mass(one):
    tokens, odds = _separated(one), np.asarray(one.tilt.log_odds)
    gap = odds[tokens].min() - odds[~tokens].max()
    for row, alpha in zip(
        np.asarray(one.tilt.log_probs), ufm.half_saturation(one.tilt, tokens).tolist(), strict=True
    ):
        width = 1e-10 * abs(alpha) + 2e-14 * (1 + np.abs(row).max()) / gap
        balance = balls.balance_of(row.tolist(), odds.tolist(), tokens.tolist())
        assert balls.signs(balance, alpha, width) == (-1, 1)


@pytest.mark.parametrize(("kind", "budget"), BUDGETS)
def test_a_budget_is_spent_to_ten_digits(kind, budget):
    name = {"cross_entropy": "forward_kl", "target_mass": "concept_probability"}.get(kind, kind)
    for one in SOME:
        tokens = _separated(one)
        choice = ufm.choose_strength(one.tilt, one.weights, target=tokens, budget=budget, kind=kind)
        if choice.reachable:
            spent = _mean(one, _exact(one, choice.alpha, tokens, name))
            assert spent == pytest.approx(budget, rel=1e-10, abs=0)
        else:
            assert kind == "reverse_kl"
            far = 1e6 / float(one.tilt.odds_range())
            supremum = _mean(one, _exact(one, far, tokens, name))
            assert choice.supremum >= supremum * (1 - 1e-10)
            assert supremum <= budget * (1 + 1e-10)


@pytest.mark.parametrize("one", SOME)
def test_bounds_enclose_the_cost(one):
    tokens = _separated(one)
    with np.errstate(over="ignore"):  # an upper bound that no float holds
        bounds = cross_entropy_enclosure(one.tilt, one.weights, tokens, one.alphas)
    for i, alpha in enumerate(one.alphas.tolist()):
        cost = _mean(one, _exact(one, alpha, tokens, "forward_kl"))
        least, most = cost * (1 - 1e-10) - 1e-307, cost * (1 + 1e-10) + 1e-307
        assert all(getattr(bounds, name)[i] <= most for name in LOWER)
        assert all(getattr(bounds, name)[i] >= least for name in UPPER)


@pytest.mark.parametrize("one", SOME)
def test_limits_keep_their_digits(one):
    odds = np.asarray(one.tilt.log_odds)
    for sign, end in ((1, odds.max()), (-1, odds.min())):
        logs = np.where(odds == end, np.asarray(one.tilt.log_probs), -np.inf)
        exact = np.exp(logs - np.logaddexp.reduce(logs, axis=1, keepdims=True))
        np.testing.assert_allclose(one.tilt.limit(sign), exact, rtol=1e-10, atol=1e-307)


def test_slopes_of_the_cost_keep_their_digits():
    """α dKL/dα is the sum of the two divergences."""
    slope = jax.jit(jax.vmap(jax.jacfwd(ufm.forward_kl, argnums=1), in_axes=(None, 0)))
    for one in extremes.table()[::9]:
        tokens = np.arange(5) < 2
        for found, alpha in zip(slope(one.tilt, one.alphas), one.alphas.tolist(), strict=True):
            both = [_exact(one, alpha, tokens, name) for name in ("forward_kl", "reverse_kl")]
            want = [float((a + b) / alpha) for a, b in zip(*both, strict=True)]
            np.testing.assert_allclose(found, want, rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize("alpha", [1e-4, 3.0, 60.0, -500.0])
def test_single_precision_neither_overflows_nor_cancels(alpha):
    rows, odds = np.array([[-0.1, -2.5, -20.0], [-40.0, -1e-6, -14.0]]), [0.3, -1.2, 2.0]
    rows -= np.logaddexp.reduce(rows, axis=1, keepdims=True)
    single = ufm.ExponentialTilt(rows.astype(np.float32), np.float32(odds))
    double = ufm.ExponentialTilt(rows, np.float32(odds).astype(float))
    for quantity in (ufm.forward_kl, ufm.reverse_kl):
        # 40 nats of log p, and 1,600 of αM, are rounded to 2e-6 and 1e-4
        np.testing.assert_allclose(quantity(single, alpha), quantity(double, alpha), rtol=2e-4)


@pytest.mark.parametrize("alpha", [1e-9, -0.7, 12.0])
def test_balls_agree_with_mpmath(alpha):
    """Two oracles that share no code, on a mild and on a confident context."""
    odds, tokens = [0.3, -1.2, 2.0, 0.0], [True, False, True, False]
    for row in ([-0.5, -1.5, -2.5, -2.0], [-80.0, -1e-3, -7.0, -95.0]):
        exact = balls.proved(balls.effects, balls.Case(row, odds, alpha, tokens, [0.25] * 4))
        others = {
            "probs": oracles.probs(row, odds, alpha),
            "centred": oracles.centred(row, odds, alpha),
            "probability_increase": oracles.increase(row, odds, alpha),
            "forward_kl": [oracles.forward_kl(row, odds, alpha)],
            "reverse_kl": [oracles.reverse_kl(row, odds, alpha)],
            "third cumulant": [oracles.cumulants(row, odds, alpha, 3)[2]],
            "second derivative": oracles.derivative(row, odds, alpha, 2),
            "concept_probability": [oracles.mass(row, odds, alpha, tokens)],
            "concept_increase": [oracles.mass_increase(row, odds, alpha, tokens)],
        }
        for name, found in others.items():
            for ball, value in zip(exact[name], found, strict=True):
                with flint.ctx.workprec(200):
                    assert abs(float((ball - arb(mp.nstr(value, 30))) / ball)) < 1e-20, name
