"""The ceiling against bisection at 400 digits, against interventions, and what steering gets of it."""

import math

import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

import ufm
import ufm.tilt.ceiling

KINDS = ("cross_entropy", "reverse_kl")
# A bracket is 4 units in the last place wide, and log F, which may be 700, carries one of its own.
ROUND = 2e-14


def kl(a, b):
    """The divergence between two masses, exactly."""
    on = a * mp.log(a / b) if a else mp.mpf(0)
    return on + ((1 - a) * mp.log((1 - a) / (1 - b)) if a < 1 else mp.mpf(0))


def mass_at(before, multiplier, kind):
    if before == 1 or (before == 0 and kind == "reverse_kl"):
        return before  # any mass where there was none is infinitely dear
    if before == 0:
        return max(1 - 1 / multiplier, mp.mpf(0))
    if kind == "reverse_kl":
        return before / (before + (1 - before) * mp.exp(-multiplier))
    discriminant = (1 - multiplier) ** 2 + 4 * multiplier * before
    return (multiplier - 1 + mp.sqrt(discriminant)) / (2 * multiplier)


@mp.workdps(450)
def by_bisection(masses, weights, budget, kind):
    """Mass, gain and multiplier, by bisection in the logarithm of the multiplier."""
    before = [mp.mpf(float(x)) for x in masses]
    weights = [mp.mpf(float(w)) for w in weights]
    shares = [w / sum(weights) for w in weights]

    def cost(multiplier):
        after = [mass_at(x, multiplier, kind) for x in before]
        pairs = zip(after, before, strict=True)
        if kind == "cross_entropy":
            pairs = zip(before, after, strict=True)
        return mp.fdot(shares, [kl(a, b) for a, b in pairs])

    low, high = mp.mpf(-500), mp.mpf(7) if kind == "reverse_kl" else mp.mpf(300)
    # a multiplier that differs from 1 by no more than the budget: its logarithm is as small
    is_next_to_1 = kind == "cross_entropy" and budget < 1e-100
    for _ in range(760 if is_next_to_1 else 75):
        middle = (low + high) / 2
        low, high = (middle, high) if cost(mp.exp(middle)) < budget else (low, middle)
    after = [mass_at(x, mp.exp(high), kind) for x in before]
    gains = [a - b for a, b in zip(after, before, strict=True)]
    return float(mp.fdot(shares, after)), float(mp.fdot(shares, gains)), float(mp.exp(high))


MASSES = {
    "mild": [0.2, 0.5],
    "nearly none, nearly all": [1e-300, 1 - 1e-15],
    "small": [1e-12, 1e-14],
    "next to the least float": [1e-305],
    "certain": [1.0, 0.4],
    "none": [0.0],
    "none, some, all": [0.0, 0.3, 1.0],
}
BUDGETS = (1e-200, 1e-6, 1.0, 100.0)


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("masses", MASSES.values(), ids=MASSES)
def test_the_ceiling_agrees_with_bisection(masses, kind, budget):
    weights = np.arange(1.0, len(masses) + 1)
    weights /= weights.sum()
    found = ufm.mass_ceiling(masses, weights, budget, kind=kind)
    some = np.array(masses) > 0
    supremum = -float(weights[some] @ np.log(np.array(masses)[some]))
    assert found.saturated == (kind == "reverse_kl" and budget >= supremum)
    if found.saturated:
        assert (found.mass, found.multiplier) == (weights @ some, math.inf)
        assert found.gain == pytest.approx(float(weights @ (some - np.array(masses))), rel=1e-15)
        assert (found.masses == some).all()
        return
    mass, gain, multiplier = by_bisection(masses, weights, mp.mpf(budget), kind)
    assert found.mass == pytest.approx(mass, rel=ROUND, abs=0)
    assert found.gain == pytest.approx(gain, rel=ROUND, abs=0)
    # at a large price the multiplier is e to a multiple of it, which carries the error of the exponent
    assert found.multiplier == pytest.approx(multiplier, rel=ROUND * max(1.0, 4 * budget))
    assert weights @ found.masses == pytest.approx(found.mass, rel=1e-15)


@pytest.mark.parametrize("budget", [1e-200, 1e-6, 0.3, 20.0])
def test_where_there_was_no_mass_only_the_cross_entropy_buys_some(budget):
    """Closed forms: kl(0||f) = -log(1 - f) is finite, kl(f||0) is not for any f > 0."""
    assert ufm.mass_ceiling([0.0], [1.0], budget).mass == pytest.approx(
        -math.expm1(-budget), rel=ROUND, abs=0
    )
    assert ufm.mass_ceiling([0.0], [1.0], budget, kind="reverse_kl")[:2] == (0.0, 0.0)
    # a context with none takes nothing of the reverse budget, and gets nothing
    both = ufm.mass_ceiling([0.0, 0.3], [0.25, 0.75], 0.75 * budget, kind="reverse_kl")
    alone = ufm.mass_ceiling([0.3], [1.0], budget, kind="reverse_kl")
    np.testing.assert_allclose(both.masses, [0.0, alone.mass], rtol=ROUND)
    # below a nat for each unit of mass, the cross-entropy buys in the other context alone
    both = ufm.mass_ceiling([0.0, 0.3], [0.25, 0.75], 1e-3)
    assert both.multiplier < 1
    assert both.masses[0] == 0
    assert ufm.mass_ceiling([0.0, 0.3], [0.25, 0.75], 1.0).masses[0] > 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_a_mass_of_0_is_the_limit_of_small_masses(kind):
    limit = ufm.mass_ceiling([0.0, 0.3], [0.5, 0.5], 0.4, kind=kind).masses
    gaps = []
    for power in (-3, -30, -300):
        near = ufm.mass_ceiling([10.0**power, 0.3], [0.5, 0.5], 0.4, kind=kind).masses
        gaps.append(np.abs(near - limit).max())
    # of the reverse divergence it is approached like 1 / log F
    assert gaps[0] > 5 * gaps[1] >= 25 * gaps[2]


def test_prices_at_which_floats_end():
    assert ufm.mass_ceiling([0.3], [1.0], 5e4).saturated  # 1 - f is e^-71429
    assert not ufm.mass_ceiling([0.3], [1.0], 400.0).saturated
    assert ufm.mass_ceiling([1.0], [1.0], 1e-9, kind="reverse_kl").mass == 1.0
    just_less = math.nextafter(-math.log(0.3), 0.0)
    assert ufm.mass_ceiling([0.3], [1.0], just_less, kind="reverse_kl").mass > 1 - 1e-15


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("budget", [1e-3, 0.1, 1.0])
def test_no_random_intervention_reaches_it(kind, budget):
    """Interventions of exactly the price, found by a line from p, in plain sums."""
    rng = np.random.default_rng(7)
    p = rng.dirichlet(np.ones(6), size=4)
    weights = rng.dirichlet(np.ones(4))
    before = p[:, :2].sum(1)
    ceiling = ufm.mass_ceiling(before, weights, budget, kind=kind).mass

    def price(q):
        first, second = (q, p) if kind == "reverse_kl" else (p, q)
        return float(weights @ (first * np.log(first / second)).sum(axis=1))

    best = before @ weights
    for _ in range(300):
        push = rng.normal(size=(4, 6)) * [2, 2, 1, 1, 1, 1] + [2, 2, 0, 0, 0, 0]
        low, high = 0.0, 20.0
        for _ in range(50):
            middle = (low + high) / 2
            q = p * np.exp(middle * push)
            q /= q.sum(axis=1, keepdims=True)
            low, high = (middle, high) if price(q) < budget else (low, middle)
        if price(q) <= budget * (1 + 1e-9):
            best = max(best, float(weights @ q[:, :2].sum(1)))
    assert before @ weights < best < ceiling


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_attained(kind):
    rng = np.random.default_rng(8)
    p = rng.dirichlet(np.ones(5), size=3)
    weights = rng.dirichlet(np.ones(3))
    before = p[:, :2].sum(1)
    found = ufm.mass_ceiling(before, weights, 0.3, kind=kind)
    share = np.where(np.arange(5) < 2, (found.masses / before)[:, None],
                     ((1 - found.masses) / (1 - before))[:, None])  # fmt: skip
    q = p * share
    first, second = (q, p) if kind == "reverse_kl" else (p, q)
    spent = float(weights @ (first * np.log(first / second)).sum(axis=1))
    assert spent == pytest.approx(0.3, rel=1e-12)
    strengths = np.log(found.masses / (1 - found.masses)) - np.log(before / (1 - before))
    if kind == "reverse_kl":
        np.testing.assert_allclose(strengths, found.multiplier, rtol=1e-12)
    else:
        assert np.ptp(strengths) > 0.1  # one strength for all contexts is not the best


def standard():
    data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    return tilt, data.context_weights, data.concept_tokens(0)


@pytest.mark.parametrize("kind", KINDS)
def test_efficiency_is_the_gain_over_that_of_the_ceiling(kind):
    tilt, weights, target = standard()
    weights = np.asarray(weights)
    p, q = (np.exp(np.asarray(tilt.log_probs_at(a))) for a in (0.0, 0.7))
    first, second = (q, p) if kind == "reverse_kl" else (p, q)
    price = float(weights @ (first * np.log(first / second)).sum(axis=1))
    before, after = (float(weights @ law[:, target].sum(1)) for law in (p, q))
    ceiling = by_bisection(p[:, target].sum(1), weights, mp.mpf(price), kind)[0]
    want = (after - before) / (ceiling - before)
    assert ufm.efficiency(tilt, weights, target, 0.7, kind) == pytest.approx(want, rel=1e-12)
    assert 0 < want < 1


def test_the_target_s_own_indicator_is_wholly_efficient_of_the_reverse_divergence():
    tilt, weights, target = standard()
    own = ufm.ExponentialTilt(tilt.log_probs, jnp.asarray(target, float))
    for alpha in (1e-150, 1e-3, 1.0, 30.0):
        assert ufm.efficiency(own, weights, target, alpha, "reverse_kl") == pytest.approx(
            1, rel=1e-13
        )
    assert ufm.efficiency(own, weights, target, 1.0) < 0.99


@pytest.mark.parametrize("kind", KINDS)
def test_at_small_strengths_efficiency_is_a_correlation(kind):
    tilt, weights, target = standard()
    p, M, weights = (
        np.exp(np.asarray(tilt.log_probs)),
        np.asarray(tilt.log_odds),
        np.asarray(weights),
    )

    def pooled(x, y):
        return float(weights @ (p @ (x * y) - (p @ x) * (p @ y)))

    on = np.asarray(target, float)
    correlation = pooled(M, on) / math.sqrt(pooled(M, M) * pooled(on, on))
    for sign in (1, -1):
        found = ufm.efficiency(tilt, weights, target, sign * 1e-9, kind)
        assert found == pytest.approx(sign * correlation, rel=1e-8)


BAD = {
    "a mass below 0": (lambda: ufm.mass_ceiling([0.5, -0.1], [0.5, 0.5], 1.0),
                       r"target_mass must be in \[0, 1\]; got -0.1 at 1"),
    "a mass above 1": (lambda: ufm.mass_ceiling([1.5], [1.0], 1.0),
                       r"target_mass must be in \[0, 1\]; got 1.5 at 0"),
    "no budget": (lambda: ufm.mass_ceiling([0.5], [1.0], 0.0),
                  "budget must be positive and finite, in nats for kind 'cross_entropy'; got 0.0"),
    "another kind": (lambda: ufm.mass_ceiling([0.5], [1.0], 1.0, kind="target_mass"),
                     "kind must be one of cross_entropy, reverse_kl; got 'target_mass'"),
    "other weights": (lambda: ufm.mass_ceiling([0.5], [0.5, 0.5], 1.0),
                      r"weights must have shape \(1,\), one per context; got \(2,\)"),
    "no strength": (lambda: ufm.efficiency(*standard(), 0.0),
                    "steering by alpha = 0.0 costs nothing: take a strength other than 0"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()
