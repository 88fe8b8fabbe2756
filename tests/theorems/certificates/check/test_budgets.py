"""What the checker takes as the price of a budget and as its ceiling: against mpmath and a search."""

import copy
from fractions import Fraction as F

import mpmath as mp
import pytest

from tests.theorems.certificates.check.test_curves import (
    STRENGTHS,
    WEIGHTS,
    Exact,
    curves,
    digits,
    number,
)
from theorems.certificates import certify
from theorems.certificates.check import budgets as room
from theorems.certificates.check.fields import Interval, Refused
from theorems.tables.exact import read_exact

TWO = {
    "in_concept": ["3/5", "1/5", "3/5", "1/5"],
    "off_concept": ["1/10", "1/10", "1/10", "1/10"],
    "token_concept": [0, 0, 1, 1],
    "contexts": [0, 1],
    "positive": [0],
    "negative": [1],
}
__all__ = ["digits"]  # a fixture: 70 digits, 320 bits


def made(record):
    """The curves of an instance, and its certificate."""
    found = certify(read_exact(record)).record
    return curves(record, found["laws"], found["levels"]), found


def close(found, expected):
    """A ball that holds a number of mpmath to 60 digits."""
    text = found.str(70, radius=False)
    assert abs(mp.mpf(text) - expected) < mp.mpf(10) ** -60 * (1 + abs(expected))


@pytest.mark.parametrize("strength", STRENGTHS)
def test_what_is_spent_and_bought_along_the_vector(strength):
    balls, alpha = curves().at(320), number(strength)
    laws = [Exact(law) for law in range(3)]
    weights = [number(w) for w in WEIGHTS]

    def mean(values):
        return mp.fsum(w * x for w, x in zip(weights, values, strict=True))

    def reverse(law):
        return mp.fsum(q * mp.log(q / p) for q, p in zip(law.at(alpha), law.p, strict=True))

    def lift(law):
        steered = mp.fsum(q * m for q, m in zip(law.at(alpha), law.m, strict=True))
        return steered - law.mean

    close(room.reverse(balls, strength), mean(map(reverse, laws)))
    close(room.lift(balls, strength), mean(map(lift, laws)))
    close(room.target_mass(balls, strength), mean(law.target(alpha) for law in laws))


PAIRS = [(F(1, 3), F(1, 10)), (F(2, 3), F(3, 5))]


def kl(x, y):
    return x * mp.log(x / y) + (1 - x) * mp.log((1 - x) / (1 - y))


@pytest.mark.parametrize("kind", ["forward", "reverse"])
@pytest.mark.parametrize("multiplier", [F(5, 4), F(2), F(9)])
def test_no_pair_of_masses_of_the_same_price_is_better_than_the_best(kind, multiplier):
    """All pairs of masses that cost as much: the first on a grid, the second solved for."""
    price = getattr(room, f"{kind}_price")(PAIRS, multiplier)
    best = getattr(room, f"{kind}_mass")(PAIRS, multiplier)
    spent, most = float(price.mid()), float(best.mid())
    (w, held), (v, other) = [(float(w), float(f)) for w, f in PAIRS]

    def cost(x, y):
        return (
            float(kl(mp.mpf(y), mp.mpf(x)))
            if kind == "forward"
            else float(kl(mp.mpf(x), mp.mpf(y)))
        )

    with mp.workdps(15):
        found = 0.0
        for step in range(1, 200):
            first = held + (1 - held) * step / 200
            left = (spent - w * cost(first, held)) / v
            if left <= 0:
                break
            low, high = other, 1 - 1e-12
            for _ in range(40):
                second = (low + high) / 2
                low, high = (second, high) if cost(second, other) < left else (low, second)
            found = max(found, w * first + v * low)
    assert found <= most + 1e-9
    assert found > most - 1e-4


def test_best_masses_solve_their_equations():
    for _, held in PAIRS:
        for multiplier in (F(1, 100), F(1), F(7, 2), F(10**6)):
            f = mp.mpf(room._best(held, multiplier).str(80, radius=False))
            assert abs(f - number(held) - number(multiplier) * f * (1 - f)) < mp.mpf(10) ** -60
            g = mp.mpf(room._raised(held, 1 + multiplier).str(80, radius=False))
            odds = g / (1 - g) / (number(held) / (1 - number(held)))
            assert abs(odds - 1 - number(multiplier)) < mp.mpf(10) ** -50 * odds


def test_a_price_passes_its_budget_in_a_narrow_bracket():
    def square(bits, at):
        return room.ball(at * at)

    root, share = F(3), F(1, 2**18)
    fine = Interval(root * (1 - share / 2), root * (1 + share / 3))
    room._confirm_root(fine, F(9), square, 0, "x")
    widest = Interval(F(3) - F(1, 10**9), (F(3) - F(1, 10**9)) / (1 - share))
    room._confirm_root(widest, F(9), square, 3 - 1, "x")
    for ends, least, reason in (
        (Interval(widest.low, widest.high * (1 + share / 2**10)), 0, "or wider"),
        (fine, 3, "is below 3"),
        (Interval(F(-3), F(3)), 0, "is below 0"),
        (Interval(root, fine.high), 0, "does not pass 9 nats"),
        (Interval(fine.low, root), 0, "does not pass 9 nats"),
        (Interval(fine.high, fine.high), 0, "does not pass 9 nats"),
        (Interval(fine.low, fine.low), 0, "does not pass 9 nats"),
        (Interval(F(0), F(0)), 0, "does not pass 9 nats"),
    ):
        with pytest.raises(Refused, match=reason):
            room._confirm_root(ends, F(9), square, least, "x")


def test_what_is_bought_is_enclosed_at_both_ends():
    spent, share = Interval(F(1), F(1) + F(1, 2**19)), F(1, 2**18)

    def itself(bits, at):
        return room.ball(at)

    def confirm(low, high):
        room._confirm_between([str(low), str(high)], spent, itself, "x")

    confirm(*spent)
    confirm(spent.high * (1 - share), spent.high)
    for low, high, reason in (
        (spent.low * (1 - share), spent.high, "is wider"),
        (spent.low + F(1, 2**40), spent.high, "misses"),
        (spent.low, spent.high - F(1, 2**40), "misses"),
    ):
        with pytest.raises(Refused, match=reason):
            confirm(low, high)


def changed(entries, *path, to):
    found = copy.deepcopy(entries)
    holder = found
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = to
    return found


@pytest.mark.parametrize(
    ("path", "to", "reason"),
    [
        ((0, "budget"), "1/50", r"budgets\[0\] is not of 1/100 nats"),
        ((1, "budget"), 1, r"budgets\[1\] is not of 1/10 nats"),
        ((1, "cross_entropy", "strength"), None, "is null, not a list"),
        ((1, "cross_entropy", "mass"), None, "is null, not a list"),
        ((1, "cross_entropy", "multiplier"), None, "is null, not a list"),
        ((1, "cross_entropy", "ceiling"), ["1", "1"], "cross_entropy.ceiling misses"),
        ((1, "reverse_kl", "lift"), None, "is null, not a list"),
        ((1, "reverse_kl", "multiplier"), None, "is null, not a list"),
        ((1, "reverse_kl", "ceiling"), ["1", "1"], "reverse_kl.ceiling misses"),
        ((2, "reverse_kl", "ceiling"), ["99/100", "1"], "pays for all of the mass"),
        ((2, "reverse_kl", "ceiling"), ["0", "0"], "pays for all of the mass"),
        ((2, "reverse_kl", "multiplier"), ["2", "2"], "pays for all of the mass"),
        ((0, "reverse_kl"), {}, "needs the keys strength, mass, lift, multiplier, ceiling"),
        ((0, "cross_entropy"), {}, "needs the keys strength, mass, multiplier, ceiling"),
    ],
)
def test_budgets_that_say_something_else_are_refused(path, to, reason):
    found, record = made(TWO)
    room.confirm_budgets(found, record["budgets"])
    with pytest.raises(Refused, match=reason):
        room.confirm_budgets(found, changed(record["budgets"], *path, to=to))


def test_numbers_of_another_budget_or_divergence_are_refused():
    found, record = made(TWO)
    first, second, third = record["budgets"]
    for wrong in ([first, second], [second, first, third], [first, second, third, third], []):
        with pytest.raises(Refused, match="budgets"):
            room.confirm_budgets(found, wrong)
    for name in ("strength", "mass", "multiplier", "ceiling"):
        for kind, its in (("cross_entropy", "reverse_kl"), ("reverse_kl", "cross_entropy")):
            wrong = changed(record["budgets"], 1, kind, name, to=second[its][name])
            with pytest.raises(Refused, match=rf"budgets\[1\].{kind}.{name}"):
                room.confirm_budgets(found, wrong)


def test_what_no_strength_costs_is_left_out_and_nothing_else_is():
    flat, record = made(TWO | {"contexts": [0, 0, 1], "positive": [0], "negative": [1]})
    room.confirm_budgets(flat, record["budgets"])
    # M constant: the ceilings are there
    for entry in record["budgets"]:
        for kind in ("cross_entropy", "reverse_kl"):
            assert entry[kind]["strength"] is entry[kind]["mass"] is None
            assert F(entry[kind]["ceiling"][0]) > F(1, 2)
    for kind in ("cross_entropy", "reverse_kl"):
        for name in ("strength", "mass"):
            wrong = changed(record["budgets"], 0, kind, name, to=["0", "0"])
            with pytest.raises(Refused, match=f"{kind}.{name}: no strength costs this budget"):
                room.confirm_budgets(flat, wrong)
    # -Σπ log p(Mtop) is 0.69 here
    half = {
        "next_token_probs": [["1/2", "1/2"], ["1/4", "3/4"]],
        "target": [True, False],
        "positive": [0],
        "negative": [1],
        "context_weights": ["999/1000", "1/1000"],
    }
    found, record = made(half)
    assert [e["reverse_kl"]["strength"] is None for e in record["budgets"]] == [False, False, True]
    assert None not in [e["cross_entropy"]["strength"] for e in record["budgets"]]
    room.confirm_budgets(found, record["budgets"])


def test_the_mass_of_a_target_that_is_not_separated_is_left_out():
    found, record = made(TWO | {"target": [True, False, True, False]})
    assert all(
        e[k]["mass"] is None for e in record["budgets"] for k in ("cross_entropy", "reverse_kl")
    )
    assert None not in [e["cross_entropy"]["strength"] for e in record["budgets"]]
    room.confirm_budgets(found, record["budgets"])
    wrong = changed(record["budgets"], 0, "cross_entropy", "mass", to=["1/2", "1/2"])
    with pytest.raises(Refused, match="mass: the target is not separated"):
        room.confirm_budgets(found, wrong)
    room.confirm_half_saturation(found, [None, None], F(1, 4))
    with pytest.raises(Refused, match=r"half_saturation\[1\]: the target is not separated"):
        room.confirm_half_saturation(found, [None, ["0", "0"]], F(1, 4))


# F_T is 4/5 and 1/5: half at α = ∓1/2 exactly, where 6^α and 2^α weigh as much as their inverses.


def test_half_saturation_is_bracketed_also_where_it_is_rational():
    found, record = made(TWO)
    unit = F(1, 4)
    first, second = record["half_saturation"]
    assert F(first[0]) < -F(1, 2) < F(first[1])
    assert F(second[0]) < F(1, 2) < F(second[1])
    room.confirm_half_saturation(found, [first, second], unit)
    low, high = map(F, second)
    share = F(1, 2**18)
    widest = (low + unit * share) / (1 - share)
    room.confirm_half_saturation(found, [first, [str(low), str(widest)]], unit)
    for ends, reason in (
        ((low, widest + F(1, 10**12)), "is wider"),
        ((F(1, 2), high), "does not pass one half"),
        ((low, F(1, 2)), "does not pass one half"),
        ((high, high), "does not pass one half"),
        ((F(0), F(0)), "is 0 where T holds half unsteered"),
    ):
        wrong = [first, [str(end) for end in ends]]
        with pytest.raises(Refused, match=rf"half_saturation\[1\].*{reason}"):
            room.confirm_half_saturation(found, wrong, unit)
    for wrong in ([first], [first, None], [second, first], []):
        with pytest.raises(Refused, match="half_saturation"):
            room.confirm_half_saturation(found, wrong, unit)


def test_a_half_at_0_is_said_to_be_there():
    record = {
        "next_token_probs": [["1/2", "1/4", "1/4"], ["1/4", "1/4", "1/2"]],
        "target": [True, False, False],
        "positive": [0],
        "negative": [1],
    }
    found, certificate = made(record)
    shown = certificate["half_saturation"]
    assert shown[0] == ["0", "0"]
    assert F(shown[1][0]) > 0
    room.confirm_half_saturation(found, shown, F(1, 2))
    for wrong in (["-1/1000000000", "1/1000000000"], ["0", "1/1000000000"]):
        with pytest.raises(Refused, match=r"half_saturation\[0\] is 0 where T holds half"):
            room.confirm_half_saturation(found, [wrong, shown[1]], F(1, 2))
